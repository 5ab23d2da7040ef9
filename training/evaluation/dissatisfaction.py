"""What makes members dissatisfied: tickets and free texts by topic, their ratings or tone, and who then left.

A difference in silence is taken between member-moments with a ticket of the kind in the 90 days
before and those of the same recency and frequency without any, averaged over the former (direct
standardisation; Rothman, Greenland and Lash 2008, ch. 3). Association is not cause.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from features.feature import DAY
from training.data.artifacts import Ingest, read_artifact
from training.evaluation.complaints import Texts, text_facts, texts
from training.evaluation.metrics import wilson
from training.params import Params
from training.results.dissatisfaction import (
    Consequences,
    Driver,
    LowRatings,
    Most,
    RankedDriver,
    RankedDrivers,
    Silence,
)
from training.results.estimate import ENDS

BEFORE, YEAR, FEWEST = 90, 365, 30  # days, days, tickets
ROWS = 50_000
KEYS = ("topic", "subtopic")


@dataclass(frozen=True)
class Care:
    """Tickets or texts, and the active members' moments where churn was asked."""

    tickets: pl.DataFrame
    moments: pl.DataFrame | None
    end: int


def ranked_drivers(params: Params) -> RankedDrivers | None:
    """Return drivers in order of priority.

    None where the source has neither care data nor texts with topics.
    """
    path, found = params.build / "tables" / "care.parquet", texts(params.build / "tables")
    rows = pl.read_parquet(path) if path.exists() else pl.DataFrame()
    if rows.is_empty() and not found:
        return None
    end = int(
        pl.Series([read_artifact(Ingest, params.build)["extracted_at"]]).str.to_datetime().dt.epoch("s")[0]
    )
    moments = _moments(params.build / "churn" / "dataset.parquet", params.seed)
    topics, finer, opened = [], [], pl.DataFrame()
    if not rows.is_empty():
        opened = tickets(rows)
        care = Care(opened, moments, end)
        topics = [_driver(care, {"topic": topic}) for topic in _kinds(care, ("topic",))["topic"]]
        finer = [
            _driver(care, kind) for kind in _kinds(care, KEYS).to_dicts() if kind["subtopic"] is not None
        ]
    topics += [driver for one in found for driver in _of_texts(one, moments, end)]
    times = [frame["event_time"].min() for frame in (opened, *(one.rows for one in found)) if len(frame)]
    return {
        "from": int(min(times, default=0)),
        "to": end,
        "tickets": len(opened),
        "members": opened["member_id"].n_unique() if len(opened) else 0,
        "topics": _ordered(topics),
        "subtopics": _ordered(finer),
        "texts": [text_facts(one) for one in found],
    }


def tickets(care: pl.DataFrame) -> pl.DataFrame:
    """Return one row a ticket: opening, own minutes, repeat contacts, days to resolve, rating."""
    kind = pl.col("kind")
    opened = care.filter(kind == "opened").unique("ticket_id", keep="first", maintain_order=True)
    steps = care.group_by("ticket_id").agg(
        minutes=pl.col("minutes").sum(),
        contacts=(kind == "contact").sum(),
        resolved=pl.col("event_time").filter(kind == "resolved").min(),
        satisfaction=pl.col("satisfaction").filter(kind == "feedback").last(),
    )
    columns = ("ticket_id", "member_id", *KEYS, "event_time", "known_time")
    found = opened.select(columns).join(steps, on="ticket_id", how="left", maintain_order="left")
    return found.with_columns(days=(pl.col("resolved") - pl.col("event_time")) / DAY)


def _moments(path: Path, seed: int) -> pl.DataFrame | None:
    """Active members at the moments of the churn task, with strata of recency and frequency."""
    if not path.exists():
        return None
    rows = pl.read_parquet(path)
    rows = rows.sample(min(ROWS, len(rows)), seed=seed).sort("row_id")
    recency = pl.col("days_since_order").rank("ordinal") * 10 // (pl.len() + 1)
    often = pl.col("orders_365d").rank("ordinal") * 3 // (pl.len() + 1)
    wanted = [name for name in ("region", "city_tier") if name in rows.columns]
    return rows.select("row_id", "member_id", "as_of", "label", "stage", *wanted, stratum=recency * 3 + often)


def _kinds(care: Care, keys: tuple[str, ...]) -> pl.DataFrame:
    """Topics, or sub-topics, with enough tickets, the most frequent first."""
    counts = care.tickets.drop_nulls("topic").group_by(keys).len()
    sure = counts.filter(pl.col("len") >= FEWEST).sort(
        "len", *keys, descending=[True, *(False for _ in keys)]
    )
    return sure.drop("len")


def _driver(care: Care, kind: Mapping[str, str]) -> Driver:
    same = pl.all_horizontal(pl.col(key) == value for key, value in kind.items())
    own, stars = care.tickets.filter(same), pl.col("satisfaction")
    return {
        "told_in": None,
        "topic": kind["topic"],
        "subtopic": kind.get("subtopic"),
        "tickets": len(own),
        "minutes": own["minutes"].median(),
        "contacts": own["contacts"].mean(),
        "days": own["days"].median(),
        "low": _low(care.tickets.select(stars <= 2).to_series(), own.select(stars <= 2).to_series()),
        **_consequence(care, own),
    }


def _of_texts(found: Texts, moments: pl.DataFrame | None, end: int) -> Iterator[Driver]:
    """Topics of enough texts; the moments that they are compared with have no text of that table."""
    care, sounds_bad = Care(found.rows, moments, end), pl.col("tone").fill_null(0) < 0
    for name in found.model.names:
        own = found.rows.filter(pl.col("topic") == name)
        if len(own) >= FEWEST:
            yield {
                "told_in": {"en": found.table.en, "zh": found.table.zh},
                "topic": name,
                "subtopic": None,
                "tickets": len(own),
                "minutes": None,
                "contacts": None,
                "days": None,
                "low": _low(found.rows.select(sounds_bad).to_series(), own.select(sounds_bad).to_series()),
                **_consequence(care, own),
            }


def _consequence(care: Care, own: pl.DataFrame) -> Consequences:
    """Who had them, who then fell silent, and where they weigh most."""
    recent = own.filter(pl.col("event_time") >= care.end - YEAR * DAY)
    found: Consequences = {
        "members": own["member_id"].n_unique(),
        "members_year": recent["member_id"].n_unique(),
        "silence": None,
        "lost": None,
        "where": None,
        "stage": None,
    }
    if care.moments is None:
        return found
    hit = _hit(care.moments, own)
    silence = _silence(care.moments, hit, ~_hit(care.moments, care.tickets))
    return {
        **found,
        "silence": silence,
        "lost": _lost(silence, found["members_year"]),
        "stage": _most(care.moments, hit, ["stage"]),
        "where": _most(care.moments, hit, [n for n in ("region", "city_tier") if n in care.moments.columns]),
    }


def _low(every: pl.Series, own: pl.Series) -> LowRatings:
    """Share that is true of those that are known, with its interval, and the share among the others."""
    known, others = own.drop_nulls(), every.drop_nulls()
    count, bad = len(known), int(known.sum())
    rest, rest_bad = len(others) - count, int(others.sum()) - bad
    low, high = wilson(bad, count)
    return {
        "value": bad / count if count else None,
        "low": float(low),
        "high": float(high),
        "n": count,
        "positives": bad,
        "others": rest_bad / rest if rest else None,
    }


def _hit(moments: pl.DataFrame, own: pl.DataFrame) -> np.ndarray:
    """Which moments have such a ticket, known by then, in the 90 days before; shape (rows,)."""
    pairs = moments.select("row_id", "member_id", "as_of").join(
        own.select("member_id", "event_time", "known_time"), on="member_id"
    )
    age = pl.col("as_of") - pl.col("event_time")
    known = pairs.filter((pl.col("known_time") < pl.col("as_of")) & (age <= BEFORE * DAY))
    return moments["row_id"].is_in(known["row_id"].unique().implode()).to_numpy()


def _silence(moments: pl.DataFrame, hit: np.ndarray, calm: np.ndarray) -> Silence | None:
    """Difference in the rate of silence against ``calm`` members alike, clustered by member."""
    label, stratum = moments["label"].to_numpy().astype(float), moments["stratum"].to_numpy().astype(int)
    if hit.sum() < FEWEST:
        return None
    size = stratum.max() + 1
    n = np.bincount(stratum[calm], minlength=size)
    rate = np.bincount(stratum[calm], label[calm], minlength=size) / np.maximum(n, 1)
    apart = label[hit] - rate[stratum[hit]]
    value = float(apart.mean())
    members = np.unique(moments["member_id"].to_numpy()[hit], return_inverse=True)[1]
    error = np.sqrt(np.sum(np.bincount(members, apart - value) ** 2)) / len(apart)
    return {
        "value": value,
        "low": float(value - 1.96 * error),
        "high": float(value + 1.96 * error),
        "n": int(hit.sum()),
        "positives": int(label[hit].sum()),
        "rate": float(label[hit].mean()),
        "expected": float(label[hit].mean() - value),
    }


def _lost(silence: Silence | None, members: int) -> float | None:
    """Members a year who fall silent beyond what like members do."""
    return None if silence is None else silence["value"] * members


def _most(moments: pl.DataFrame, hit: np.ndarray, keys: list[str]) -> Most | None:
    """The cell with the highest share of moments with such a ticket, of cells with enough of them."""
    if not keys:
        return None
    cells = moments.select(keys).with_columns(hit=pl.Series(hit)).drop_nulls().group_by(keys).agg(
        n=pl.len(), hits=pl.col("hit").sum(), share=pl.col("hit").mean()
    )  # fmt: skip
    sure = cells.filter(pl.col("hits") >= 10).sort("share", *keys, descending=[True, *(False for _ in keys)])
    if sure.is_empty():
        return None
    top = sure.row(0, named=True)
    return {
        "values": [top[key] for key in keys],
        "share": top["share"],
        "overall": float(hit.mean()),
        "n": top["n"],
    }


def _ordered(found: list[Driver]) -> list[RankedDriver]:
    """Priority: members lost beyond expectation where that is sure, then low ratings times tickets."""

    def weight(row: Driver) -> tuple[float, float]:
        sure = row["silence"] is not None and row["silence"]["low"] > 0
        return ((row["lost"] or 0.0) if sure else 0.0, (row["low"]["value"] or 0.0) * row["tickets"])

    ranked = sorted(
        found, key=lambda row: (*(-part for part in weight(row)), row["topic"], row["subtopic"] or "")
    )
    return [{"priority": place, **row} for place, row in enumerate(ranked, 1)]


def table(found: RankedDrivers) -> str:
    """Return the drivers as lines of text, one a sub-topic, then topics of texts, with the warning."""
    lines = ["   topic · sub-topic                tickets  1-2 stars  silence (points)        lost a year"]
    lines += [_line(row) for row in found["subtopics"] or found["topics"]]
    if found["texts"]:
        lines.append(
            "   topics of texts and tickets        texts  sound bad  silence (points)        lost a year"
        )
        lines += [_line(row) for row in found["topics"]]
    return "\n".join([*lines, "Association is not cause: test a remedy on a part before spending on all."])


def _line(row: RankedDriver) -> str:
    name = row["topic"] if row["subtopic"] is None else f"{row['topic']} · {row['subtopic']}"
    low = "–" if row["low"]["value"] is None else f"{row['low']['value']:.0%}"
    start = f"{row['priority']:2} {name:32} {row['tickets']:7,} {low:>10}"
    return f"{start}  {_points(row['silence'])}{_whole(row)}"


def _points(silence: Silence | None) -> str:
    if silence is None:
        return f"{'–':22}"
    value, low, high = (100 * silence[end] for end in ENDS)
    return f"{f'{value:+.1f} [{low:+.1f}, {high:+.1f}]':22}"


def _whole(row: RankedDriver) -> str:
    return f"{'–':>12}" if row["lost"] is None else f"{row['lost']:12,.0f}"
