"""Stage ingest: the simulated brand or a mapped source, as the tables that features read."""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from features import own_tables
from features.replacing import replacing, replacing_folder
from training.data.artifacts import Ingest, Notes, TableCounts, write_artifact
from training.data.quarantine_limits import assess
from training.io import say, sha256
from training.params import Params

if TYPE_CHECKING:
    from training.sources.judging.findings import Finding
    from training.sources.mapping.mapping_file import Mapping as MappingFile
    from training.sources.source_rows import SourceRows
    from training.synthetic.stored import Stored

MAPPINGS = Path("mappings")
BRAND = "brand"
LOYALTY = Path(__file__).parents[1] / "synthetic" / "loyalty.yaml"


def ingest(params: Params) -> None:
    """Read, judge, bind and write: ``tables/``, ``quarantine.parquet`` and ``ingest.json``.

    For the brand also ``truth/``, which no stage of a model reads. The same source gives the same
    bytes; a stage that is killed leaves what was there before.

    Raises
    ------
    FileNotFoundError, ValueError
        What is wrong with the mapping or its files, or more bad rows than
        ``ingest.max_quarantined`` allows, or findings that nobody accepted.
    """
    from training.sources.intake import intake
    from training.sources.judging.findings import as_records, refuse, settled
    from training.sources.store import Folder

    scratch = params.build / "fetched"
    shutil.rmtree(scratch, ignore_errors=True)
    source = _brand(params, scratch) if params.data == BRAND else _mapped(params, scratch)
    with replacing_folder(params.build / "tables") as aside:
        folder = Folder(aside, params.engine.memory, params.engine.threads)
        report = intake(source.rows, source.extracted, folder.store, source.unknown_members, say, source.own)
        own_tables.save(report.own, aside)
        _hold_against(params, report.tables)
        found = list(settled([*source.findings, *report.findings], source.accept))
        for one in found:
            say(one.line())
        refuse(found, params.data)
    shutil.rmtree(scratch, ignore_errors=True)
    with replacing(params.build / "quarantine.parquet") as aside:
        report.quarantine.write_parquet(aside, compression="zstd")
    summary = {"data": params.data, "extracted_at": source.extracted.isoformat(), "tables": report.tables}
    summary |= {
        "conflicts": report.conflicts.height,
        "accounts_in_conflict": report.conflicts["account"].to_list(),
    }
    write_artifact(params.build, Ingest, {**summary, "findings": as_records(found), **source.notes})


@dataclass(frozen=True)
class Source:
    """Member data before they are judged: rows by table, when they were extracted, what is to be noted."""

    rows: Mapping[str, Iterable["SourceRows"]]
    extracted: datetime
    unknown_members: Literal["quarantine", "add"] = "quarantine"
    notes: Notes = field(default_factory=lambda: Notes(left_out={}))
    accept: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, own_tables.OwnTable] = field(default_factory=dict)
    findings: Iterable["Finding"] = ()


def _brand(params: Params, scratch: Path) -> Source:
    """The simulated brand, a part at a time on disk: a large one is more than memory holds."""
    from training.synthetic.brand import parts
    from training.synthetic.stored import Stored

    size = params.brand
    asked = size.members, size.leads, size.start, size.end, params.seed, size.loyalty
    simulated = parts(*asked, params.engine.threads)
    stored = Stored.of(simulated, scratch, params.build / "truth")
    extracted = datetime(size.end.year, size.end.month, size.end.day, tzinfo=UTC)
    rows = {name: _given(name, stored) for name in stored.tables}
    if not stored.own:
        return Source(rows, extracted)
    own, read = _own(stored.as_source())
    return Source({**rows, **read}, extracted, own=own)


def _given(name: str, stored: "Stored") -> Iterator["SourceRows"]:
    from training.sources.source_rows import given

    first = 0
    for frame in stored.frames(name):
        yield given(name, frame, first)
        first += frame.height


def _own(folder: Path) -> tuple[Mapping[str, own_tables.OwnTable], dict[str, Iterable["SourceRows"]]]:
    """The brand's own tables as its mapping describes and reads them."""
    from training.sources.mapping.mapping_file import load
    from training.sources.reading.read_tables import read_tables

    mapping = load(LOYALTY)
    return mapping.own, {
        name: rows for name, rows in read_tables(mapping, folder).items() if name in mapping.own
    }


def _mapped(params: Params, scratch: Path) -> Source:
    from training.sources.judging.of_sources import of_sources
    from training.sources.mapping.mapping_file import load
    from training.sources.reading.cell_types import moment
    from training.sources.reading.database_copy import fetched
    from training.sources.reading.read_tables import newest, read_tables

    mapping = fetched(load(MAPPINGS / f"{params.data}.yaml"), scratch)
    root, given = mapping.root(), mapping.extracted_at
    extracted = moment(given, mapping.time_zone) if given else newest(mapping, root)
    notes: Notes = {
        "left_out": mapping.left_out,
        "excluded": mapping.excluded,
        "accepted": mapping.accepted,
        "unrecorded": mapping.unrecorded,
    }
    return Source(
        read_tables(mapping, root),
        extracted,
        mapping.unknown_members,
        notes,
        mapping.accept,
        mapping.own,
        list(of_sources(mapping, root)),
    )


def _hold_against(params: Params, tables: Mapping[str, TableCounts]) -> None:
    """Say which tables have unusually many bad rows; ``ValueError`` where one has too many."""
    for found in assess(tables, params.ingest):
        if found.result == "bad":
            raise ValueError(f"{params.data}: {found.says}")
        if found.result == "warn":
            say(f"warning: {found.says}")


def source_fingerprint(params: Params) -> dict[str, Any]:
    """Return what the data are made of: the brand's settings, or hashes of the mapping and its files."""
    if params.data == BRAND:
        made = json.loads(params.brand.model_dump_json(exclude=None if params.brand.loyalty else {"loyalty"}))
        return {"data": BRAND, "seed": params.seed, **made}
    from features.personal_keys import mark
    from training.sources.mapping.mapping_file import load
    from training.sources.reading.containers import held_by

    path = MAPPINGS / f"{params.data}.yaml"
    mapping = load(path)
    root = mapping.root()
    named = {root / path for source in mapping.sources.values() for path in source.paths if path}
    found = sorted(map(held_by, named))
    missing = [str(path) for path in found if not path.exists()]
    if missing:
        raise FileNotFoundError(f"{missing[0]}: not found (named in {path})")
    files = [file for path in found for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    hashes = {str(file.relative_to(root)): sha256(file) for file in dict.fromkeys(files) if file.is_file()}
    told = {"data": params.data, "mapping": sha256(path), "files": hashes, "databases": _versions(mapping)}
    return told | ({"id_key": mark()} if mapping.has_personal_keys else {})


def _versions(mapping: "MappingFile") -> dict[str, str]:
    databases = {name: source for name, source in mapping.sources.items() if source.url}
    if not databases:
        return {}
    from training.sources.reading.database_copy import version

    return {name: version(source, mapping.root()) for name, source in databases.items()}
