"""params.yaml, typed: an unknown key or a wrong value stops at once and is named."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from features import unique_yaml
from features.consent_policy import Policy
from features.lifecycle_limits import LifecycleLimits

NAME = r"^[a-z0-9][a-z0-9_-]*$"
"""Names of data sets: of folders, of files in ``mappings/``, of models."""
TaskName = Literal["lead", "response", "churn", "given"]


class Section(BaseModel):
    """A part of params.yaml: every key known, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Brand(Section):
    """Size and period of the simulated brand."""

    members: int = Field(20_000, ge=200)
    leads: int = Field(40_000, ge=200)
    start: date = date(2023, 7, 1)
    end: date = date(2026, 7, 1)


class Ingest(Section):
    """When bad rows, which are set aside, are worth a warning, and when they stop the pipeline.

    Both are shares of a table's rows; the threshold itself is still allowed.
    """

    warn_quarantined: float = Field(0.01, ge=0, le=1)
    max_quarantined: float = Field(0.05, ge=0, le=1)

    @model_validator(mode="after")
    def _warned_first(self) -> "Ingest":
        if self.warn_quarantined > self.max_quarantined:
            raise ValueError(
                f"warn_quarantined {self.warn_quarantined} is above max_quarantined {self.max_quarantined}"
            )
        return self


class Engine(Section):
    """What feature building may use of the machine."""

    memory: str = "6GB"
    threads: int = Field(2, ge=1)


class Spine(Section):
    """Which moments are asked, and what counts as the outcome.

    ``days`` is the length of the outcome window, ``gap`` the days between the as-of moment and
    its start. ``test_start`` is the first as-of moment of the test rows; without it the newest
    ``test_share`` of the period with closed windows is held out.
    """

    days: int = Field(ge=1)
    gap: int = Field(0, ge=0)
    since: date | None = None
    test_start: date | None = None
    test_share: float = Field(0.25, gt=0, lt=1)
    folds: int = Field(3, ge=1)


class LeadSpine(Spine):
    """Leads are asked about at creation and again at each age while they are open."""

    ages: tuple[int, ...] = (0, 1, 3, 7, 14)


class ResponseSpine(Spine):
    """Contacts are asked about when they are sent; ``max_rows`` are drawn, seeded, where there are more."""

    max_rows: int = Field(150_000, ge=100)
    opened_first: bool = Field(False, description="an answer counts only after the content was opened")
    leave_out: tuple[str, ...] = Field((), description="content types that nobody can answer")


class ChurnSpine(Spine):
    """Members who bought in the last ``active_days`` are asked about at regular cut-offs."""

    active_days: int = Field(365, ge=1)
    every_days: int = Field(30, ge=1)
    cutoffs: int = Field(18, ge=2)


class Spines(Section):
    lead: LeadSpine
    response: ResponseSpine
    churn: ChurnSpine
    given: Spine = Spine.model_validate({"days": 1})


class Tune(Section):
    """How hard the search tries; ``seconds`` only cuts off, the budget is ``trials``."""

    trials: int = Field(ge=1)
    seconds: int = Field(600, ge=1)
    rows: int = Field(40_000, ge=100, description="training rows a fold at most, drawn seeded")


class Tunes(Section):
    lead: Tune
    response: Tune
    churn: Tune
    given: Tune = Tune.model_validate({"trials": 8})


class Evaluate(Section):
    """Resamples for the 95 % intervals, drawn by subject."""

    resamples: int = Field(1000, ge=20)


class Backtest(Section):
    """Rolling origins: how many at most, rows to learn from and to be judged on at each, resamples."""

    origins: int = Field(6, ge=2)
    rows: int = Field(20_000, ge=500)
    resamples: int = Field(100, ge=20)


class Score(Section):
    """Who gets a score to act on.

    ``max_unknown`` is the share of what a model says that may rest on inputs it has learnt nothing of
    (a category never seen, a value missing that never was); beyond it the status is
    ``insufficient_input``, without band, percentile and recommendation.
    """

    max_unknown: float = Field(0.5, ge=0, le=1)


class Economics(Section):
    """What acting on a row costs and what it brings, in the brand's currency; stated, not measured.

    ``value`` is the margin of one true positive that is acted on with success, ``success`` the
    share of them with whom the action succeeds, ``cost`` what acting on one row costs, ``capacity``
    the share of rows that can be acted on.
    """

    value: float = Field(gt=0)
    success: float = Field(1.0, gt=0, le=1)
    cost: float = Field(ge=0)
    capacity: float = Field(gt=0, le=1)
    currency: str = "CNY"
    owner: str = ""
    date: date


class Stated(Section):
    """The assumptions about money, by task; none where nobody stated them."""

    lead: Economics | None = None
    response: Economics | None = None
    churn: Economics | None = None
    given: Economics | None = None


class Params(Section):
    """The whole of params.yaml."""

    data: str = Field(pattern=NAME)
    tasks: tuple[TaskName, ...] = Field(min_length=1)
    seed: int = Field(ge=0)
    brand: Brand
    ingest: Ingest
    consent: Policy = Policy()
    lifecycle: LifecycleLimits = LifecycleLimits()
    engine: Engine
    spine: Spines
    tune: Tunes
    evaluate: Evaluate
    backtest: Backtest = Backtest.model_validate({})
    score: Score = Score.model_validate({})
    economics: Stated = Stated()

    @property
    def build(self) -> Path:
        """Where this data set's intermediate files are."""
        return Path("build") / self.data

    @property
    def results(self) -> Path:
        """Where this data set's metrics, plots and reports are."""
        return Path("experiments") / self.data


Where = Callable[..., str]  # keys of a setting: its place, as errors name it


def _dotted(*keys: str | int) -> str:
    return ".".join(map(str, keys))


def _sentence(error: Mapping[str, Any], where: Where) -> str:
    key = where(*error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{key}: no such key; allowed are {_allowed(error['loc'][:-1])}"
    found = "" if error["type"] == "missing" else f" (found {error['input']!r})"
    return f"{key}: {error['msg']}{found}"


def _allowed(keys: tuple[str | int, ...]) -> list[str]:
    """Keys of the section at a place."""
    section: type[BaseModel] = Params
    for key in keys:
        kinds = (section.model_fields[str(key)].annotation,)
        found = [kind for kind in (*kinds, *get_args(kinds[0])) if isinstance(kind, type)]
        section = next(kind for kind in found if issubclass(kind, BaseModel))
    return list(section.model_fields)


def parse(text: str, place: str = "params.yaml", where: Where = _dotted) -> Params:
    """The typed parameters; ``ValueError`` names file, key, what was found and what is allowed."""
    try:
        return Params.model_validate(unique_yaml.parse(text, place))
    except ValidationError as error:
        lines = [_sentence(found, where) for found in error.errors()]
        raise ValueError(f"{place}: " + "; ".join(lines)) from None


def load(path: Path = Path("params.yaml")) -> Params:
    """The parameters of this working folder."""
    if not path.exists():
        raise FileNotFoundError(f"{path}: not found; run from the project's folder")
    return parse(path.read_text(), str(path))
