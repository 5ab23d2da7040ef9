"""Scores and reasons of everybody, as the nightly batch wrote them: answers that need no computing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from models.population import OUTSIDE
from models.reasons import COLUMNS
from models.scorer import ELSEWHERE, Scorer
from serving.champion.feature_snapshot import Snapshot
from serving.champion.input_warnings import InputWarnings

SAMPLE = 256  # rows that are scored again, to be sure that the file is this model's
TOLERANCE = 1e-6
NUMBERS = ("status", "probability", "percentile", "score", "band")
TOLD = [name for name in COLUMNS if name not in ("row", "rank")]


@dataclass(frozen=True)
class Published:
    """Numbers and reasons by row of the snapshot.

    ``lines`` has one row a reason, those of subject ``at`` from ``starts[at]`` to ``starts[at + 1]``;
    texts that many subjects share are kept once. ``there`` says of each row whether its answer needs no
    computing: it has numbers, or the task is not about it. Whom the batch suppressed has none.
    """

    numbers: pl.DataFrame
    lines: pl.DataFrame
    starts: np.ndarray
    there: bytes
    doubts: dict[int, list[dict[str, Any]]]
    marks: pl.DataFrame | None  # what the log of scores keeps; None where the batch gave no ids

    @classmethod
    def load(cls, file: Path, snapshot: Snapshot, scorer: Scorer) -> "Published":
        """Read the scores.

        ``ValueError`` where they are not of this snapshot and model, or have no reasons.
        """
        frame = pl.read_parquet(file)
        if "reasons" not in frame.columns:
            raise ValueError(f"{file}: has no column reasons")
        keys = list(snapshot.keys)
        if not frame.select(keys).equals(snapshot.frame.select(keys)):
            raise ValueError(f"{file}: is of other subjects than the snapshot")
        _compare(file, frame, snapshot, scorer)
        counts = frame["reasons"].list.len().fill_null(0).to_numpy()
        exploded = frame.filter(pl.col("reasons").list.len() > 0).select(
            pl.col("reasons").explode().struct.unnest()
        )
        texts = pl.col([name for name in TOLD if COLUMNS[name] == pl.String])
        return cls(
            numbers=_numbers(frame, scorer.optional_outputs),
            lines=exploded.select(TOLD).with_columns(texts.cast(pl.Categorical)),
            starts=np.concatenate([[0], np.cumsum(counts)]),
            there=bytes((frame["probability"].is_not_null() | _outside(frame).is_not_null()).to_list()),
            doubts=InputWarnings(scorer.model).of(snapshot.frame),
            marks=_marks(frame),
        )

    def has(self, at: int) -> bool:
        """Tell whether row ``at`` was scored, or lies outside of whom the task is about."""
        return bool(self.there[at])

    def row(self, at: int, top: int) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
        """Return numbers, the ``top`` reasons and warnings of one row of the snapshot."""
        start, stop = int(self.starts[at]), int(self.starts[at + 1])
        lines = self.lines[start : min(stop, start + top)]
        return self.numbers.row(at, named=True), lines.to_dicts(), self.doubts.get(at, [])


def _outside(frame: pl.DataFrame) -> pl.Series:
    """Why the task is not about a row, null where it is; a batch without the column left nobody out."""
    nobody = pl.Series(OUTSIDE, [None] * len(frame), dtype=pl.String)
    return frame[OUTSIDE] if OUTSIDE in frame.columns else nobody


def _numbers(frame: pl.DataFrame, more: list[str]) -> pl.DataFrame:
    """What an answer tells; who is outside is that, whoever may be scored by now."""
    found = frame.select(*NUMBERS, *more).with_columns(_outside(frame))
    away = pl.col(OUTSIDE).is_not_null()
    return found.with_columns(status=pl.when(away).then(pl.lit(ELSEWHERE)).otherwise("status"))


def _marks(frame: pl.DataFrame) -> pl.DataFrame | None:
    if "score_id" not in frame.columns:
        return None
    campaign = pl.col("campaign_id") if "campaign_id" in frame.columns else pl.lit(None, pl.String)
    status = pl.col("status") if "status" in frame.columns else pl.lit("ok")
    return frame.select(
        "score_id", "probability", "band", status.alias("status"), campaign.alias("campaign_id")
    )


def _compare(file: Path, frame: pl.DataFrame, snapshot: Snapshot, scorer: Scorer) -> None:
    away = _sample(_outside(frame).is_not_null())
    if not scorer.outside(snapshot.frame[away]).equals(_outside(frame)[away], null_equal=True):
        raise ValueError(f"{file}: is of another model; it is about others")
    rows = _sample(frame["probability"].is_not_null())
    again = scorer.numbers(snapshot.frame[rows]).drop("status", "score", "band", OUTSIDE, strict=False)
    if missing := [name for name in again.columns if name not in frame.columns]:
        raise ValueError(f"{file}: is of another model; it has no {', '.join(missing)}")
    for name in again.columns:
        then, now = frame[name][rows].to_numpy(), again[name].to_numpy()
        if not np.allclose(then, now, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True):
            wrong = np.nanmax(np.abs(then - now))
            raise ValueError(f"{file}: is of another model; {name} differs by {wrong:.2e}")


def _sample(those: pl.Series) -> np.ndarray:
    """Positions of at most ``SAMPLE`` of those that are true, from the first to the last."""
    places = those.arg_true().to_numpy()
    return places[np.unique(np.linspace(0, max(len(places) - 1, 0), SAMPLE).astype(int))[: len(places)]]
