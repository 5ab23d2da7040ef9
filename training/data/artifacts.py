"""The JSON files between stages: what stands in each, read and written in one place.

A file is a typed dictionary: mypy knows its keys, and whoever reads or writes one holds it against the type:
a file of an older run says which field it lacks instead of failing somewhere later. What the stages judge by
stands in ``training.results``.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, NotRequired, TypeVar, cast

from pydantic import ConfigDict, JsonValue, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from features.meaning import FeatureRow as FeatureRow
from training.io import read_json, write_json

STRICT: Final = ConfigDict(extra="forbid")
SHOWN = 3  # errors that are told
REASON = {"reason", "values"}  # why nothing was assessed
FILES: Final[dict[Any, str]] = {}  # of each type the name of its file
Json = dict[str, JsonValue]  # what is read elsewhere, by a type of its own
Settings = dict[str, float | int | str]  # of a search, by name
OutcomeKind = Literal["positive", "negative"]
ASKED, DRAWN = "asked", "asked, drawn by their ids from "  # so a waterfall begins; the other says how many
T = TypeVar("T")


def artifact(file: str) -> Callable[[type[T]], type[T]]:
    """Mark a typed dictionary as what stands in ``file``; fields that it does not name are an error."""

    def marked(kind: type[T]) -> type[T]:
        FILES[kind] = file
        return with_config(STRICT)(kind)

    return marked


@with_config(STRICT)
class TableCounts(TypedDict):
    """Rows of a table as counted by ``training.sources.intake``; first and last row in ISO 8601."""

    read: int
    left_out: int
    accepted: int
    quarantined: int
    reasons: dict[str, int]
    first: str | None
    last: str | None
    freshness_days: float | None  # days between the newest row and the extract
    added: NotRequired[int]  # members that only other tables name
    owners: NotRequired[int | None]  # how many different ids an own table has, None where everybody's


@with_config(STRICT)
class FindingRecord(TypedDict):
    """A finding as ``training.sources.judging.findings`` writes it; ``accepted`` says why it is right."""

    table: str
    kind: str
    says: str
    advice: str
    stops: bool
    accepted: str
    line: str


class Notes(TypedDict):
    """What a mapping says of its source: tasks left out, and of mapped sources what else it does not hold."""

    left_out: dict[str, str]  # task: why
    excluded: NotRequired[dict[str, str]]
    accepted: NotRequired[dict[str, str]]
    unrecorded: NotRequired[list[str]]


@artifact("ingest.json")
class Ingest(Notes):
    """``ingest.json``: tables as counted, findings, and what the mapping says of them; times in ISO 8601."""

    data: str
    extracted_at: str
    tables: dict[str, TableCounts]
    conflicts: int
    accounts_in_conflict: list[str]
    findings: list[FindingRecord]


@with_config(STRICT)
class Step(TypedDict):
    """How many questions, and subjects in them, are left after a step."""

    step: str
    rows: int
    subjects: int


@with_config(STRICT)
class Shortfall(TypedDict):
    """What is short before the test; ``days`` until there is enough, None where never at this pace."""

    kind: OutcomeKind | Literal["windows"]  # outcomes, or closed outcome windows
    have: int
    need: int
    days: int | None
    window: int  # days of an outcome window, 0 of outcomes


@with_config(STRICT)
class Sufficiency(TypedDict):
    """Whether there is enough data of all rows, or of a segment; see ``training.data.sufficiency``."""

    column: str | None  # of the segments, None for all rows
    segment: str | None
    positives: int  # these two before the test
    negatives: int
    test_positives: int
    history_days: int  # from the first question to the last outcome window's end
    windows: int  # that fit one after the other into the time before the test
    lacks: list[Shortfall]  # empty where there is enough
    short: list[str]  # the same, one sentence each


@with_config(ConfigDict(extra="allow"))
class SpineParams(TypedDict):
    """The task's part of ``spine`` in params.yaml, with more where its population asks; dates in ISO 8601."""

    days: int
    gap: int
    since: str | None
    test_start: str | None
    test_share: float
    folds: int
    grace: NotRequired[int]  # days after the end of a contract


@with_config(STRICT)
class Sampled(TypedDict):
    """Whole subjects drawn by their hash, each with the chance ``share``: how many, of how many.

    Rows of the gap before the test are not counted.
    """

    share: float
    rows: int
    of: int
    subjects: int
    of_subjects: int


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
    spine: SpineParams
    dated: bool
    extracted_at: str
    waterfall: list[Step]
    splits: dict[str, Part]
    test_start: str | None
    blocks: list[int]
    test_start_time: int
    groups: list[str]
    own_tables: list[Json]  # see ``features.own_tables.OwnTable``
    features: list[FeatureRow]
    fingerprint: str
    left_out: dict[str, str]
    enough: list[Sufficiency]
    dropped: list[str]
    by_chance: float | None  # of the positives, the share that unchanged rhythms would give
    sample: NotRequired[Sampled]  # where the rest lies on a cluster


@with_config(STRICT)
class Trial(TypedDict):
    """One try of a search; ``value`` is mean average precision, of the blocks so far where it was pruned."""

    number: int
    state: str
    value: float | None
    params: Settings


@with_config(STRICT)
class Best(TypedDict):
    """The setting that the search found: what ``models.learners.recipe.Recipe.of`` takes."""

    number: int
    value: float
    params: Settings
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


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _wanted(kind: Any) -> set[str]:
    """What only a file may lack that says why nothing was assessed."""
    return set(kind.__optional_keys__) - REASON
