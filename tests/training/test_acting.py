"""The commands of acting on scores, on a small brand whose response model is made by the real stages."""

import math
import shlex
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from made_plans import RUNNER, made, options

import memberlens
from models.acting.holdout import HoldoutTooSmallError, position
from models.acting.options import OptionsError
from models.acting.plan import REASONS
from models.acting.terms import PlanError
from training import params as settings
from training.acting import draft, plan
from training.io import read_json

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world(acting_world: settings.Params) -> settings.Params:
    """The small brand of the acting commands."""
    return acting_world


def test_a_plan_holds_every_rule_of_its_options(world):
    rows, told = made(world, "rules", budget=40.0, explore=0.2)
    known = yaml.safe_load(Path("experiments/options.yaml").read_text())
    given = rows.filter(pl.col("option").is_not_null())
    assert given["cost"].sum() == pytest.approx(told["cost"])
    assert 0 < told["cost"] <= 40.0
    count = dict(given["option"].value_counts().rows())
    assert all(count.get(name, 0) <= part.get("capacity", 1e9) for name, part in known["options"].items())
    sent = pl.read_parquet(world.build / "tables" / "contacts.parquet").filter(pl.col("arm") == "treat")
    reached = set(sent.select("member_id", "content_channel").unique().rows())
    channel = {name: part["channel"] for name, part in known["options"].items()}
    assert {(who, channel[what]) for who, what in given.select("subject", "option").rows()} <= reached
    scores = pl.read_parquet(world.build / "response" / "scores.parquet")
    assert set(rows["subject"]) == set(scores.filter(pl.col("status") == "ok")["subject_id"])
    assert sum(told["not_scored"].values()) + len(rows) == scores["subject_id"].n_unique()


def test_who_had_enough_contacts_or_complains_is_sent_nothing(world):
    rows, told = made(world, "peace")
    moment = 1 + int(scores_moment(world))
    sent = pl.read_parquet(world.build / "tables" / "contacts.parquet").filter(
        pl.col("arm") == "treat", pl.col("event_time") >= moment - 14 * 86400
    )
    full = sent.group_by("member_id").len().filter(pl.col("len") >= 2)["member_id"].to_list()
    got = rows.filter(pl.col("option").is_not_null(), pl.col("arm") != "care")
    assert not got["subject"].is_in(full).any()
    assert rows.filter(pl.col("reason") == "capped")["subject"].is_in(full).all()
    care = rows.filter(pl.col("arm") == "care")
    assert set(care["option"]) <= {"call_complaint"}
    assert not got["option"].is_in(["call_complaint"]).any()
    assert sum(told["by_reason"].values()) == len(rows)


def scores_moment(world: settings.Params) -> int:
    from features.timestamps import extract_moment

    return extract_moment(read_json(world.build / "ingest.json"))


def test_the_same_salt_holds_out_the_same_members(world):
    held = [
        made(world, name, hold_out=0.1, salt=salt)[0].filter(pl.col("arm") == "held_out")["subject"].to_list()
        for name, salt in (("one", "kept"), ("two", "kept"), ("three", "other"))
    ]
    assert held[0] == held[1] != held[2]
    assert (position(held[0], "kept") < 0.1).all()
    rows, _ = made(world, "one", hold_out=0.1, salt="kept")
    assert rows.filter(pl.col("arm") == "held_out")["option"].null_count() == len(held[0]) > 20


def test_a_plan_is_the_same_twice_and_says_nothing_personal(world):
    first, told = made(world, "twice", budget=30.0, explore=0.1)
    second, again = made(world, "twice", budget=30.0, explore=0.1)
    assert first.equals(second)
    assert told == again
    assert first.columns == [
        "subject", "option", "arm", "probability", "expected_gain", "expected_answers", "cost",
        "reason", "reason_en", "reason_zh", "planned", "planned_answers", "score",
    ]  # fmt: skip
    assert first["reason"].is_in(REASONS).all()
    assert first["probability"].is_between(0, 1).all()
    assert (first["probability"] > 0).all()


def test_numbers_are_called_answers_where_no_effect_was_released(world):
    ranking = read_json(world.build / "response" / "uplift" / "ranking.json")["ranking"]
    _, told = made(world, "unit")
    assert (told["unit"] == "added answers") == (ranking == "uplift")
    assert "added answers" not in str(told) or ranking == "uplift"
    assert told["sent"] is False


def test_more_money_never_brings_less(world):
    found = [made(world, "money", budget=sum_)[1]["expected"]["net"]["value"] for sum_ in (5.0, 20.0, 80.0)]
    assert found == sorted(found)
    curve = made(world, "money", budget=20.0)[1]["curve"]
    assert curve["spend"] == sorted(curve["spend"])
    assert curve["gain"] == sorted(curve["gain"])


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"options__sms_discount": {"channel": "sms", "content": "discount"}}, "sms_discount.*cost: missing"),
        (
            {"options__sms_discount": {"channel": "sms", "content": "raffle", "cost": 1.0}},
            r"options\.yaml, line \d+, options\.sms_discount\.content: 'raffle' was never sent.*"
            "contents in the source: .*discount",
        ),
        (
            {
                "channels__letter": {"needs": ["address"]},
                "options__letter_sample": {"channel": "letter", "content": "sample", "cost": 1.0},
            },
            "channel letter: none of .* may be written to",
        ),
    ],
)
def test_an_option_that_cannot_be_used_is_a_sentence(world, tmp_path, changed, says):
    with pytest.raises(OptionsError, match=says):
        plan.make(world, draft.Request("bad", options(tmp_path / "options.yaml", **changed)))
    assert not plan.folder(world, "bad").exists()


def test_what_cannot_be_planned_is_a_sentence(world):
    made(world, "there")
    with pytest.raises(ValueError, match=r"plan there: .* exists already.*choose another name"):
        plan.make(world, draft.Request("there"))
    with pytest.raises(ValueError, match="allowed are small letters"):
        plan.make(world, draft.Request("../there"))
    with pytest.raises(PlanError, match=r"a budget of 0\.001 buys nothing.*at least that"):
        plan.make(world, draft.Request("poor", budget=0.001))
    with pytest.raises(PlanError, match="budget inf: allowed is a number above 0; leave it out for no limit"):
        plan.make(world, draft.Request("endless", budget=math.inf))
    with pytest.raises(HoldoutTooSmallError, match=r"too small to see anything.*(hold out|plan for)"):
        plan.make(world, draft.Request("blind", hold_out=0.002))
    unstated = world.model_copy(update={"economics": settings.Stated()})
    with pytest.raises(ValueError, match=r"economics\.response: state"):
        plan.make(unstated, draft.Request("worthless"))


def test_a_file_of_consents_by_channel_is_obeyed(world, tmp_path):
    subjects = made(world, "before")[0]["subject"]
    reach = pl.concat(
        pl.DataFrame({"subject_id": subjects, "channel": name, "consent": consents, "address": True})
        for name, consents in (("sms", True), ("wecom", True), ("push", True), ("call", True))
    ).with_columns(consent=(pl.col("channel") != "push") | (pl.col("subject_id") == subjects[0]))
    reach.write_csv(tmp_path / "reach.csv")
    rows, _ = made(world, "reach", reach=tmp_path / "reach.csv")
    pushed = rows.filter(pl.col("option").str.starts_with("push"))
    assert set(pushed["subject"]) <= {subjects[0]}
    reach.drop("address").write_csv(tmp_path / "reach.csv")
    with pytest.raises(ValueError, match="column address is missing"):
        made(world, "reach", reach=tmp_path / "reach.csv")


def test_the_command_is_dry_and_says_so(world):
    shutil.rmtree(plan.folder(world, "spoken"), ignore_errors=True)
    words = ["plan", "spoken", "--budget", "30", "--blind", "--day", "2026-01-20"]
    found = RUNNER.invoke(memberlens.app, words)
    assert found.exit_code == 0, found.output
    assert "dry: nothing was sent" in found.output
    assert "随机留出，用于衡量触达的增量" in found.output
    assert "预算：每追加一单位预算" in found.output
    assert "scores are 19 days old" in found.output
    assert "also where it came back (a hard bounce)" in found.output
    assert "包括曾被退回（硬退信）的地址" in found.output
    assert (plan.folder(world, "spoken") / "list.csv").exists()


@pytest.mark.parametrize("day", [date(2025, 1, 1), date.today() + timedelta(days=91)])
def test_a_day_before_the_scores_or_far_ahead_is_refused(world, day):
    allowed = rf"--day {day}: allowed is 2026-01-01 \(the day of the data\) to .* \(90 days after today\)"
    with pytest.raises(ValueError, match=allowed):
        plan.make(world, replace(draft.Request("other"), day=day))
    assert not plan.folder(world, "other").exists()


def test_the_commands_of_the_readme_run_as_they_stand(world):
    section = (ROOT / "README.md").read_text().split("## Acting on scores")[1].split("\n## ")[0]
    lines = [
        shlex.split(line, comments=True) for line in section.split("```bash")[1].split("```")[0].splitlines()
    ]
    commands = {words[1]: words[1:] for words in lines if words}
    acting = ["plan", "audience", "readout", "whatif", "sign-plan", "scenes", "scenes-readout", "offers"]
    assert list(commands) == acting
    shutil.rmtree(plan.folder(world, "spring"), ignore_errors=True)
    explored = [*commands["plan"], "--explore", "0.5", "--holdout", "0.1"]  # as the text below says
    for words in (explored, *(words for name, words in commands.items() if name != "plan")):
        found = RUNNER.invoke(memberlens.app, words)
        assert found.exit_code == 0, (words, found.output, found.exception)
        if words[0] == "plan":
            rows = pl.read_csv(plan.folder(world, "spring") / "list.csv")
            answered = np.random.default_rng(2).random(len(rows)) < 0.2
            told = rows.select("subject", contacted=pl.col("option").is_not_null(), answered=answered)
            told.write_csv("contacts.csv")
            rows.select("subject", option="planned").write_csv("policy.csv")


def test_a_plan_without_scores_says_what_to_run(world):
    scores = world.build / "response" / "scores.parquet"
    scores.rename(scores.with_suffix(".aside"))
    try:
        with pytest.raises(FileNotFoundError, match="run the pipeline with that task first"):
            plan.make(world, draft.Request("unscored"))
    finally:
        scores.with_suffix(".aside").rename(scores)
