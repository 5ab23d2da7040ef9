"""Audiences: planned once, by the pipeline's own code, and told only as far as consent allows now."""

import io
from typing import Any

import acting_published
import polars as pl
import pytest
from bureau import ASKED, Bureau, expected
from released import AS_OF, MEMBERS

from models.acting import draft, published_plans
from serving.acting import kept_lists


def test_an_audience_is_the_plan_that_the_pipeline_makes(bureau: Bureau):
    rows, told = expected(**ASKED)
    made = bureau.plan(**ASKED)
    assert (made["status"], made["reason"], made["name"]) == ("succeeded", None, "summer")
    worded = ("left_out", "limits")
    assert {name: made["brief"][name] for name in made["brief"] if name not in worded} == {
        name: told[name] for name in made["brief"] if name not in worded
    }
    for name in worded:
        assert [one["text"] for one in made["brief"][name]] == [one["en"] for one in told[name]]
    assert sum(one["members"] for one in made["brief"]["left_out"]) == told["members"] - told["contacted"]
    assert 0 < made["brief"]["cost"] <= 4.0
    found = bureau.members(made)
    for name in ("subject", "option", "arm", "probability", "expected_gain", "cost", "reason", "planned"):
        assert [one[name] for one in found] == rows[name].to_list()
    assert {one["arm"] for one in found} >= {"contact", "held_out", "care", "explore"}


def test_csv_and_parquet_are_the_pipelines_list(bureau: Bureau):
    rows, _ = expected(**ASKED)
    made = bureau.plan(**ASKED)
    place = made["links"]["members"]
    table = bureau.client.get(place, headers={"accept": "application/vnd.apache.parquet, */*;q=0.1"})
    assert pl.read_parquet(io.BytesIO(table.content)).equals(rows)
    text = bureau.client.get(place, params={"format": "csv"})
    assert text.headers["content-type"].startswith("text/csv")
    assert text.text == rows.write_csv()
    page = bureau.client.get(place, params={"format": "csv", "limit": 5, "cursor": 5})
    assert page.headers["x-next-cursor"] == "10"
    assert pl.read_csv(page.content)["subject"].to_list() == rows["subject"][5:10].to_list()
    last = bureau.client.get(place, params={"format": "csv", "cursor": len(rows) - 1})
    assert "x-next-cursor" not in last.headers


def test_one_arm_alone_can_be_fetched(bureau: Bureau):
    rows, _ = expected(**ASKED)
    made = bureau.plan(**ASKED)
    held = bureau.members(made, limit=2, arm="held_out")
    assert [one["subject"] for one in held] == rows.filter(pl.col("arm") == "held_out")["subject"].to_list()
    assert {one["option"] for one in held} == {None}


def test_who_is_due_is_everybody_who_gets_something(bureau: Bureau):
    rows, _ = expected(**ASKED)
    consents, now = bureau.state.consents, bureau.state.now()
    due = kept_lists.may_be_told(consents, rows, "due", now)
    assert due.equals(rows.filter(pl.col("option").is_not_null()))
    assert set(due["arm"]) == {"contact", "care", "explore"}  # one arm alone would leave some without
    with pytest.raises(ValueError, match="allowed are due, contact"):
        kept_lists.may_be_told(consents, rows, "half", now)


def test_reasons_come_in_the_callers_language(bureau: Bureau):
    made = bureau.plan(**ASKED)
    place, chinese = made["links"]["members"], {"accept-language": "zh-CN"}
    texts = {one["reason_text"] for one in bureau.client.get(place, headers=chinese).json()["members"]}
    assert "安排触达" in texts
    assert "is contacted" in {one["reason_text"] for one in bureau.members(made)}


def test_only_options_that_are_named_are_used(bureau: Bureau):
    made = bureau.plan(name="narrow", options=["sms_discount", "push_care_tip"], blind=True)
    used = {name for name, count in made["brief"]["by_option"].items() if count}
    assert used <= {"sms_discount", "push_care_tip"}
    assert used
    wrong = bureau.client.post(
        "/v1/audiences",
        json={"name": "x", "options": ["sms_discount", "fax"]},
        headers={"Idempotency-Key": "f"},
    )
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (404, "/options/1")
    assert "sms_discount" in wrong.json()["errors"][0]["detail"]


def test_a_published_plan_is_told_as_it_was_made(bureau: Bureau):
    made = bureau.plan(plan="spring")
    listed = draft.listed(draft.drafted(acting_published.offers(MEMBERS, AS_OF), acting_published.PLAN))
    assert [one["subject"] for one in bureau.members(made)] == listed["subject"].to_list()
    assert made["brief"]["holdout"]["share"] == 0.2
    answered = bureau.client.post("/v1/audiences", json={"plan": "no"}, headers={"Idempotency-Key": "n"})
    assert (answered.status_code, answered.json()["code"]) == (404, "unknown_plan")


def test_the_list_of_a_plan_that_is_not_signed_as_asked_is_not_told(bureau: Bureau):
    folder = bureau.state.settings.build_dir / published_plans.FOLDER
    told = {"report": "x", "roles": ["manager"], "four_eyes": False, "signatures": []}
    published_plans.write_approval(folder, "spring", told)
    try:
        made = bureau.plan(plan="spring")
        assert (made["status"], made["reason"]) == (
            "failed", "the plan is not signed as the brand asks: campaign manager: not signed"
        )  # fmt: skip
        assert bureau.members(made) == []
    finally:
        (folder / "spring" / published_plans.APPROVAL).unlink()


def test_who_withdraws_disappears_on_reading_and_takes_no_budget_after(bureau: Bureau):
    made = bureau.plan(**ASKED)
    gone = next(one["subject"] for one in bureau.members(made) if one["arm"] == "contact")
    bureau.tell(gone, marketing="withdrawn")
    assert gone not in {one["subject"] for one in bureau.members(made)}
    table = bureau.client.get(made["links"]["members"], params={"format": "csv"})
    assert gone not in pl.read_csv(table.content)["subject"].to_list()
    later = bureau.plan("two", **ASKED)
    assert later["brief"]["members"] == made["brief"]["members"] - 1
    assert len(bureau.members(later)) == later["brief"]["members"]


def test_who_is_erased_is_gone_from_the_file_too(bureau: Bureau):
    made = bureau.plan(**ASKED)
    found = bureau.post("members/erase", {"ref": "m7"})["result"]
    assert found["audiences"] == 1
    file = bureau.audiences.file(made["id"])
    assert "m7" not in pl.read_parquet(file)["subject"].to_list()
    assert b"m7" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_an_erasure_while_a_plan_is_made_is_not_undone(bureau: Bureau):
    bureau.post("audiences", ASKED, **{"Idempotency-Key": "e"})
    planning, made = bureau.planning, bureau.planning._made

    def slow(asked: dict[str, Any]) -> Any:
        found = made(asked)
        bureau.post("members/erase", {"ref": "m8"})
        return found

    planning._made = slow  # type: ignore[method-assign]
    planning.step()
    with bureau.jobs.database.use() as connection:
        (one,) = connection.execute("SELECT id FROM audiences").fetchall()
    assert "m8" not in pl.read_parquet(bureau.audiences.file(one["id"]))["subject"].to_list()


def test_the_same_key_is_the_same_audience_and_never_another(bureau: Bureau):
    first = bureau.plan("same", **ASKED)
    assert bureau.plan("same", **ASKED)["id"] == first["id"]
    other = bureau.client.post(
        "/v1/audiences", json=ASKED | {"budget": 5.0}, headers={"Idempotency-Key": "same"}
    )
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert bureau.plan("other", **ASKED)["id"] != first["id"]
    assert bureau.client.post("/v1/audiences", json=ASKED).status_code == 422


def test_what_cannot_be_planned_says_what_to_change(bureau: Bureau):
    poor = bureau.plan("poor", name="poor", budget=0.001, blind=True)
    assert poor["status"] == "failed"
    assert "buys nothing" in poor["reason"]
    small = bureau.plan("small", name="small", hold_out=0.05)
    assert "too small to see anything" in small["reason"]
    page = bureau.client.get(small["links"]["members"]).json()
    assert (page["members"], page["next_cursor"]) == ([], None)


def test_why_there_is_no_list_and_why_no_more_come_in_the_callers_language(bureau: Bureau):
    poor = bureau.plan("poor", name="poor", budget=0.001, blind=True)
    chinese = {"accept-language": "zh-CN"}
    said = bureau.client.get(poor["links"]["self"], headers=chinese).json()["audience"]["reason"]
    assert said.startswith("预算 0.001 不足以触达任何会员")
    small = bureau.plan("small", name="small", hold_out=0.05)
    said = bureau.client.get(small["links"]["self"], headers=chinese).json()["audience"]["reason"]
    assert "留出组过小" in said
    assert not set("abcdefg") & set(said.replace("blind", ""))
    made = bureau.plan(**ASKED)
    brief = bureau.client.get(made["links"]["self"], headers=chinese).json()["audience"]["brief"]
    assert [one["limit"] for one in brief["limits"]] == ["budget"]
    assert brief["limits"][0]["price"] > 0
    assert "每追加一单位预算" in brief["limits"][0]["text"]
    assert "随机留出，用于衡量触达的增量" in {one["text"] for one in brief["left_out"]}
