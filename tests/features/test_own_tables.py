"""A brand's own tables: features by rule, the same on every engine, and nothing from later."""

import re

import polars as pl
import pytest
from engines import ENGINES
from own_worlds import described, groups, rows, spine
from polars.testing import assert_frame_equal
from worlds import START

from features import catalog, engines
from features.compute import compute
from features.cumulative import CumulativeGroup
from features.feature import DAY
from features.fingerprint import fingerprints
from features.groups.own import own_group
from models.phrases import Phrases, theme

NOW = START + 300 * DAY


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return groups(tmp_path_factory.mktemp("own"))


def ledger(*entries: tuple[float, float, str, str]) -> pl.DataFrame:
    """A member's ledger: days before now that it happened and was recorded, points, store."""
    return pl.DataFrame(
        {
            "member_id": "m0",
            "event_time": [NOW - int(day * DAY) for day, *_ in entries],
            "known_time": [NOW - int(known * DAY) for _, known, *_ in entries],
            "x_points": [float(points) for *_, points, _ in entries],
            "x_store": [store for *_, store in entries],
            "x_cost": 5, "x_card": pl.Series([1, 0, 1, None][: len(entries)]), "x_reason": "earned",
        }
    )  # fmt: skip


LEDGER = ledger((200, 200, 10, "s2"), (100, 100, 20, "s2"), (20, 20, 60, "s1"), (10, -1, 999, "s3"))
FOOTFALL = pl.DataFrame(
    {
        "store_id": ["s1", "s1", "s1", "s2", "s1"],
        "event_time": [NOW - day * DAY for day in (200, 100, 10, 5, 3)],
        "known_time": [NOW - day * DAY for day in (200, 100, 10, 5, 0)],
        "x_visitors": [1.0, 3.0, 8.0, 100.0, 1000.0], "x_open": [0, 1, 1, 1, 1],
    }
)  # fmt: skip


def asked(own, **changes: pl.DataFrame) -> dict[str, float]:
    """What is known of a member now."""
    world = rows(0) | {"own_points": LEDGER, "own_footfall": FOOTFALL} | changes
    question = pl.DataFrame({"row_id": [0], "as_of": [NOW], "member_id": ["m0"]})
    return compute(question, world, own).row(0, named=True)


def test_a_ledger_becomes_counts_sums_means_and_the_newest(own):
    found = asked(own)
    assert found["own_points__count_30d"] == 1
    assert found["own_points__count"] == 3
    assert found["own_points__days_since"] == 20
    assert found["own_points__points__sum_180d"] == 80
    assert found["own_points__points__mean"] == 30
    assert (found["own_points__points__min"], found["own_points__points__max_30d"]) == (10, 60)
    assert found["own_points__points__mean_last2"] == 40
    assert found["own_points__points__last"] == 60
    assert found["own_points__card__yes_share"] == pytest.approx(2 / 3)
    assert found["own_points__reason__is_earned_share_30d"] == 1
    assert found["own_points__store__distinct"] == 2
    assert found["own_points__gap_mean_days"] == 90
    assert found["own_points__trend"] == 0.5


def test_the_second_hop_reads_the_store_that_the_newest_known_row_names(own):
    """The member's row of another store was recorded later, as was the store's newest row."""
    found = asked(own)
    assert found["own_footfall__count_365d"] == 3
    assert (found["own_footfall__visitors__mean_30d"], found["own_footfall__days_since"]) == (8, 10)
    assert found["own_footfall__visitors__sum_365d"] == 12
    assert found["own_footfall__open__yes__share"] == pytest.approx(2 / 3)


def test_everybody_so_far_is_everything_recorded_before(own):
    sales = rows(3)["own_sales"]
    found, known = asked(own, own_sales=sales), sales.filter(pl.col("known_time") < NOW)
    recent = known.filter(pl.col("known_time") >= NOW - 30 * DAY)
    assert found["own_sales__amount__mean"] == pytest.approx(known["x_amount"].mean())
    assert found["own_sales__count_30d"] == len(recent)
    assert found["own_sales__amount__mean_30d"] == pytest.approx(recent["x_amount"].mean())


def contracts(*rows: tuple[float, float, float | None, float | None], **more: object) -> pl.DataFrame:
    """A member's contracts: days from now on which each was known, begins, ends and was cancelled."""
    known, starts, ends, cancelled = (
        [None if day is None else NOW + int(day * DAY) for day in one] for one in zip(*rows, strict=True)
    )
    times = {
        "event_time": known,
        "known_time": known,
        "start_time": starts,
        "end_time": ends,
        "cancel_time": cancelled,
    }
    frame = pl.DataFrame({"member_id": "m0", **times}, schema_overrides=dict.fromkeys(times, pl.Int64))
    own = {"renews_days": more.get("renews_days"), "line": more.get("line")}
    return frame.with_columns(
        renews_days=pl.Series(own["renews_days"] or [None] * len(rows), dtype=pl.Int64),
        line=pl.Series(own["line"] or [None] * len(rows), dtype=pl.String),
    )


def of_contracts(own, frame: pl.DataFrame) -> dict[str, float]:
    found = asked(own, own_contracts=frame)
    return {
        name.removeprefix("own_contracts__"): value
        for name, value in found.items()
        if "own_contracts__" in name
    }


def test_a_contract_is_in_force_until_the_end_that_it_states(own):
    found = of_contracts(own, contracts((-90, -90, 40, None), (-90, -90, -5, None), (1, 1, 10, None)))
    assert (found["in_force"], found["ended"], found["followed"]) == (1, 1, 1)
    assert (found["days_to_end"], found["days_since_end"]) == (40, 5)
    assert (found["days_to_due"], found["due_term_days"]) == (40, 130)


def test_what_is_followed_or_cancelled_is_not_due(own):
    early = of_contracts(own, contracts((-90, -90, 10, None), (-2, 10, 375, None)))  # renewed in advance
    assert (early["days_to_end"], early["days_to_due"]) == (10, 375)
    told = of_contracts(own, contracts((-90, -90, 10, -3)))
    assert (told["days_to_due"], told["days_to_cancelled_end"], told["cancelled"]) == (None, 10, 1)
    later = of_contracts(own, contracts((-90, -90, 10, 0)))  # cancelled at the moment: not known before
    assert (later["days_to_due"], later["days_to_cancelled_end"], later["cancelled"]) == (10, None, 0)
    beside = of_contracts(own, contracts((-90, -90, 10, None), (-90, -90, 60, None), line=["car", "home"]))
    assert beside["days_to_due"] == 10


def test_what_renews_itself_ends_with_the_period_that_runs_or_was_cancelled(own):
    monthly = contracts((-100, -100, None, None), renews_days=[30])
    assert of_contracts(own, monthly)["days_to_due"] == 20
    gone = of_contracts(own, contracts((-100, -100, None, -75), renews_days=[30]))
    assert (gone["ended"], gone["days_since_end"], gone["days_to_due"]) == (1, 70, None)


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "polars"])
def test_engines_agree(own, engine):
    questions, world = spine(1), rows(1)
    found = ENGINES[engine](questions, world, own)
    assert_frame_equal(found, ENGINES["polars"](questions, world, own), rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["later", "late"])
def test_what_happens_or_is_recorded_at_the_moment_or_later_changes_nothing(own, engine, kind):
    world, questions = rows(2), spine(2).with_columns(as_of=pl.lit(NOW, pl.Int64))
    known = {name: frame.filter(pl.col("known_time") < NOW) for name, frame in world.items()}
    happened = pl.lit(NOW, pl.Int64) if kind == "later" else pl.col("event_time") - 3 * DAY
    planted = {
        name: pl.concat([frame, frame.with_columns(event_time=happened, known_time=pl.lit(NOW, pl.Int64))])
        for name, frame in known.items()
    }
    before, after = (ENGINES[engine](questions, one, own) for one in (known, planted))
    assert_frame_equal(before, after, rel_tol=1e-9, abs_tol=1e-9)
    later = ENGINES[engine](questions.with_columns(pl.col("as_of") + DAY), planted, own)
    reached = {g.name for g in own if not later.select(_names(g)).equals(after.select(_names(g)))}
    assert reached == {group.name for group in own}


def _names(group) -> list[str]:
    return [feature.name for feature in group.columns() if not feature.name.endswith("count")]


@pytest.mark.parametrize("engine", ENGINES)
def test_where_the_feed_ended_is_as_if_nothing_had_been_recorded_since(own, engine):
    world, questions = rows(4), spine(4).with_columns(as_of=pl.lit(NOW, pl.Int64))
    cut = NOW - 50 * DAY
    ended = {name: frame.filter(pl.col("known_time") < cut) for name, frame in world.items()}
    stale = ENGINES[engine](questions.with_columns(known_until=pl.lit(cut, pl.Int64)), world, own)
    assert_frame_equal(stale, ENGINES[engine](questions, ended, own), rel_tol=1e-9, abs_tol=1e-9)


def test_shared_rows_cost_their_sum_and_not_their_product(own):
    """30,000 questions and 30,000 rows of everybody: joined, they would be 900 million."""
    shared = [group for group in own if isinstance(group, CumulativeGroup) and group.link is None]
    world, questions = rows(5, size=30_000), spine(5, 30_000)
    found = compute(questions, world, shared)
    assert found.height == 30_000


def test_a_key_that_all_share_is_refused_by_name(own, tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "MOST", 2_000)
    monkeypatch.setattr(engines, "MOST_A_QUESTION", 100)
    world, questions = rows(6), spine(6).with_columns(member_id=pl.lit("m0"))
    questions.write_parquet(tmp_path / "spine.parquet")
    for name, frame in world.items():
        shared = [pl.lit("m0").alias("member_id")] if name == "own_points" else []
        frame.with_columns(shared).write_parquet(tmp_path / f"{name}.parquet")
    with pytest.raises(ValueError, match="table own_points, key member_id: 300 rows a question, 12,000"):
        engines.to_parquet(tmp_path / "spine.parquet", tmp_path, own, tmp_path / "out.parquet")


def test_every_feature_has_words_with_the_same_numbers_in_both_languages(own):
    for row in catalog.describe(own):
        numbers = [sorted(re.findall(r"\d+", str(row[language]))) for language in ("en", "zh")]
        assert numbers[0] == numbers[1], row
        assert row["unit"], row
        said = Phrases.of(row)
        assert said.fact(3.0 if row["unit"] != "category" else "earned", "zh")
    windows = {row["window"] for row in catalog.describe(own)}
    assert windows == {None, 30, 90, 180, 365}


def test_a_reason_is_a_sentence_in_both_languages(own):
    row = next(one for one in catalog.describe(own) if one["name"] == "own_points__count_30d")
    assert Phrases.of(row).fact(3, "en") == "points entries in the last 30 days: 3 entries"
    assert Phrases.of(row).fact(0, "en") == "no points entries in the last 30 days"
    assert Phrases.of(row).fact(3, "zh") == "近 30 天积分流水数为 3 条"


def test_what_is_told_of_one_column_is_one_theme():
    points = {theme(f"own_points__points__{end}") for end in ("sum_30d", "mean", "last", "mean_last5")}
    assert len(points) == 1
    assert theme("own_points__count_30d") not in points


def test_a_fingerprint_is_of_the_rule_and_not_of_the_commonest_values(own, tmp_path):
    first = described(tmp_path)[0]
    fewer = {"values": ("spent",)}
    columns = (c.model_copy(update=fewer) if c.kind == "category" else c for c in first.columns)
    other = first.model_copy(update={"columns": tuple(columns)})
    mine, theirs = fingerprints(own), fingerprints([own_group(other)])
    assert theirs.items() <= mine.items()
    assert len(set(mine.values())) == len(mine)
    assert mine["own_points__reason__is_earned_share"] != mine["own_points__reason__is_spent_share"]
