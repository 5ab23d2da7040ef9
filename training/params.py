"""params.yaml, typed: an unknown key or a wrong value stops at once and is named."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, create_model, model_validator

from features import unique_yaml
from features.consent_policy import Policy
from features.lifecycle_limits import LifecycleLimits
from features.section import At, Section, validated
from features.yaml_lines import lines_of
from models.learners.estimators import ESTIMATORS, Estimator
from models.task import Task, task_names
from models.task import task as task_named

NAME = r"^[a-z0-9][a-z0-9_-]*$"
"""Names of data sets: of folders, of files in ``mappings/``, of models."""


class Brand(Section):
    """Size and period of the simulated brand."""

    members: int = Field(20_000, ge=200)
    leads: int = Field(40_000, ge=200)
    start: date = date(2023, 7, 1)
    end: date = date(2026, 7, 1)
    loyalty: bool = False  # whether it has points and coupons, which move its members

    @model_validator(mode="after")
    def _forwards(self) -> "Brand":
        if self.start >= self.end:
            raise ValueError(f"start {self.start} does not lie before end {self.end}")
        return self


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


class Tune(Section):
    """How hard the search tries; ``seconds`` only cuts off, the budget is ``trials``.

    ``estimators`` are those that may serve; where one is named, it serves, whatever the others would do.
    """

    trials: int = Field(8, ge=1)
    seconds: int = Field(600, ge=1)
    rows: int = Field(40_000, ge=100, description="training rows a fold at most, drawn seeded")
    estimators: tuple[Estimator, ...] = Field(ESTIMATORS, min_length=1)


class Fit(Section):
    """Of how many models, that differ by their seed only, the one that serves is the mean."""

    bags: int = Field(5, ge=1, le=50)


class Release(Section):
    """Which model serves, and whether its level follows.

    ``learn``: the recipe fitted to every outcome that is known (``to_the_end``), of which the back-test is
    the promise, or the model that was judged on the test (``before_test``). ``level``: as it was fitted
    (``frozen``), or re-based every month on the newest outcomes by ``memberlens rebase`` (``monthly``). The
    gate is on the level that is served: of ``frozen`` that of the judged model on the whole test.
    """

    learn: Literal["to_the_end", "before_test"] = "to_the_end"
    level: Literal["frozen", "monthly"] = "frozen"


class Evaluate(Section):
    """Resamples for the 95 % intervals, drawn by subject."""

    resamples: int = Field(1000, ge=20)


class Backtest(Section):
    """Rolling origins: how many at most, rows to learn from and to be judged on at each, resamples."""

    origins: int = Field(6, ge=2)
    rows: int = Field(20_000, ge=500)
    resamples: int = Field(100, ge=20)


class Explain(Section):
    """How many rows stage ``explain`` asks; its time is nearly in proportion.

    ``rows`` test rows are told apart into contributions. The stress runs judge on ``stress_rows`` test rows,
    with ``resamples`` for their intervals, and refit on ``refit_rows``, with ``seeds`` seeds and ``shuffles``
    times on labels dealt out at random. For ``counterfactuals`` rows of the
    highest band another band is looked for.
    """

    rows: int = Field(2_000, ge=100)
    stress_rows: int = Field(4_000, ge=200)
    refit_rows: int = Field(5_000, ge=200)
    seeds: int = Field(5, ge=2)
    shuffles: int = Field(8, ge=2)
    resamples: int = Field(100, ge=20)
    counterfactuals: int = Field(200, ge=10)


class Spark(Section):
    """How a life on Spark tells and bears.

    The search and every figure with an interval are of a sample of at most ``sample_rows`` rows, whole
    subjects drawn by hash, which fits into the memory of one machine. A fit that lost an executor, of which
    it needs all, is begun again at most ``refits`` times.
    """

    sample_rows: int = Field(200_000, ge=100)
    refits: int = Field(2, ge=0, le=10)


class Score(Section):
    """Who gets a score to act on.

    ``max_unknown`` is the share of what a model says that may rest on inputs it has learnt nothing of
    (a category never seen, a value missing that never was); beyond it the status is
    ``insufficient_input``, without band, percentile and recommendation.
    """

    max_unknown: float = Field(0.5, ge=0, le=1)


class Report(Section):
    """How reports are shown: ``language`` is the one that a reader sees first, ``auto`` the browser's own.

    Without scripts ``auto`` begins in English; the other language is a click away either way.
    """

    language: Literal["en", "zh", "auto"] = "auto"


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


def _of_tasks(name: str, about: str, field: Callable[[Task], tuple[Any, Any]]) -> type[Section]:
    """A section with one part a task that there is."""
    fields: dict[str, Any] = {task: field(task_named(task)) for task in task_names()}
    return create_model(name, __base__=Section, __doc__=about, **fields)


def _spine(task: Task) -> tuple[Any, Any]:
    """Its population's settings; none where they cannot be left to their defaults."""
    kind = task.population.settings
    needed = any(field.is_required() for field in kind.model_fields.values())
    return kind | None, None if needed else kind.model_validate({})


if TYPE_CHECKING:

    class Spines(Section): ...

    class Tunes(Section): ...

    class Stated(Section): ...

else:
    Spines = _of_tasks("Spines", "Moments and outcome windows, by task.", _spine)
    Tunes = _of_tasks("Tunes", "How hard the search tries, by task.", lambda _: (Tune, Tune()))
    Stated = _of_tasks(
        "Stated",
        "The assumptions about money, by task; none where nobody stated them.",
        lambda _: (Economics | None, None),
    )


class Params(Section):
    """The whole of params.yaml."""

    data: str = Field(pattern=NAME)
    tasks: tuple[str, ...] = Field(min_length=1)
    seed: int = Field(ge=0)
    brand: Brand
    ingest: Ingest
    consent: Policy = Policy()
    lifecycle: LifecycleLimits = LifecycleLimits()
    engine: Engine
    spine: Spines
    tune: Tunes = Tunes()
    fit: Fit = Fit.model_validate({})
    release: Release = Release.model_validate({})
    evaluate: Evaluate
    backtest: Backtest = Backtest.model_validate({})
    explain: Explain = Explain.model_validate({})
    score: Score = Score.model_validate({})
    report: Report = Report()
    spark: Spark = Spark.model_validate({})
    economics: Stated = Stated()

    @model_validator(mode="after")
    def _tasks(self) -> "Params":
        for name in self.tasks:
            if name not in task_names():
                raise ValueError(f"tasks: no task {name!r}; there are {', '.join(task_names())}")
            if getattr(self.spine, name) is None:
                raise ValueError(f"spine.{name}: missing, and {name} is one of the tasks")
        return self

    def require(self, task: str) -> None:
        """Refuse with ``ValueError`` what is none of ``tasks``."""
        if task not in self.tasks:
            raise ValueError(f"task {task!r}: params.yaml has tasks {list(self.tasks)}")

    @property
    def build(self) -> Path:
        """Where this data set's intermediate files are."""
        return Path("build") / self.data

    @property
    def results(self) -> Path:
        """Where this data set's metrics, plots and reports are."""
        return Path("experiments") / self.data


def params_of(settings: dict[str, Any], task: str) -> dict[str, Any]:
    """Return params as plain data without the sections of other tasks: nothing that cannot touch the task.

    Examples
    --------
    >>> params_of({"seed": 7, "tasks": ["churn"], "tune": {"churn": 1, "lead": 2}}, "churn")
    {'seed': 7, 'tune': {'churn': 1}}
    """
    kept = {key: value for key, value in settings.items() if key != "tasks"}
    by_task = [key for key in ("spine", "tune", "economics") if key in kept]
    return kept | {key: {task: kept[key].get(task)} for key in by_task}


def parse(text: str, place: str = "params.yaml", where: At | None = None) -> Params:
    """Return the typed parameters; ``ValueError`` names file, key, what was found and what is allowed.

    Parameters
    ----------
    where
        Keys to their place, as errors name it; without it their line in ``text``.
    """
    found = unique_yaml.parse(text, place)
    try:
        return validated(Params, found, where or (lambda *keys: lines_of(text, Path(place)).line(*keys)))
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def load(path: Path = Path("params.yaml")) -> Params:
    """Return the parameters of this working folder."""
    if not path.exists():
        raise FileNotFoundError(f"{path}: not found; run from the project's folder")
    return parse(path.read_text(), str(path))
