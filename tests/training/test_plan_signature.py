"""A plan is signed by the page that was read, four eyes where asked; no list goes out without it."""

import json
import shutil
from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl
import pytest
from page_reader import text
from typer.testing import CliRunner

import memberlens
from models.acting import published_plans
from models.acting.plan_approval import UnsignedError, require
from serving.acting import kept_lists
from training import params as settings
from training.acting import plan, signing
from training.acting.draft import Request
from training.registry import release_log
from training.review import signoff
from training.stages.report import AnotherPageError

TODAY, RUNNER = date(2026, 7, 1), CliRunner()


@pytest.fixture(scope="module")
def made(acting_world: settings.Params) -> settings.Params:
    plan.make(acting_world, Request("signed", budget=20.0, blind=True))
    return acting_world


@pytest.fixture
def world(made: settings.Params) -> Iterator[settings.Params]:
    """A plan that nobody has signed, in its own state again after each test."""
    _forget(made)
    target = plan.folder(made, "signed")
    aside = shutil.copytree(target, target.with_name("aside"))
    yield made
    shutil.rmtree(target)
    aside.rename(target)
    _forget(made)


def _forget(made: settings.Params) -> None:
    """Take away every signature of the folder, which other tests share."""
    approval = made.build / "plans" / "signed" / published_plans.APPROVAL
    for path in (signoff.FILE, release_log._path(made), approval):
        path.unlink(missing_ok=True)


def run(*words: str) -> str:
    found = RUNNER.invoke(memberlens.app, ["sign-plan", "signed", *words])
    assert found.exit_code == 0, found.output
    return found.output


APPROVES = ("--decision", "approve", "--by", "Ada Zhang")


def asks(monkeypatch: pytest.MonkeyPatch, *roles: str, four_eyes: bool = False) -> None:
    wanted = {"plan": {"roles": list(roles), "four_eyes": four_eyes}}
    monkeypatch.setattr(signing, "wanted_gates", lambda: wanted)


def list_of(world: settings.Params) -> int:
    return len(kept_lists.named(world.build, "signed", None, TODAY)[0])


def test_a_signature_stands_on_the_page_in_the_file_and_in_the_chain(world):
    assert "manager approve, until" in run("--role", "manager", *APPROVES)
    run(
        "--role",
        "budget",
        "--decision",
        "approve_with_conditions",
        "--by",
        "B. Li",
        "--condition",
        "no calls",
    )
    page = text((plan.folder(world, "signed") / plan.PAGE).read_text())
    assert "Ada Zhang (Campaign manager): approved" in page
    assert "Condition: no calls" in page
    document = signing.plan_of(world, "signed")
    assert [row.report for row in document.signatures] == [document.digest] * 2
    lines = release_log.read(world)
    assert [(line["plan"], line["role"], line["decision"]) for line in lines] == [
        ("signed", "manager", "approve"), ("signed", "budget", "approve_with_conditions"),
    ]  # fmt: skip
    assert lines[1]["before"] == lines[0]["hash"]
    assert list(release_log._chain(lines)) == []
    forged = [lines[0] | {"by": "Somebody else"}, lines[1]]
    assert list(release_log._chain(forged)) == [
        "log of releases, line 1: was edited, it does not have the hash that it names"
    ]


def test_what_was_not_read_is_not_signed(world):
    page = plan.folder(world, "signed") / plan.PAGE
    page.write_text(page.read_text().replace("Nothing was sent", "All was sent"))
    with pytest.raises(AnotherPageError, match="make it again with `memberlens brief signed`"):
        signing.sign(world, "signed", "manager", "approve", "A")
    assert RUNNER.invoke(memberlens.app, ["brief", "signed"]).exit_code == 0
    signing.sign(world, "signed", "manager", "approve", "A")


@pytest.mark.parametrize("name", ["list.csv", plan.LIST])
def test_another_list_is_not_signed(world, name):
    path = plan.folder(world, "signed") / name
    if name == plan.LIST:
        pl.read_parquet(path).head(-1).write_parquet(path)
    else:
        path.write_text(path.read_text().replace("sms_discount", "sms_new_product"))
    with pytest.raises(AnotherPageError, match="the list is not the one"):
        signing.sign(world, "signed", "manager", "approve", "A")
    assert signing.plan_of(world, "signed").signatures == ()


def test_roles_of_a_report_sign_no_plan_and_a_plan_that_is_not_there_says_so(world):
    with pytest.raises(ValueError, match=r"role 'validator': allowed are \('manager', 'budget'"):
        signing.sign(world, "signed", "validator", "approve", "A")
    with pytest.raises(FileNotFoundError, match="memberlens plan nowhere"):
        signing.sign(world, "nowhere", "manager", "approve", "A")


def test_a_changed_plan_voids_what_was_signed(world, monkeypatch):
    asks(monkeypatch, "manager")
    signing.sign(world, "signed", "manager", "approve", "A", today=TODAY)
    assert list_of(world) > 100
    facts = plan.folder(world, "signed") / plan.FACTS
    facts.write_text(json.dumps(json.loads(facts.read_text()) | {"cost": 1.0}))
    signing.publish(world, "signed")
    with pytest.raises(UnsignedError, match="campaign manager: signed another plan"):
        list_of(world)


def test_no_list_goes_out_that_is_not_signed_as_asked(world, monkeypatch):
    asks(monkeypatch, "manager", "budget", four_eyes=True)
    signing.publish(world, "signed")
    with pytest.raises(UnsignedError, match="campaign manager: not signed; owner of the budget: not signed"):
        list_of(world)
    signing.sign(world, "signed", "manager", "approve", "Ada  ZHANG", today=TODAY)
    signing.sign(world, "signed", "budget", "approve", "ada zhang", today=TODAY)
    with pytest.raises(UnsignedError, match="one name may stand under one role only"):
        list_of(world)
    signing.sign(world, "signed", "budget", "approve", "B. Li", today=TODAY)
    assert list_of(world) > 100
    signing.sign(world, "signed", "protection", "reject", "C. Wang", today=TODAY)
    with pytest.raises(UnsignedError) as refused:
        list_of(world)
    assert refused.value.said["zh"] == "方案尚未按品牌要求签署：个人信息保护：已被C. Wang否决"


def test_an_approval_ends_on_its_day():
    row: dict[str, Any] = {
        "role": "manager", "by": "A", "conditions": [], "decision": "approve", "report": "x",
        "signed": "2026-06-01", "expires": "2026-07-01",
    }  # fmt: skip
    told = {"report": "x", "roles": ["manager"], "four_eyes": False, "signatures": [row]}
    require(told, TODAY)
    with pytest.raises(UnsignedError, match="expired on 2026-07-01"):
        require(told, date(2026, 7, 2))
    require(None, TODAY)
