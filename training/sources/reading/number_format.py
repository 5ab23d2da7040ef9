"""Numbers as people write them: one format for a whole column, currency signs and thousands marks aside."""

import polars as pl

from training.sources.reading.signs import half_width

SIGNS = r"(?i:\b(?:US|AU|CA|HK|NT) ?\$)|[¥￥$€£₹₩₽฿₺元円원]|(?i:\b(?:TL|TRY|Ft|HUF|lei|RON|RUB|руб|BGN|лв)\b\.?)|(?i:\b(?:US|AU|CA|HK|NT|R) ?\$|\b(?:EUR|USD|GBP|CHF|CNY|RMB|JPY|INR|SEK|NOK|DKK|PLN|CZK|BRL|AUD|CAD|HKD|TWD|KRW|SGD|MXN)\b|\bkr\b\.?|\bzł|\bKč|\bFr\.?(?:\s|$))"  # noqa: E501
BLANKS = r"[\s\u00a0\u202f\u2009]"
GROUPS = {".": r",", ",": r"\."}  # the thousands mark beside each decimal mark
ENOUGH = 0.95  # of the cells of a column must read for it to be one of numbers
DECIMALS = (".", ",")
MYRIADS = {
    "万": 1e4,
    "萬": 1e4,
    "만": 1e4,
    "亿": 1e8,
    "億": 1e8,
    "억": 1e8,
}  # behind a number: 1.2万 is 12,000
GROUP_MARK = {".": ",", ",": "."}  # the decimal mark where the other parts thousands
FEW, SMALL = 3, 4  # numbers without a mark; digits from which a number would have one


def read_number(text: pl.Expr, decimal: str) -> pl.Expr:
    """Read text as Float64 by its decimal mark; what is written otherwise is null.

    Currency signs, blanks, apostrophes and the other mark between thousands are passed over; a minus
    behind and brackets around an amount are a minus.
    """
    bare = _bare(text)
    myriads = f" ?([{''.join(MYRIADS)}])$"
    scale = bare.str.extract(myriads).replace_strict(MYRIADS, default=1.0)
    bare = bare.str.replace(myriads, "")
    group = GROUPS[decimal]
    lakhs = "{2,3}" if decimal == "." else "{3}"  # 1,00,000 is a way to write 100,000
    whole = rf"(?:\d+|\d{{1,3}}(?:[{group}'’ ]\d{lakhs})*[{group}'’ ]\d{{3}})"
    mark = r"\." if decimal == "." else ","
    shape = rf"^[+-]?(?:{whole}(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?$"
    plain = bare.str.replace_all(rf"[{group}'’ ]", "").str.replace(mark, ".")
    return pl.when(bare.str.contains(shape)).then(plain.cast(pl.Float64, strict=False) * scale)


def _bare(text: pl.Expr) -> pl.Expr:
    """Without currency signs, with one kind of blank and one of minus, the minus in front."""
    bare = half_width(text).str.replace_all(SIGNS, "").str.replace_all(f"{BLANKS}+", " ").str.strip_chars()
    bare = bare.str.replace(r"(\d) ?%$", "$1")
    bare = bare.str.replace_all("[−–]", "-").str.replace(r"^([+-]) +", "$1")
    bare = bare.str.replace(r"^\( *(.*?) *\)$", "-$1")
    return bare.str.replace(r"^([^-].*?) *-$", "-$1")


def decimal_mark(text: pl.Series, usual: str | None = None) -> tuple[str | None, bool]:
    """Find the decimal mark of a column of numbers, and whether it had to be guessed.

    Parameters
    ----------
    text
        Its cells, none empty.
    usual
        The mark of the other columns of the file, which decides where this column does not.

    Returns
    -------
    The mark (``None`` where the column is none of numbers), and whether both marks read all cells
    and give different numbers.
    """
    frame = text.to_frame("v")
    reads = {mark: frame.select(read_number(pl.col("v"), mark))["v"] for mark in DECIMALS}
    counts = {mark: len(values) - values.null_count() for mark, values in reads.items()}
    best = max(DECIMALS, key=lambda mark: counts[mark])
    if not len(text) or counts[best] < ENOUGH * len(text):
        return None, False
    guessed = counts["."] == counts[","] and not reads["."].equals(reads[","])
    return (usual or _likelier(text, best) if guessed else best), guessed


def _likelier(text: pl.Series, usual: str) -> str:
    """Of two marks that read all cells the one by which numbers are written as people do.

    Where small numbers have no mark and all that have one stand in threes, it parts thousands: decimals
    that drop their zeros would not all be three. A zero in front of the only mark makes it a decimal mark.
    """
    marked = text.filter(text.str.contains(r"\d[.,]\d"))
    mark = "." if marked.str.contains(".", literal=True).any() else ","
    if marked.str.contains(r"^\D*0[.,]").any():
        return mark
    bare = text.filter(~text.str.contains(r"\d[.,]\d"))
    are_small = (bare.str.replace_all(r"\D", "").str.len_chars() < SMALL).all()
    return GROUP_MARK[mark] if len(bare) >= FEW and are_small else usual


def is_plain(text: pl.Series) -> bool:
    """Tell whether every cell reads as a number without being told how it is written."""
    return text.cast(pl.Float64, strict=False).null_count() == 0
