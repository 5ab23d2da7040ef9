"""What a mapping yields, and what is missing for which task, without writing anything."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from features.groups.closures import TABLE as CLOSURES
from features.groups.own import own_group
from features.own_tables import OwnTable
from features.requirements import NONE, Requirements, concerned
from features.texts import TextModel
from training.data.artifacts import TableCounts
from training.sources.intake import Report, intake
from training.sources.judging.closures import closed_told
from training.sources.judging.findings import Finding, settled
from training.sources.judging.of_sources import of_sources
from training.sources.judging.row_counts import line
from training.sources.mapping.mapping_file import Mapping as MappingFile
from training.sources.mapping.mapping_file import load
from training.sources.reading.cell_types import moment
from training.sources.reading.database_copy import fetched
from training.sources.reading.read_tables import newest, read_tables

HELPS = {
    "identities": "accounts stay apart from members",
    "products": "purchases have no category beyond what their rows say",
    "events": "nothing is known about visits, views and talks",
    "campaigns": "nothing is known about what was sent",
    "care": "nothing is known about complaints",
    "members": "nothing is known about members but what they did",
}


@dataclass(frozen=True)
class Check:
    """What came of a mapping.

    Parameters
    ----------
    extracted
        Moment of the extract.
    report
        Counts by table, quarantine, conflicts.
    kinds
        Accepted responses by kind.
    tasks
        By task, what is missing for it; empty where nothing is.
    lacking
        Tables that the mapping does not have, and what that means.
    dated
        Whether rows of a flat table say when they were.
    findings
        Doubts about money, people and outcomes, with the mapping's reasons where it accepts them.
    asked
        Of the tasks that were tried, how many questions there are and how they end.
    notes
        What else is to be known of the tables, one sentence each.
    """

    extracted: datetime
    report: Report
    kinds: Mapping[str, int]
    tasks: Mapping[str, str]
    lacking: Mapping[str, str]
    dated: bool = True
    findings: tuple[Finding, ...] = ()
    asked: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield what was found for people to read, one sentence or count a line."""
        yield f"extract of {self.extracted:%Y-%m-%d %H:%M} UTC"
        yield from (line(name, counts) for name, counts in self.report.tables.items())
        for name, counts in self.report.tables.items():
            first, last = counts["first"], counts["last"]
            if first and last and (self.dated or name != "subjects"):
                yield (
                    f"{name:<10} from {first[:10]} to {last[:10]}, newest row "
                    f"{counts['freshness_days']:,.1f} days before the extract"
                )
        yield from (_usable(one, self.report.tables[one.stored]) for one in self.report.own)
        yield from (_read(one, model) for one in self.report.own for model in one.texts)
        yield from _conflicts(self.report.conflicts)
        yield from (*self.report.agreements, *self.notes)
        yield from (one.line() for one in self.findings)
        yield from (f"task {task}: {why or 'can be trained'}" for task, why in self.tasks.items())
        yield from (f"task {task} asks {what}" for task, what in self.asked.items())
        yield from (f"no {name}: {what}" for name, what in self.lacking.items())


def _conflicts(found: pl.DataFrame) -> Iterator[str]:
    """How many accounts of each platform are bound to several members, or in a circle; no ids."""
    platform = pl.col("account").str.extract("^([^:]+):").fill_null("member")
    circle = pl.col("refused").is_null()
    counts = found.group_by(platform.alias("platform"), circle.alias("circle")).agg(
        pl.col("account").n_unique()
    )
    for name, in_circle, count in counts.sort("platform", "circle").iter_rows():
        how = "in a circle, to nobody" if in_circle else "to several members; the binding known first counts"
        yield f"accounts of {name} that are bound {how}: {count:,}"


def _usable(table: OwnTable, counts: TableCounts) -> str:
    """Whether a table of the brand's own can be used, and what becomes of it."""
    if not counts["accepted"]:
        return f"own table {table.name}: cannot be used, no row of it was accepted"
    count, owners = len(own_group(table).columns()), counts["owners"]
    whose = "everybody's" if owners is None else f"those of {owners:,} different {table.key}"
    if table.through is not None:
        whose += f", which {table.through.table}.{table.through.column} leads to"
    return f"own table {table.name}: can be used, {count:,} features of its rows, {whose}"


def _read(table: OwnTable, model: TextModel) -> str:
    """What texts are about, from how many that was learnt, and where their tone comes from."""
    day = datetime.fromtimestamp(model.learnt_until, UTC).date()
    names = ", ".join(f"“{name}”" for name in model.names) or "none"
    same = "" if model.same_topic is None else f", the same from half the members for {model.same_topic:.0%}"
    tone = "a list of words" if model.tone_from == "words" else model.tone_from
    right = (
        "" if model.tone_auc is None else f", right about {model.tone_auc:.0%} of later pairs of good and bad"
    )
    return (
        f"texts {table.name}.{model.column}: learnt from {model.texts:,} texts of {model.subjects:,} "
        f"{table.key} before {day}; topics: {names}{same}; tone from {tone}{right}"
    )


Store = Callable[[str, Iterator[pl.DataFrame]], None]


def _drained(_name: str, frames: Iterator[pl.DataFrame]) -> None:
    deque(frames, maxlen=0)


def check(path: Path, requirements: Requirements = NONE, keep: Store = _drained) -> Check:
    """Read all rows of a mapping, judge and count them.

    Parameters
    ----------
    requirements
        Of the tasks that the source might serve.
    keep
        Is given each table by name, as frames of accepted rows; it takes them all.

    Raises
    ------
    FileNotFoundError, ValueError
        What is wrong with the mapping or its files.
    """
    with TemporaryDirectory() as folder:
        mapping = fetched(load(path), Path(folder))
        root = mapping.root()
        given = mapping.extracted_at
        extracted = moment(given, mapping.time_zone) if given else newest(mapping, root)
        counts: dict[str, dict[str | None, int]] = {name: {} for name in COUNTED}
        closures: list[pl.DataFrame] = []

        def store(name: str, frames: Iterator[pl.DataFrame]) -> None:
            column = COUNTED.get(name)
            frames = _held_back(frames, closures) if name == CLOSURES else frames
            keep(name, frames if column is None else _counted(frames, column, counts[name]))

        report = intake(
            read_tables(mapping, root), extracted, store, mapping.unknown_members, own=mapping.own
        )
        apart = [*of_sources(mapping, root)]
    there = {name for name, counts in report.tables.items() if counts["accepted"]}
    found = tuple(settled([*apart, *report.findings], mapping.accept))
    kinds = {str(kind): count for kind, count in counts["responses"].items()}
    tasks = _held(_tasks(mapping, there, kinds, requirements), found)
    lacking = _lacking(there) | _without_products(counts["purchases"])
    notes = closed_told(closures, report.tables, extracted)
    return Check(extracted, report, kinds, tasks, lacking, mapping.dated, found, notes=tuple(notes))


COUNTED = {"responses": "kind", "purchases": "product_id"}  # of these columns the values are counted


def _held_back(frames: Iterator[pl.DataFrame], kept: list[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    for frame in frames:
        kept.append(frame)
        yield frame


def _counted(
    frames: Iterator[pl.DataFrame], column: str, counts: dict[str | None, int]
) -> Iterator[pl.DataFrame]:
    for frame in frames:
        for value, count in frame[column].value_counts().iter_rows():
            counts[value] = counts.get(value, 0) + count
        yield frame


def _without_products(counts: Mapping[str | None, int]) -> dict[str, str]:
    """What it means that no purchase names what was bought."""
    if set(counts) != {None}:
        return {}
    what = "affinities and when to buy again are lost; export the lines of orders, or see `lines` of a source"
    return {"product in any purchase": what}


def _lacking(there: set[str]) -> dict[str, str]:
    beside_point = {"products"} if "purchases" not in there else set()
    beside_point |= set(HELPS) if there == {"subjects"} else set()
    return {name: what for name, what in HELPS.items() if name not in there | beside_point}


def _held(tasks: dict[str, str], found: tuple[Finding, ...]) -> dict[str, str]:
    """Nothing can be trained while a finding stops the pipeline."""
    fatal = dict.fromkeys(one.name for one in found if one.is_fatal)
    why = f"not before {', '.join(fatal)} is mended or accepted, see above"
    return {task: lacks or (why if fatal else "") for task, lacks in tasks.items()}


def _tasks(
    mapping: MappingFile, there: set[str], kinds: Mapping[str, int], requirements: Requirements
) -> dict[str, str]:
    found: dict[str, str] = {}
    for task, needs in concerned(requirements, there).items():
        lacks = needs.missing(there)
        if not lacks and needs.response is not None and not kinds.get(needs.response):
            lacks = f"No response is of kind {needs.response!r}; found are {dict(kinds)}."
        found[task] = mapping.left_out.get(task, lacks)
    return found
