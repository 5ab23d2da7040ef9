"""Times beside a column that names the zone of each: a part of the table for every zone."""

import re
from dataclasses import replace
from zoneinfo import available_timezones

from training.sources.proposal import sql
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.mapping_keys import PartKeys, full, short
from training.sources.proposal.table_proposal import TableProposal
from training.sources.reading.money_columns import plain_name

NAMED = r"(.*_)?(time_?zone|tz)(_?(id|name))?|zeitzone|fuseau(_horaire)?|zona_horaria|时区|タイムゾーン"
PEOPLE = ("members", "leads")  # whose systems write all times by one clock, whatever zone each lives in
OFFSET = r"(Z|UTC|[+-]\d{2}:?\d{2})$"  # of a time that says its zone itself


def with_zones(made: TableProposal) -> TableProposal:
    """The same; where a column names the zone of each row, in a part for every zone."""
    zones = next((c for c in made.file.columns if re.fullmatch(NAMED, plain_name(c.name))), None)
    when = made.cells.get("occurred_at", {})
    if zones is None or made.preset or not _is_naive(made.file, when.get("column")):
        return made
    if made.table in PEOPLE:
        says = (
            f"{zones.name} is taken as where somebody lives, and not as the zone in which times are written"
        )
        return replace(made, unsure=[*made.unsure, f"{made.file.label}: {says}"])
    if zones.filled < made.file.rows or not zones.values or not {*zones.values} <= available_timezones():
        says = f"{zones.name} may name the zone of each time, and is not read; say `time_zone` in a part each"
        return replace(made, unsure=[*made.unsure, f"{made.file.label}: {says}"])
    first, *others = zones.values
    cells = made.cells | {"occurred_at": {**when, "time_zone": first}}
    own: PartKeys = {"where": made.where or "", "columns": {k: short(c) for k, c in made.cells.items()}}
    further = {
        table: [_of(p, zones, z) for p in parts for z in zones.values]
        for table, parts in made.further.items()
    }
    further[made.table] = [*(_of(own, zones, zone) for zone in others), *further.get(made.table, [])]
    says = f"{made.file.label}: {zones.name} names the zone of each time; its rows are a part for each zone"
    where = _and(made.where, zones, first)
    return replace(made, cells=cells, where=where, further=further, unsure=[*made.unsure, says])


def _is_naive(file: File, name: object) -> bool:
    column = file.column(name)
    return column is not None and not column.unit and not re.search(OFFSET, column.example.strip())


def _of(part: PartKeys, zones: Column, zone: str) -> PartKeys:
    made = part.copy()
    made["where"] = _and(part.get("where"), zones, zone)
    when = full(part["columns"]["occurred_at"])
    made["columns"] = part["columns"] | {"occurred_at": {**when, "time_zone": zone}}
    return made


def _and(where: str | None, zones: Column, zone: str) -> str:
    return " AND ".join(filter(None, [where, sql.among(zones.name, [zone])]))
