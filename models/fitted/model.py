"""A fitted model as it is released: booster, inputs, calibration and what is known about it.

The folder holds ``model.ubj`` (XGBoost's native format, executes no code) and ``card.json``.
Pipeline, report and service all score through this class.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import polars as pl
from xgboost import Booster, DMatrix

from features.lifecycle_limits import LifecycleLimits
from features.meaning import meanings
from features.own_tables import is_own
from models.card import Card
from models.few_rows import Features
from models.fitted.release_format import CARD, MODEL
from models.fitted.shap_values import FEWEST, contributions
from models.fitted.tree_shap import TreeShap
from models.fitted.tree_walk import FEW_ROWS, TreeWalk
from models.fitted.unknown import STAND_INS, Inputs, Unknown
from models.learners.calibration import Calibration
from models.learners.encoder import Encoder
from models.population import Boundaries, Boundary
from models.task import task

CARD_VERSION = 1
ALONE = 8  # rows with anything unknown whose stand-ins are asked for one by one: they are alike


@dataclass(frozen=True)
class Model:
    """Scores frames of features.

    ``card`` holds what is plain data: task, question, features with their words and fingerprints,
    bands, observed rates by feature value, settings of the outcome window.
    """

    booster: Booster
    encoder: Encoder
    calibration: Calibration
    card: Card

    @cached_property
    def unknown(self) -> Unknown:
        """What becomes of inputs that the model has learnt nothing of."""
        return Unknown(self.encoder, self.card["bins"], self.card.get("weights"))

    @cached_property
    def boundaries(self) -> tuple[Boundary, ...]:
        """Whom the task is not about, as it was where the model learnt."""
        if "boundaries" not in self.card:
            return ()
        limits = LifecycleLimits.model_validate(self.card["lifecycle"])
        names = [row["name"] for row in self.card["features"]]
        return task(self.card["task"]).boundaries(self.card["spine"], limits, names)

    @cached_property
    def reads(self) -> list[str]:
        """The features that are needed: the inputs, then what only the boundaries or counterfactuals read."""
        more = [name for boundary in self.boundaries for name in boundary.reads]
        own = [row["name"] for row in self.card["features"] if is_own(row["name"])]
        return list(dict.fromkeys([*self.encoder.names, *more, *own]))

    @property
    def fingerprints(self) -> dict[str, str]:
        """What each feature that is read meant where the model learnt, by name."""
        return meanings(self.card["features"])

    @cached_property
    def _boundaries(self) -> Boundaries:
        return Boundaries(self.boundaries)

    def outside(self, rows: Features) -> list[str | None]:
        """Return why the task is not about each row of features, None where it is."""
        return self._boundaries.codes(rows)

    def inputs(self, rows: Features) -> Inputs:
        """Return features as the model reads them, with what is unknown in them."""
        matrix = self.encoder.transform(rows)
        return self.unknown.inputs(matrix, self.encoder.unseen(rows, matrix))

    def margin(self, inputs: Inputs) -> np.ndarray:
        """Return log-odds before calibration, shape (rows,).

        Of the mean probability where inputs are unknown.
        """
        rows, known = inputs.rows, inputs.known
        if not len(rows):
            return self._raw_margin(inputs.matrix)
        found = np.empty(len(inputs), dtype=np.float64)
        if len(known):
            found[known] = self._raw_margin(inputs.matrix[known])
        parts = np.split(rows, len(rows)) if len(rows) <= ALONE else [rows]
        means = [self.unknown.mean(inputs.take(part), self._raw_probability) for part in parts]
        mean = np.concatenate(means)
        found[rows] = np.log(mean) - np.log1p(-mean)
        return found

    def prepare(self) -> None:
        """Lay out the trees for the few rows of a request, which takes longer than an answer may."""
        _ = self._walk, self._tree_shap

    def _raw_margin(self, matrix: np.ndarray) -> np.ndarray:
        if 0 < len(matrix) <= FEW_ROWS and self._walk is not None:
            return self._walk.margin(matrix)
        return self.booster.inplace_predict(matrix, predict_type="margin")

    @cached_property
    def _walk(self) -> TreeWalk | None:
        """For the few rows of a request."""
        return TreeWalk.of(self.booster)

    def _raw_probability(self, matrix: np.ndarray) -> np.ndarray:
        margin = self._raw_margin(matrix)
        return 1 / (1 + np.exp(-margin.astype(np.float64)))

    def probability(self, frame: pl.DataFrame) -> np.ndarray:
        """Return the calibrated probability of the positive class, shape (rows,), float64."""
        return self.calibration.probability(self.margin(self.inputs(frame)))

    def contributions(self, inputs: Inputs, margin: np.ndarray | None = None) -> tuple[np.ndarray, float]:
        """Return SHAP values on the scale of the calibrated log-odds, and their common base.

        ``margin`` is what the method of this name says of the same inputs, where it is known already.
        Path-dependent TreeSHAP (Lundberg et al. 2020) of the booster times the calibration's slope:
        ``values.sum(axis=1) + base`` is the calibrated log-odds of each row.

        Returns
        -------
        values
            Shape (rows, columns).
        base
            What a row starts from before its own features speak.
        """
        # Where there are many stand-ins, asking all leaves at once by the engine for many rows is quicker.
        few = max(len(inputs), len(inputs.rows) * STAND_INS) < FEWEST
        part = self._tree_shap.part if few and self._tree_shap is not None else None
        values, rows = self.unknown.mean(inputs, self._values, part), inputs.rows
        if len(rows):  # the mean of probabilities lies off the mean of log-odds; not knowing is why
            margin = self.margin(inputs) if margin is None else margin
            gap = margin[rows] - self._base - values[rows].sum(axis=1)
            values[rows] += inputs.shares[rows] * gap[:, None]
        return self.calibration.slope * values, float(self.calibration.log_odds(self._base))

    def by_bag(self, inputs: Inputs) -> np.ndarray | None:
        """Return contributions of each of the models that this one is the mean of,
        shape (rows, columns, bags).

        Unknown inputs are missing ones here. None where it is one model. Takes as many times as long: for
        a sample of rows, not for a request.
        """
        sizes = self.card.get("bags", [])
        if not sizes:
            return None
        ends = np.cumsum([0, *sizes]).tolist()
        parts = [
            len(sizes) * contributions(self.booster[start:end], inputs.matrix)
            for start, end in pairwise(ends)
        ]
        values = np.stack(parts, axis=2)
        if ends[-1] < self.booster.num_boosted_rounds():  # what is common to all of them
            values += contributions(self.booster[ends[-1] :], inputs.matrix)[:, :, None]
        return self.calibration.slope * values

    @cached_property
    def _base(self) -> float:
        """Log-odds before calibration of a row before its features speak."""
        nothing = np.full((1, len(self.encoder.columns)), np.nan, dtype=np.float32)
        return float(self._raw(nothing)[0, -1])

    def _values(self, matrix: np.ndarray) -> np.ndarray:
        """SHAP values before calibration, shape of ``matrix``."""
        if len(matrix) >= FEWEST:
            return contributions(self.booster, matrix)
        taken_apart = self._tree_shap
        return self._raw(matrix)[:, :-1] if taken_apart is None else taken_apart.contributions(matrix)

    @cached_property
    def _tree_shap(self) -> TreeShap | None:
        """For the few rows of a request; None where the trees are too deep for it."""
        return TreeShap.of(self.booster)

    def _raw(self, matrix: np.ndarray) -> np.ndarray:
        """XGBoost's own SHAP values and, in the last column, the base."""
        data = DMatrix(matrix, feature_types=self.encoder.feature_types, enable_categorical=True)
        return self.booster.predict(data, pred_contribs=True).astype(np.float64)

    def save(self, folder: Path) -> None:
        """Write the folder; the same model gives the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        self.booster.save_model(folder / MODEL)
        card: Card = {
            **self.card,
            "card_version": CARD_VERSION,
            "inputs": self.encoder.to_json(),
            "calibration": {"slope": self.calibration.slope, "intercept": self.calibration.intercept},
        }
        text = json.dumps(card, indent=1, ensure_ascii=False, sort_keys=True, allow_nan=False)
        (folder / CARD).write_text(text + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Model":
        """Read what ``save`` wrote; ``ValueError`` where the folder is of another format."""
        card = json.loads((folder / CARD).read_text())
        if card.get("card_version") != CARD_VERSION:
            found = card.get("card_version")
            raise ValueError(
                f"{folder / 'card.json'}: card_version {found!r}, this code reads {CARD_VERSION}"
            )
        booster = Booster(model_file=folder / MODEL)
        encoder = Encoder.from_json(card["inputs"])
        booster.feature_names, booster.feature_types = None, None  # names are checked by the encoder
        return cls(booster, encoder, Calibration(**card["calibration"]), cast(Card, card))
