"""Small helpers that turn arrays into columns of the contract."""

from collections.abc import Callable

import numpy as np
import polars as pl

from training.synthetic.calendar import DAY, HOUR, Ints

STAMP = pl.Datetime("us", "UTC")
Ids = Callable[[str, int], pl.Series]  # so many new ids with a prefix
LATE_SHARE = 0.03  # rows that become known later than they happened


def ids(prefix: str, count: int, rng: np.random.Generator, block: int = 0, blocks: int = 1) -> pl.Series:
    """Return shuffled ids such as ``m000123``: their order tells nothing, and no other block has them."""
    width = 6 if blocks == 1 and count < 1_000_000 else 9
    numbers = pl.Series("number", rng.permutation(count) * blocks + block + 1)
    return (
        numbers.to_frame()
        .select(pl.lit(prefix) + pl.col("number").cast(pl.String).str.zfill(width))
        .to_series()
    )


def codes(names: tuple[str, ...] | list[str], values: Ints) -> pl.Series:
    """Return the names of ``values``; empty where negative."""
    places = pl.Series(values, dtype=pl.Int64)
    return pl.Series(list(names), dtype=pl.String).gather(places.set(places < 0, None))


def stamps(seconds: Ints) -> pl.Series:
    """Return UTC time stamps of seconds since the epoch."""
    return pl.Series(seconds * 1_000_000, dtype=pl.Int64).cast(STAMP)


def recorded(seconds: Ints, rng: np.random.Generator) -> pl.Series:
    """Return when rows became known: hours to days later for a few percent,
    empty (at once) for the others.
    """
    late = rng.random(len(seconds)) < LATE_SHARE
    delay = HOUR + (rng.exponential(1.5, len(seconds)) * DAY).astype(np.int64)
    return pl.select(pl.when(pl.Series(late)).then(stamps(seconds + delay))).to_series()


def known(frame: pl.DataFrame, end: int) -> pl.DataFrame:
    """Return the rows known before ``end``; late ones that are not known yet are left out."""
    moment = pl.lit(end * 1_000_000, dtype=pl.Int64).cast(STAMP)
    times = [name for name in ("occurred_at", "recorded_at") if name in frame.columns]
    return frame.filter(pl.max_horizontal(times) < moment)
