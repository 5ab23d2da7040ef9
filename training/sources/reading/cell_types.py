"""From a cell of the mapping to typed values: every cell reads, is empty, or is a fault that is counted."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl

from features.personal_keys import pseudonyms
from training.sources.mapping.cell_spec import UNITS, Cell
from training.sources.reading.number_format import read_number
from training.sources.reading.signs import written_in
from training.sources.reading.words import FALSE, TRUE

TIME = pl.Datetime("us", "UTC")
ALLOWED = {
    pl.String: "a text",
    pl.Int64: "a whole number",
    pl.Float64: "a number",
    pl.Boolean: "true or false",
    pl.Datetime: "a time",
}
NAIVE = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f")
DAY_LENGTH = len("2024-01-31")
CLOCK_MARKS = ("%H", "%I", "%k", "%l", "%T", "%R", "%r", "%s", "%X", "%c", "%+")
ZONED = "%Y-%m-%dT%H:%M:%S%.f%#z"


@dataclass(frozen=True)
class Made:
    """Values of one column, where something could not be read, and where a day stands without a time."""

    value: pl.Expr
    fault: pl.Expr
    whole_day: pl.Expr


def typed(cell: Cell, raw: pl.Expr, found: pl.DataType, wanted: pl.DataType, time_zone: str) -> Made:
    """Return the values of ``raw`` (of type ``found``) as ``wanted``: text, Int64, Float64,
    Boolean or a UTC time.

    Raises
    ------
    ValueError
        Where no cell of that type can be read so.
    """
    given = text = as_text(raw, found)
    if cell.map:
        words = {key: None if value is None else _plain(value) for key, value in cell.map.items()}
        default = text if cell.other is None else pl.lit(_plain(cell.other))
        default = pl.when(text.is_not_null()).then(default)
        text = text.replace_strict(list(words), list(words.values()), default=default, return_dtype=pl.String)
        raw, found = text, pl.String()
    if cell.hash:
        text = pseudonyms(text, cell.hash, cell.country)
        raw, found = text, pl.String()
    value = _cast(cell, raw, text, found, wanted, time_zone)
    whole = pl.lit(False)
    if isinstance(wanted, pl.Datetime) and cell.day == "end":
        zone = cell.time_zone or time_zone
        whole = whole_day(cell, text, found, value, zone)
        value = pl.when(whole).then(day_end(value, zone)).otherwise(value)
    there = (given if cell.hash else text).is_not_null()
    return Made(value, there & value.is_null(), whole)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cast(
    cell: Cell, raw: pl.Expr, text: pl.Expr, found: pl.DataType, wanted: pl.DataType, time_zone: str
) -> pl.Expr:
    if isinstance(wanted, pl.Datetime):
        return as_time(cell, raw, text, found, cell.time_zone or time_zone)
    if isinstance(wanted, pl.Int64):
        return as_whole(raw, text, found, cell.times, cell.decimal)
    if isinstance(wanted, pl.Float64):
        return _number(raw, text, found, cell.decimal) * (cell.times or 1)
    if isinstance(wanted, pl.Boolean):
        word = text.str.to_lowercase()
        return pl.when(word.is_in(TRUE)).then(True).when(word.is_in(FALSE)).then(False)
    return text


def as_text(raw: pl.Expr, found: pl.DataType) -> pl.Expr:
    """Return the text without blanks around it, empty where nothing is left; ``17850.0`` is ``17850``."""
    if isinstance(found, pl.List):
        raw = raw.cast(pl.List(pl.String)).list.join(",")
    if found.is_float() or found.is_decimal():
        whole = raw.cast(pl.Int64, strict=False)
        raw = pl.when(raw == whole).then(whole.cast(pl.String)).otherwise(raw.cast(pl.String))
    text = raw.cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


def _number(raw: pl.Expr, text: pl.Expr, found: pl.DataType, decimal: str | None = None) -> pl.Expr:
    if found.is_numeric():
        number = raw.cast(pl.Float64)
    else:
        number = read_number(text, decimal) if decimal else text.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def as_whole(
    raw: pl.Expr, text: pl.Expr, found: pl.DataType, times: float | None, decimal: str | None = None
) -> pl.Expr:
    """Cast to Int64; with ``times`` multiplied and rounded, without it only what is whole already."""
    number = _number(raw, text, found, decimal)
    if times is not None:
        return (number * times).round(mode="half_away_from_zero").cast(pl.Int64, strict=False)
    if found.is_integer():
        return raw.cast(pl.Int64, strict=False)
    exact = text.cast(pl.Int64, strict=False) if decimal is None else pl.lit(None, pl.Int64)
    return pl.coalesce(exact, pl.when(number == number.floor()).then(number).cast(pl.Int64, strict=False))


def as_time(cell: Cell, raw: pl.Expr, text: pl.Expr, found: pl.DataType, time_zone: str) -> pl.Expr:
    """Read times as UTC, in microseconds; a time without a zone is ``time_zone``'s."""
    if cell.since is not None:
        start = cell.since if cell.since.tzinfo else cell.since.replace(tzinfo=ZoneInfo(time_zone))
        passed = _number(raw, text, found) * UNITS[cell.unit]
        return (pl.lit(start.astimezone(UTC)).cast(TIME) + passed.round().cast(pl.Duration("us"))).cast(TIME)
    if cell.format is not None:
        formats = (cell.format,) if isinstance(cell.format, str) else cell.format
        return pl.coalesce(_formatted(text, form, time_zone) for form in formats)
    if isinstance(found, pl.Datetime) and found.time_zone:
        return raw.cast(pl.Datetime("us", found.time_zone)).dt.convert_time_zone("UTC")
    if isinstance(found, pl.Datetime | pl.Date):
        return _local(raw.cast(pl.Datetime("us")), time_zone)
    if found.is_numeric():
        raise ValueError("a number is no time: say `format:` (as %Y%m%d), or `since:` and `unit:`")
    return _iso(text, time_zone)


def whole_day(cell: Cell, text: pl.Expr, found: pl.DataType, value: pl.Expr, time_zone: str) -> pl.Expr:
    """Tell where a time (``value``, UTC) was written as a day: by its form, or as all are midnights."""
    if cell.since is not None:
        number = text.cast(pl.Float64, strict=False)
        return (number == number.floor()).fill_null(False) if cell.unit == "days" else pl.lit(False)
    local = value.dt.convert_time_zone(time_zone)
    midnights = (local == local.dt.truncate("1d")).all()
    if cell.format is not None:
        formats = (cell.format,) if isinstance(cell.format, str) else cell.format
        reads = [(_formatted(text, form, time_zone).is_not_null(), not has_clock(form)) for form in formats]
        bare = pl.coalesce([pl.when(there).then(pl.lit(is_day)) for there, is_day in reads])
    elif isinstance(found, pl.Date):
        bare = value.is_not_null()
    else:
        bare = text.str.len_chars() <= DAY_LENGTH
    return value.is_not_null() & (midnights | bare.fill_null(False))


def has_clock(form: str) -> bool:
    """Tell whether a format of times says more than a day."""
    return any(mark in form for mark in CLOCK_MARKS)


def day_end(value: pl.Expr, time_zone: str) -> pl.Expr:
    """Return the last second of a time's day, as the clocks of a zone have it."""
    local = value.dt.convert_time_zone(time_zone).dt.truncate("1d").dt.offset_by("1d")
    return (local.dt.convert_time_zone("UTC") - pl.duration(seconds=1)).cast(TIME)


def _formatted(text: pl.Expr, form: str, time_zone: str) -> pl.Expr:
    text = written_in(text, form)
    if any(mark in form for mark in ("%z", "%:z", "%#z", "%+")):
        return text.str.strptime(TIME, form, strict=False)
    return _local(text.str.strptime(pl.Datetime("us"), form, strict=False), time_zone)


def _iso(text: pl.Expr, time_zone: str) -> pl.Expr:
    joined = text.str.replace(" ", "T", literal=True)
    naive = [joined.str.strptime(pl.Datetime("us"), form, strict=False) for form in NAIVE]
    zoned = joined.str.strptime(TIME, ZONED, strict=False)
    return pl.coalesce(zoned, _local(pl.coalesce(naive), time_zone))


def _local(value: pl.Expr, time_zone: str) -> pl.Expr:
    """Local to UTC; an hour that the clock skips is moved on by one, of a repeated one the first is meant."""

    def placed(time: pl.Expr) -> pl.Expr:
        return time.dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")

    found = pl.coalesce(placed(value), placed(value + pl.duration(hours=1)))
    return found.dt.convert_time_zone("UTC")


def moment(text: str, time_zone: str) -> datetime:
    """Return one ISO time as UTC."""
    value = datetime.fromisoformat(text)
    return (value if value.tzinfo else value.replace(tzinfo=ZoneInfo(time_zone))).astimezone(UTC)
