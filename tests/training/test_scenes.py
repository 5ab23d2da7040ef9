"""`memberlens scenes`: facts of a small brand, and what is due with whom in it."""

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

import memberlens
from features.tables import complete
from features.timestamps import extract_moment
from models.acting import published_scenes
from models.acting.facts import LEAD, MEMBER, facts
from models.acting.scene_file import ScenesError
from models.acting.scenes import ACT, STILL_ANSWERED
from training import params as settings
from training.acting import scene_facts, scenes
from training.io import read_json

DAY, ROOT, RUNNER = 86_400, Path(__file__).parents[2], CliRunner()


def moment(world: settings.Params) -> int:
    return extract_moment(read_json(world.build / "ingest.json")) + 1


@pytest.fixture(scope="module")
def known(acting_world: settings.Params) -> pl.DataFrame:
    return scene_facts.known_facts(acting_world, moment(acting_world))


@pytest.fixture(scope="module")
def told(acting_world: settings.Params) -> dict[str, Any]:
    return scenes.make(acting_world, scenes.SceneRequest())


@pytest.fixture(scope="module")
def rows(acting_world: settings.Params, told: dict[str, Any]) -> pl.DataFrame:
    return pl.read_parquet(scenes.place(acting_world))


def table(world: settings.Params, name: str) -> pl.DataFrame:
    return pl.read_parquet(world.build / "tables" / f"{name}.parquet").filter(
        pl.col("known_time") < moment(world)
    )


def test_everybody_is_there_once_and_in_no_scene_of_the_other_kind(acting_world, known, rows):
    kinds = dict(known["kind"].value_counts().rows())
    assert set(kinds) == {MEMBER, LEAD}
    assert known.select("kind", "subject").is_unique().all()
    assert set(rows.select("kind", "subject").unique().rows()) == set(known.select("kind", "subject").rows())
    about = {
        one["name"]: one["about"]
        for one in read_json(scenes.place(acting_world).with_suffix(".json"))["scenes"]
    }
    fits = rows.drop_nulls("scene")
    assert (fits["scene"].replace_strict(about) == fits["kind"]).all()


def test_of_who_is_suppressed_nothing_is_known_but_what_they_asked(known):
    hidden = known.filter(pl.col("suppression_reason").is_not_null())
    assert len(hidden) > 50
    profile = [name for name, fact in facts().items() if not fact.of_service]
    assert hidden.select(profile).null_count().row(0) == (len(hidden),) * len(profile)
    assert hidden["open_complaint"].drop_nulls().any()


def test_facts_are_what_a_plain_loop_finds(acting_world, known):
    ok = known.filter(pl.col("suppression_reason").is_null(), pl.col("kind") == MEMBER)
    now = moment(acting_world)
    sales = table(acting_world, "purchases").filter(pl.col("kind") == "sale")
    events = table(acting_world, "events")
    care = table(acting_world, "care")
    for row in ok.sort("subject")[::97].iter_rows(named=True):
        times = sales.filter(pl.col("member_id") == row["subject"])["event_time"].to_list()
        assert row["orders"] == (len({time // DAY for time in times}) or None)
        if times:
            assert row["days_since_order"] == pytest.approx((now - max(times)) / DAY)
        own = events.filter(pl.col("member_id") == row["subject"], pl.col("kind") == "cart")["event_time"]
        waits = len(own) > 0 and own.max() > max(times, default=0)
        assert (row["cart_days"] is not None) == waits
        tickets = care.filter(pl.col("member_id") == row["subject"])
        opened, done = (
            set(tickets.filter(pl.col("kind") == kind)["ticket_id"]) for kind in ("opened", "resolved")
        )
        assert bool(row["open_complaint"]) == bool(opened - done)


def test_a_lead_waits_since_the_brands_last_word(acting_world, known):
    now = moment(acting_world)
    events, leads = table(acting_world, "events"), table(acting_world, "leads")
    own = known.filter(pl.col("kind") == LEAD, pl.col("suppression_reason").is_null())
    for row in own[::301].iter_rows(named=True):
        told_to = events.filter(pl.col("lead_id") == row["subject"], pl.col("kind").is_in(["talk", "reply"]))
        begun = leads.filter(pl.col("lead_id") == row["subject"])["event_time"].min()
        last = max([begun, *told_to["event_time"].to_list()])
        assert row["lead_waits_days"] == pytest.approx((now - last) / DAY)


def test_a_closed_lead_waits_for_nothing(acting_world, known):
    own = known.filter(pl.col("kind") == LEAD, pl.col("suppression_reason").is_null())
    some, now = own["subject"].sort().head(20), moment(acting_world)
    times = pl.from_epoch(pl.Series([now - 3 * DAY] * 20 + [now - DAY] * 10)).dt.replace_time_zone("UTC")
    rows = {"lead_id": [*some, *some[:10]], "kind": ["closed"] * 20 + ["reopened"] * 10}
    closures = pl.DataFrame(rows).with_columns(occurred_at=times.dt.cast_time_unit("us"))
    path = acting_world.build / "tables" / "closures.parquet"
    complete("closures", closures).write_parquet(path)
    try:
        found = scene_facts.known_facts(acting_world, now)
    finally:
        path.unlink()
    waits = found.filter(pl.col("subject").is_in(some.implode()), kind=LEAD).sort("subject")[
        "lead_waits_days"
    ]
    assert waits.is_null().to_list() == [False] * 10 + [True] * 10
    assert found.filter(~pl.col("subject").is_in(some.implode())).equals(
        known.filter(~pl.col("subject").is_in(some.implode()))
    )


def test_one_thing_is_done_for_each_and_counts_add_up(told, rows):
    act = rows.filter(pl.col("state") == ACT)
    assert act.select("kind", "subject").is_unique().all()
    assert sum(one["acted"] for one in told["scenes"]) == len(act) > 50
    assert sum(one["held_out"] for one in told["scenes"]) == (rows["state"] == "held_out").sum() > 5
    people = sum(told["people"].values())
    assert sum(told["nothing"].values()) + len(act) == people == rows.select("kind", "subject").n_unique()
    for one in told["scenes"]:
        assert one["fit"] == sum(one["by_state"].values())


def test_only_a_complaint_is_answered_of_who_refused(rows):
    refused = rows.filter(pl.col("suppressed").is_not_null())
    acted = refused.filter(pl.col("state") == ACT)
    assert set(acted["scene"]) <= {"open_complaint"}
    assert set(acted["suppressed"]) <= set(STILL_ANSWERED)


def test_a_task_that_was_not_scored_is_said_and_stops_nothing(told):
    by_name = {one["name"]: one for one in told["scenes"]}
    assert by_name["falling_silent"]["not_known"] == ["churn_band"]
    assert by_name["falling_silent"]["fit"] == 0
    assert by_name["pack_empty"]["not_known"] == []


def test_what_a_holdout_costs_in_time_is_told(told):
    waits = {one["name"]: one["waiting"] for one in told["scenes"]}
    assert waits["open_complaint"] is None
    found = waits["pack_empty"]
    assert found["share"] == pytest.approx(1 - 0.9 * 0.98)
    assert found["campaigns"] >= 1
    assert found["days"] == (found["campaigns"] - 1) * 30 + 14
    assert found["against_half"] > 1


def test_the_command_is_dry_and_speaks_both_languages(acting_world):
    found = RUNNER.invoke(memberlens.app, ["scenes"])
    assert found.exit_code == 0, found.output
    for words in (
        "dry: nothing was sent",
        "加购未买",
        "没有符合的场景",
        "not known of anybody here: churn_band",
    ):
        assert words in found.output


def test_another_salt_holds_out_others_and_moves_nobody_else(acting_world, rows):
    again = acting_world.build / published_scenes.FOLDER
    aside = shutil.copytree(again, again.with_name("aside"))
    try:
        scenes.make(acting_world, scenes.SceneRequest(salt="other"))
        other = pl.read_parquet(scenes.place(acting_world))
        one, two = (set(frame.filter(pl.col("state") == "held_out")["subject"]) for frame in (rows, other))
        assert one != two
        assert rows.select("subject", "scene").equals(other.select("subject", "scene"))
    finally:
        shutil.rmtree(again)
        aside.rename(again)


def test_a_scene_that_names_no_option_stops_with_its_line(acting_world, tmp_path):
    text = (ROOT / "experiments" / "scenes.yaml").read_text().replace("wecom_sample", "fax_sample")
    (tmp_path / "scenes.yaml").write_text(text)
    line = next(at for at, said in enumerate(text.splitlines(), 1) if "fax_sample" in said)
    with pytest.raises(
        ScenesError, match=rf"line {line}, scenes.second_purchase.action: 'fax_sample'; allowed: sms_"
    ):
        scenes.make(acting_world, scenes.SceneRequest(tmp_path / "scenes.yaml"))


def test_reach_is_obeyed_for_members_and_leads(acting_world, tmp_path, rows):
    subjects = rows.select("subject").unique()["subject"]
    who = rows.filter(pl.col("state") == ACT)["subject"][0]
    listed = pl.DataFrame({"subject_id": subjects, "channel": "call", "consent": True, "address": True})
    more = [
        listed.with_columns(channel=pl.lit(name), consent=pl.col("subject_id") == who)
        for name in ("sms", "push", "wecom")
    ]
    pl.concat([listed, *more]).write_parquet(tmp_path / "reach.parquet")
    aside = scenes.place(acting_world).parent
    kept = shutil.copytree(aside, aside.with_name("kept"))
    try:
        scenes.make(acting_world, scenes.SceneRequest(reach=tmp_path / "reach.parquet"))
        act = pl.read_parquet(scenes.place(acting_world)).filter(pl.col("state") == ACT)
        assert set(act.filter(pl.col("channel") != "call")["subject"]) <= {who}
        assert act.filter(pl.col("scene") == "open_complaint").height >= 1
    finally:
        shutil.rmtree(aside)
        kept.rename(aside)


def test_a_source_without_campaigns_care_or_events_has_scenes_too(acting_world):
    tables = acting_world.build / "tables"
    hidden = [tables / f"{name}.parquet" for name in ("contacts", "responses", "care", "events", "leads")]
    kept = shutil.copytree(scenes.place(acting_world).parent, acting_world.build / "kept")
    try:
        for path in hidden:
            path.rename(path.with_suffix(".aside"))
        told = scenes.make(acting_world, scenes.SceneRequest())
    finally:
        for path in hidden:
            path.with_suffix(".aside").rename(path)
        shutil.rmtree(scenes.place(acting_world).parent)
        kept.rename(scenes.place(acting_world).parent)
    by_name = {one["name"]: one for one in told["scenes"]}
    assert told["people"][LEAD] == 0
    assert by_name["open_complaint"]["not_known"] == ["open_complaint"]
    assert by_name["cart_left"]["not_known"] == ["cart_days"]
    assert by_name["pack_empty"]["fit"] == by_name["pack_empty"]["by_state"]["no_consent"] > 0  # no address
