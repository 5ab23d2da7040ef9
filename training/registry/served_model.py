"""A released model as MLflow loads it: features in, the probability that the service tells out.

MLflow runs this file where it loads the model (a model from code: nothing is pickled), with the folders
``features`` and ``models`` of the release beside it.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from models.scorer import Scorer


class ServedModel(PythonModel):
    """Scores frames of catalogue features with a released folder."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the folder that the model was registered with."""
        (folder,) = context.artifacts.values()
        self.scorer = Scorer.load(Path(folder))

    # Of the types that MLflow reads off this line, a frame is the one that leaves the signature alone.
    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> np.ndarray:
        """Return the calibrated probability of each row, shape (rows,), float64."""
        frame = pl.from_pandas(model_input, nan_to_null=True)
        return self.scorer.numbers(frame)["probability"].to_numpy()


set_model(ServedModel())
