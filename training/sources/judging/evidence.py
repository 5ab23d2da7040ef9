"""Counts by id, file and time, gathered while rows are judged, and the findings that they bear out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import time

import polars as pl

from features.own_tables import is_own
from training.sources.judging.amounts import Amounts
from training.sources.judging.findings import Finding, shape
from training.sources.judging.outcomes import orders_end
from training.sources.judging.quarantine import ENOUGH_ROWS, SetAside, with_marks
from training.sources.judging.references import Known
from training.sources.reading.files import FILE, ROW
from training.sources.source_rows import WHOLE_DAY, SourceRows

SPOILED = r"^-?\d(?:[.,]\d+[eE]\+?|[eE]\+)\d{1,3}$"
KEYS = ("member_id", "lead_id", "order_id", "product_id", "campaign_id", "contact_id", "ticket_id")
OWNED = ("purchases", "events", "responses", "care", "contacts")
NOBODY = re.compile(
    r"\W*(deleted|erased|removed|redacted|anonym\w*|guest|test\w*|dummy|n/?a|null|none|nan|unknown|0+|-+|"
    r"gelöscht|gast|unbekannt|supprimé|无|未知|已注销|匿名\w*|游客|测试\w*)\W*",
    re.IGNORECASE,
)
FEW = 3  # spoiled ids of a chunk may be oddities of the brand
ENOUGH_IDS = 10  # of each side, before ids that do not meet mean anything
MEET = 0.1  # of the smaller side's ids at least are found on the other
OUTSIZED, PLACEHOLDER = 0.05, 0.01  # share of the rows of one id; of one that says nobody
TIMES_USUAL = 10  # beside the count that nine of ten ids do not exceed
REPEATED = 0.01  # of the rows, in another file once more
SAME = {  # what makes a row the same in two exports, if its state changed in between
    "purchases": ("member_id", "order_id", "product_id", "occurred_at"),
    "events": ("member_id", "lead_id", "kind", "channel", "occurred_at"),
    "responses": ("member_id", "lead_id", "campaign_id", "kind", "occurred_at"),
    "contacts": ("member_id", "campaign_id", "occurred_at"),
}


@dataclass
class Evidence:
    """What was seen of one table so far, chunk by chunk."""

    table: str
    known: Known
    rows: int = 0
    whole_days: int = 0
    spoiled: dict[str, tuple[int, str]] = field(default_factory=dict)
    owners: list[pl.DataFrame] = field(default_factory=list)
    named: list[pl.Series] = field(default_factory=list)
    prints: list[pl.DataFrame] = field(default_factory=list)
    amounts: Amounts = field(default_factory=Amounts)
    days: pl.Series = field(default_factory=lambda: pl.Series([], dtype=pl.Date))
    aside: SetAside = field(init=False)

    def __post_init__(self) -> None:
        self.aside = SetAside(self.table)

    def add(self, rows: SourceRows, accepted: pl.DataFrame, aside: pl.DataFrame) -> None:
        """Look at one chunk."""
        self.rows += rows.frame.height
        self._spoiled(rows.frame)
        if (self.table in OWNED or is_own(self.table)) and "member_id" in rows.frame.columns:
            self._owners(rows.frame, accepted)
        if self.table in SAME or is_own(self.table):
            self.prints.append(_prints(self.table, rows.frame, aside))
        if self.table == "purchases":
            self.amounts.add(rows.frame, aside)
            days = accepted["occurred_at"].dt.date().unique()
            self.days = pl.concat([self.days, days]).unique()
        if WHOLE_DAY in rows.frame.columns:
            self.whole_days += int(rows.frame[WHOLE_DAY].sum())
        self.aside.add(rows.frame, aside)

    def findings(self) -> Iterator[Finding]:
        """Say what is to be doubted about the table."""
        yield from (_spoiled(self.table, key, *seen, self.rows) for key, seen in self.spoiled.items())
        if self.owners:
            yield from _one_id(self.table, _summed(self.owners))
            yield from _keys_apart(self.table, pl.concat(self.named).unique(), self.known)
        if self.prints:
            yield from _twice(self.table, pl.concat(self.prints))
        if self.whole_days:
            yield _whole_days(self.table, self.whole_days, self.rows)
        yield from orders_end(self.days, self.known.extracted)
        yield from self.amounts.findings()
        yield from self.aside.findings()

    def _spoiled(self, frame: pl.DataFrame) -> None:
        for key in KEYS:
            cells = frame[key] if key in frame.columns else pl.Series([], dtype=pl.String)
            bad = cells.filter(cells.str.contains(SPOILED))
            if len(bad) >= FEW:
                count, example = self.spoiled.get(key, (0, bad[0]))
                self.spoiled[key] = count + len(bad), example

    def _owners(self, frame: pl.DataFrame, accepted: pl.DataFrame) -> None:
        if "member_id" in accepted.columns:
            counts = accepted["member_id"].drop_nulls().alias("id").value_counts(name="count")
            self.owners = [_summed([*self.owners, counts.cast({"count": pl.Int64})])]
        bound = self.known.found.accounts["account"].implode()
        ids = frame["member_id"].drop_nulls().unique()
        self.named = [pl.concat([*self.named, ids.filter(~ids.is_in(bound))]).unique()]


def _whole_days(table: str, count: int, rows: int) -> Finding:
    says = f"{count:,} of {rows:,} outcomes name a day and no time; they count from its end"
    advice = "So none lies before what it answers; say `day: start` in the cell where that is wrong"
    return Finding(table, "whole_days", says, advice, stops=False)


def _summed(counts: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(counts).group_by("id").agg(pl.col("count").sum())


def _spoiled(table: str, key: str, count: int, example: str, rows: int) -> Finding:
    says = f"{count:,} of {rows:,} rows have a {key} such as {example}, which a spreadsheet made of a long id"
    advice = "What is lost cannot be had back: export the column as text from the system itself"
    return Finding(table, "spoiled_ids", says, advice, stops=count >= 0.01 * rows)


def _one_id(table: str, counts: pl.DataFrame) -> Iterator[Finding]:
    """Find ids with far more rows than the others, and ids that say nobody."""
    rows, usual = counts["count"].sum(), counts["count"].quantile(0.9) or 0
    for name, count in counts.sort("count", "id", descending=[True, False]).head(5).iter_rows():
        nobody = NOBODY.fullmatch(name) is not None and count >= 2 * usual  # 0000 may be a member like any
        outsized = count >= OUTSIZED * rows and count >= TIMES_USUAL * usual and rows >= ENOUGH_ROWS
        if outsized or (nobody and count >= max(PLACEHOLDER * rows, 2) and counts.height >= ENOUGH_IDS):
            shown = repr(name) if nobody else f"written as {shape(name)}"
            says = (
                f"member {shown} has {count:,} of {rows:,} rows ({count / rows:.0%}), nine of ten members "
                f"have at most {usual:,.0f}"
            )
            advice = "If it stands for many people or for none, leave its rows out with `where`"
            yield Finding(table, "one_id", says, advice, stops=nobody or count >= 0.2 * rows)
            return


def _keys_apart(table: str, named: pl.Series, known: Known) -> Iterator[Finding]:
    """Find ids that do not meet the members they name, or would but for their leading zeros."""
    theirs = known.profiles.drop_nulls().unique()
    smaller = min(len(named), len(theirs))
    if smaller < ENOUGH_IDS:
        return
    met, bare = _common(named, theirs), _common(_bare(named), _bare(theirs))
    zeros = bare - met >= 0.2 * smaller
    if met >= MEET * smaller and not zeros:
        return
    example = f"written as {shape(named.sort()[0])} here and {shape(theirs.sort()[0])} there"
    says = f"{met:,} of {len(named):,} member ids of {table} are among {len(theirs):,} in members, {example}"
    how = f"without leading zeros {bare:,} meet: export the ids as text" if zeros else "mend the keys"
    yield Finding(table, "keys_apart", says, how[0].upper() + how[1:])


def _bare(ids: pl.Series) -> pl.Series:
    return ids.str.strip_chars_start("0").unique()


def _common(one: pl.Series, other: pl.Series) -> int:
    return int(one.is_in(other.implode()).sum())


def _prints(table: str, frame: pl.DataFrame, aside: pl.DataFrame) -> pl.DataFrame:
    """What identifies each accepted row, as a number, and its file."""
    names = SAME.get(table) or _told_by(frame)
    keys = [pl.col(name) for name in names if name in frame.columns and name != "order_id"]
    if "order_id" in frame.columns:  # ids counted anew in each file tell no row apart
        counted = pl.concat_str(FILE, pl.lit(":"), pl.col(ROW).cast(pl.String))
        keys.append(pl.when(pl.col("order_id") != counted).then("order_id").alias("order_id"))
    good = with_marks(frame, aside).filter(~pl.col("_aside"))
    return good.select(print=pl.struct(keys).hash(), file=FILE)


def _told_by(frame: pl.DataFrame) -> list[str]:
    """What names a row of a brand's own table: whose it is and when; of bare days also what it says."""
    own = [name for name in frame.columns if not name.startswith("_")]
    plain = [name for name in own if not name.startswith("x_") and name not in ("recorded_at", "ends_at")]
    whole_days = (frame["occurred_at"].drop_nulls().dt.time() == time()).all()
    return [name for name in own if not frame.schema[name].is_numeric()] if whole_days else plain


def _twice(table: str, prints: pl.DataFrame) -> Iterator[Finding]:
    """Find rows that come again in another file; the same line twice in one file may be right."""
    if prints["file"].n_unique() < 2:
        return
    each = prints.unique(["print", "file"])
    again = each.filter(pl.col("print").is_duplicated())
    count = again.height - again["print"].n_unique()
    if count >= max(REPEATED * prints.height, 2):
        one, other = again.filter(pl.col("print") == again["print"][0])["file"].sort().head(2)
        says = f"{count:,} of {prints.height:,} rows are in several files, as in {one} and {other}"
        advice = (
            "They would count twice: of files of one source say by what they are the same, "
            "`newest: {by: …, time: …}`; of two sources leave the rows out of one that the other has: "
            "its `join` with `last: {seen: …}`, and `where: seen IS NULL`"
        )
        if table == "contacts":
            advice += ", with `OR` and the condition of the control group, which only one of them has"
        yield Finding(table, "twice", says, advice)
