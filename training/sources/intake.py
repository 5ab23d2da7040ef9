"""From rows as a source gave them to the tables that features read: judged, bound, completed, counted."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

import polars as pl

from features import tables
from features.outreach import enrich, enriched
from features.own_tables import OwnTable
from training.data.artifacts import TableCounts
from training.sources.commonest import Commonest
from training.sources.judging.attribution import attributed
from training.sources.judging.contracts import ContractEvidence
from training.sources.judging.evidence import Evidence
from training.sources.judging.findings import Finding
from training.sources.judging.outcomes import outcomes
from training.sources.judging.own_ways import OwnWays
from training.sources.judging.people import emptied, emptied_cells, refusals, with_refusals
from training.sources.judging.references import BASE, Known, judged_rows, learned
from training.sources.judging.row_counts import Tally, line
from training.sources.judging.validate import QUARANTINE, split
from training.sources.source_rows import CHUNKED, SourceRows, together
from training.sources.texts.learn import findings
from training.sources.texts.read_frames import read_frames

Store = Callable[[str, Iterator[pl.DataFrame]], None]
WHO = ("member_id", "occurred_at", "recorded_at")


@dataclass(frozen=True)
class Report:
    """What was set aside, and the counts.

    Parameters
    ----------
    quarantine
        ``table``, ``file``, ``row`` (from 1), ``column``, ``reason``: one row for each bad row.
    conflicts
        See ``bind.Bindings``.
    tables
        The counts by table.
    findings
        Doubts that single rows do not show.
    own
        The brand's own tables, with the commonest values of their categories.
    agreements
        What was held against each other and agrees, one sentence each.
    """

    quarantine: pl.DataFrame
    conflicts: pl.DataFrame
    tables: dict[str, TableCounts]
    findings: tuple[Finding, ...] = ()
    own: tuple[OwnTable, ...] = ()
    agreements: tuple[str, ...] = ()


@dataclass
class _Intake:
    known: Known
    adds: bool
    progress: Callable[[str], None]
    ways: OwnWays
    aside: list[pl.DataFrame] = field(default_factory=list)
    tables: dict[str, TableCounts] = field(default_factory=dict)
    seen: list[pl.DataFrame] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    agreements: list[str] = field(default_factory=list)
    refused: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={"member_id": pl.String}))

    def accepted(self, name: str, chunks: Iterable[SourceRows]) -> Iterator[pl.DataFrame]:
        """The good rows of a table, chunk by chunk; counted when all have been taken."""
        tally, evidence = Tally(), Evidence(name, self.known)
        for rows in chunks:
            frame = judged_rows(name, rows, self.known)
            good, bad = split(name, frame)
            tally.add(rows, good, bad)
            evidence.add(rows, good, bad)
            self.ways.add(name, good)
            self.aside.append(bad)
            self.findings += emptied_cells(name, rows)
            if name == "members":
                self.refused = refusals(frame)
            if self.adds and "member_id" in good.columns:
                self.seen = [_first_seen([*self.seen, good])]
            yield good
        self.tables[name] = tally.summary(self.known.extracted)
        if name in self.ways.own:
            self.tables[name]["owners"] = self.ways.owners(name)
        self.findings += evidence.findings()
        self.agreements += evidence.amounts.agreements()
        self.progress(line(name, self.tables[name]))

    def whole(self, name: str, rows: Mapping[str, Iterable[SourceRows]]) -> pl.DataFrame:
        """All good rows of a table at once; empty where the source has no such table."""
        if name not in rows:
            return tables.empty(name)
        (good,) = self.accepted(name, [together(list(rows[name]))])
        return good

    def chunks(self, name: str, rows: Mapping[str, Iterable[SourceRows]]) -> Iterator[pl.DataFrame]:
        """The good rows of a table chunk by chunk, an empty one where nothing has it."""
        return self.accepted(name, rows[name]) if name in rows else iter([tables.empty(name)])

    def report(self, valued: list[OwnTable]) -> Report:
        """What was set aside and found."""
        quarantine = pl.concat([pl.DataFrame(schema=QUARANTINE), *self.aside])
        conflicts, agree = self.known.found.conflicts, tuple(self.agreements)
        return Report(quarantine, conflicts, self.tables, tuple(self.findings), tuple(valued), agree)


def intake(
    rows: Mapping[str, Iterable[SourceRows]],
    extracted: datetime,
    store: Store,
    unknown_members: Literal["quarantine", "add"] = "quarantine",
    progress: Callable[[str], None] = lambda line: None,
    own: Mapping[str, OwnTable] = MappingProxyType({}),
) -> Report:
    """Judge and bind all rows and store the good ones, completed and enriched, in order of time.

    Parameters
    ----------
    rows
        By table, its rows in chunks; of purchases and events one chunk at a time is held.
    extracted
        Moment of the extract.
    store
        Called once for each table of the contract, ``outreach`` and the brand's own tables, with its
        frames; it keeps rows of equal ``event_time`` in the order in which they come.
    own
        What the brand's own tables among the rows are, by their stored names.
    """
    base = {name: emptied(name, together(list(rows[name]))) for name in BASE if name in rows}
    adds = unknown_members == "add"
    run = _Intake(learned(base, extracted, not adds), adds, progress, OwnWays(own))
    plain = {name: run.whole(name, {key: [part] for key, part in base.items()}) for name in BASE}
    products = tables.complete("products", plain["products"])
    for name in CHUNKED:
        store(name, (_finished(name, chunk, products) for chunk in run.chunks(name, rows)))
    valued = [_own(name, one, run, rows, store) for name, one in own.items()]
    run.findings += run.ways.findings()
    plain |= {name: run.whole(name, rows) for name in ("contacts", "responses")}
    plain["responses"] = _answers(run, plain)
    everybody = _with_added(plain["members"], run) if adds else plain["members"]
    plain["members"] = with_refusals(everybody, run.refused, extracted)
    plain |= {name: run.whole(name, rows) for name in (*tables.FURTHER, "subjects") if name in rows}
    for name, frames in enriched({name: _checked(name, plain.pop(name)) for name in list(plain)}):
        store(name, frames)
    return run.report(valued)


def _own(
    name: str, table: OwnTable, run: _Intake, rows: Mapping[str, Iterable[SourceRows]], store: Store
) -> OwnTable:
    """Store a table of the brand's own; return it with the commonest values of its categories."""
    chunks = (_checked(name, chunk) for chunk in run.accepted(name, rows[name]))
    table, read = read_frames(table, chunks)
    commonest, contracts = Commonest(table), ContractEvidence(name, table.key)
    counted = commonest.counted(read)
    store(name, contracts.seen(counted) if table.is_contracts else counted)
    run.findings += [*findings(table), *commonest.findings(), *contracts.findings()]
    return commonest.described()


def _answers(run: _Intake, plain: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Responses with the contacts that they answer."""
    responses, said = attributed(plain["responses"], plain["contacts"])
    run.findings += said
    run.findings += outcomes(responses, plain["leads"], plain["contacts"])
    return responses


def _checked(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Complete, and held against the contract once more: what is stored has passed it."""
    full = tables.complete(name, frame)
    tables.schema(name).validate(full)
    return full


def _finished(name: str, frame: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    return enrich({name: _checked(name, frame), "products": products})[name]


def _first_seen(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Who is named, from when on, and known since when."""
    named = [
        frame.filter(pl.col("member_id").is_not_null()).select(
            "member_id",
            "occurred_at",
            pl.max_horizontal(name for name in WHO[1:] if name in frame.columns).alias("recorded_at"),
        )
        for frame in frames
    ]
    return (
        pl.concat(named).group_by("member_id").agg(pl.col("occurred_at").min(), pl.col("recorded_at").min())
    )


def _with_added(members: pl.DataFrame, run: _Intake) -> pl.DataFrame:
    """``members`` and a row for everybody whom only other tables name."""
    everybody = _first_seen([*run.seen, tables.empty("members").select(WHO)])
    added = everybody.join(members.select("member_id"), on="member_id", how="anti").sort("member_id")
    if added.height:
        nothing = Tally().summary(run.known.extracted)
        run.tables["members"] = run.tables.get("members", nothing) | {"added": added.height}
        run.progress(f"{'members':<10} {added.height:>11,} added, named in other tables only")
    return pl.concat([members, added], how="diagonal")
