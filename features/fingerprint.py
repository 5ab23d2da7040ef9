"""A fingerprint a feature, from its values: whether a model and this code mean the same by a name."""

from collections.abc import Iterable, Mapping
from typing import cast

import polars as pl

from features import catalog, reference_own, reference_world
from features.compute import compute
from features.feature import Group
from features.meaning import FeatureRow, digest


def fingerprints(groups: Iterable[Group]) -> dict[str, str]:
    """Return the fingerprint of every feature of ``groups``, by name.

    It changes when the feature says something else of anybody in the reference world, whether its
    expression changed, a helper of it, the join, or what ingest makes of a row. Words, units and the other
    features have no part in it. Numbers count to six digits, so that engines and versions agree.
    """
    groups = tuple(groups)
    asked = [reference_own.plain(group) if group.described else group for group in groups]
    described = [group.described for group in asked if group.described]
    world = reference_world.world(_own_attributes(groups)) | reference_own.frames(described)
    rows = compute(reference_world.spine(world["campaigns"]), world, asked).sort("row_id")
    found = {name: digest(_text(rows[name])) for name in rows.columns if name != "row_id"}
    return {
        feature.name: _of_value(group, feature.name, found) for group in groups for feature in group.columns()
    }


def _of_value(group: Group, name: str, found: Mapping[str, str]) -> str:
    """The fingerprint of a feature; of one about a value of a category, the rule's and the value's."""
    ways = reference_own.stands_for(group.described) if group.described else {}
    for start, (other, value) in ways.items():
        if name.startswith(start):
            return digest(f"{found[other + name.removeprefix(start)]} {value}")
    return found[name]


def described(groups: Iterable[Group]) -> list[FeatureRow]:
    """Return the catalogue's rows, each with its feature's fingerprint."""
    groups = tuple(groups)
    found = fingerprints(groups)
    rows = [row | {"fingerprint": found[str(row["name"])]} for row in catalog.describe(groups)]
    return cast(list[FeatureRow], rows)


def _own_attributes(groups: Iterable[Group]) -> dict[str, dict[str, bool]]:
    """By table the ``x_`` columns that the groups read, and of each whether it is a category."""
    found: dict[str, dict[str, bool]] = {}
    for group in groups:
        for feature in group.columns():
            name = feature.name.removeprefix("content_")
            if name.startswith("x_") and group.described is None:
                found.setdefault(group.table or "campaigns", {})[name] = feature.is_category
    return found


def _text(values: pl.Series) -> str:
    numbers = values.dtype.is_numeric()
    return "\n".join(
        "" if value is None else f"{value:.6g}" if numbers else str(value) for value in values.to_list()
    )
