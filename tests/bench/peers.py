"""What the service is compared with: the same churn model, asked for a bare probability.

``minimal`` is a FastAPI application without anything around it; ``Naive`` a BentoML service as its
first tutorial would have it, pandas in and a scikit-learn classifier inside.
"""

import os
from pathlib import Path
from typing import Any

import bentoml
import numpy as np
import pandas as pd
import xgboost
from fastapi import FastAPI
from pydantic import BaseModel

FOLDER = Path(os.environ["BENCH_MODEL"])
minimal = FastAPI(openapi_url=None)


class Row(BaseModel):
    """One row of inputs, as the booster takes them."""

    values: list[float | None]


if os.environ.get("BENCH_PEER") == "minimal":
    booster = xgboost.Booster(params={"nthread": 1}, model_file=FOLDER / "model.ubj")

    @minimal.get("/ready")
    async def ready() -> None:
        """The model is loaded."""

    @minimal.post("/predict")
    async def predict(row: Row) -> dict[str, float]:
        """The probability of one row."""
        matrix = np.array([row.values], dtype=np.float32)
        return {"probability": float(booster.inplace_predict(matrix, validate_features=False)[0])}


@bentoml.service(name="naive")
class Naive:
    """Frames in, probabilities out."""

    def __init__(self) -> None:
        self.model = xgboost.XGBClassifier(enable_categorical=True)
        self.model.load_model(FOLDER / "model.ubj")
        self.model.get_booster().feature_names = None
        self.model.get_booster().feature_types = None

    @bentoml.api
    def predict(self, rows: pd.DataFrame) -> Any:
        """The probability of each row."""
        return self.model.predict_proba(rows.to_numpy(dtype=np.float32))[:, 1].tolist()
