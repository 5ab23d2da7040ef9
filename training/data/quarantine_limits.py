"""How many bad rows are too many: of each table, whether it passes, warns or stops the pipeline."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from training.data.artifacts import TableCounts
from training.params import Ingest


@dataclass(frozen=True)
class TableQuality:
    """One table of a source.

    Parameters
    ----------
    table
        Name in the contract.
    result
        ``good``; ``warn``: more bad rows than are usual; ``bad``: so many that the pipeline stops.
    share
        Quarantined of accepted and quarantined rows, 0 to 1.
    says
        One sentence; empty where the result is good.
    """

    table: str
    result: Literal["good", "warn", "bad"]
    share: float
    says: str = ""


def assess(tables: Mapping[str, TableCounts], limits: Ingest) -> list[TableQuality]:
    """Return every table against the thresholds of ``params.yaml``.

    Parameters
    ----------
    tables
        Counts by table, see ``training.sources.intake.Report``.
    """
    return [_assessed(name, counts, limits) for name, counts in tables.items()]


def _assessed(name: str, counts: TableCounts, limits: Ingest) -> TableQuality:
    rows = counts["accepted"] + counts["quarantined"]
    share = counts["quarantined"] / max(rows, 1)
    if share <= limits.warn_quarantined:
        return TableQuality(name, "good", share)
    reasons = "; ".join(f"{reason} ({count:,} rows)" for reason, count in counts["reasons"].items())
    says = f"{share:.1%} of the {rows:,} rows of {name} are bad: {reasons}"
    if share > limits.max_quarantined:
        limit = f"allowed is {limits.max_quarantined:.1%} (params.yaml, ingest.max_quarantined)"
        return TableQuality(name, "bad", share, f"{says}; {limit}")
    limit = f"usual is at most {limits.warn_quarantined:.1%} (params.yaml, ingest.warn_quarantined)"
    return TableQuality(name, "warn", share, f"{says}; {limit}")
