"""How much likelier an opt-out is, the more messages came before: learnt from what was sent and blocked."""

import numpy as np
import polars as pl
from sklearn.isotonic import IsotonicRegression

from features.feature import DAY

MONTH = 30 * DAY
MOST = 6  # messages of the month before, and more, that count together
LEAN = 1000  # messages' worth of weight on the rate of all, as many as of a channel


def fatigue(sent: pl.DataFrame, answers: pl.DataFrame) -> np.ndarray:
    """Return the rate of opt-outs after 0 to ``MOST`` messages of a month, over the rate of all.

    A rate never falls with more messages (isotonic regression, weighted by messages); without opt-outs it is
    1 throughout. An opt-out counts for the last message before it.

    Parameters
    ----------
    sent
        Messages that were sent: ``member_id``, ``event_time``.
    answers
        Responses: ``member_id``, ``event_time``, ``kind``.

    Returns
    -------
    Shape (``MOST`` + 1,); its mean over the messages sent is about 1.
    """
    blocked = answers.filter(pl.col("kind") == "blocked").select("member_id", "event_time").drop_nulls()
    before = messages_before(sent)
    last = blocked.sort("event_time").join_asof(
        before.sort("event_time"),
        on="event_time",
        by="member_id",
        strategy="backward",
        check_sortedness=False,
    )
    messages, blocks = (_by_count(rows["before"].drop_nulls()) for rows in (before, last))
    if not blocks.sum():
        return np.ones(MOST + 1)
    overall = blocks.sum() / messages.sum()
    rate = (blocks + LEAN * overall) / (messages + LEAN)
    rising = IsotonicRegression().fit_transform(np.arange(MOST + 1), rate, sample_weight=messages + LEAN)
    return np.asarray(rising / overall)


def messages_before(sent: pl.DataFrame) -> pl.DataFrame:
    """Return each message with ``before``: how many the same member got in the month before it."""
    rows = sent.select("member_id", "event_time").drop_nulls().sort("event_time")
    within = rows.rolling("event_time", period=f"{MONTH}i", group_by="member_id", closed="left").agg(
        before=pl.len()
    )
    return within.with_columns(pl.col("before").cast(pl.Int64))


def _by_count(before: pl.Series) -> np.ndarray:
    return np.bincount(np.minimum(before.to_numpy(), MOST), minlength=MOST + 1).astype(np.float64)
