"""Drivers of dissatisfaction: planted effects are found, in their order, and nothing else."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from stages import START, ingest, params

from features import own_tables
from features.feature import DAY
from features.own_tables import OwnColumn, OwnTable
from features.texts import TextModel, Topic
from training.data.artifacts import Ingest, write_artifact
from training.evaluation.dissatisfaction import _ordered, _silence, ranked_drivers, table, tickets
from training.params import Params
from training.reporting import render
from training.reporting.sections.dissatisfaction import dissatisfaction

PUSH = {"quality": 0.3, "delivery": 0.1, "price": 0.0}  # added to the rate of silence by a ticket


@pytest.fixture(params=range(3))
def brand(request, tmp_path, monkeypatch) -> Params:
    """Tickets that push members away, beside recency that does so too and goes with tickets."""
    monkeypatch.chdir(tmp_path)
    rng, n, found = np.random.default_rng(request.param), 20_000, params()
    recency = rng.exponential(60, n)
    topic = rng.choice([*PUSH, "none"], n, p=[0.1, 0.1, 0.1, 0.7])
    topic = np.where((recency > 90) & (rng.random(n) < 0.7), "none", topic)  # tickets follow purchases
    rate = 0.2 + 0.3 * (recency > 60) + np.array([PUSH.get(t, 0.0) for t in topic])
    as_of = START + 200 * DAY
    _write(found, rng, topic, recency, rng.random(n) < rate, as_of)
    return found


def _write(found, rng, topic, recency, label, as_of):
    n, member = len(topic), pl.Series([f"m{i:05d}" for i in range(len(topic))])
    rows = pl.DataFrame(
        {
            "row_id": np.arange(n),
            "member_id": member,
            "as_of": np.full(n, as_of),
            "label": label.astype(np.int8),
            "days_since_order": recency,
            "stage": rng.choice(["new", "mature", "silent"], n),
            "orders_365d": rng.poisson(3, n).astype(float),
            "region": rng.choice(["north", "south"], n),
        }
    )
    folder = found.build / "churn"
    folder.mkdir(parents=True)
    rows.write_parquet(folder / "dataset.parquet")
    has = topic != "none"
    opened = as_of - rng.integers(1, 80, n)[has] * DAY
    ids = pl.Series([f"t{i}" for i in range(int(has.sum()))])
    base = {"ticket_id": ids, "member_id": member.filter(pl.Series(has)), "topic": topic[has]}
    stars = np.where(topic[has] == "quality", rng.integers(1, 4, has.sum()), rng.integers(3, 6, has.sum()))
    parts = [
        pl.DataFrame({**base, "kind": "opened", "event_time": opened, "minutes": 10, "satisfaction": None}),
        pl.DataFrame(
            {**base, "kind": "feedback", "event_time": opened + 60, "minutes": None, "satisfaction": stars}
        ),
    ]
    care = pl.concat(parts, how="diagonal_relaxed").with_columns(
        subtopic=pl.lit(None, dtype=pl.String), known_time=pl.col("event_time")
    )
    (found.build / "tables").mkdir()
    care.write_parquet(found.build / "tables" / "care.parquet")
    write_artifact(found.build, Ingest, ingest("2024-07-01T00:00:00+00:00"))


def test_planted_effects_are_found_in_their_order(brand):
    found = ranked_drivers(brand)
    assert [row["topic"] for row in found["topics"]][:2] == ["quality", "delivery"]
    for row in found["topics"]:
        assert row["silence"]["low"] - 0.02 <= PUSH[row["topic"]] <= row["silence"]["high"] + 0.02
    quality = found["topics"][0]
    assert quality["low"]["low"] > quality["low"]["others"]
    assert quality["lost"] == pytest.approx(quality["silence"]["value"] * quality["members_year"])


def _write_texts(found: Params) -> None:
    """Messages of those with a ticket on quality, which sound bad, and of others at random, which do not."""
    care = pl.read_parquet(found.build / "tables" / "care.parquet").filter(pl.col("kind") == "opened")
    rows = pl.read_parquet(found.build / "churn" / "dataset.parquet")
    bad = care.filter(pl.col("topic") == "quality").select("member_id", "event_time", "known_time")
    calm = rows.filter(~pl.col("member_id").is_in(bad["member_id"].implode())).sample(2_000, seed=1)
    times = {name: pl.col("as_of") - 9 * DAY for name in ("event_time", "known_time")}
    parts = [
        bad.with_columns(x_note_topic=pl.lit("rash · cream"), x_note_tone=pl.lit(-0.5)),
        calm.select("member_id", **times, x_note_topic=pl.lit("advice"), x_note_tone=pl.lit(0.5)),
    ]
    pl.concat(parts).write_parquet(found.build / "tables" / "own_talk.parquet")
    topics = tuple(Topic(words=words, texts=9, found_again=1.0) for words in (("rash", "cream"), ("advice",)))
    note = OwnColumn(name="note", unit="text", en="notes", zh="留言")
    table = OwnTable(name="talk", key="member_id", en="messages", zh="客服留言", columns=(note,))
    model = TextModel(column="note", en="notes", zh="留言", topics=topics, texts=900, same_topic=0.9)
    own_tables.save([table.with_texts({"note": model})], found.build / "tables")


def test_topics_of_texts_are_ranked_with_those_of_tickets(brand):
    _write_texts(brand)
    found = ranked_drivers(brand)
    assert {row["topic"] for row in found["topics"][:2]} == {"quality", "rash · cream"}
    rash, advice = (
        next(row for row in found["topics"] if row["topic"] == name) for name in ("rash · cream", "advice")
    )
    assert rash["silence"]["low"] - 0.02 <= PUSH["quality"] <= rash["silence"]["high"] + 0.02
    assert abs(advice["silence"]["value"]) < 0.05
    assert (rash["low"]["value"], rash["low"]["others"], advice["low"]["value"]) == (1.0, 0.0, 0.0)
    assert found["texts"][0]["topics"][0] == {
        "name": "rash · cream", "texts": rash["tickets"], "found_again": 1.0, "tone": -0.5,
    }  # fmt: skip
    assert "rash · cream" in table(found)


def test_texts_alone_have_drivers_too(brand):
    _write_texts(brand)
    (brand.build / "tables" / "care.parquet").unlink()
    found = ranked_drivers(brand)
    assert [row["topic"] for row in found["topics"]] == ["rash · cream", "advice"]
    assert (found["tickets"], found["subtopics"]) == (0, [])


def test_the_section_tells_in_both_languages_what_texts_are_about(brand):
    _write_texts(brand)
    found = dissatisfaction(SimpleNamespace(task="churn", params=brand))
    template = (
        '{% import "macros.html.j2" as m with context %}{% include "sections/dissatisfaction.html.j2" %}'
    )
    html = (
        render.environment()
        .from_string(template)
        .render(found=found, number="A", name="dissatisfaction", figures={})
    )
    for text in (
        "“rash · cream” (messages)", "“rash · cream”（客服留言）",
        "What messages say: notes", "客服留言说了什么：留言",
        "get the same topic in 90", "The tone comes from a list of words", "语气依据词表判断",
    ):  # fmt: skip
        assert text in html


def test_the_table_warns(brand):
    text = table(ranked_drivers(brand))
    assert "quality" in text
    assert text.endswith("Association is not cause: test a remedy on a part before spending on all.")


def test_without_care_data_there_are_no_drivers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ranked_drivers(params()) is None


@pytest.mark.parametrize("seed", range(5))
def test_like_is_compared_with_like(seed):
    """Where silence depends on the stratum alone, the interval covers zero though the strata differ."""
    rng, n = np.random.default_rng(seed), 8_000
    stratum = rng.integers(0, 5, n)
    hit = rng.random(n) < 0.05 + 0.1 * stratum / 4
    label = rng.random(n) < 0.1 + 0.15 * stratum
    moments = pl.DataFrame(
        {"label": label, "stratum": stratum, "member_id": rng.integers(0, n, n).astype(str)}
    )
    found = _silence(moments.with_columns(pl.col("label").cast(pl.Int8)), hit, ~hit)
    assert label[hit].mean() - label[~hit].mean() > 0.03
    assert abs(found["value"]) < 3 * (found["high"] - found["low"]) / 3.92


def test_sure_losses_come_before_low_ratings():
    def row(topic, value, low, stars):
        silence = {"value": value, "low": low, "high": value + 0.1}
        return {"topic": topic, "subtopic": None, "tickets": 100, "lost": value * 100, "silence": silence,
                "low": {"value": stars}}  # fmt: skip

    found = _ordered([row("a", 0.3, -0.1, 0.1), row("b", 0.1, 0.05, 0.0), row("c", 0.0, -0.1, 0.5)])
    assert [(r["priority"], r["topic"]) for r in found] == [(1, "b"), (2, "c"), (3, "a")]


def test_a_ticket_is_one_row_with_its_steps():
    care = pl.DataFrame(
        {
            "ticket_id": ["t1"] * 4, "member_id": ["m1"] * 4, "topic": ["price"] * 4,
            "subtopic": ["invoice"] * 4,
            "kind": ["opened", "contact", "resolved", "feedback"], "event_time": [0, DAY, 2 * DAY, 3 * DAY],
            "known_time": [0, DAY, 2 * DAY, 3 * DAY], "minutes": [5, 10, None, None],
            "satisfaction": [None, None, None, 2],
        }
    )  # fmt: skip
    found = tickets(care).row(0, named=True)
    assert (found["minutes"], found["contacts"], found["days"], found["satisfaction"]) == (15, 1, 2.0, 2)
