"""SHAP values with their words: shap's own type, so that its plots and tools work on it."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import shap

from models.phrases import LANGUAGES
from models.reasons import Explainer


class Explanation(shap.Explanation):
    """A ``shap.Explanation`` on the scale of the calibrated log-odds that can say its largest parts.

    Some of its rows can say them too, one alone as well; whatever else is made of it is shap's own.
    """

    def worded(self, explainer: Explainer, frame: pl.DataFrame) -> "Explanation":
        """Keep what is needed for sentences: the model's words, and the rows that are explained."""
        self._explainer, self._frame = explainer, frame
        return self

    def __getitem__(self, item: Any) -> shap.Explanation:
        """Return a part, as shap does."""
        if not isinstance(item, slice | int | np.integer | list | np.ndarray | pd.Series):
            return super().__getitem__(item)
        rows = np.arange(len(self._frame))[item]  # masks, too, which shap takes for places
        one = np.ndim(rows) == 0
        part = super().__getitem__(int(rows) if one else rows.tolist())
        kept = Explanation(part, display_data=part.display_data, feature_names=self.feature_names)
        return kept.worded(self._explainer, self._frame[np.atleast_1d(rows).tolist()])

    def sentences(self, language: str = "en", top: int = 3) -> list[list[str]]:
        """Return the ``top`` reasons of every row, the strongest first, as report and service say them.

        Parameters
        ----------
        language
            ``en`` or ``zh``.

        Raises
        ------
        ValueError
            Another language.
        """
        if language not in LANGUAGES:
            raise ValueError(f"language {language!r}: {' or '.join(LANGUAGES)}")
        told: list[list[str]] = [[] for _ in range(len(self._frame))]
        for line in self._explainer.table(self._frame, top).iter_rows(named=True):
            told[line["row"]].append(line[language])
        return told
