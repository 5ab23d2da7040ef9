"""What an event that did not happen would change in one row: whether it may lie there, and what it moves."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from features.feature import Feature
from features.groups.engagement import CHANNELS
from models.events import ASKED, OTHER, STORE, Happening

Row = Mapping[str, Any]
SINCE = {"member_id": "tenure_days", "lead_id": "lead_age_days"}  # nothing happened before
HALF_A_DAY = 0.5  # orders as far apart have a pause between them
PAUSES = ("gap_mean_days", "gap_std_days", "gap_max_days")


def lies_within(one: Happening, row: Row) -> bool:
    """Tell whether all of it lies after the member joined or the lead was created."""
    since = row.get(SINCE[one.event.key])
    return since is None or one.ages[-1] < since


def fits(one: Happening, row: Row) -> bool:
    """Tell whether it is about the content that it is said to be about."""
    if one.event.table == "outreach":
        known = all(
            row.get(name) is not None for name in ("content_type", "content_channel", "content_category")
        )
        return one.event.content == OTHER or known
    return True


def is_next(one: Happening, row: Row) -> bool:
    """Tell whether orders follow the last one, and are like it."""
    since, category = row["days_since_order"], row["last_category"]
    if (
        since is None
        or category is None
        or row["order_value"] is None
        or row["last_purchase_channel"] is None
    ):
        return False
    here = (row["last_purchase_channel"] == STORE) == (one.event.rows[0]["channel"] == STORE)
    about = ASKED if category == row.get("content_category") else OTHER
    return here and about == one.event.content and one.ages[-1] + HALF_A_DAY < since


def pauses_with(one: Happening, row: Row) -> tuple[float, float, float]:
    """Return the mean, spread and longest of the pauses between orders, in days, with those that are new."""
    mean, spread, longest = (row[name] for name in PAUSES)
    ends = row["days_since_order"], row["days_since_first_order"]
    return pauses_after(one, ends, mean, spread, longest)


def pauses_after(
    one: Happening, ends: tuple[float, float], mean: float | None, spread: float | None, longest: float | None
) -> tuple[float, float, float]:
    """Return the mean, spread and longest of pauses between rows, in days,
    with those before what follows the newest.

    ``ends`` are days since the newest and since the first.
    """
    count = 0 if not mean else max(1, round((ends[1] - ends[0]) / mean))
    new = np.floor(-np.diff([ends[0], *sorted(one.ages, reverse=True)]) * 24) / 24
    new = new[new >= HALF_A_DAY]
    total = count * (mean or 0.0)
    squares = (spread or 0.0) ** 2 * (count - 1) + total * total / count if count else 0.0
    total, squares, many = total + new.sum(), squares + (new * new).sum(), count + len(new)
    variance = (squares - total * total / many) / (many - 1) if many > 1 else 0.0
    longest = max(longest or 0.0, new.max(initial=0.0))
    return (total / many if many else np.nan), max(variance, 0.0) ** 0.5, longest


def unanswered(one: Happening, row: Row) -> float:
    """Return messages after the newest answer."""
    before, answer = row["sent_since_answer"], row["days_since_answer"]
    if one.event.name == "answered":
        return 0.0
    return before + sum(answer is None or age < answer for age in one.ages)


def channels_with(
    aggregates: Sequence[Feature], row: Row, effect: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return how many channels were used: one more where nothing happened in an event's channel before."""
    found = {}
    for feature in aggregates:
        if feature.name.startswith("event_channels_"):
            counts = [f"{channel}_events_{window_days(feature.name)}d" for channel, *_ in CHANNELS]
            counts = [name for name in counts if name in effect]  # in no other channel anything happens
            new = sum(((effect[name] > 0) & (row[name] == 0)).astype(float) for name in counts)
            found[feature.name] = row[feature.name] + new
    return found


def window_days(name: str) -> int:
    """Return the window at the end of a feature's name."""
    return int(name.rsplit("_", 1)[1].removesuffix("d"))
