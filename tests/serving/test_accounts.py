"""A system that knows a member by an account on its platform alone is answered, and heard, all the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from desk import LATER, Desk, publish
from released import Brand

from serving.contract.personal_refs import Bound
from serving.ledger.job_store import unpack

ACCOUNTS = {"shop:7": "m5", "wechat:o1": "m5", "old-5": "m5", "shop:8": "m6"}


@pytest.fixture
def told(desk: Desk, tmp_path: Path) -> Iterator[Desk]:
    """A service whose list says whose these accounts are."""
    own = desk.state.consents
    rows = pl.read_parquet(own.folder / "consent.parquet")
    own.folder = publish(tmp_path / "next", rows, LATER, own._view.listed.policy, ACCOUNTS)
    own.refresh()
    yield desk
    Bound.accounts = {}


def probability(desk: Desk, ref: str) -> float:
    found: float = desk.post("models/churn/score", {"ref": ref})["result"]["probability"]
    return found


@pytest.mark.parametrize("account", [name for name in ACCOUNTS if name != "shop:8"])
def test_an_account_is_answered_as_its_member(told: Desk, account: str):
    assert probability(told, account) == probability(told, "m5")
    asked = told.client.get("/v1/models/churn/lookup", params={"ref": account})
    assert asked.json()["result"]["probability"] == probability(told, "m5")


def test_an_account_of_nobody_is_nobody(told: Desk):
    answer = told.client.post("/v1/models/churn/score", json={"ref": "shop:9"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_ref")


def test_a_withdrawal_told_of_one_account_holds_for_all_ids_and_in_rows(told: Desk, brand: Brand):
    record: Any = brand.ask("m5", "churn")
    rows = {name: [row | {"member_id": "wechat:o1"} for row in of] for name, of in record["record"].items()
            if of and "member_id" in of[0]}  # fmt: skip
    asked = (*({"ref": ref} for ref in ("m5", "shop:7", "wechat:o1")), {**record, "record": rows})
    assert [told.score("churn", one)[0] for one in asked] == ["ok"] * 4
    told.tell("shop:7", profiling="withdrawn")
    assert [told.score("churn", one) for one in asked] == [("suppressed", "profiling_refused")] * 4
    assert told.score("churn", {"ref": "shop:8"})[0] == "ok"


def test_a_word_told_before_it_was_known_whose_the_account_is(desk: Desk, tmp_path: Path):
    own = desk.state.consents
    desk.tell("shop:7", profiling="withdrawn")
    assert desk.score("churn", {"ref": "m5"})[0] == "ok"
    rows = pl.read_parquet(own.folder / "consent.parquet")
    own.folder = publish(tmp_path / "next", rows, LATER, own._view.listed.policy, ACCOUNTS)
    own.refresh()
    try:
        assert desk.score("churn", {"ref": "m5"}) == ("suppressed", "profiling_refused")
        own.forget()
        own.refresh()
        assert desk.score("churn", {"ref": "m5"}) == ("suppressed", "profiling_refused")
    finally:
        Bound.accounts = {}


def test_items_that_wait_are_those_of_the_member(told: Desk):
    told.job({"model": "churn", "items": [{"ref": "shop:7"}]})
    with told.jobs.database.use() as connection:
        (items,) = connection.execute("SELECT items FROM chunks").fetchone()
    assert unpack(items)[0]["ref"] == "m5"


@pytest.mark.parametrize("ref", ["m5", "shop:7"])
def test_an_erasure_takes_what_was_told_of_accounts(desk: Desk, tmp_path: Path, ref: str):
    """Also what was told before it was known whose they are."""
    own = desk.state.consents
    desk.tell("wechat:o1", marketing="withdrawn")
    rows = pl.read_parquet(own.folder / "consent.parquet")
    own.folder = publish(tmp_path / "next", rows, LATER, own._view.listed.policy, ACCOUNTS)
    own.refresh()
    try:
        assert desk.post("members/erase", {"ref": ref})["result"]["consents"] == 1
        found = [desk.score("churn", {"ref": one}) for one in ("m5", "shop:7", "m6")]
        assert found == [("suppressed", "erased")] * 2 + [("ok", None)]
    finally:
        Bound.accounts = {}
