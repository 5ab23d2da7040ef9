"""`memberlens scenes-readout`: nights are logged, outcomes are what a plain loop finds, the page says it."""

import shutil
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from campaign_figures import estimate
from page_reader import read, text
from typer.testing import CliRunner

import memberlens
from features.timestamps import extract_moment
from models.acting import scene_log
from training import params as settings
from training.acting import claims, pages, scene_outcomes, scene_readout, scenes
from training.io import read_json

DAY, RUNNER = 86_400, CliRunner()


@pytest.fixture
def nights(acting_world: settings.Params) -> Iterator[settings.Params]:
    """A world in which one night was logged, and nothing else."""
    folder = scenes.log_folder(acting_world).parent
    shutil.rmtree(folder, ignore_errors=True)
    scenes.make(acting_world, scenes.SceneRequest())
    yield acting_world
    shutil.rmtree(folder, ignore_errors=True)


def moved(world: settings.Params, days: int) -> pl.DataFrame:
    """The night as if it had been ``days`` earlier."""
    folder = scenes.log_folder(world)
    (path,) = folder.glob("*.parquet")
    rows = pl.read_parquet(path).with_columns(pl.col("at") - days * DAY)
    path.unlink()
    scene_log.write(folder, "earlier", rows)
    return rows


def test_a_night_logs_who_was_met_and_how_the_draw_fell(nights):
    log = scene_log.read(scenes.log_folder(nights))
    rows = pl.read_parquet(scenes.place(nights)).filter(
        pl.col("state").is_in(["act", "held_out"]), pl.col("scene") != "open_complaint"
    )
    assert len(log) == len(rows) > 50
    assert log["acts"].sum() == (rows["state"] == "act").sum()
    assert not log.filter("acts", "of_all").height
    assert 0 < log["of_all"].sum() < 0.1 * len(log)
    scenes.make(nights, scenes.SceneRequest())  # the same day once more
    assert scene_log.read(scenes.log_folder(nights)).equals(log)


def test_who_was_erased_leaves_the_nights_before(nights):
    log = moved(nights, 30)
    gone, erased = log["subject"][0], log["subject"][-1]
    known = log.select("kind", "subject").unique().filter(pl.col("subject") != gone)
    assert scene_log.forget(scenes.log_folder(nights), known, [erased]) >= 2
    left = scene_log.read(scenes.log_folder(nights))
    assert set(log["subject"]) - set(left["subject"]) == {gone, erased}


def test_outcomes_are_what_a_plain_loop_finds(nights):
    rows = moved(nights, 60).unique(["kind", "subject"], keep="first", maintain_order=True)
    tables = nights.build / "tables"
    now = extract_moment(read_json(nights.build / "ingest.json")) + 1
    found = scene_outcomes.with_outcomes(rows, tables, 30, now)
    bought = pl.read_parquet(tables / "purchases.parquet").filter(pl.col("known_time") < now)
    won = pl.read_parquet(tables / "responses.parquet").filter(pl.col("kind") == "converted")
    answered = 0
    for row in found.iter_rows(named=True):
        own = bought.filter(pl.col("member_id") == row["subject"])
        own = own.filter(pl.col("event_time").is_between(row["at"], row["at"] + 30 * DAY, closed="left"))
        if row["kind"] == "lead":
            own = won.filter(pl.col("lead_id") == row["subject"], pl.col("event_time") >= row["at"])
            own = own.filter(pl.col("event_time") < row["at"] + 30 * DAY)
        else:
            assert row["sales"] == pytest.approx(own["amount_cents"].sum() / 100)
            own = own.filter(pl.col("kind") == "sale")
        assert row["answered"] == bool(len(own))
        answered += len(own) > 0
    assert answered > 10


def test_the_command_reads_what_is_over_and_says_what_is_not(nights):
    at_once = RUNNER.invoke(memberlens.app, ["scenes-readout"])
    assert at_once.exit_code == 0, at_once.output
    assert "nobody's window is over yet" in at_once.output
    assert "尚无人的观察期结束" in at_once.output
    moved(nights, 70)
    told = scene_readout.make(nights, scenes.SceneRequest())
    assert [one["waiting"] for one in told["scenes"]] == [0] * len(told["scenes"])
    assert sum(one["met"] for one in told["scenes"]) > 50
    assert told["looks"] == 1  # the same data once more are no new look
    assert "open_complaint" not in {one["name"] for one in told["scenes"]}
    only = scene_readout.text(told, ["pack_empty"])
    assert "产品应已用完，可提醒复购" in only
    assert "Falling silent" not in only
    with pytest.raises(ValueError, match="no scene 'open_complaint' with a holdout; allowed are lead_waits"):
        scene_readout.text(told, ["open_complaint"])


def test_without_a_night_there_is_nothing_to_read(nights):
    shutil.rmtree(scenes.log_folder(nights))
    with pytest.raises(FileNotFoundError, match="no night is logged"):
        scene_readout.make(nights, scenes.SceneRequest())


def scene(verdict: str, **changed: Any) -> dict[str, Any]:
    brought = estimate(30.0, 12.0, 48.0)
    return {
        "name": verdict, "en": f"The {verdict} one", "zh": f"场景{verdict}", "together": False,
        "verdict": verdict,
        "met": 900, "held_out": 90, "waiting": 4, "next_over": "2026-07-09", "held_answers": 9.0,
        "window_days": 14.0, "worth_finding": 20.0, "smallest_added": 0.02,
        "found": {"answers": brought, "margin": estimate(900.0, 100.0, 1700.0), "cost": 81.0,
                  "opt_outs": estimate(1.0, -3.0, 5.0), "contacted_though_held_out": 2, "not_contacted": 5},
    } | changed  # fmt: skip


def told(*found: dict[str, Any]) -> dict[str, Any]:
    care = [{"en": "An open complaint", "zh": "投诉未结"}]
    return {
        "name": "scenes", "data": "brand", "day": "2026-07-01", "looks": 2, "currency": "CNY", "nights": 40,
        "since": "2026-05-01", "until": "2026-07-01", "scenes": list(found), "care": care,
    }  # fmt: skip


def test_the_page_claims_what_the_verdicts_bear_in_both_languages():
    every = ("more", "less", "small", "unclear", "few", "broken", "unsent", "waiting", "unmet")
    html = pages.scenes(told(*map(scene, every)), "en")
    page = read(html)
    assert (page.open, page.wrong) == ([], [])
    assert set(page.links) <= set(page.ids)
    shown = text(html)
    assert "A scene does harm" in shown
    assert "有场景适得其反" in shown
    assert "1 of 4 scenes that can be judged surely bring answers" in shown
    assert "4 个可判断的场景中有 1 个确实带来响应" in shown
    assert shown.count("30 [12–48]") == 4  # of who is too few, not sent or broken no figure is told
    assert "The broken one: 2 of 90 held-out people were acted on." in shown


def test_the_first_line_follows_the_most_pressing_verdict():
    def headline(*verdicts: str) -> str:
        return claims.of_scenes([scene(one) for one in verdicts]).headline.rpartition(".")[2]

    assert headline("more", "unclear") == "good"
    assert headline("more", "broken") == "broken"
    assert headline("more", "broken", "less") == "bad"
    assert headline("unclear", "few", "waiting") == "unclear"
    assert headline("waiting", "unmet") == "early"


def test_a_page_that_comes_too_early_says_when_to_read_again():
    nobody = {"met": 0, "held_out": 0, "held_answers": 0.0, "found": None, "smallest_added": None}
    later = scene("waiting", en="A later one", next_over="2026-07-31", **nobody)
    never = scene("unmet", waiting=0, next_over=None, **nobody)
    shown = text(pages.scenes(told(scene("waiting", **nobody), later, never), "en"))
    assert "It is too early to read what scenes bring" in shown
    assert "The first is over on 2026-07-09: until then run" in shown
    assert "read again with data of that day or later" in shown
    assert "最早于 2026-07-09 期满" in shown
    assert "Nobody was met so far: The unmet one. Look at their conditions" in shown
