"""Rows that nobody knew at a moment, planted into a raw world: a feature of that moment must not see them."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
from worlds import DAYS, START

from features.feature import DAY
from training.sources.intake import intake
from training.sources.source_rows import given

ROWS = 40
EXTRACT = datetime(2030, 1, 1, tzinfo=UTC)
TIME = pl.Datetime("us", "UTC")
UNIQUE = {"leads": "lead_id", "campaigns": "campaign_id", "contacts": "contact_id"}
OF_MEMBERS = ("purchases", "events", "contacts", "responses", "care")
KINDS = ("future", "late", "bound")


def taken_in(raw: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The tables as ingest writes them, by the code that ingest runs."""
    found: dict[str, pl.DataFrame] = {}
    rows = {name: [given(name, frame)] for name, frame in raw.items()}
    intake(rows, EXTRACT, lambda name, frames: found.update({name: pl.concat(list(frames))}))
    return found


def with_accounts(raw: dict[str, pl.DataFrame], seed: int) -> dict[str, pl.DataFrame]:
    """A fifth of the members' rows under four accounts, of which ``shop:a0`` is bound to m0 early."""
    rng, out = np.random.default_rng(seed), dict(raw)
    for name in OF_MEMBERS:
        account = pl.Series([f"shop:a{at}" for at in rng.integers(0, 4, len(raw[name]))])
        moved = pl.Series(rng.random(len(raw[name])) < 0.2) & pl.col("member_id").is_not_null()
        out[name] = raw[name].with_columns(
            member_id=pl.when(moved).then(account).otherwise(pl.col("member_id"))
        )
    out["identities"] = _identities([("shop", "a0", "m0", START + 30 * DAY, START + 30 * DAY)])
    return out


def planted(raw: dict[str, pl.DataFrame], moment: int, kinds: set[str], seed: int) -> dict[str, pl.DataFrame]:
    """``raw`` and what became known at ``moment`` (seconds) or later.

    ``future``: copies of rows that happen then; ``late``: that happened before and are recorded
    then; ``bound``: accounts bound then, through a chain and against an earlier binding too.
    """
    rng, out = np.random.default_rng(seed), dict(raw)
    for kind in sorted(kinds & {"future", "late"}):
        for name, frame in raw.items():
            if "occurred_at" in frame.columns and name != "identities":
                out[name] = pl.concat([out[name], _copies(name, frame, moment, kind, rng)], how="diagonal")
    if "bound" in kinds:
        known = moment + int(rng.integers(0, 30)) * DAY
        links = [("shop", "a1", "m1"), ("shop", "a2", "card:b"), ("card", "b", "m2"), ("shop", "a0", "m3")]
        new = _identities([(*link, START, known) for link in links])
        out["identities"] = pl.concat([raw["identities"], new])
    order = rng.permutation(len(out["events"]))
    return out | {"events": out["events"][order]}


def _copies(name: str, frame: pl.DataFrame, moment: int, kind: str, rng: np.random.Generator) -> pl.DataFrame:
    """Some rows of a table once more, at other times; the first of them at ``moment`` itself."""
    rows = frame[rng.integers(0, len(frame), ROWS)]
    at_once = np.where(np.arange(ROWS) == 0, 0, rng.integers(0, 90 * DAY, ROWS))
    before = np.maximum(moment - rng.exponential(40 * DAY, ROWS).astype(np.int64) - 1, START)
    happened = moment + at_once if kind == "future" else before
    recorded = happened if kind == "future" else moment + at_once
    rows = rows.with_columns(occurred_at=_times(happened), recorded_at=_times(recorded))
    if name not in UNIQUE:
        return rows
    return rows.with_columns(pl.Series(UNIQUE[name], [f"{kind}{at}" for at in range(ROWS)]))


def _identities(links: list[tuple[str, str, str, int, int]]) -> pl.DataFrame:
    names = ("platform", "account_id", "member_id", "occurred_at", "recorded_at")
    frame = pl.DataFrame(links, schema=names, orient="row")
    return frame.with_columns(_time("occurred_at"), _time("recorded_at"))


def _time(name: str) -> pl.Expr:
    return (pl.col(name) * 1_000_000).cast(TIME)


def _times(seconds: np.ndarray) -> pl.Series:
    return pl.Series(seconds * 1_000_000).cast(TIME)


def moments() -> tuple[int, int]:
    """First and last day (from ``START``) at which a property asks."""
    return 40, DAYS + 60
