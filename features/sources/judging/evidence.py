"""Counts by id, file and time, gathered while rows are judged, and the findings that they bear out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from features.sources.judging.findings import Finding
from features.sources.judging.references import Known
from features.sources.reading.files import FILE, ROW
from features.sources.source_rows import Rows

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
ENOUGH_ROWS = 50  # before shares mean anything
MEET = 0.1  # of the smaller side's ids at least are found on the other
OUTSIZED, PLACEHOLDER = 0.05, 0.01  # share of the rows of one id; of one that says nobody
TIMES_USUAL = 10  # beside the count that nine of ten ids do not exceed
REPEATED = 0.01  # of the rows, in another file once more
LOST = 0.05  # of money or members
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
    spoiled: dict[str, tuple[int, str]] = field(default_factory=dict)
    owners: list[pl.DataFrame] = field(default_factory=list)
    named: list[pl.Series] = field(default_factory=list)
    prints: list[pl.DataFrame] = field(default_factory=list)
    money: list[pl.DataFrame] = field(default_factory=list)

    def add(self, rows: Rows, accepted: pl.DataFrame, aside: pl.DataFrame) -> None:
        """Look at one chunk."""
        self.rows += rows.frame.height
        self._spoiled(rows.frame)
        if self.table in OWNED and "member_id" in rows.frame.columns:
            self._owners(rows.frame, accepted)
        if self.table in SAME:
            self.prints.append(_prints(self.table, rows.frame, aside))
        if self.table == "purchases":
            self.money.append(_money(rows.frame, aside))

    def findings(self) -> Iterator[Finding]:
        """Say what is to be doubted about the table."""
        yield from (_spoiled(self.table, key, *seen, self.rows) for key, seen in self.spoiled.items())
        if self.owners:
            yield from _one_id(self.table, _summed(self.owners))
            yield from _keys_apart(self.table, pl.concat(self.named).unique(), self.known)
        if self.prints:
            yield from _twice(self.table, pl.concat(self.prints))
        if self.money:
            yield from _set_aside(self.table, pl.concat(self.money))

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
            says = (
                f"member {name!r} has {count:,} of {rows:,} rows ({count / rows:.0%}), nine of ten members "
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
    example = f"as {named.sort()[0]!r} here and {theirs.sort()[0]!r} there"
    says = f"{met:,} of {len(named):,} member ids of {table} are among {len(theirs):,} in members, {example}"
    how = f"without leading zeros {bare:,} meet: export the ids as text" if zeros else "mend the keys"
    yield Finding(table, "keys_apart", says, how[0].upper() + how[1:])


def _bare(ids: pl.Series) -> pl.Series:
    return ids.str.strip_chars_start("0").unique()


def _common(one: pl.Series, other: pl.Series) -> int:
    return int(one.is_in(other.implode()).sum())


def _prints(table: str, frame: pl.DataFrame, aside: pl.DataFrame) -> pl.DataFrame:
    """What identifies each accepted row, as a number, and its file."""
    keys = [pl.col(name) for name in SAME[table] if name in frame.columns and name != "order_id"]
    if "order_id" in frame.columns:  # ids counted anew in each file tell no row apart
        counted = pl.concat_str(FILE, pl.lit(":"), pl.col(ROW).cast(pl.String))
        keys.append(pl.when(pl.col("order_id") != counted).then("order_id").alias("order_id"))
    good = _marked(frame, aside).filter(~pl.col("_aside"))
    return good.select(print=pl.struct(keys).hash(), file=FILE)


def _marked(frame: pl.DataFrame, aside: pl.DataFrame) -> pl.DataFrame:
    unread = (pl.col("column") == "unit_price_cents") & pl.col("reason").str.starts_with("not ")
    bad = aside.select(
        pl.col("file").alias(FILE), pl.col("row").alias(ROW), _aside=pl.lit(True), _unread=unread
    )
    joined = frame.join(bad.unique(), on=[FILE, ROW], how="left", maintain_order="left")
    return joined.with_columns(pl.col("_aside", "_unread").fill_null(False))


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
        advice = "They would count twice: export without overlap, or leave the older ones out with `where`"
        yield Finding(table, "twice", says, advice)


def _money(frame: pl.DataFrame, aside: pl.DataFrame) -> pl.DataFrame:
    """Of each row its owner, the money that could be read, and whether it is set aside."""
    there = {name: pl.col(name) for name in ("member_id", "unit_price_cents") if name in frame.columns}
    quantity = pl.col("quantity") if "quantity" in frame.columns else pl.lit(1)
    amount = (there.get("unit_price_cents", pl.lit(0)) * quantity).abs()
    owner = there.get("member_id", pl.lit(None, pl.String))
    made = _marked(frame, aside).select("_aside", "_unread", id=owner, amount=amount)
    return made.group_by("id", "_aside").agg(
        pl.col("amount").sum(), unread=pl.col("_unread").sum(), rows=pl.len()
    )


def _set_aside(table: str, money: pl.DataFrame) -> Iterator[Finding]:
    """Find quarantined rows that are few, and yet much of the money or many of the members."""
    bad = money.filter("_aside")
    lost, whole = bad["amount"].sum(), max(money["amount"].sum(), 1)
    people = money["id"].drop_nulls().n_unique()
    gone = people - money.filter(~pl.col("_aside"))["id"].drop_nulls().n_unique()
    unread = bad["unread"].sum()
    advice = "See the reasons above; amounts written for people, as 1,299.00, need `decimal` in their cell"
    enough = money["rows"].sum() >= ENOUGH_ROWS
    if enough and (lost > LOST * whole or (gone > LOST * people and gone > 1)):
        people_lost = f"all rows of {gone:,} of {people:,} members"
        says = f"rows set aside hold {lost / whole:.0%} of the money, and {people_lost}"
        yield Finding(table, "set_aside", says, advice)
    elif unread:
        says = f"the amounts of {unread:,} rows set aside cannot be read, and are often the largest"
        yield Finding(table, "set_aside", says, advice, stops=False)


def outcomes(responses: pl.DataFrame, leads: pl.DataFrame, contacts: pl.DataFrame) -> Iterator[Finding]:
    """Say what is to be doubted about outcomes beside the leads or contacts that they answer."""
    for key, subjects, what in (("lead_id", leads, "leads"), ("member_id", contacts, "contacts")):
        if key not in responses.columns or key not in subjects.columns or not subjects.height:
            continue
        mine = responses.filter(pl.col(key).is_not_null())
        for kind in mine["kind"].unique().sort():
            of_kind = mine.filter(pl.col("kind") == kind)
            yield from _ended(of_kind["occurred_at"], max(subjects["occurred_at"].to_list()), str(kind), what)
            yield from _before(of_kind, subjects, key, str(kind), what)


def _ended(times: pl.Series, last: datetime, kind: str, what: str) -> Iterator[Finding]:
    """Find a feed that fell silent for far longer than ever before, while subjects went on."""
    ordered = times.drop_nulls().sort()
    if len(ordered) < 20:
        return
    newest, paused = ordered[-1], max(ordered.diff().drop_nulls().to_list())
    silent = last - newest
    if silent < max(timedelta(days=14), 10 * (newest - ordered[0]) / len(ordered), 2 * paused):
        return
    says = (
        f"the newest of {len(ordered):,} responses {kind!r} is of {newest:%Y-%m-%d}, {silent.days:,} days "
        f"before the newest of the {what}; earlier, they never paused for more than {paused.days:,} days"
    )
    advice = (
        f"What came later would count as refusals: mend the feed, or set `extracted_at: {newest:%Y-%m-%d}`"
    )
    yield Finding("responses", "outcomes_end", says, advice)


def _before(
    responses: pl.DataFrame, subjects: pl.DataFrame, key: str, kind: str, what: str
) -> Iterator[Finding]:
    """Find outcomes that lie before the first of what they answer, most often for want of a clock."""
    first = subjects.group_by(key).agg(asked=pl.col("occurred_at").min())
    both = responses.join(first, on=key).filter(pl.col("asked").is_not_null())
    early = both.filter(pl.col("occurred_at") < pl.col("asked"))
    if early.height < max(3, 0.01 * both.height):
        return
    time = pl.col("occurred_at")
    bare = early.filter((time.dt.truncate("1d") == time) & (time == pl.col("asked").dt.truncate("1d"))).height
    row = early.row(0, named=True)
    says = (
        f"{early.height:,} of {both.height:,} responses {kind!r} lie before their {what}, as that of "
        f"{row[key]} ({row['occurred_at']:%Y-%m-%d %H:%M}, {row['asked']:%Y-%m-%d %H:%M}), and are lost"
    )
    advice = (
        f"{bare:,} are of the same day without a clock: let a day count from its end, "
        "`occurred_at: {sql: \"CONCAT(column, 'T23:59:59')\"}`"
        if bare
        else "Look whether times, zones and keys are right"
    )
    yield Finding("responses", "outcomes_before", says, advice, stops=early.height >= 0.1 * both.height)
