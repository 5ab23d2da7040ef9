"""Path-dependent TreeSHAP of few rows, from a booster that is prepared once.

A request waits for the contributions of one row. What a leaf adds to a row hangs only on which of the few
conditions of its path the row meets, so that it is computed once for every pattern of these and then looked
up (the idea of woodelf, Nadel and Wettenstein 2025). For one pattern the leaf's value is a product over the
features of its path (Lundberg et al. 2020), and its Shapley value the integral of the multilinear extension
along the diagonal (Owen 1972): of a polynomial, which the quadrature of Gauss and Legendre integrates
without an error.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from xgboost import Booster

from models.fitted.booster_trees import Condition, Path, codes, paths, trees

MOST = 32_000_000  # numbers that are kept of one booster; deeper trees are left to XGBoost
KEPT = 32  # parts of it that are kept
CELLS = 1_000_000  # numbers held at a time, so that memory stays bounded


@dataclass(frozen=True)
class Conditions:
    """Conditions as arrays of shape (entries,); ``members`` has a line a category's, ``at`` its entry."""

    feature: np.ndarray
    low: np.ndarray
    high: np.ndarray
    missing: np.ndarray
    at: np.ndarray
    members: np.ndarray

    @classmethod
    def of(cls, entries: list[tuple[int, Condition]]) -> Self:
        """Gather them, each with the place of its feature."""
        asked = [one for _, one in entries]
        found = [(at, one.members) for at, one in enumerate(asked) if one.members is not None]
        return cls(
            np.array([feature for feature, _ in entries], dtype=np.int64),
            np.array([one.low for one in asked], dtype=np.float32),
            np.array([one.high for one in asked], dtype=np.float32),
            np.array([one.missing for one in asked], dtype=bool),
            np.array([at for at, _ in found], dtype=np.int64),
            np.array([members for _, members in found], dtype=bool),
        )

    def part(self, kept: np.ndarray) -> Self:
        """Return the entries that are ``kept``, a mask of shape (entries,)."""
        place, stays = np.cumsum(kept) - 1, kept[self.at]
        feature, low, high, missing = self.feature[kept], self.low[kept], self.high[kept], self.missing[kept]
        return type(self)(feature, low, high, missing, place[self.at[stays]], self.members[stays])

    def met(self, matrix: np.ndarray) -> np.ndarray:
        """Return which conditions each row meets, shape (rows, entries)."""
        values = matrix[:, self.feature]
        met = (values >= self.low) & (values < self.high)
        if len(self.at):
            others = self.members.shape[1] - 1
            code = np.nan_to_num(values[:, self.at], nan=others).astype(np.int64)
            met[:, self.at] = self.members[np.arange(len(self.at)), np.clip(code, 0, others)]
        return np.where(np.isnan(values), self.missing, met)


@dataclass(frozen=True)
class Leaves:
    """Leaves whose paths ask for equally many features, so many conditions each, side by side.

    ``table`` has what each leaf adds by each of its features, shape (leaves, patterns, features of a path);
    bit ``i`` of a pattern is whether the ``i``-th condition is met.
    """

    conditions: Conditions
    table: np.ndarray

    @classmethod
    def of(cls, found: list[tuple[Path, float]]) -> Self:
        """Compute the table of leaves, each with the path to it and its value."""
        size = len(found[0][0])
        conditions = Conditions.of([entry for path, _ in found for entry in path.items()])
        share = np.array([[one.share for one in path.values()] for path, _ in found])
        value = np.array([value for _, value in found], dtype=np.float64)
        return cls(conditions, _table(share, value, _patterns(size)).astype(np.float32))

    def part(self, columns: np.ndarray) -> Self | None:
        """Return those whose paths ask for any of ``columns``, shape (columns,), or None."""
        asks = columns[self.conditions.feature].reshape(len(self.table), -1).any(axis=1)
        if not asks.any():
            return None
        return type(self)(self.conditions.part(np.repeat(asks, self.table.shape[2])), self.table[asks])

    def added(self, matrix: np.ndarray) -> np.ndarray:
        """Return what the leaves add to each row, an entry a condition, shape (rows, entries)."""
        leaves, patterns, size = self.table.shape
        met = self.conditions.met(matrix).reshape(len(matrix), leaves, size)
        octets = np.packbits(met, axis=2, bitorder="little").astype(np.int64)
        pattern = octets @ (1 << (8 * np.arange(octets.shape[2])))
        line = pattern + patterns * np.arange(leaves)
        added = self.table.reshape(leaves * patterns, size).take(line, axis=0)
        return added.reshape(len(matrix), leaves * size)


@dataclass(frozen=True)
class TreeShap:
    """A booster's leaves by how many features their paths ask for; ``columns`` are all that it has."""

    columns: int
    leaves: tuple[Leaves, ...]

    @classmethod
    def of(cls, booster: Booster) -> Self | None:
        """Take the trees of ``booster`` apart; None where that takes more than ``MOST`` numbers."""
        every = trees(booster)
        known, alike = codes(every), defaultdict(list)
        for tree in every:
            for path, value in paths(tree, known):
                alike[len(path)].append((path, value))
        alike.pop(0, None)  # trees without a split
        if sum(len(found) * size * 2**size for size, found in alike.items()) > MOST:
            return None
        return cls(booster.num_features(), tuple(Leaves.of(alike[size]) for size in sorted(alike)))

    def contributions(self, matrix: np.ndarray) -> np.ndarray:
        """Return SHAP values on the scale of the margin, without the base, shape of ``matrix``, float64.

        ``matrix`` is float32, as thresholds are.
        """
        if not self.leaves:
            return np.zeros(matrix.shape)
        step = max(1, CELLS // len(self._by_feature[0]))
        parts = [self._of(matrix[at : at + step]) for at in range(0, len(matrix), step)]
        return np.concatenate([np.empty((0, self.columns)), *parts])

    def _of(self, rows: np.ndarray) -> np.ndarray:
        order, bounds, features = self._by_feature
        added = np.concatenate([leaves.added(rows) for leaves in self.leaves], axis=1)
        found = np.zeros((len(rows), self.columns))
        found[:, features] = np.add.reduceat(added[:, order], bounds, axis=1, dtype=np.float64)
        return found

    def part(self, columns: np.ndarray) -> Self:
        """Return the leaves whose paths ask for any of ``columns``, a mask of shape (columns,).

        What another value in these columns changes is what these leaves add.
        """
        key = columns.tobytes()
        found = self._parts.get(key)  # once: another thread may clear what is kept
        if found is None:
            if len(self._parts) >= KEPT:
                self._parts.clear()
            leaves = (some.part(columns) for some in self.leaves)
            found = type(self)(self.columns, tuple(some for some in leaves if some is not None))
            self._parts[key] = found
        return found

    @cached_property
    def _parts(self) -> dict[bytes, Self]:
        return {}

    @cached_property
    def _by_feature(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Entries in the order of their features, where each feature's begin, and which these are."""
        asked = np.concatenate([leaves.conditions.feature for leaves in self.leaves])
        order = np.argsort(asked, kind="stable")
        features, bounds = np.unique(asked[order], return_index=True)
        return order, bounds, features


def _patterns(size: int) -> np.ndarray:
    """Which of ``size`` conditions are met, shape (patterns, size)."""
    return (np.arange(2**size)[:, None] >> np.arange(size)) % 2 == 1


def _table(share: np.ndarray, value: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """Shapley values of leaves of ``value``, shape (leaves, patterns, features of a path).

    ``share`` (leaves, features of a path) is what a feature that is not known leaves of the leaf's value.
    """
    points, weights = np.polynomial.legendre.leggauss((share.shape[1] + 1) // 2)
    table = np.zeros((len(share), *patterns.shape))
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        factor = ((1 - point) * share)[:, None] + point * patterns
        rest = factor.prod(axis=2, keepdims=True) / factor
        table += weight * rest * (patterns - share[:, None])
    return value[:, None, None] * table
