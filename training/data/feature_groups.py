"""The feature groups that a data set can feed, by the brand's own rules."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from features import catalog, engines
from features.feature import Group
from features.groups.own import own_groups
from features.own_tables import OwnTable, load
from training.params import Params


def available(params: Params, groups: Iterable[Group], tables: Path | None = None) -> tuple[Group, ...]:
    """Return those of ``groups`` whose tables are there, with own attributes and lifecycle limits.

    ``tables`` is the folder of the contract's tables where they are not the data set's own.
    """
    kinds = engines.attribute_types(params.build / "tables" if tables is None else tables)
    return catalog.available(groups, kinds, params.lifecycle)


class Asking(Protocol):
    """What is asked about: a task."""

    @property
    def subject(self) -> str:
        """The column of those whose rows belong together."""

    @property
    def groups(self) -> tuple[Group, ...]:
        """Feature groups, in the order of the catalogue."""


def of_task(params: Params, task: Asking, tables: Path | None = None) -> tuple[Group, ...]:
    """Return the groups of a task that the data set can feed, those of the brand's own tables last.

    ``tables`` as of ``available``.
    """
    tables = params.build / "tables" if tables is None else tables
    return available(params, task.groups, tables) + own_groups(load(tables), _keys(task))


def own_of_task(task: Asking, own: Iterable[OwnTable]) -> list[OwnTable]:
    """Return those of the brand's own tables whose rows a task reads."""
    return [group.described for group in own_groups(own, _keys(task)) if group.described]


def _keys(task: Asking) -> set[str]:
    return {task.subject, *(group.key for group in task.groups if group.table)}
