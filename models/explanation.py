"""SHAP values with their words: shap's own type, so that its plots and tools work on it."""

from typing import Any

import polars as pl
import shap

from models.phrases import LANGUAGES
from models.reasons import Explainer


class Explanation(shap.Explanation):
    """A ``shap.Explanation`` on the scale of the calibrated log-odds that can say its largest parts.

    A slice of rows can say them too; whatever else is made of it is shap's own.
    """

    def worded(self, explainer: Explainer, frame: pl.DataFrame) -> "Explanation":
        """Keep what is needed for sentences: the model's words, and the rows that are explained."""
        self._explainer, self._frame = explainer, frame
        return self

    def __getitem__(self, item: Any) -> shap.Explanation:
        """Return a part, as shap does."""
        part = super().__getitem__(item)
        if not isinstance(item, slice):
            return part
        return Explanation(part, feature_names=self.feature_names).worded(self._explainer, self._frame[item])

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
