"""What a plan is made of, as the pipeline or the night left it: members, options, what they would bring."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl

from features.timestamps import extract_moment
from models.acting.documents import InputFacts
from models.acting.draft import Draft, PlanRequest, drafted
from models.acting.inputs import Inputs
from models.acting.options import read
from models.acting_model import acting_folder, require_acting_scores
from models.fitted.model import Model
from models.score_ids import fingerprint
from training.acting.audience import members, scored
from training.acting.effects import effects
from training.data.artifacts import Ingest, read_artifact
from training.params import Economics, Params

TASK = "response"


@dataclass(frozen=True)
class Request:
    """What a campaign manager states, and the files that it is read from.

    Parameters
    ----------
    budget, hold_out, explore, salt, blind
        See ``models.acting.draft.PlanRequest``.
    day
        For which the plan is; None is the day of the data.
    reach
        File of consents and addresses by channel; see ``training.acting.audience.members``.
    """

    name: str
    options: Path = Path("experiments/options.yaml")
    budget: float | None = None
    hold_out: float = 0.05
    explore: float = 0.0
    day: date | None = None
    salt: str | None = None
    reach: Path | None = None
    blind: bool = False

    @property
    def plan_request(self) -> PlanRequest:
        """What is stated, without files and day."""
        return PlanRequest(self.name, self.budget, self.hold_out, self.explore, self.salt, blind=self.blind)


def data_day(params: Params) -> date:
    """Return the day up to which the data are known."""
    return datetime.fromtimestamp(extract_moment(read_artifact(Ingest, params.build)), UTC).date()


def plan_draft(params: Params, request: Request, day: date) -> Draft:
    """Make the plan in memory; see ``inputs`` and ``models.acting.draft.drafted``."""
    return drafted(inputs(params, request, day), request.plan_request)


def inputs(params: Params, request: Request, day: date) -> Inputs:
    """Read options and members, and ask the model what each option would bring each of them.

    Raises
    ------
    ValueError
        Options that cannot be used, nobody scored, no stated worth of an answer.
    FileNotFoundError
        A stage of the pipeline is missing.
    """
    stated, moment = _stated(params), extract_moment(read_artifact(Ingest, params.build)) + 1
    options = read(request.options)
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    people = members(params, options, scored(params), moment, max(start, moment), request.reach)
    options.allowed(people.consent, people.address)  # refused before the model is asked, which takes longer
    found = effects(params, people.subjects, options)
    return Inputs(options, people, found, stated.value * stated.success, _facts(params, request, day))


def _stated(params: Params) -> Economics:
    if not (params.build / TASK / "scores.parquet").exists():
        raise FileNotFoundError(
            f"plan: {params.build / TASK / 'scores.parquet'} is not there; a plan is made from the scores of "
            f"{TASK}: run the pipeline with that task first (`memberlens pipeline`)"
        )
    require_acting_scores(params.build / TASK)
    stated: Economics | None = getattr(params.economics, TASK)
    if stated is None:
        raise ValueError(
            "economics.response: state in params.yaml what an answer is worth (value, cost, capacity)"
        )
    return stated


def _facts(params: Params, request: Request, day: date) -> InputFacts:
    """Facts of ``models.acting.inputs.Inputs``."""
    test = pl.read_parquet(params.build / TASK / "test.parquet")
    explained = float(np.nan_to_num(np.corrcoef(test["probability"], test["label"])[0, 1]))
    return {
        "data": params.data, "day": day.isoformat(), "known": data_day(params).isoformat(),
        "seed": params.seed, "explained": explained, "left_alone": _left_alone(params, test),
        "window_days": getattr(params.spine, TASK).days, "not_scored": _not_scored(params),
        "models": _models(params), "options": str(request.options),
    }  # fmt: skip


def _left_alone(params: Params, test: pl.DataFrame) -> float | None:
    """Answers of those held out before, as a share of those contacted; None where nobody was."""
    path = params.build / TASK / "held_out.parquet"
    if not path.exists() or not len(held := pl.read_parquet(path)):
        return None
    return float(held["label"].mean()) / float(test["label"].mean())


def _not_scored(params: Params) -> dict[str, int]:
    """Members who got no score, by why."""
    rows = pl.read_parquet(
        params.build / TASK / "scores.parquet",
        columns=["subject_id", "status", "suppression_reason", "outside_reason"],
    ).unique("subject_id", keep="first")
    why = rows.filter(pl.col("status") != "ok").select(
        why=pl.coalesce("suppression_reason", "outside_reason", "status")
    )
    return dict(why["why"].value_counts().sort("why").rows())


def _models(params: Params) -> dict[str, str | None]:
    """What computed the numbers: hash of the model, and the registry's champion beside it."""
    folder = params.build / TASK
    version = folder / "champion" / "version"
    return {
        "response": fingerprint(Model.load(acting_folder(folder))),
        "champion": version.read_text().strip() if version.exists() else None,
    }
