"""The true probabilities that a member buys nothing, and leaves, in a window, given what was seen before."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from training.synthetic.calendar import DAY, Calendar, Floats, Ints
from training.synthetic.fading import FADING, exposure
from training.synthetic.loyalty_truth import Ahead, ahead
from training.synthetic.orders import DELAY_DAYS, DELAY_SHARE, DELAY_SPREAD
from training.synthetic.presence import CHUNK, History, presence

STEPS = 16  # in which the future is cut


def churn_probability(
    truth: Mapping[str, pl.DataFrame], spine: pl.DataFrame, gap: int, days: int | Ints
) -> pl.Series:
    """Return P(no order in [as_of + gap, as_of + gap + days)) for each row of ``spine``.

    Parameters
    ----------
    truth
        ``Brand.truth``: its ``members``, ``visits``, ``shocks``, ``calendar`` and ``effects``.
    spine
        ``member_id`` and ``as_of`` (seconds since the epoch, UTC), one row a question.
    gap, days
        Days from ``as_of`` to the window, and its length, one for all or one a row. Orders follow their
        visit within a week, so only with a gap of seven days or more visits before ``as_of`` say nothing
        of the window; with less, orders on their way are left out and the probability is too high.

    Returns
    -------
    pl.Series
        Float64, in the spine's order.

    Raises
    ------
    ValueError
        Where the spine names a member that the truth does not know, or asks before it was one.
    """
    member, moment = _asked(truth, spine)
    window = np.broadcast_to(np.asarray(days, dtype=np.int64), member.shape)
    effects = dict(truth["effects"].select("name", "value").iter_rows())
    history = History.of(truth)
    to_come = ahead(truth, member, moment, gap + window)
    parts = [slice(i, i + CHUNK) for i in range(0, len(member), CHUNK)]
    values = [
        _churn(history, effects, to_come.of(part), member[part], moment[part], gap, window[part])
        for part in parts
    ]
    return pl.Series("probability", np.concatenate([np.zeros(0), *values]))


def leaving_probability(
    truth: Mapping[str, pl.DataFrame], spine: pl.DataFrame, gap: int, days: int
) -> pl.Series:
    """Return P(leaves in [as_of + gap, as_of + gap + days) | has not left at ``as_of``),
    as ``churn_probability``.

    Who has left is who has been fading for ``FADING`` days.
    """
    member, moment = _asked(truth, spine)
    history, effects = History.of(truth), dict(truth["effects"].select("name", "value").iter_rows())
    values = [np.zeros(0)]
    for i in range(0, len(member), CHUNK):
        who, when = member[i : i + CHUNK], moment[i : i + CHUNK]
        now = presence(history, who, when)
        opens = (when + gap * DAY)[:, None]
        leaves = now.since + FADING * DAY
        soon = (now.weight * ((leaves >= opens) & (leaves < opens + days * DAY))).sum(axis=1)
        hazard = history.members["hazard"].to_numpy()[who] + effects["push_per_day"]
        low, high = max(gap - FADING, 0), max(gap + days - FADING, 0)
        later = now.still * (np.exp(-hazard * low) - np.exp(-hazard * high))
        left = (now.weight * (leaves <= when[:, None])).sum(axis=1)
        values.append((soon + later) / np.maximum(1 - left, 1e-12))
    return pl.Series("probability", np.concatenate(values))


def _asked(truth: Mapping[str, pl.DataFrame], spine: pl.DataFrame) -> tuple[Ints, Ints]:
    """Rows of the members asked about, and the moments."""
    places = truth["members"].select("member_id").with_row_index("row")
    rows = spine.select("member_id").join(places, on="member_id", how="left", maintain_order="left")["row"]
    if rows.null_count():
        unknown = spine["member_id"].filter(rows.is_null())[0]
        raise ValueError(f"spine: member_id {unknown!r} is not in truth['members']")
    member, moment = rows.to_numpy().astype(np.int64), spine["as_of"].to_numpy().astype(np.int64)
    early = moment < truth["members"]["since"].to_numpy()[member]
    if early.any():
        row = int(early.argmax())
        raise ValueError(f"spine: row {row} asks about {spine['member_id'][row]!r} before it was a member")
    return member, moment


def orders_due(clock: Calendar, moment: Ints, fades: Ints, gap: int, days: Ints) -> Floats:
    """Return orders in the window from visits after ``moment`` of who fades from ``fades`` on,
    for one visit a day.

    ``moment`` and ``days`` have the shape (rows,), ``fades`` and the result (rows, steps).
    """
    total = np.zeros(fades.shape)
    opens = moment + gap * DAY
    for delay, share in zip(DELAY_DAYS * DAY + DELAY_SPREAD // 2, DELAY_SHARE, strict=True):
        low = np.maximum(moment, opens - delay)[:, None]
        high = np.maximum((opens + days * DAY - delay)[:, None], low)
        begin, end = np.clip(fades, low, high), high
        whole = clock.at(clock.orders, begin) - clock.at(clock.orders, np.broadcast_to(low, begin.shape))
        after = [exposure(clock, "orders", fades, np.maximum(to, fades)) for to in (end, begin)]
        total += share * (np.where(fades > low, whole, 0) + after[0] - after[1])
    return total


def _churn(
    history: History, effects: Mapping[str, float], to_come: Ahead, member: Ints, moment: Ints, gap: int,
    days: Ints,
) -> Floats:  # fmt: skip
    """P(no order), over since when members fade and over when those still there will begin to."""
    now = presence(history, member, moment)
    scale = history.members["scale"].to_numpy()[member]
    consents, withdraws = (history.members[name].to_numpy()[member] for name in ("consents", "withdraws"))
    reachable = ((consents <= moment) & (moment < withdraws))[:, None]
    hazard = history.members["hazard"].to_numpy()[member] + effects["push_per_day"]
    opens, length = gap * DAY, (gap + days) * DAY
    times = moment[:, None] + (np.linspace(0, 1, STEPS + 1) * length[:, None]).astype(np.int64)

    def nothing(fades: Ints, exposures: Floats) -> Floats:
        due = scale[:, None] * orders_due(history.calendar, moment, fades, gap, days)
        there = np.clip(fades - moment[:, None] - opens, 0, days[:, None] * DAY) / DAY  # days of the window
        answered = effects["orders_from_answers_per_day"] * there
        answered = answered + effects["orders_from_answers_per_day_when_lost"] * (days[:, None] - there)
        bought = np.exp(-now.shape[:, None] * np.log1p(due / exposures) - answered * reachable)
        return bought * to_come.nothing(fades, moment + opens, moment + length)

    later = nothing(times, now.exposure[:, None])
    there = np.exp(-hazard[:, None] * (times - moment[:, None]) / DAY - to_come.pushed(times))
    begins = (there[:, :-1] - there[:, 1:]) * (later[:, :-1] + later[:, 1:]) / 2
    if_there = begins.sum(axis=1) + there[:, -1] * later[:, -1]
    if_fading = (now.weight * nothing(now.since, now.exposures)).sum(axis=1)
    return now.still * if_there + if_fading
