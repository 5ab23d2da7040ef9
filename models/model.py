"""A fitted model as it is released: booster, inputs, calibration and what is known about it.

The folder holds ``model.ubj`` (XGBoost's native format, executes no code) and ``card.json``.
Pipeline, report and service all score through this class.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from xgboost import Booster, DMatrix

from models.calibrate import Calibration
from models.contributions import FEWEST, contributions
from models.encode import Encoder

CARD_VERSION = 1


@dataclass(frozen=True)
class Model:
    """Scores frames of features.

    ``card`` holds what is plain data: task, question, features with their words, catalogue
    fingerprint, bands, observed rates by feature value, settings of the outcome window.
    """

    booster: Booster
    encoder: Encoder
    calibration: Calibration
    card: dict[str, Any]

    def margin(self, matrix: np.ndarray) -> np.ndarray:
        """Log-odds before calibration, shape (rows,)."""
        return self.booster.inplace_predict(matrix, predict_type="margin")

    def probability(self, frame: pl.DataFrame) -> np.ndarray:
        """Calibrated probability of the positive class, shape (rows,), float64."""
        return self.calibration.probability(self.margin(self.encoder.transform(frame)))

    def contributions(self, matrix: np.ndarray) -> tuple[np.ndarray, float]:
        """SHAP values on the scale of the calibrated log-odds, and their common base.

        Path-dependent TreeSHAP (Lundberg et al. 2020) of the booster times the calibration's
        slope: ``values.sum(axis=1) + base`` is the calibrated log-odds of each row.

        Returns
        -------
        values
            Shape (rows, columns).
        base
            What a row starts from before its own features speak.
        """
        few = matrix if len(matrix) < FEWEST else matrix[:1]
        data = DMatrix(
            few,
            feature_names=self.encoder.names,
            feature_types=self.encoder.feature_types,
            enable_categorical=True,
        )
        raw = self.booster.predict(data, pred_contribs=True).astype(np.float64)
        base = float(self.calibration.log_odds(raw[0, -1])) if len(raw) else self.calibration.intercept
        values = raw[:, :-1] if len(few) == len(matrix) else contributions(self.booster, matrix)
        return self.calibration.slope * values, base

    def save(self, folder: Path) -> None:
        """Write the folder; the same model gives the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        self.booster.save_model(folder / "model.ubj")
        card = self.card | {
            "card_version": CARD_VERSION,
            "inputs": self.encoder.to_json(),
            "calibration": {"slope": self.calibration.slope, "intercept": self.calibration.intercept},
        }
        text = json.dumps(card, indent=1, ensure_ascii=False, sort_keys=True, allow_nan=False)
        (folder / "card.json").write_text(text + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Model":
        """Read what ``save`` wrote; ``ValueError`` where the folder is of another format."""
        card = json.loads((folder / "card.json").read_text())
        if card.get("card_version") != CARD_VERSION:
            found = card.get("card_version")
            raise ValueError(
                f"{folder / 'card.json'}: card_version {found!r}, this code reads {CARD_VERSION}"
            )
        booster = Booster(model_file=folder / "model.ubj")
        encoder = Encoder.from_json(card["inputs"])
        booster.feature_names, booster.feature_types = None, None  # names are checked by the encoder
        return cls(booster, encoder, Calibration(**card["calibration"]), card)
