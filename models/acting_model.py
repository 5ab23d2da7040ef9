"""Which model is acted on: the champion, whatever the pipeline has fitted since.

Functions take the task's folder, where training leaves scores and a copy of the champion.
"""

from pathlib import Path

import polars as pl

from models.fitted.model import Model
from models.fitted.release_format import CHAMPION, MODEL
from models.score_ids import fingerprint, score_ids

SCORES = "scores.parquet"


def champion_folder(folder: Path) -> Path | None:
    """Return the copy of the release that serves; None where nothing of the task was ever released."""
    served = folder / CHAMPION
    return served if (served / MODEL).exists() else None


def acting_folder(folder: Path) -> Path:
    """Return the folder of the model that lists and plans start from.

    It is the champion's; before a first release what the pipeline would serve, so that plans can be tried.
    """
    return champion_folder(folder) or folder / "final"


def beside(folder: Path) -> Path:
    """Return where the value and the uplift of that model lie."""
    return champion_folder(folder) or folder


def has_acting_scores(folder: Path) -> bool:
    """Tell whether the published scores are those of the champion, by the id of one of them."""
    served = champion_folder(folder)
    if served is None:
        return True
    rows = pl.scan_parquet(folder / SCORES)
    keys = [key for key in ("subject_id", "campaign_id") if key in rows.collect_schema().names()]
    moment = rows.select(pl.col("as_of").max()).collect().item()
    first = rows.select(*keys, "score_id").head(1).collect()
    model = fingerprint(Model.load(served))
    return first["score_id"].to_list() == score_ids(first.select(keys), model, int(moment or 0))


def require_acting_scores(folder: Path) -> None:
    """Refuse scores of a model that was not released: nobody acts on what a gate has not passed.

    Raises
    ------
    ValueError
        Says what to do.
    """
    if not has_acting_scores(folder):
        raise ValueError(
            f"{folder / SCORES}: is of a model that is not the champion; release it "
            f"(`memberlens release {folder.name}`), or score everybody by the champion (`memberlens operate`)"
        )
