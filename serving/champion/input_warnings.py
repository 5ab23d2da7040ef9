"""What is unusual about inputs, compared with those that the model has learned from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from models.few_rows import Features, FewRows
from models.fitted.model import Model
from models.fitted.unknown import Inputs

RARELY = 0.001  # an input that was missing in fewer rows is expected to be there
SLACK = 0.05  # of the span: just beyond it nothing changes in a tree
CODES = ("unseen_category", "imputed", "out_of_range")
THIN_DATA, THIN_SEGMENT = "thin_data", "thin_segment"  # learnt from too few outcomes, of all rows or of such


@dataclass(frozen=True)
class InputWarnings:
    """Finds, row by row, what a model has not seen; a tree answers all the same."""

    model: Model

    @cached_property
    def _names(self) -> np.ndarray:
        return np.array(self.model.encoder.names, dtype=object)

    @cached_property
    def _categories(self) -> np.ndarray:
        return np.array([column.categories is not None for column in self.model.encoder.columns])

    @cached_property
    def _expected(self) -> np.ndarray:
        """Inputs that were hardly ever missing, shape (columns,)."""
        counts = (self.model.card["bins"][name]["n"] for name in self._names)
        return np.array([n[-1] <= RARELY * max(sum(n), 1) for n in counts])

    @cached_property
    def _spans(self) -> np.ndarray:
        """Least and greatest value of each input with some slack, shape (2, columns)."""
        spans = [self.model.card["bins"][name].get("span", (-np.inf, np.inf)) for name in self._names]
        low, high = np.array(spans, dtype=np.float64).T
        slack = np.where(np.isfinite(high - low), SLACK * (high - low), 0.0)
        return np.stack([low - slack, np.where(self._clocks, np.inf, high + slack)])

    @cached_property
    def _clocks(self) -> np.ndarray:
        """Inputs that count the days since something: with time they grow beyond all that was learnt from."""
        rows = self.model.card["features"]
        found = {row["name"] for row in rows if row["unit"] == "days" and row["en"].startswith("days since")}
        return np.array([name in found for name in self._names])

    @cached_property
    def _short(self) -> dict[str | None, list[str | None]]:
        """By column the segments of which too little was learnt; under ``None`` all rows."""
        found: dict[str | None, list[str | None]] = {}
        for line in self.model.card.get("short", ()):
            found.setdefault(line["column"], []).append(line["segment"])
        return found

    def thin(self, rows: Features) -> dict[int, list[dict[str, Any]]]:
        """Warn, by row, where the model has learnt little of such rows: of all segments together."""
        found: dict[int, list[dict[str, Any]]] = {}
        if None in self._short:
            found = {row: [_warning(THIN_DATA, ())] for row in range(len(rows))}
        inside: dict[int, list[str]] = {}
        for column, segments in self._short.items():
            if column is not None and column in rows.schema:
                for row in _inside(rows, column, segments):
                    inside.setdefault(row, []).append(column)
        for row, columns in sorted(inside.items()):
            found.setdefault(row, []).append(_warning(THIN_SEGMENT, columns))
        return found

    def of(self, features: Features, inputs: Inputs | None = None) -> dict[int, list[dict[str, Any]]]:
        """Return warnings by row, of the rows that have any.

        ``inputs`` are those of ``features``, where known.
        """
        inputs = self.model.inputs(features) if inputs is None else inputs
        matrix, unseen = inputs.matrix, [self._names[row].tolist() for row in inputs.unseen]
        gone = np.isnan(matrix)
        low, high = self._spans
        with np.errstate(invalid="ignore"):
            beyond = ((matrix < low) | (matrix > high)) & ~self._categories
        found: dict[int, list[dict[str, Any]]] = {}
        odd = (gone & self._expected) | beyond
        for row in sorted(
            {*np.flatnonzero(odd.any(axis=1)).tolist(), *(at for at, n in enumerate(unseen) if n)}
        ):
            missing = [name for name in self._names[gone[row] & self._expected] if name not in unseen[row]]
            kinds = (unseen[row], missing, self._names[beyond[row]].tolist())
            told = [_warning(code, names) for code, names in zip(CODES, kinds, strict=True) if names]
            found |= {row: told} if told else {}
        for row, thin in self.thin(features).items():
            found[row] = [*found.get(row, []), *thin]
        return found


def _inside(rows: Features, column: str, segments: Sequence[str | None]) -> list[int]:
    """Positions of the rows that are in one of the segments."""
    if isinstance(rows, FewRows):
        return [row for row, value in enumerate(rows.column(column)) if value in segments]
    return rows[column].is_in(segments).fill_null(False).arg_true().to_list()


def _warning(code: str, names: Sequence[str]) -> dict[str, Any]:
    return {"code": code, "features": list(names)}
