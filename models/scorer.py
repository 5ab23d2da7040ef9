"""From features to answers: one code path for the nightly batch and for a request."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike
from xgboost import config_context

from models.few_rows import FEW, Features, FewRows
from models.fitted.booster_sum import BoosterSum
from models.fitted.expected_value import ExpectedValue
from models.fitted.model import Model
from models.fitted.release_format import POPULATION, UPLIFT, VALUE
from models.fitted.unknown import MAX_UNKNOWN, Inputs
from models.population import OUTSIDE
from models.reasons import COLUMNS, Explainer, Line

Numbers = dict[str, Any]  # status, probability, percentile, score, band, ``MORE``: shape (rows,) each
MORE = ("expected_value", "value_at_risk", "value_per_cost", "uplift")  # where the model has them
REASONS = 5  # of everybody, published; an answer tells fewer
OK, INSUFFICIENT, ELSEWHERE = "ok", "insufficient_input", "outside_population"
ACTED_ON = ("percentile", "score", "band", *MORE)  # what nobody should act on where too little is known


@dataclass(frozen=True)
class Population:
    """The scored population that a percentile refers to.

    ``grid`` holds the 101 quantiles of its probabilities, ``as_of`` the moment they stand for
    (ISO 8601), ``n`` how many subjects it has. ``lows`` are the least probabilities of the bands but the
    lowest, cut on this very population so that the bands hold their shares of it, and ``expected`` the
    mean probability of each band; both empty where the bands are those of the model's card.
    """

    grid: tuple[float, ...]
    as_of: str
    n: int
    lows: tuple[float, ...] = ()
    expected: tuple[float, ...] = ()

    @classmethod
    def of(cls, probability: ArrayLike, as_of: str, shares: Sequence[float] = ()) -> "Population":
        """Return the population of these probabilities, shape (rows,), cut into bands of ``shares``."""
        values = np.asarray(probability, dtype=np.float64)
        lows = _lows(values, shares)
        band = (values[:, None] < np.asarray(lows)).sum(axis=1)
        means = [float(values[band == at].mean()) if (band == at).any() else 0.0 for at in range(len(shares))]
        grid = np.quantile(values, np.linspace(0, 1, 101)).tolist()
        return cls(tuple(grid), as_of, len(values), lows, tuple(means))

    def percentile(self, probability: ArrayLike) -> np.ndarray:
        """Return the share of the population (percent, 0 to 100) that scores lower, shape (rows,).

        Linear between the quantiles; ties count half: a run of equal quantiles stands for its middle.
        """
        p, grid = np.asarray(probability, dtype=np.float64), np.asarray(self.grid)
        left, right = (np.searchsorted(grid, p, side=side) for side in ("left", "right"))
        at = np.clip(right, 1, 100)
        width = grid[at] - grid[at - 1]
        part = np.divide(p - grid[at - 1], width, out=np.zeros_like(p), where=width > 0)
        return np.where(left < right, (left + right - 1) / 2, np.clip(at - 1 + part, 0.0, 100.0))

    def to_json(self) -> dict[str, Any]:
        bands = {"lows": list(self.lows), "expected": list(self.expected)}
        return {"as_of": self.as_of, "n": self.n, "percentiles": list(self.grid), "bands": bands}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Population":
        """Read what ``to_json`` gave; ``ValueError`` unless there are 101 finite quantiles in order."""
        grid = tuple(float(value) for value in found["percentiles"])
        if len(grid) != 101 or not np.isfinite(grid).all() or (np.diff(grid) < 0).any():
            raise ValueError(f"population: percentiles must be 101 rising numbers, found {len(grid)}")
        bands = found.get("bands", {})
        lows, expected = (tuple(float(v) for v in bands.get(name, ())) for name in ("lows", "expected"))
        return cls(grid, str(found["as_of"]), int(found["n"]), lows, expected)


def _lows(values: np.ndarray, shares: Sequence[float]) -> tuple[float, ...]:
    """Least probabilities of the bands but the last: those that come nearest to the shares, ties together."""
    distinct, counts = np.unique(values, return_counts=True)
    above = counts[::-1].cumsum()[::-1] / len(values)  # share at or above each value
    ends = np.cumsum(shares)[:-1]
    return tuple(float(distinct[np.abs(above - end).argmin()]) for end in ends)


@dataclass(frozen=True)
class Scorer:
    """A model and the population its scores are compared with.

    ``worth`` tells money and ``uplift`` how much a contact raises the probability; None where the
    pipeline released none.
    """

    model: Model
    population: Population
    worth: ExpectedValue | None = None
    uplift: BoosterSum | None = None

    @cached_property
    def explainer(self) -> Explainer:
        """Words and rates, prepared once."""
        return Explainer(self.model)

    def prepare(self) -> None:
        """Lay out what answers few rows, and compile what walks down it."""
        self.model.prepare()
        if self.worth is not None:
            self.worth.amount.prepare()
        if self.uplift is not None:
            self.uplift.prepare()

    @property
    def optional_outputs(self) -> list[str]:
        """Those of ``MORE`` that this model tells."""
        told = [] if self.worth is None else self.worth.output_names(self.model.encoder)
        return told if self.uplift is None else [*told, "uplift"]

    @classmethod
    def load(cls, folder: Path) -> "Scorer":
        """Read a released folder: ``model.ubj``, ``card.json``, ``population.json``, what is beside."""
        found = json.loads((folder / POPULATION).read_text())
        return cls.from_parts(Model.load(folder), Population.from_json(found), folder)

    @classmethod
    def from_parts(cls, model: Model, population: Population, folder: Path) -> "Scorer":
        """Make a scorer with the value and the uplift that lie in ``folder``, if any."""
        return cls(model, population, ExpectedValue.load(folder / VALUE), BoosterSum.load(folder / UPLIFT))

    def bands(self, probability: ArrayLike) -> np.ndarray:
        """Return the index into the card's bands, from the highest down, shape (rows,)."""
        p = np.asarray(probability, dtype=np.float64)
        card = [band["low"] for band in self.model.card["bands"][:-1]]
        lows = np.array(self.population.lows or card, dtype=np.float64)
        return (p[:, None] < lows).sum(axis=1)

    @property
    def band_rates(self) -> dict[str, float | None]:
        """What is expected in each band: its mean probability of the day, else its rate out of fold."""
        bands, expected = self.model.card["bands"], self.population.expected
        rates = expected or [band["rate"] for band in bands]
        return {band["name"]: rate for band, rate in zip(bands, rates, strict=True)}

    def numbers(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return status, probability, percentile, score (1 to 99), band and ``MORE`` of every row.

        Where more than the card's ``max_unknown`` of what the model says rests on unknown inputs, the
        status is ``insufficient_input`` and the probability, that of somebody of whom as much is
        known, stands alone. Whom the task is not about is ``outside_population``, for its
        ``outside_reason``, and has no number.
        """
        inputs = self.model.inputs(frame)
        return _table(self._numbers(inputs, self.model.margin(inputs)) | self._whether_asked(frame, inputs))

    def outside(self, frame: pl.DataFrame) -> pl.Series:
        """Return why the task is not about a row of features, shape (rows,), null where it is."""
        return pl.Series(OUTSIDE, self.model.outside(frame), dtype=pl.String)

    def _numbers(self, inputs: Inputs, margin: np.ndarray) -> Numbers:
        probability = self.model.calibration.probability(margin)
        percentile = self.population.percentile(probability)
        names = [band["name"] for band in self.model.card["bands"]]
        found = {
            "probability": probability,
            "percentile": percentile,
            "score": np.clip(np.ceil(percentile), 1, 99).astype(np.int64),
            "band": [names[at] for at in self.bands(probability)],
        }
        mean = partial(self.model.unknown.mean, inputs)
        if self.worth is not None:
            amount = mean(self.worth.amount.predict)
            found |= self.worth.outputs(probability, amount, inputs.matrix, self.model.encoder)
        return found if self.uplift is None else found | {"uplift": mean(self.uplift.predict)}

    def _whether_asked(self, rows: Features, inputs: Inputs) -> Numbers:
        """Status of every row and, where the task has boundaries, the reason of those outside."""
        unsure = self.model.unknown.share(inputs) > self.model.card.get("max_unknown", MAX_UNKNOWN)
        status = np.where(unsure, INSUFFICIENT, OK)
        if not self.model.boundaries:
            return {"status": status.tolist()}
        reason = self.model.outside(rows)
        away = [one is not None for one in reason]
        return {"status": np.where(away, ELSEWHERE, status).tolist(), OUTSIDE: reason}

    def score_with_reasons(
        self, rows: Features, top: int, inputs: Inputs | None = None
    ) -> tuple[Numbers, list[Line]]:
        """Return columns as of ``numbers``, and the ``top`` reasons,
        one line a reason (see ``reasons.COLUMNS``).

        ``inputs`` are those of ``rows``, where they are known already.
        """
        rows = rows if len(rows) > FEW else FewRows.of(rows)
        inputs = self.model.inputs(rows) if inputs is None else inputs
        # A pool of threads costs more than a few rows: it is the longest part of a single answer.
        with config_context(nthread=1 if len(rows) <= FEW else 0):
            margin = self.model.margin(inputs)
            numbers = self._numbers(inputs, margin) | self._whether_asked(rows, inputs)
            if not len(rows) or top < 1:
                return numbers, []
            values = self._contributions(inputs, margin, numbers)
        return numbers, self.explainer.lines(values, rows, top)

    def _contributions(self, inputs: Inputs, margin: np.ndarray, numbers: Numbers) -> np.ndarray:
        """Return SHAP values, shape (rows, columns); zeros where there is no score to give reasons for."""
        within = np.flatnonzero([status != ELSEWHERE for status in numbers["status"]])
        if len(within) == len(inputs):
            return self.model.contributions(inputs, margin)[0]
        values = np.zeros(inputs.matrix.shape)
        if len(within):
            values[within] = self.model.contributions(inputs.take(within), margin[within])[0]
        return values

    def table(self, frame: pl.DataFrame, top: int = REASONS) -> pl.DataFrame:
        """Return ``numbers`` and, as a list, the ``top`` reasons of every row."""
        numbers, found = self.score_with_reasons(frame, top)
        lines = pl.DataFrame(found, schema=COLUMNS, orient="row")
        told = pl.struct(pl.exclude("row", "rank")).alias("reasons")
        reasons = lines.select("row", told).group_by("row", maintain_order=True).agg("reasons")
        rows = pl.DataFrame({"row": range(len(frame))}, schema={"row": pl.Int64})
        beside = rows.join(reasons, on="row", how="left", maintain_order="left").select("reasons")
        return _table(numbers).hstack(beside)


def _table(numbers: Numbers) -> pl.DataFrame:
    """As a frame; what is not known (``value_per_cost`` without a cost) is null."""
    frame = pl.DataFrame(numbers, schema_overrides={"band": pl.String, OUTSIDE: pl.String})
    frame = frame.with_columns(pl.col(name).fill_nan(None) for name in MORE if name in numbers)
    told = [name for name in ACTED_ON if name in numbers]
    asked = pl.when(pl.col("status") != ELSEWHERE).then("probability")
    return frame.with_columns(pl.when(pl.col("status") == OK).then(pl.col(told)), probability=asked)


def withheld(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return one row of numbers without those that nobody should act on."""
    return {**row, **{name: None for name in ACTED_ON if name in row}, "status": INSUFFICIENT}
