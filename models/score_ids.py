"""The ids of the batch's rows: of their content, so that the same run gives the same bytes."""

import hashlib

import polars as pl

from models import ulids
from models.fitted.model import Model


def fingerprint(model: Model) -> str:
    """Hash what a model's probabilities depend on, and its task; no version, no time."""
    told = f"{model.card['task']} {model.card['fingerprint']} {model.calibration!r}"
    return hashlib.sha256(told.encode() + bytes(model.booster.save_raw("ubj"))).hexdigest()


def score_ids(keys: pl.DataFrame, model: str, moment: int) -> list[str]:
    """Return one id a row, in the shape of a ULID of the batch's moment (seconds, UTC).

    Parameters
    ----------
    keys
        What names a row: the subject and, where the task has one, the campaign.
    model
        See ``fingerprint``.
    """
    return [ulids.of_content(moment, model, *map(str, row)) for row in keys.iter_rows()]
