"""The JSON files between stages: what stands in each, read and written in one place.

A file is a typed dictionary: mypy knows its keys, and whoever reads or writes one holds it against the type:
a file of an older run says which field it lacks instead of failing somewhere later. What the stages judge by
stands in ``training.results``.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, NotRequired, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from training.io import read_json, write_json

STRICT: Final = ConfigDict(extra="forbid")
SHOWN = 3  # errors that are told
REASON = {"reason", "values"}  # why nothing was assessed
FILES: Final[dict[Any, str]] = {}  # of each type the name of its file
T = TypeVar("T")


def artifact(file: str) -> Callable[[type[T]], type[T]]:
    """Mark a typed dictionary as what stands in ``file``; fields that it does not name are an error."""

    def marked(kind: type[T]) -> type[T]:
        FILES[kind] = file
        return with_config(STRICT)(kind)

    return marked


@artifact("ingest.json")
class Ingest(TypedDict):
    """``ingest.json``: tables as counted, findings, and what the mapping says of them; times in ISO 8601."""

    data: str
    extracted_at: str
    tables: dict[str, dict[str, Any]]  # see ``training.sources.intake.Report``
    conflicts: int
    accounts_in_conflict: list[str]
    findings: list[dict[str, Any]]  # see ``training.sources.judging.findings.as_records``
    left_out: dict[str, Any]
    excluded: NotRequired[dict[str, Any]]  # these three of mapped sources
    accepted: NotRequired[dict[str, str]]
    unrecorded: NotRequired[list[str]]


@with_config(STRICT)
class FeatureRow(TypedDict):
    """A feature of a data set as the catalogue describes it; ``window`` in days."""

    name: str
    group: str
    table: str | None
    unit: str
    window: int | None
    en: str
    zh: str
    empty: float | None
    fingerprint: str


@with_config(STRICT)
class Step(TypedDict):
    """How many questions, and subjects in them, are left after a step."""

    step: str
    rows: int
    subjects: int


# ``from`` and ``to`` in ISO 8601, None where the source has no dates.
Part = TypedDict(
    "Part", {"rows": int, "subjects": int, "positives": int, "from": str | None, "to": str | None}
)
Part.__pydantic_config__ = STRICT  # type: ignore[attr-defined]


@artifact("dataset.json")
class Dataset(TypedDict):
    """``dataset.json``: how the rows of a task came about; ``blocks`` and ``test_start_time`` in seconds."""

    task: str
    subject: str
    spine: dict[str, Any]  # the task's part of ``spine`` in params.yaml
    dated: bool
    extracted_at: str
    waterfall: list[Step]
    splits: dict[str, Part]
    test_start: str | None
    blocks: list[int]
    test_start_time: int
    groups: list[str]
    own_tables: list[dict[str, Any]]  # see ``features.own_tables.OwnTable``
    features: list[FeatureRow]
    fingerprint: str
    left_out: dict[str, str]
    enough: list[dict[str, Any]]  # see ``training.data.sufficiency.facts``
    dropped: list[str]
    by_chance: NotRequired[
        float | None
    ]  # share of positives that an unchanged rhythm would give, where asked
    sample: NotRequired[dict[str, Any]]  # what was drawn of how many rows, where the rest lies on a cluster


@with_config(STRICT)
class Trial(TypedDict):
    """One try of a search; ``value`` is mean average precision, of the blocks so far where it was pruned."""

    number: int
    state: str
    value: float | None
    params: dict[str, Any]


@with_config(STRICT)
class Best(TypedDict):
    """The setting that the search found: what ``models.learners.recipe.Recipe.of`` takes."""

    number: int
    value: float
    params: dict[str, Any]
    rounds: int
    fold_values: list[float]
    estimator: str


@with_config(STRICT)
class Candidate(TypedDict):
    """An estimator with the best setting; ``difference`` to the best one, and its standard ``error``."""

    estimator: str
    value: float
    difference: float
    error: float


@artifact("tune.json")
class Tuned(TypedDict):
    """``tune.json``: the search of one task."""

    study: str
    metric: str
    holds: bool
    best: Best
    at_edge: list[str]
    trials: list[Trial]
    candidates: list[Candidate]


@with_config(STRICT)
class Check(TypedDict):
    """A check of the audit: its figure and what is allowed, ``says`` where the result is not good."""

    check: str
    result: Literal["good", "bad", "warn", "unrun"]
    value: float | None
    threshold: float
    says: NotRequired[str]
    in_both: NotRequired[int]  # subjects
    rows: NotRequired[int]
    features: NotRequired[int]
    feature: NotRequired[str]  # the names that the sentence is about
    auc: NotRequired[float]
    others: NotRequired[float]


class Looked(TypedDict):
    """What the audit says of columns of which nobody says when they were known."""

    columns: list[dict[str, Any]]
    suspects: list[dict[str, Any]]
    checks: list[Check]


@artifact("audit.json")
class Audit(TypedDict):
    """``audit.json``: every check, and the columns that look recorded after the outcome."""

    task: str
    data: str
    excluded: dict[str, Any]
    accepted: dict[str, str]
    columns: list[dict[str, Any]]  # see ``training.evaluation.target_leakage.outranking``
    suspects: list[dict[str, Any]]  # see ``training.evaluation.late_columns.suspects``
    unseen: str
    checks: list[Check]


def read_artifact(kind: type[T], folder: Path) -> T:
    """Read the file of ``kind`` in ``folder``.

    Raises
    ------
    FileNotFoundError
        The stage that writes it has not run.
    ValueError
        A field is missing, unknown or of another type; file and field are named.
    """
    path = folder / FILES[kind]
    return _checked(kind, read_json(path), path)


def write_artifact(folder: Path, kind: type[T], content: T) -> None:
    """Write the file of ``kind`` into ``folder``; ``ValueError`` as in ``read_artifact``, before anything."""
    path = folder / FILES[kind]
    write_json(path, _checked(kind, content, path))


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Made once: it takes longer to build than to use."""
    return TypeAdapter(kind)


def _checked(kind: type[T], content: Any, path: Path) -> T:
    """The content as it is: what a type would convert is not converted, so that bytes stay."""
    advice = "if it is of an older version, run the stages again (`dvc repro`)"
    try:
        _adapter(cast(Any, kind)).validate_python(content)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:SHOWN]]
        more = f" and {error.error_count() - SHOWN} more" if error.error_count() > SHOWN else ""
        raise ValueError(f"{path}: {'; '.join(wrong)}{more}; {advice}") from None
    if content.get("assessed") and (left := sorted(_wanted(kind) - set(content))):
        raise ValueError(f"{path}: is assessed and has no {', '.join(left)}; {advice}")
    return cast(T, content)


def _wanted(kind: Any) -> set[str]:
    """What only a file may lack that says why nothing was assessed."""
    return set(kind.__optional_keys__) - REASON
