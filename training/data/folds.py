"""Validation blocks in time as matrices: each with the rows that could have been learnt from."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.learners.encoder import Encoder
from training.data.artifacts import Dataset
from training.data.split import NO_BLOCK, Split


@dataclass(frozen=True)
class Fold:
    """Matrices of shape (rows, columns), 0/1 labels and, of later rows, ids and codes of their subjects."""

    train: np.ndarray
    train_label: np.ndarray
    valid: np.ndarray
    valid_label: np.ndarray
    valid_rows: np.ndarray
    valid_subject: np.ndarray


def folds(rows: pl.DataFrame, facts: Dataset, encoder: Encoder, most: int, seed: int) -> list[Fold]:
    """Return one fold a block of the split; at most ``most`` rows on either side, drawn seeded."""
    split = Split(facts["test_start_time"], tuple(facts["blocks"]))
    found = []
    for block in range(len(split.blocks)):
        past = _some(rows.filter(split.training(block)), most, seed)
        later = _some(rows.filter(pl.col("fold") == block), most, seed)
        if past["label"].n_unique() == 2 and later["label"].n_unique() == 2:
            found.append(
                Fold(
                    encoder.transform(past),
                    past["label"].to_numpy(),
                    encoder.transform(later),
                    later["label"].to_numpy(),
                    later["row_id"].to_numpy(),
                    np.unique(later[facts["subject"]].to_numpy(), return_inverse=True)[1],
                )
            )
    if not found:
        raise ValueError(f"folds: {NO_BLOCK}")
    return found


def _some(rows: pl.DataFrame, most: int, seed: int) -> pl.DataFrame:
    return rows.sample(most, seed=seed).sort("row_id") if len(rows) > most else rows
