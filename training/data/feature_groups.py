"""The feature groups that a data set can feed, by the brand's own rules."""

from collections.abc import Iterable
from pathlib import Path

from features import catalog, engines
from features.feature import Group
from training.params import Params


def available(params: Params, groups: Iterable[Group], tables: Path | None = None) -> tuple[Group, ...]:
    """Return those of ``groups`` whose tables are there, with own attributes and lifecycle limits.

    ``tables`` is the folder of the contract's tables where they are not the data set's own.
    """
    kinds = engines.kinds(params.build / "tables" if tables is None else tables)
    return catalog.available(groups, kinds, params.lifecycle)
