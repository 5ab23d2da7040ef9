"""Whether arms were drawn alike for everybody: what was known before must not tell the arm."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import chi2_contingency

from models.acting.off_policy import LogError

CHANCE = 0.001  # of all columns together, by which a fair draw is refused
BINS = 10


def check(matrix: np.ndarray, columns: Sequence[str], feature_types: Sequence[str], arm: np.ndarray) -> None:
    """Refuse arms that a column tells.

    Parameters
    ----------
    matrix
        Shape (rows, columns); missing values are one of the values.
    arm
        Codes, shape (rows,).

    Raises
    ------
    LogError
        A column whose values differ between arms by more than chance (chi-squared, Bonferroni).
    """
    for name, kind, values in zip(columns, feature_types, matrix.T, strict=True):
        table = _counts(values if kind == "c" else _binned(values), arm)
        if len(table) > 1 and chi2_contingency(table).pvalue < CHANCE / len(columns):
            raise LogError(
                f"{name}: differs between options by more than chance, so that they were not drawn alike for "
                "everybody; add the column probability, with which each row got its option"
            )


def _binned(values: np.ndarray) -> np.ndarray:
    edges = np.unique(np.nanquantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="left"))


def _counts(values: np.ndarray, arm: np.ndarray) -> np.ndarray:
    """Rows by value and arm; values too rare for the test are one value together."""
    of = np.unique(values, return_inverse=True)[1]
    seldom = np.bincount(of) < 5 * (arm.max() + 1)
    of = np.unique(np.where(seldom[of], -1, of), return_inverse=True)[1]
    table = np.zeros((of.max() + 1, arm.max() + 1))
    np.add.at(table, (of, arm), 1)
    return table
