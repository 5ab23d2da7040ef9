"""What is not known of a row is averaged over what the model has learnt from.

A tree sends a category that none of its splits has seen always to one side, and so it does with a
value that is missing where none was missing in training: an arbitrary side, often the best one
(XGBoost's issue 11659). So such an input does not walk through the trees as it is. The row is scored
with the input's training values in its place, in the proportions they had, and what comes of it is
averaged (the interventional expectation of Lundberg et al. 2020): within the range of the values
that were seen, at their weighted mean, and reasons still add up.

The stand-ins are drawn from the observed counts of the card, each input by itself: no row of them
is a person.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from models.learners.encoder import Encoder

Predict = Callable[[np.ndarray], np.ndarray]
Part = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
STAND_INS = 100
LEARNT = 0.01  # missing in this share of the training rows or more: what missing means was learnt
MAX_UNKNOWN = 0.5  # of what a model says; more, and nobody should act on it
PATTERNS = 1_000  # of unknown columns whose stand-ins are kept
ROWS = 2_000  # at a time, so that memory stays bounded
SEED = 7


@dataclass(frozen=True)
class Inputs:
    """Rows as a model reads them.

    Parameters
    ----------
    matrix
        float32, shape (rows, columns); NaN where missing or unseen.
    unknown
        Which entries the model has learnt nothing of, same shape.
    unseen
        Which of these are categories never seen in training, same shape.
    """

    matrix: np.ndarray
    unknown: np.ndarray
    unseen: np.ndarray

    def __len__(self) -> int:
        return len(self.matrix)

    def take(self, rows: np.ndarray) -> "Inputs":
        """Return some rows, by their positions."""
        return Inputs(self.matrix[rows], self.unknown[rows], self.unseen[rows])

    @cached_property
    def rows(self) -> np.ndarray:
        """Positions of rows with anything unknown."""
        return np.flatnonzero(self.unknown.any(axis=1))

    @cached_property
    def alike(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Those rows by what is unknown of them: positions, and the pattern, shape (columns,)."""
        if len(self.rows) < 2:
            return [(self.rows, self.unknown[at]) for at in self.rows]
        patterns, of = np.unique(self.unknown[self.rows], axis=0, return_inverse=True)
        return [(self.rows[of.ravel() == number], pattern) for number, pattern in enumerate(patterns)]

    @cached_property
    def known(self) -> np.ndarray:
        """Positions of rows of which all is known."""
        return np.flatnonzero(~self.unknown.any(axis=1))

    @property
    def shares(self) -> np.ndarray:
        """An equal share for each unknown entry of a row, shape (rows, columns)."""
        return self.unknown / np.maximum(self.unknown.sum(axis=1, keepdims=True), 1)


@dataclass(frozen=True)
class Block:
    """Rows by their positions, with every stand-in in its place and the weight ``n`` of each.

    ``pattern`` says which columns are stood in for, shape (columns,).
    """

    rows: np.ndarray
    filled: np.ndarray
    n: np.ndarray
    pattern: np.ndarray

    def mean(self, asked: np.ndarray) -> np.ndarray:
        """Return the mean of each row from what was asked of ``filled``, shape (rows, ...)."""
        return np.average(
            asked.reshape(len(self.rows), len(self.n), *asked.shape[1:]), axis=1, weights=self.n
        )


@dataclass(frozen=True)
class Unknown:
    """Finds what is unknown in rows, and averages over it.

    ``bins`` are the observed counts of each input (``observed_rates``), ``weights`` the share of
    each in all that the model says; equal shares where none are told.
    """

    encoder: Encoder
    bins: Mapping[str, Mapping[str, Any]]
    weights: Mapping[str, float] | None = None

    @cached_property
    def is_learnt(self) -> np.ndarray:
        """Inputs of which it was learnt what missing means, shape (columns,)."""
        counts = [self.bins[name]["n"] for name in self.encoder.names]
        return np.array([n[-1] >= max(LEARNT * sum(n), 1) for n in counts], dtype=bool)

    @cached_property
    def stand_ins(self) -> np.ndarray:
        """Values in the place of unknown ones, shape (``STAND_INS``, columns), float32."""
        rng = np.random.default_rng(SEED)
        columns = [rng.permutation(_spread(self.bins[name])) for name in self.encoder.names]
        return np.stack(columns, axis=1).astype(np.float32)

    @cached_property
    def _weights(self) -> np.ndarray:
        names = self.encoder.names
        told = np.ones(len(names)) if self.weights is None else np.array([self.weights[n] for n in names])
        return told / max(told.sum(), 1e-12)

    def inputs(self, matrix: np.ndarray, unseen: np.ndarray) -> Inputs:
        """Mark what is unknown: unseen categories, and missing values where none were learnt."""
        return Inputs(matrix, unseen | (np.isnan(matrix) & ~self.is_learnt), unseen)

    def share(self, inputs: Inputs) -> np.ndarray:
        """Return how much of what the model says rests on unknown inputs, 0 to 1, shape (rows,)."""
        return inputs.unknown @ self._weights

    def mean(self, inputs: Inputs, predict: Predict, part: Part | None = None) -> np.ndarray:
        """Return ``predict`` of a matrix, averaged over the stand-ins for what is unknown.

        Parameters
        ----------
        predict
            From a matrix of shape (n, columns) to an array of shape (n, ...).
        part
            What of ``predict`` another value in some columns changes, where that takes less time than all of
            it: from stand-ins (as many a row), the share of each and a mask of these columns to the mean of
            each row. What is left is asked for once a row.
        """
        if not len(inputs.rows):
            return predict(inputs.matrix)
        if part is not None:
            return self._mean_by_part(inputs, predict, part)
        parts = [(inputs.known, predict(inputs.matrix[inputs.known]))] if len(inputs.known) else []
        for blocks in _gathered(self._blocks(inputs)):
            asked = predict(np.concatenate([block.filled for block in blocks]))
            ends = np.cumsum([len(block.filled) for block in blocks])[:-1]
            parts += [
                (block.rows, block.mean(part))
                for block, part in zip(blocks, np.split(asked, ends), strict=True)
            ]
        found = np.empty((len(inputs), *parts[-1][1].shape[1:]), dtype=np.float64)
        for rows, values in parts:
            found[rows] = values
        return found

    def _mean_by_part(self, inputs: Inputs, predict: Predict, part: Part) -> np.ndarray:
        """All of it with the first stand-ins, and in place of what these change the mean over all of them."""
        blocks, matrix = list(self._blocks(inputs)), inputs.matrix.copy()
        for block in blocks:
            matrix[block.rows] = block.filled[:: len(block.n)]
        found = predict(matrix)
        for block in blocks:
            changed = part(block.filled, block.n / block.n.sum(), block.pattern)
            found[block.rows] += changed - part(block.filled[:: len(block.n)], np.ones(1), block.pattern)
        return found

    def _blocks(self, inputs: Inputs) -> Iterator[Block]:
        """Rows of which the same is unknown, at most ``ROWS`` a block; equal stand-ins are asked once."""
        for same, pattern in inputs.alike:
            values, n = self._distinct(pattern)
            for start in range(0, len(same), ROWS):
                rows = same[start : start + ROWS]
                filled = np.repeat(inputs.matrix[rows], len(values), axis=0)
                filled[:, pattern] = np.tile(values, (len(rows), 1))
                yield Block(rows, filled, n, pattern)

    def _distinct(self, unknown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Different stand-ins for the columns that are ``unknown``, and how often each stands."""
        key = unknown.tobytes()
        found = self._seen.get(key)  # once: another thread may clear what is kept
        if found is None:
            if len(self._seen) >= PATTERNS:
                self._seen.clear()
            values, n = np.unique(self.stand_ins[:, unknown], axis=0, return_counts=True)
            found = self._seen[key] = values, n
        return found

    @cached_property
    def _seen(self) -> dict[bytes, tuple[np.ndarray, np.ndarray]]:
        return {}


def _gathered(blocks: Iterator[Block]) -> Iterator[list[Block]]:
    """Blocks that are asked together: many small questions take longer than one that is as large."""
    some: list[Block] = []
    for block in blocks:
        some.append(block)
        if sum(len(one.filled) for one in some) >= ROWS * STAND_INS:
            yield some
            some = []
    if some:
        yield some


def _spread(entry: Mapping[str, Any]) -> np.ndarray:
    """``STAND_INS`` values of one input in the proportions of training; NaN where none was ever there."""
    n = np.asarray(entry["n"][:-1], dtype=np.float64)
    if not n.sum():
        return np.full(STAND_INS, np.nan)
    low = entry.get("span", (0.0,))[0]
    values = np.array([low, *entry["edges"]]) if "edges" in entry else np.arange(len(n), dtype=np.float64)
    middles = (np.arange(STAND_INS) + 0.5) / STAND_INS * n.sum()
    return values[np.searchsorted(np.cumsum(n), middles, side="right")]
