"""All groups, which of them a set of tables can feed, and the catalogue as rows."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from features.feature import Feature, Group
from features.groups.campaigns import CONTENT, CONTENT_HISTORY, HISTORY
from features.groups.care import CARE
from features.groups.closures import CLOSURES
from features.groups.engagement import ENGAGEMENT, INTEREST, LEAD_TOUCHES
from features.groups.given import FLAT
from features.groups.profile import LEAD_PROFILE, PROFILE, attributes
from features.groups.purchases import AFFINITY, PURCHASES, with_limits
from features.lifecycle_limits import LifecycleLimits

GROUPS = (
    PROFILE,
    PURCHASES,
    ENGAGEMENT,
    HISTORY,
    CARE,
    CONTENT,
    CONTENT_HISTORY,
    AFFINITY,
    INTEREST,
    LEAD_PROFILE,
    LEAD_TOUCHES,
    CLOSURES,
    FLAT,
)
LIMITS = LifecycleLimits()
# What hangs on the content that is asked about, and not on the subject alone.
ABOUT_CONTENT = frozenset(group.name for group in (CONTENT, CONTENT_HISTORY, AFFINITY, INTEREST))
# From which table the x_ attributes of a group come, by the group's own.
ATTRIBUTE_TABLE = {"members": "members", "leads": "leads", "subjects": "subjects", None: "campaigns"}


def available(
    groups: Iterable[Group], kinds: Mapping[str, Mapping[str, bool]], limits: LifecycleLimits = LIMITS
) -> tuple[Group, ...]:
    """Return the groups that the tables at hand can feed, with the brand's own attributes and stages.

    Parameters
    ----------
    kinds
        For each table that is there its ``x_`` columns, and of each whether it is a category.
    limits
        When a member is new, silent and lost.
    """
    return tuple(
        attributes(group, dict(kinds.get(ATTRIBUTE_TABLE[group.table], {})))
        if group.table in ATTRIBUTE_TABLE
        else with_limits(group, limits)
        for group in groups
        if group.table is None or group.table in kinds
    )


def only(names: Collection[str], groups: Iterable[Group]) -> tuple[Group, ...]:
    """Return the groups with no other features than those of these names.

    A derived one needs what it reads.
    """
    return tuple(
        replace(
            group,
            features=tuple(feature for feature in group.features if feature.name in names),
            derived=tuple(feature for feature in group.derived if feature.name in names),
        )
        for group in groups
    )


def features(groups: Iterable[Group]) -> list[Feature]:
    """Return every feature of the groups, in order; a name that stands twice is refused."""
    found = [feature for group in groups for feature in group.columns()]
    names = [feature.name for feature in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"features: {twice} are defined twice")
    return found


def describe(groups: Iterable[Group]) -> list[dict[str, object]]:
    """Return the catalogue as rows: name, group, table, unit, window (days), both sentences, empty value."""
    return [
        {
            "name": feature.name,
            "group": group.name,
            "table": group.table,
            "unit": feature.unit,
            "window": _window(feature.name),
            "en": feature.en,
            "zh": feature.zh,
            "empty": feature.empty,
        }
        for group in groups
        for feature in group.columns()
    ]


def _window(name: str) -> int | None:
    """Days that a feature looks back, which its name ends on; ``None``: all that is known.

    >>> _window("orders_90d"), _window("orders")
    (90, None)
    """
    found = re.search(r"_(\d+)d$", name)
    return int(found[1]) if found else None
