"""Probabilities that follow a base rate that has moved, from outcomes that are known by then.

A model fitted yesterday knows yesterday's level; models of earlier blocks, by which a calibration is
learnt, knew older ones. So the slope is learnt from them, and the level follows their errors only as
far as these lasted. A model that has served for months is checked against the newest outcomes: where their
number is more than three standard errors from what it expects, the intercept is fitted again to them.
"""

import numpy as np
import polars as pl
from scipy.special import expit

from models.learners.calibration import Calibration, fit_offset, fit_slope

POSITIVES = 200  # so many newest outcomes of the rarer class give the level to about 7 %
SURPRISE = 3.0  # standard errors


def calibrated(known: pl.DataFrame) -> Calibration:
    """Return the calibration of a model from those of its like, each asked about a later block.

    Parameters
    ----------
    known
        ``margin``, ``label`` and ``fold``, the blocks in order, and perhaps ``n``, how many rows each stands
        for. They share the slope, and each has its own
        level. The model's own level is kept but for the newest block's error, as far as such errors lasted
        from one block to the next (the coefficient of an autoregression, 0 to 1).
    """
    margin, label = known["margin"].to_numpy(), known["label"].to_numpy().astype(np.float64)
    block = np.unique(known["fold"].to_numpy(), return_inverse=True)[1]
    n = _counts(known)
    slope = fit_slope(margin, label, block, n)
    own = fit_offset(margin, expit(margin), slope, n)

    def error(at: int) -> float:
        mine = block == at
        return fit_offset(own.log_odds(margin[mine]), label[mine], count=n[mine]).intercept

    errors = np.array([error(at) for at in range(int(block.max()) + 1)])
    before, after = errors[:-1], errors[1:]
    lasting = float(np.clip(before @ after / max(before @ before, 1e-12), 0.0, 1.0))
    return Calibration(slope, own.intercept + lasting * float(errors[-1]))


def newest(known: pl.DataFrame, positives: int = POSITIVES) -> pl.DataFrame:
    """Return the newest rows by ``window_end`` that hold ``positives`` of the rarer class, or all."""
    rows = known.sort("window_end", descending=True, maintain_order=True)
    hits = rows["label"].cum_sum()
    rarer = np.minimum(hits.to_numpy(), np.arange(1, len(rows) + 1) - hits.to_numpy())
    enough = np.flatnonzero(rarer >= positives)
    if len(enough) == 0:
        return rows
    return rows.filter(pl.col("window_end") >= rows["window_end"][int(enough[0])])  # whole moments only


def rebased(calibration: Calibration, known: pl.DataFrame) -> Calibration:
    """Return ``calibration``, its intercept fitted again to the newest outcomes where they are a surprise.

    ``known`` has ``margin``, ``label`` and ``window_end`` of rows whose outcome is known.
    """
    return followed(calibration, newest(known))


def followed(calibration: Calibration, rows: pl.DataFrame) -> Calibration:
    """Return ``calibration``, its intercept fitted again to ``rows`` where they are a surprise.

    These are the newest, with ``margin``, ``label`` and perhaps ``n``, for how many rows each stands.
    """
    label, n = rows["label"].to_numpy(), _counts(rows)
    p = calibration.probability(rows["margin"])
    surprise = n @ (label - p) / np.sqrt(n @ (p * (1 - p)))
    if abs(surprise) <= SURPRISE:
        return calibration
    return fit_offset(rows["margin"], label, calibration.slope, n)


def _counts(rows: pl.DataFrame) -> np.ndarray:
    return rows["n"].to_numpy() if "n" in rows.columns else np.ones(len(rows))


def rolling(calibration: Calibration, test: pl.DataFrame) -> np.ndarray:
    """Return probabilities of the test rows, re-based at the start of each month as a running system is.

    Parameters
    ----------
    test
        ``margin``, ``label``, ``as_of`` and ``window_end``. Only rows of this very model, whose window had
        closed by the start of a month, speak for it.

    Returns
    -------
    Shape (rows of the test,).
    """
    month = pl.from_epoch("as_of", time_unit="s").dt.truncate("1mo").dt.epoch("s")
    rows = test.select("as_of", "margin", month=month).with_row_index("at")
    out = np.empty(len(test))
    for (start,), part in rows.group_by("month"):
        known = test.filter(pl.col("window_end") <= int(start))
        then = rebased(calibration, known) if known["label"].n_unique() == 2 else calibration
        out[part["at"].to_numpy()] = then.probability(part["margin"])
    return out
