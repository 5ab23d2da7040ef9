"""Amounts of several currencies under one price, seen in the columns that the mapping does not take."""

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from features.sources.judging.findings import Finding
from features.sources.mapping.mapping_file import Mapping, Part
from features.sources.reading.table_reader import opened

CURRENCY = re.compile(r"(?i)(.*[_ .])?(currency([_ ]?code)?|währung|waehrung|devise|moneda|divisa|币种|货币)")
CODE = r"^(?:[A-Za-z]{3}|[¥￥$€£₹₩])$"


def currencies(mapping: Mapping, root: Path) -> Iterator[Finding]:
    """Find prices taken as they are from sources whose rows are of several currencies."""
    for part in mapping.tables.get("purchases", ()):
        price = part.columns.get("unit_price_cents")
        # A price made by SQL, or in a further field, may have been brought to one currency there.
        if price and price.column and price.column not in mapping.sources[part.source].fields:
            yield from _mixed(mapping, root, part)


def _mixed(mapping: Mapping, root: Path, part: Part) -> Iterator[Finding]:
    frame = opened(mapping, root, part.source)
    names = [name for name, kind in frame.collect_schema().items() if kind == pl.String]
    for name in (name for name in names if CURRENCY.fullmatch(name) and name not in (part.where or "")):
        code = pl.col(name).str.strip_chars()
        counts = frame.select(code.alias("code")).filter(pl.col("code").str.contains(CODE)).collect()
        told = counts["code"].str.to_uppercase().value_counts(sort=True).rows()
        if len(told) > 1:
            yield _said(part, name, told)


def _said(part: Part, name: str, told: list[tuple[str, int]]) -> Finding:
    listed = ", ".join(f"{code} {count:,}" for code, count in told[:5])
    says = f"{name} of {part.source} has {len(told)} currencies ({listed} rows), which are added up"
    advice = (
        f"Make a field of rates, `rate: {{column: {name}, map: {{CODE: RATE}}}}`, and take the price times it"
        ", or take one currency with `where`"
    )
    return Finding("purchases", "currencies", says, advice)
