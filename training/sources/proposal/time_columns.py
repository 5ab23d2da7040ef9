"""Which column of a file tells when a row happened, and the clock that stands beside a day."""

import re
from dataclasses import replace

import polars as pl

from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.mapping_keys import CellKeys, Cells
from training.sources.proposal.name_patterns import CLOSED, CONVERTED, LATER, LOST, means
from training.sources.proposal.profile_totals import as_known
from training.sources.reading.money_columns import plain_name
from training.sources.reading.signs import PART, written_in

CLOCK = (
    r"\d{1,2}h\d{2}|\d{1,2}:\d{2}(?::\d{2})?(?:\s?[AaPp]\.?[Mm]\.?)?"
    rf"|(?:{PART})\s*\d{{1,2}}[:点點时時]\d{{2}}(?:[:分]\d{{2}})?[分秒]?"
)
BORN = (  # a time that is somebody's, and no row's
    r"(.*_)?(birth_?(day|date)?|date_of_birth|dob|b_?day|born(_on)?)(_.*)?|geb(urts)?_?(tag|datum)|geboren(_am)?"
    r"|(date_(de_)?)?naissance|n[eé]e?_le|fecha_(de_)?nac(imiento)?|data_(di_|de_)?nasc(ita|imento)|geboortedatum"
    r"|(出生|生)(日期?|年月日?)|生日|誕生日|생년월일|생일|дата_рождения|fødselsdato|födelsedatum|data_urodzenia"
)
DUE = (  # a time that is to come
    r"(.*_)?(due|expected|planned|scheduled|estimated|deadline|ship_by|deliver_by|fällig|geplant|voraussichtlich\w*)(_.*)?"
    r"|.*(预计|计划|截止|最晚).*"
)
# Names of a clock that is written as one number, 143005; a spreadsheet has taken the zero from 093005.
IN_FIGURES = re.compile(
    r"(?i)((order|sales?|purchase|entry|created?|creation|doc(ument)?|posting|trans(action)?|receipt|bon|beleg|kauf)_?)?"
    r"(time|uhrzeit|zeit|hora|heure|ora)(_of_(day|sale|order|entry))?|erzet|uzeit|aezet|cputm|(下单|交易)?(时间|時間|时刻)"
)


def time_of(file: File, table: str) -> Column | None:
    """Find the column that tells when a row of a table happened."""
    if table == "members":
        return _time(as_known(file))
    return _time(_as_it_began(as_known(file)) if table == "leads" else file)


def _as_it_began(file: File) -> File:
    """The same without times at which a lead was won or lost, where it has another."""
    ends = [
        c
        for c in file.times
        if any(re.fullmatch(form, plain_name(c.name)) for form in (CONVERTED, CLOSED, LOST, LATER))
    ]
    kept = tuple(column for column in file.columns if column not in ends)
    return replace(file, columns=kept) if len(ends) < len(file.times) else file


def _time(file: File) -> Column | None:
    named = [column for column in file.times if column.name == file.hints.time]
    known = [column for column in file.times if not re.fullmatch(BORN, plain_name(column.name))]
    known = [column for column in known if not re.fullmatch(DUE, plain_name(column.name))] or known
    telling = [column for column in known if not means(column.name, "recorded_at")]
    first = next(iter(named or telling or known), None)
    return first if first is None or named else _finer(first, telling)


def _finer(day: Column, times: list[Column]) -> Column:
    """Of a day and a moment of the same thing (``event_date``, ``event_timestamp``) the moment."""
    stem = plain_name(day.name).rpartition("_")[0]
    alike = [column for column in times if stem and plain_name(column.name).rpartition("_")[0] == stem]
    return day if day.has_clock else next((column for column in alike if column.has_clock), day)


def with_clock(file: File, cell: CellKeys | None, unsure: list[str]) -> Cells:
    """Read a day together with the clock that stands in a column of its own; empty where none does."""
    day = next((c for c in file.times if cell and c.name == cell.get("column")), None)
    if day is None or day.has_clock or day.unit or len(day.readings) > 1:
        return {}
    clock = next((c for c in file.columns if c.name != day.name and _is_clock(c, file)), None)
    if clock is None:
        return {}
    days = day.readings[0] if day.readings else ("%Y-%m-%d",)
    unsure.append(f"{file.label}: {clock.name} is taken as the clock of {day.name}")
    wide = _figures(clock, file)
    formats = [f"{form} {'%H%M%S'[:wide] if wide else _clock_format(clock.example)}" for form in days]
    written = f"RIGHT(CONCAT('000000', \"{clock.name}\"), {wide})" if wide else f'"{clock.name}"'
    sql = f"CONCAT(\"{day.name}\", ' ', {written})"
    return {"occurred_at": {"sql": sql, "format": formats[0] if len(formats) == 1 else formats}}


def _is_clock(column: Column, file: File) -> bool:
    """Whether all cells of a column are times of day, of one form."""
    if _figures(column, file):
        return True
    if (
        column.kind not in ("text", "time")
        or column.filled < file.rows
        or not re.fullmatch(CLOCK, column.example)
    ):
        return False
    cells = file.frame().select(column.name).head(file.rows).collect().to_series()
    if cells.dtype != pl.String:
        return False
    form = _clock_format(column.example)
    texts = cells.drop_nulls().to_frame("v").select(written_in(pl.col("v").str.strip_chars(), form))
    return bool(texts.to_series().str.to_time(form, strict=False).is_not_null().all())


def _figures(column: Column, file: File) -> int:
    """Return how wide a clock is that is written as one number, as its name and all cells say; else 0."""
    if (
        column.kind != "number"
        or column.filled < file.rows
        or not IN_FIGURES.fullmatch(plain_name(column.name))
    ):
        return 0
    frame = file.frame().select(pl.col(column.name).cast(pl.Int64, strict=False))
    numbers = frame.head(file.rows).collect().to_series()
    hours, minutes, seconds = numbers // 10_000, numbers // 100 % 100, numbers % 100
    wide = 6 if hours.max() else 4  # of a day that goes on after noon, else they count minutes of something
    parts = zip((hours, minutes, seconds) if wide == 6 else (minutes, seconds), (24, 60, 60), strict=False)
    below = (bool(part.is_between(0, most - 1).all()) for part, most in parts)
    reads = numbers.null_count() == 0 and (numbers.max() or 0) >= 12 * 10 ** (wide - 2) and all(below)
    return wide if reads else 0


def _clock_format(example: str) -> str:
    if "h" in example:
        return "%Hh%M"
    half = re.search(rf"[AaPp]\.?[Mm]|{PART}", example)
    example = re.sub("[点點时時分]", ":", example.rstrip("分秒"))
    hours = "%I:%M" if half else "%H:%M"
    seconds = ":%S" if example.count(":") > 1 else ""
    return hours + seconds + ((" %p" if re.search(rf" |{PART}", example) else "%p") if half else "")
