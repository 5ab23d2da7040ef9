"""Probabilities that follow a base rate that has moved, from outcomes that are known by then.

The ranking is learnt from the whole history; the level is checked against the newest outcomes.
Where their number is more than three standard errors from what the calibration expects, the
intercept is fitted again to them.
"""

import numpy as np
import polars as pl

from models.calibration import Calibration, fit_offset

POSITIVES = 200  # so many newest outcomes of the rarer class give the level to about 7 %
SURPRISE = 3.0  # standard errors


def newest(known: pl.DataFrame, positives: int = POSITIVES) -> pl.DataFrame:
    """The newest rows by ``window_end`` that hold ``positives`` of the rarer class, or all."""
    rows = known.sort("window_end", descending=True, maintain_order=True)
    hits = rows["label"].cum_sum()
    rarer = np.minimum(hits.to_numpy(), np.arange(1, len(rows) + 1) - hits.to_numpy())
    enough = np.flatnonzero(rarer >= positives)
    if len(enough) == 0:
        return rows
    return rows.filter(pl.col("window_end") >= rows["window_end"][int(enough[0])])  # whole moments only


def rebased(calibration: Calibration, known: pl.DataFrame) -> Calibration:
    """``calibration``, its intercept fitted again to the newest outcomes where they are a surprise.

    ``known`` has ``margin``, ``label`` and ``window_end`` of rows whose outcome is known.
    """
    rows = newest(known)
    p = calibration.probability(rows["margin"])
    surprise = (rows["label"].sum() - p.sum()) / np.sqrt(np.sum(p * (1 - p)))
    if abs(surprise) <= SURPRISE:
        return calibration
    return fit_offset(rows["margin"], rows["label"], calibration.slope)


def rolling(calibration: Calibration, before: pl.DataFrame, test: pl.DataFrame) -> np.ndarray:
    """Probabilities of the test rows, re-based at the start of each month as a running system is.

    Parameters
    ----------
    before, test
        ``margin``, ``label``, ``window_end``; of the test also ``as_of``. Only rows whose window
        had closed by the start of a month speak for it.

    Returns
    -------
    Shape (rows of the test,).
    """
    columns = ("margin", "label", "window_end")
    known = pl.concat([before.select(columns), test.select(columns)])
    month = pl.from_epoch("as_of", time_unit="s").dt.truncate("1mo").dt.epoch("s")
    rows = test.select("as_of", "margin", month=month).with_row_index("at")
    out = np.empty(len(test))
    for (start,), part in rows.group_by("month"):
        first = max(int(start), int(rows["as_of"].min()))
        then = rebased(calibration, known.filter(pl.col("window_end") <= first))
        out[part["at"].to_numpy()] = then.probability(part["margin"])
    return out
