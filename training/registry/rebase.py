"""The level of the model that serves, moved to the newest outcomes: a version of its own, the same ranking.

Between two runs of the pipeline a base rate may move. Then nothing is learnt anew: the intercept follows what
became of those who were asked about after the model had learnt, everybody is scored again, and the version
that comes of it is released with a line in the log.
"""

from dataclasses import replace
from datetime import datetime

import polars as pl

from models.card import Card
from models.fitted.model import Model
from models.fitted.release_format import CHAMPION, PREVIOUS
from training.data.rows import closed, is_contacted
from training.evaluation.recalibration import newest, rebased
from training.io import say
from training.params import Params
from training.registry import tracking
from training.registry.release import copy_serving
from training.registry.release_log import LevelMove, append
from training.stages.score import score

FEWEST = 50  # events, below which a level tells nothing


def rebase(params: Params, name: str, by: str = "pipeline", why: str = "") -> str | None:
    """Release a version whose level is that of the newest outcomes; None where they are no surprise.

    Raises
    ------
    ValueError
        The champion is not the model of the pipeline, or too few outcomes are known that it did not learn.
    """
    folder, registered = params.build / name, tracking.registered_name(params, name)
    model, champion = Model.load(folder / "final"), tracking.holder(registered, CHAMPION)
    copy_serving(params, name)
    if champion is None or not _is_same(model, Model.load(folder / CHAMPION)):
        raise ValueError(
            f"rebase {name}: the champion ({champion or 'none'}) is not the model in {folder / 'final'}; run "
            "the pipeline and `memberlens release`, or `memberlens rollback`, before its level is moved"
        )
    known = _unlearnt(params, name, model)
    found = rebased(model.calibration, known)
    if found == model.calibration:
        say(f"{registered}: the level of version {champion} is no surprise to {len(known):,} outcomes")
        return None
    level = _level(model, replace(model, calibration=found), newest(known))
    card: Card = {**model.card, "rebased": {**level, "from": champion}}
    Model(model.booster, model.encoder, found, card).save(folder / "final")
    score(params, name)
    version = tracking.register(params, name, {"rebased_from": champion})
    append(params, registered, version, {"decision": "rebase", "by": by, "why": why, "level": level})
    api = tracking.client()
    api.set_registered_model_alias(registered, PREVIOUS, champion)
    api.set_registered_model_alias(registered, CHAMPION, version)
    copy_serving(params, name)
    say(f"{registered}: version {version} is the champion, its level moved by {level['factor']:.2f}")
    return version


def _is_same(first: Model, second: Model) -> bool:
    """Whether both rank and speak the same."""
    same = first.booster.save_raw("ubj") == second.booster.save_raw("ubj")
    return same and first.encoder == second.encoder and first.calibration == second.calibration


def _unlearnt(params: Params, name: str, model: Model) -> pl.DataFrame:
    """``margin``, ``label`` and ``window_end`` of questions asked after everything that the model learnt."""
    rows, _ = closed(params.build / name)
    until = model.card["learnt"]["until"]
    if until is None:
        raise ValueError(f"rebase {name}: its source has no dates, so that nothing is newer")
    asked = rows.filter(is_contacted(rows) & (rows["as_of"] >= datetime.fromisoformat(until).timestamp()))
    events = min(int(asked["label"].sum()), int((1 - asked["label"]).sum())) if len(asked) else 0
    if events < FEWEST:
        raise ValueError(
            f"rebase {name}: {events} of each outcome are known of questions asked since {until[:10]}, until "
            f"when it learnt, and {FEWEST} are needed; read newer data first (`memberlens ingest`, "
            f"`memberlens consent`, `memberlens dataset {name}`)"
        )
    margin = model.margin(model.inputs(asked))
    return asked.select("label", "window_end").with_columns(margin=pl.Series(margin))


def _level(before: Model, after: Model, known: pl.DataFrame) -> LevelMove:
    """Expected over observed before and after, of how many rows and events, and the factor between them."""
    observed, margin = float(known["label"].sum()), known["margin"].to_numpy()
    ratios = [float(one.calibration.probability(margin).sum()) / observed for one in (before, after)]
    return {
        "rows": len(known),
        "positives": int(observed),
        "was": round(ratios[0], 4),
        "is": round(ratios[1], 4),
        "factor": round(ratios[1] / ratios[0], 4),
    }
