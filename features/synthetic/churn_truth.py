"""The true probability that a member buys nothing in a window, given what was seen before."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from features.synthetic.calendar import DAY, Calendar, Floats, Ints
from features.synthetic.orders import DELAY_DAYS, DELAY_SHARE, DELAY_SPREAD
from features.synthetic.presence import History, presence

STEPS = 16  # in which the future is cut
CHUNK = 100_000  # rows at once


def churn_probability(
    truth: Mapping[str, pl.DataFrame], spine: pl.DataFrame, gap: int, days: int
) -> pl.Series:
    """P(no order in [as_of + gap, as_of + gap + days)) for each row of ``spine``.

    Parameters
    ----------
    truth
        ``Brand.truth``: its ``members``, ``visits``, ``shocks``, ``calendar`` and ``effects``.
    spine
        ``member_id`` and ``as_of`` (seconds since the epoch, UTC), one row a question.
    gap, days
        Days from ``as_of`` to the window, and its length. Orders follow their visit within a week, so
        only with a gap of seven days or more visits before ``as_of`` say nothing of the window;
        with less, orders on their way are left out and the probability is too high.

    Returns
    -------
    pl.Series
        Float64, in the spine's order.

    Raises
    ------
    ValueError
        Where the spine names a member that the truth does not know, or asks before it was one.
    """
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
    effects = dict(truth["effects"].select("name", "value").iter_rows())
    history = History.of(truth)
    values = [
        _churn(history, effects, member[i : i + CHUNK], moment[i : i + CHUNK], gap, days)
        for i in range(0, len(member), CHUNK)
    ]
    return pl.Series("probability", np.concatenate([np.zeros(0), *values]))


def orders_due(clock: Calendar, moment: Ints, times: Ints, gap: int, days: int) -> Floats:
    """Orders in the window from visits between ``moment`` and ``times``, for one visit a day."""
    total = np.zeros(times.shape)
    opens = moment + gap * DAY
    for delay, share in zip(DELAY_DAYS * DAY + DELAY_SPREAD // 2, DELAY_SHARE, strict=True):
        low = np.maximum(moment, opens - delay)[:, None]
        high = np.clip(times, low, (opens + days * DAY - delay)[:, None])
        total += share * (clock.at(clock.orders, high) - clock.at(clock.orders, low))
    return total


def _churn(
    history: History, effects: Mapping[str, float], member: Ints, moment: Ints, gap: int, days: int
) -> Floats:
    clock, now = history.calendar, presence(history, member, moment)
    scale = history.members["scale"].to_numpy()[member]
    consents, withdraws = (history.members[name].to_numpy()[member] for name in ("consents", "withdraws"))
    reachable = (consents <= moment) & (moment < withdraws)
    hazard = history.members["hazard"].to_numpy()[member] + effects["push_per_day"]
    length = (gap + days) * DAY
    times = moment[:, None] + (np.linspace(0, 1, STEPS + 1) * length).astype(np.int64)
    due = scale[:, None] * orders_due(clock, moment, times, gap, days)
    inside = np.clip(times - moment[:, None] - gap * DAY, 0, None) / DAY
    written_to = reachable[:, None] * inside  # days of the window
    answered = effects["orders_from_answers_per_day"] * written_to
    nothing = np.exp(-now.shape[:, None] * np.log1p(due / now.exposure[:, None]) - answered)
    there = np.exp(-hazard[:, None] * (times - moment[:, None]) / DAY)
    leaving = (there[:, :-1] - there[:, 1:]) * (nothing[:, :-1] + nothing[:, 1:]) / 2
    if_there = leaving.sum(axis=1) + there[:, -1] * nothing[:, -1]
    if_left = np.exp(-effects["orders_from_answers_per_day_when_lost"] * written_to[:, -1])
    return now.still * if_there + (1 - now.still) * if_left
