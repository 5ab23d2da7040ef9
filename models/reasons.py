"""Why a row has its score: SHAP contributions, and the words for the largest of them.

The one code path for report, batch and service. Contributions are on the scale of the calibrated
log-odds and add up to it. Features of one theme (orders in 30, 90, 180 days, money spent) are one
reason: their contributions are summed, and the strongest of them speaks. Of a model that is the mean of
several, a reason is told only where it is larger than what these differ by (``unsure``); where none is,
no single reason stands out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import t as student

from features.meaning import FeatureRow
from models.few_rows import Features, FewRows
from models.fitted import observed_rates
from models.fitted.model import Model
from models.phrases import LANGUAGES, Phrases, catalogue, sentence, theme

CODES_VERSION = 1  # of the codes `<feature>:<level>`; raised when the meaning of one changes
FEWEST = 3  # models of which an interval is told
FEW_ROWS = 50  # below this no observed rate is told
SENSITIVE = frozenset(
    {
        *("age", "birth", "birthdate", "birthday", "birth_year", "sex", "gender", "orientation"),
        *("marital", "marital_status", "pregnant", "pregnancy", "health", "disability"),
        *("ethnicity", "race", "nationality", "religion", "political", "income"),
    }
)
COLUMNS = {
    "row": pl.Int64,
    "rank": pl.Int64,
    "code": pl.String,
    "feature": pl.String,
    "group": pl.String,
    "direction": pl.String,
    "contribution": pl.Float64,
    "rate": pl.Float64,
    "en": pl.String,
    "zh": pl.String,
}
Line = tuple[Any, ...]  # the values of ``COLUMNS``


@dataclass(frozen=True)
class Reason:
    """One reason of one row.

    Parameters
    ----------
    code
        ``<feature>:<level>``, stable; level is ``none``, ``low``, ``middle``, ``high``,
        ``unknown``, ``other`` (a category never seen), or the category.
    direction
        ``raises`` or ``lowers`` the probability.
    contribution
        Log-odds, summed over the theme of the feature.
    rate
        Observed share of the positive class among rows with such a value; None where too few.
    """

    code: str
    feature: str
    group: str
    direction: str
    contribution: float
    rate: float | None
    text: Mapping[str, str]


@dataclass(frozen=True)
class Explainer:
    """Finds reasons with one model; keep it, since it prepares words and rates once."""

    model: Model

    @cached_property
    def _features(self) -> dict[str, FeatureRow]:
        return {row["name"]: row for row in self.model.card["features"]}

    @cached_property
    def _phrases(self) -> dict[str, Phrases]:
        return {name: Phrases.of(self._features[name]) for name in self.model.encoder.names}

    @cached_property
    def _named(self) -> tuple[list[str], np.ndarray]:
        """Themes, and that of each column as its place among them, shape (columns,)."""
        names, places = np.unique([theme(name) for name in self.model.encoder.names], return_inverse=True)
        return names.tolist(), places

    @property
    def _themes(self) -> np.ndarray:
        return self._named[1]

    @cached_property
    def _silent(self) -> np.ndarray:
        """Themes with a sensitive attribute: they count in the score, but are never told."""
        found = np.zeros(len(self._named[0]), dtype=bool)
        found[self._themes[[is_sensitive(name) for name in self.model.encoder.names]]] = True
        return found

    @cached_property
    def _unsure(self) -> np.ndarray:
        """What the sum of a theme must surpass to be told, shape (themes,)."""
        known = self.model.card.get("unsure", {})
        return np.array([known.get(name, 0.0) for name in self._named[0]])

    def unsure(self, frame: pl.DataFrame) -> dict[str, float]:
        """Return for each theme half the 95 % interval of its sum over the bags, the median over rows.

        For the card of a model, from a sample of rows; empty where the model is no mean of several, or of
        fewer than ``FEWEST``, which tell no interval.
        """
        values = self.model.by_bag(self.model.inputs(frame))
        if values is None or values.shape[2] < FEWEST:
            return {}
        order, starts = self._sorted
        total, bags = np.add.reduceat(values[:, order], starts, axis=1), values.shape[2]
        half = student.ppf(0.975, bags - 1) * total.std(axis=2, ddof=1) / np.sqrt(bags)
        return dict(zip(self._named[0], np.round(np.median(half, axis=0), 6).tolist(), strict=True))

    def table(self, frame: pl.DataFrame, top: int = 3) -> pl.DataFrame:
        """Return the ``top`` reasons of every row, largest contribution first, one line a reason.

        Columns as ``COLUMNS``; ``row`` is the position in ``frame``. A row has fewer reasons
        where fewer themes surely contribute.
        """
        lines: list[Line] = []
        if not frame.is_empty():
            lines = self.lines(self.model.contributions(self.model.inputs(frame))[0], frame, top)
        return pl.DataFrame(lines, schema=COLUMNS, orient="row")

    def lines(self, values: np.ndarray, features: Features, top: int = 3) -> list[Line]:
        """Return the same as tuples, from contributions that are there already, shape (rows, columns).

        For the few rows of a request a frame takes longer than all that is in it.
        """
        if top < 1:
            return []
        rows, rank, chosen, sums = self._chosen(values, top)
        if isinstance(features, FewRows):
            said = list(self._said_alone(features, values, rows, chosen, sums))
        else:
            said = self._said(features, rows, self._speakers(values[rows], chosen, sums), sums)
        return [
            (row, place, *line) for row, place, line in zip(rows.tolist(), rank.tolist(), said, strict=True)
        ]

    def themes(self, frame: pl.DataFrame, top: int = 3) -> list[tuple[int, str]]:
        """Return the row and theme of what would be told, the strongest of a row first."""
        rows, _, chosen, _ = self._chosen(self.model.contributions(self.model.inputs(frame))[0], top)
        return [(row, self._named[0][at]) for row, at in zip(rows.tolist(), chosen.tolist(), strict=True)]

    def _chosen(self, values: np.ndarray, top: int) -> tuple[np.ndarray, ...]:
        """Row, rank, theme and its sum of everything that is told, shape (reasons,) each."""
        order, starts = self._sorted
        total = np.add.reduceat(values[:, order], starts, axis=1)
        weight = np.where(self._silent | (np.abs(total) <= self._unsure), 0.0, np.abs(total))
        best = np.argsort(-weight, axis=1, kind="stable")[:, :top]
        rows = np.repeat(np.arange(len(values)), best.shape[1])
        rank = np.tile(np.arange(1, best.shape[1] + 1), len(values))
        told = weight[rows, best.ravel()] > 0
        rows, rank, chosen = rows[told], rank[told], best.ravel()[told]
        return rows, rank, chosen, total[rows, chosen]

    def reasons(self, frame: pl.DataFrame, top: int = 3) -> list[list[Reason]]:
        """Return the same as objects, one list a row of ``frame``."""
        out: list[list[Reason]] = [[] for _ in range(len(frame))]
        for line in self.table(frame, top).iter_rows(named=True):
            text = {language: line.pop(language) for language in LANGUAGES}
            row = line.pop("row")
            line.pop("rank")
            out[row].append(Reason(**line, text=text))
        return out

    @cached_property
    def _sorted(self) -> tuple[np.ndarray, np.ndarray]:
        """Columns in the order of their themes, and where each theme starts in it."""
        order = np.argsort(self._themes, kind="stable")
        return order, np.flatnonzero(np.diff(self._themes[order], prepend=-1))

    def _speakers(self, values: np.ndarray, chosen: np.ndarray, total: np.ndarray) -> np.ndarray:
        """For each row's chosen theme the column that contributes most to its sum, shape (rows,)."""
        out = np.empty(len(chosen), dtype=np.int64)
        for code in np.unique(chosen):
            at, own = np.flatnonzero(chosen == code), np.flatnonzero(self._themes == code)
            part = values[np.ix_(at, own)] * np.sign(total[at])[:, None]
            out[at] = own[np.argmax(part, axis=1)]
        return out

    @cached_property
    def _members(self) -> list[np.ndarray]:
        """The columns of each theme."""
        return [np.flatnonzero(self._themes == code) for code in range(len(self._named[0]))]

    def _said_alone(
        self, few: FewRows, values: np.ndarray, rows: np.ndarray, chosen: np.ndarray, total: np.ndarray
    ) -> Iterator[tuple[Any, ...]]:
        """``_speakers`` and ``_said``, one after another."""
        for row, code, summed in zip(rows.tolist(), chosen.tolist(), total.tolist(), strict=True):
            own = self._members[code]
            name = self.model.encoder.names[own[np.argmax(values[row, own] * np.sign(summed))]]
            feature, value = self._features[name], few.value(row, name)
            part = observed_rates.part(value, self.model.card["bins"][name])
            shown = (
                value if isinstance(value, str) else _rounded(np.array([value], float), feature["unit"])[0]
            )
            yield self._line(name, self._worded(name, shown, part, summed > 0), summed)

    def _line(self, name: str, worded: tuple[Any, ...], summed: float) -> tuple[Any, ...]:
        code, rate, *texts = worded
        direction = "raises" if summed > 0 else "lowers"
        return code, name, self._features[name]["group"], direction, summed, rate, *texts

    def _said(
        self, frame: pl.DataFrame, rows: np.ndarray, columns: np.ndarray, total: np.ndarray
    ) -> list[tuple[Any, ...]]:
        """Code to sentences of chosen (row, column) pairs, in their order."""
        lines: list[tuple[Any, ...]] = [()] * len(rows)
        for column in np.unique(columns).tolist():
            at = np.flatnonzero(columns == column)
            for place, line in zip(
                at.tolist(), self._of_column(frame, column, rows[at], total[at]), strict=True
            ):
                lines[place] = line
        return lines

    def _of_column(
        self, frame: pl.DataFrame, column: int, rows: np.ndarray, total: np.ndarray
    ) -> Iterator[tuple[Any, ...]]:
        """The lines of the rows that one column speaks for; equal ones are worded once."""
        name = self.model.encoder.names[column]
        feature, values = self._features[name], frame[name].gather(rows)
        part = observed_rates.parts(values, self.model.card["bins"][name]).tolist()
        keys = list(zip(_shown(values, feature["unit"]), part, (total > 0).tolist(), strict=True))
        worded = {key: self._worded(name, *key) for key in dict.fromkeys(keys)}
        for key, summed in zip(keys, total.tolist(), strict=True):
            yield self._line(name, worded[key], summed)

    def _worded(self, name: str, value: float | str | None, part: int, raises: bool) -> tuple[Any, ...]:
        """Code, rate and both sentences."""
        card, entry = self.model.card, self.model.card["bins"][name]
        rate = entry["rate"][part] if entry["n"][part] >= FEW_ROWS else None
        texts = (
            sentence(
                self._phrases[name].fact(value, language),
                rate,
                card["base_rate"],
                raises,
                card["positive"][language],
                language,
            )
            for language in LANGUAGES
        )
        return (f"{name}:{_level(value, part, entry, self._features[name]['unit'])}", rate, *texts)


def explain(model: Model, frame: pl.DataFrame, top: int = 3) -> list[list[Reason]]:
    """Return the ``top`` reasons of every row of features, one list a row."""
    return Explainer(model).reasons(frame, top)


def _shown(values: pl.Series, unit: str) -> list[Any]:
    """Values as coarse as they are said, so that few sentences serve many rows."""
    if values.dtype == pl.String:
        return values.to_list()
    return _rounded(values.to_numpy().astype(np.float64), unit)


def _rounded(values: np.ndarray, unit: str) -> list[float | None]:
    places = 3 if unit == "share" else 0 if unit == "cents" else 1
    return [None if value != value else value for value in np.round(values, places).tolist()]


def _level(value: float | str | None, part: int, entry: Mapping[str, Any], unit: str) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, str):
        return value if part < len(entry["categories"]) else "other"
    if value == 0 and unit in catalogue()["counts"]:
        return "none"
    n = np.asarray(entry["n"][:-1], dtype=np.float64)
    below = (n[:part].sum() + n[part] / 2) / max(n.sum(), 1.0)
    return "low" if below < 1 / 3 else "high" if below > 2 / 3 else "middle"


def is_sensitive(name: str) -> bool:
    """Tell whether an input is, by its name, an attribute that no sentence may mention."""
    own = name.removeprefix("content_").removeprefix("x_")
    return own in SENSITIVE or (name != own and bool(SENSITIVE & set(own.split("_"))))
