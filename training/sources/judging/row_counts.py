"""The count of a table's rows: what was read is accepted, quarantined or left out, always."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from training.data.artifacts import TableCounts
from training.sources.source_rows import SourceRows

DAY = 86_400  # seconds


@dataclass
class Tally:
    """Rows of one table so far, chunk by chunk."""

    read: int = 0
    left_out: int = 0
    accepted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    times: list[datetime] = field(default_factory=list)

    def add(self, rows: SourceRows, accepted: pl.DataFrame, aside: pl.DataFrame) -> None:
        """Count one chunk.

        Raises
        ------
        RuntimeError
            Where a row of ``rows`` is in neither of the two, or in both.
        """
        if accepted.height + aside.height != rows.frame.height:
            raise RuntimeError(
                f"{rows.frame.height} rows became {accepted.height} accepted and {aside.height} quarantined"
            )
        self.read += rows.read
        self.left_out += rows.left_out
        self.accepted += accepted.height
        reason = aside.select(pl.concat_str("column", pl.lit(": "), "reason")).to_series()
        self.reasons.update(reason.to_list())
        if "occurred_at" in accepted.columns and accepted.height:
            ends = accepted.select(first=pl.col("occurred_at").min(), last=pl.col("occurred_at").max()).row(0)
            self.times = [min([*self.times, *ends]), max([*self.times, *ends])]

    def summary(self, extracted: datetime) -> TableCounts:
        """Return counts, coverage in time, and days between the newest row and the extract."""
        counts: TableCounts = {
            "read": self.read,
            "left_out": self.left_out,
            "accepted": self.accepted,
            "quarantined": self.reasons.total(),
            "reasons": dict(sorted(self.reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
            "first": None,
            "last": None,
            "freshness_days": None,
        }
        if self.times:
            first, last = self.times
            counts["first"], counts["last"] = first.isoformat(), last.isoformat()
            counts["freshness_days"] = round((extracted - last).total_seconds() / DAY, 2)
        return counts


def line(name: str, counts: TableCounts) -> str:
    """Return one table's counts, for people."""
    parts = [f"{counts['read']:>11,} read"]
    parts += [f"{counts[key]:,} {key.replace('_', ' ')}" for key in ("left_out", "added") if counts.get(key)]
    parts += [f"{counts['accepted']:,} accepted", f"{counts['quarantined']:,} quarantined"]
    reasons = "; ".join(f"{reason} {count:,}" for reason, count in counts["reasons"].items())
    return f"{name:<10} {', '.join(parts)}" + (f" ({reasons})" if reasons else "")
