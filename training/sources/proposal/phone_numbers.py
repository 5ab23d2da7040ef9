"""Phone numbers that name members in several files, in some with their country and in some without."""

import re
from dataclasses import replace

import polars as pl

from training.sources.proposal.file_profile import all_of
from training.sources.proposal.name_patterns import means
from training.sources.proposal.table_proposal import TableProposal
from training.sources.reading.cell_types import as_text

# Calling codes of ITU-T E.164: of one digit, of two, else of three.
CODE = r"^\s*\(?(?:\+|00)\s?(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})"
SAME = 0.95  # of the numbers that name a country name the same


def of_one_country(guesses: list[TableProposal]) -> tuple[list[TableProposal], list[str]]:
    """Read numbers without a country as of the one that all others name, so that one person is one id."""
    named = [made for made in guesses if _column(made) is not None]
    codes = pl.concat([pl.Series([], dtype=pl.String), *(_codes(made) for made in named)])
    counts = codes.value_counts(sort=True) if len(codes) else None
    if counts is None or counts["count"][0] < SAME * len(codes):
        return guesses, []
    code = str(counts[codes.name][0])
    bare = [made for made in named if _names_none(made)]
    if not bare:
        return guesses, []
    labels = ", ".join(made.file.label for made in bare)
    said = f"{labels}: numbers without a country are taken as of +{code}, which the others name (`country:`)"
    return [_with_country(made, code) if made in bare else made for made in guesses], [said]


def _column(made: TableProposal) -> str | None:
    """The column of phone numbers that names members."""
    cell = made.cells.get("member_id", {})
    name = str(cell.get("column"))
    return (
        name
        if cell.get("hash") in ("phone", "text") and "country" not in cell and means(name, "phone")
        else None
    )


def _numbers(made: TableProposal) -> pl.Series:
    name = str(_column(made))
    cells = all_of(made.file, [name])
    return cells.select(as_text(pl.col(name), cells.schema[name]).alias("number")).to_series().drop_nulls()


def _codes(made: TableProposal) -> pl.Series:
    return _numbers(made).str.extract(CODE).drop_nulls().alias("code")


def _names_none(made: TableProposal) -> bool:
    return len(_codes(made)) < len(_numbers(made))


def _with_country(made: TableProposal, code: str) -> TableProposal:
    cell = made.cells["member_id"] | {"hash": "phone", "country": code}
    unsure = [re.sub(r"; numbers that name no country.*", "", one) for one in made.unsure]
    return replace(made, cells=made.cells | {"member_id": cell}, unsure=unsure)
