"""Of which own tables further rows could be told, and what has to be known for it beside what a model reads."""

from collections.abc import Collection

from features.groups.own import own_group
from features.own_tables import OwnTable

PAUSES = ("gap_mean_days", "gap_std_days")
OF_SOMEBODY = ("member_id", "lead_id")


def may_change(table: OwnTable) -> bool:
    """Tell whether rows of a table could be otherwise, and how they would look.

    Contracts could not: another one is what is asked about, and nothing that leads to it.
    """
    return bool(table.acts and table.examples and table.key in OF_SOMEBODY and not table.is_contracts)


def beside(table: OwnTable, read: Collection[str]) -> set[str]:
    """Return the features without which it cannot be said what further rows do to those that are ``read``."""
    group, start = own_group(table), f"{table.stored}__"
    mine = {name for name in read if name.startswith(start)}
    if not mine or not may_change(table):
        return set()
    counts = {f"{start}count", *(f"{start}count_{days}d" for days in table.windows)}
    found = counts | {f"{start}days_since", f"{start}days_since_first"}
    if mine & {f"{start}{name}" for name in (*PAUSES, "overdue_ratio")}:
        found |= {f"{start}{name}" for name in PAUSES}
    for name in mine:
        if name.endswith("__mean_change"):
            mean, windows = name.removesuffix("_change"), sorted(table.windows)
            found |= {mean, f"{mean}_{windows[1]}d"}
    return found & {feature.name for feature in group.columns()}
