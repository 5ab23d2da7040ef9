"""Questions asked once more of tables that stopped being fed: a model that has seen it knows what is left.

A feed that breaks leaves every subject looking quiet. A model that only learnt from complete histories
takes that for a change of the subjects; one that also learnt from copies whose newest days are cut off
has seen that it is none.
"""

import numpy as np
import polars as pl

from features.feature import DAY, FEED_END
from models.population import Stale


def with_stale(rows: pl.DataFrame, stale: Stale | None, seed: int) -> pl.DataFrame:
    """Return the rows, of which some of the training part are asked of tables that stopped being fed.

    Parameters
    ----------
    rows
        ``row_id``, ``as_of`` (seconds) and ``split``; those of other parts than ``train`` stay as they are.

    Returns
    -------
    The same rows in the same order; where ``stale`` is given with ``known_until`` (seconds), the as-of moment
    where everything is known.
    """
    if stale is None:
        return rows
    rng, (least, most) = np.random.default_rng(seed), stale.days
    cut = pl.Series(rng.integers(least, most + 1, len(rows)) * DAY)
    drawn = pl.Series(rng.random(len(rows)) < stale.share)
    known = pl.when(drawn & (pl.col("split") == "train")).then(pl.col("as_of") - cut).otherwise("as_of")
    return rows.with_columns(known.alias(FEED_END))


def stale_copies(spine: pl.DataFrame, days: int, copies: int, seed: int) -> pl.DataFrame:
    """Return the questions, and ``copies`` of each to whose history the newest days are not known.

    Parameters
    ----------
    spine
        ``row_id`` (unique) and ``as_of`` (seconds), one row a question.
    days
        How many days are cut off at most; each copy draws its own, all as likely.

    Returns
    -------
    The rows of ``spine`` with ``known_until`` (seconds; the as-of moment of the questions themselves) and
    ``copy_of`` (the ``row_id`` that a row was copied from), ``row_id`` numbered anew from the largest on.
    """
    if days < 1 or copies < 1:
        raise ValueError(f"stale copies: days {days} and copies {copies} must be at least 1")
    rng, known = np.random.default_rng(seed), pl.col("as_of")
    asked = spine.with_columns(known.alias(FEED_END), copy_of="row_id")
    first = int(spine["row_id"].max() or 0) + 1
    made = [asked]
    for number in range(copies):
        cut = pl.Series(rng.integers(1, days + 1, len(spine)) * DAY)
        ids = pl.Series(np.arange(len(spine)) + first + number * len(spine))
        made.append(asked.with_columns((known - cut).alias(FEED_END), row_id=ids.cast(spine["row_id"].dtype)))
    return pl.concat(made)
