"""The encoder: the same matrix for few rows as for many, and nothing it has not seen."""

import numpy as np
import polars as pl
import pytest

from models.few_rows import FEW
from models.learners.encoder import Column, Encoder

COLUMNS = (Column("a"), Column("b", ("None", "x", "y")), Column("c"), Column("d", ("false", "true")))


def frame(seed: int, rows: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "d": [("true", "false", None)[i] for i in rng.integers(0, 3, rows)],
            "a": [None if value < 0.1 else float(value) for value in rng.random(rows)],
            "b": [("x", "y", "z", "None", None)[i] for i in rng.integers(0, 5, rows)],
            "c": rng.integers(0, 9, rows),
        }
    )


@pytest.mark.parametrize("seed", range(5))
def test_few_rows_are_encoded_as_many_are(seed: int):
    encoder, rows = Encoder(COLUMNS), frame(seed, 5 * FEW)
    whole = encoder.transform(rows)
    assert (whole.dtype, whole.shape) == (np.float32, (5 * FEW, 4))
    parts = [rows[start : start + 7] for start in range(0, len(rows), 7)]
    matrices = [encoder.transform(part) for part in parts]
    np.testing.assert_array_equal(np.vstack(matrices), whole)
    unseen = [encoder.unseen(part, matrix) for part, matrix in zip(parts, matrices, strict=True)]
    np.testing.assert_array_equal(np.vstack(unseen), encoder.unseen(rows, whole))


def test_what_was_never_seen_is_missing_and_named():
    rows = frame(0, 200)
    encoder = Encoder(COLUMNS)
    matrix = encoder.transform(rows)
    for value, code, unseen in zip(rows["b"], matrix[:, 1], encoder.unseen(rows, matrix), strict=True):
        assert unseen.tolist() == [False, value == "z", False, False]
        assert np.isnan(code) == (value in ("z", None))


def test_no_rows_and_a_missing_column():
    encoder = Encoder(COLUMNS)
    assert encoder.transform(frame(0, 0)).shape == (0, 4)
    with pytest.raises(ValueError, match="needs \\['c'\\]"):
        encoder.transform(frame(0, 3).drop("c"))
