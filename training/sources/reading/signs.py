"""Signs and words of times and numbers that are written otherwise than parsers know them."""

import polars as pl

FULL = dict(zip("０１２３４５６７８９．，－＋：／％￥　", "0123456789.,-+:/%¥ ", strict=True))
MONTHS = (  # as they are abbreviated and written out, those of one month together
    ("Jan", "january januar jänner janvier janv enero ene gennaio gen janeiro januari"),
    ("Feb", "february februar februari février févr fév febrero febbraio fevereiro fev"),
    ("Mar", "march märz mrz mär mars marzo março maart mrt"),
    ("Apr", "april avril avr abril abr aprile"),
    ("May", "mai mayo maggio mag maio mei maj"),
    ("Jun", "june juni juin junio giugno giu junho"),
    ("Jul", "july juli juillet juil julio luglio lug julho"),
    ("Aug", "august août aout agosto ago augustus augusti"),
    ("Sep", "september septembre sept septiembre settembre set setembro"),
    ("Oct", "october oktober okt octobre octubre ottobre ott outubro out"),
    ("Nov", "november novembre noviembre novembro"),
    ("Dec", "december dezember dez décembre déc diciembre dic dicembre dezembro"),
)
WORDS = {
    f"{word}{dot}": short
    for short, words in MONTHS
    for word in (*words.split(), short.lower())
    for dot in (".", "")
}
LONGEST_FIRST = sorted(WORDS, key=len, reverse=True)  # `mars` before `mar`
OF_MONTHS = ("%b", "%B")
# Parts of the day before the clock, where it is written so, and the half in which each hour lies. Twelve at
# night lies in none: the end of the day or its beginning.
MORNING, AFTERNOON = dict.fromkeys(range(13), "AM"), dict.fromkeys((*range(13), *range(13, 24)), "PM")
NOON = {10: "AM", 11: "AM"} | dict.fromkeys((12, 1, 2, 13, 14), "PM")
NIGHT = dict.fromkeys(range(5), "AM") | dict.fromkeys((*range(5, 12), *range(17, 24)), "PM")
PARTS = {
    "上午|午前|오전|凌晨|淩晨|早上|早晨|清晨|새벽|아침": MORNING,
    "下午|午後|오후|傍晚|저녁": AFTERNOON,
    "中午|정오|낮": NOON,
    "晚上|夜晚|夜里|夜間|深夜|半夜|밤": NIGHT,
}
PART = "|".join(PARTS)
PART_OF_DAY = rf"^(.*?)\s*({PART})\s*(\d{{1,2}})[:点點时時](\d{{2}})(?:[:分](\d{{2}}))?[分秒]?$"


def half_width(text: pl.Expr) -> pl.Expr:
    """Write figures and marks that are as wide as Chinese signs as usual ones."""
    return text.str.replace_many(list(FULL), list(FULL.values()))


def _with_halves(text: pl.Expr) -> pl.Expr:
    """Write parts of the day behind the clock: ``下午3:07`` as ``3:07 PM``, ``3 p. m.`` as ``3 pm``."""
    day, part, hour, minute, second = (text.str.extract(PART_OF_DAY, nr) for nr in range(1, 6))
    half = pl.lit(None, pl.String)
    hours = hour.cast(pl.Int64, strict=False)
    for words, told in PARTS.items():
        own = hours.replace_strict(list(told), list(told.values()), default=None, return_dtype=pl.String)
        half = pl.when(part.str.contains(f"^(?:{words})$")).then(own).otherwise(half)
    clock = pl.concat_str((hours + 11) % 12 + 1, minute, second, separator=":", ignore_nulls=True)
    written = pl.concat_str(day, clock, half, separator=" ").str.strip_chars()
    return pl.coalesce(written, text).str.replace(r"(?i)([ap])\.\s?m\.?$", "${1}m")


def written_in(text: pl.Expr, form: str) -> pl.Expr:
    """Write times as a format expects them: usual figures, months by their English short names.

    Examples
    --------
    >>> import polars as pl
    >>> pl.Series(["5 janv. 2024", "3 März 2024", "１ Dec 2024"]).to_frame("v").select(
    ...     written_in(pl.col("v"), "%d %b %Y")).to_series().to_list()
    ['5 Jan 2024', '3 Mar 2024', '1 Dec 2024']
    """
    text = half_width(text)
    text = _with_halves(text) if "%p" in form else text
    if not any(mark in form for mark in OF_MONTHS):
        return text
    short = [WORDS[word] for word in LONGEST_FIRST]
    return text.str.to_lowercase().str.replace_many(LONGEST_FIRST, short, leftmost=True)
