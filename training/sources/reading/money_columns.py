"""Columns of a source that tell what its amounts are: currency, totals of orders, tax and shipping.

A mapping need not take them; rows bring them along as marks, so that amounts are judged by them.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Literal

import polars as pl

from training.sources.mapping.cell_spec import Cell
from training.sources.mapping.mapping_file import Part
from training.sources.mapping.source_spec import Source
from training.sources.reading.cell_types import as_text
from training.sources.reading.number_format import read_number
from training.sources.source_rows import BESIDE

Meaning = Literal["currency", "total", "tax", "shipping"]
SIGN = (
    r"([¥￥$€£₹₩₽฿₺]|\b(?:EUR|USD|GBP|CHF|CNY|JPY|INR|SEK|NOK|DKK|PLN|CZK|BRL|AUD|CAD|HKD|TWD|KRW|SGD|MXN)\b)"
)
PATTERNS: dict[Meaning, str] = {
    "currency": r"(.*[_ .])?(currency(_?code)?|währung|waehrung|devise|moneda|divisa"
    r"|valuta|moeda|waluta|валюта|通貨|币种|货币)",
    "tax": r"(order_|total_|line_|cart_)?(tax(es)?|vat|gst)(_amount|_total)?"
    r"|(mehrwert|umsatz)?steuer(betrag)?|mwst\.?|ust\.?|tva|iva|impuestos?|impost[ei]|btw|moms|消費税|税费|税额",
    "shipping": r"(order_|total_)?(shipping|freight|postage|delivery)"
    r"(_(cost|costs|fee|amount|total|price|charge))?"
    r"|versand(kosten)?|porto|frais_(de_)?(port|livraison)|envio|envío|gastos_(de_)?env[ií]o|spese_(di_)?spedizione|frete|verzendkosten|frakt|送料|配送料|运费|邮费|买家应付邮费",
    "total": r"((order|invoice|basket|cart|checkout|receipt|bill|grand|line|row)s?_)?(sub_?)?total"
    r"(_(price|amount|paid|value|net|gross|(incl|excl|inc|ex)\w*))*"
    r"|(order|invoice|basket|cart|line|row)_?(amount|sum|value)|(amount|total)_paid|paid_amount"
    r"|(gesamt|bestell|rechnungs|auftrags|positions|zeilen|waren)_?(betrag|summe|preis|wert)|zwischensumme"
    r"|(montant|prix|importe|precio)_?total(_\w+)?|montant_(de_la_)?(commande|facture|ttc|ht)"
    r"|total_(commande|pedido|factura|ligne|linea|ttc|ht)|sous_total|importe_(del_)?(pedido|factura)"
    r"|(订单|商品|买家)?(总|应付|实付|实际支付)(金额|额|价|货款|款)|订单金额|小计|合计|买家应付货款"
    r"|totale(_\w+)?|importo_totale|valor_total(_\w+)?|totaal(bedrag|prijs)?|totalt|合計(金額)?|小計|(注文|購入|請求|支払|お支払い)(合計|総額)?金額",
}  # fmt: skip


def plain_name(name: str) -> str:
    """``CustomerID`` and ``customer id`` as ``customer_id``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[\s.\-]+", "_", words.strip()).lower()


def spellings(name: str) -> tuple[str, ...]:
    """Spell a name as it is; one of a nested field also by its last two parts and by its last.

    Examples
    --------
    >>> spellings("data.customer.id"), spellings("totals.shipping.amount"), spellings("Total")
    (('data.customer.id', 'customer_id', 'id'), ('totals.shipping.amount', 'shipping_amount'), ('Total',))
    """
    parts = name.split(".")
    if len(parts) < 2 or not all(re.fullmatch(r"\w[\w$]*", part) for part in parts):
        return (name,)
    two = "_".join(parts[-2:])
    return (name, two) if _meaning(two) in ("tax", "shipping", "currency") else (name, two, parts[-1])


def meaning(name: str) -> Meaning | None:
    """Tell what a column's name says of the amounts beside it."""
    return next((found for one in spellings(name) if (found := _meaning(one))), None)


@cache
def _meaning(name: str) -> Meaning | None:
    bare = re.sub(r"_*[(（][^()（）]*[)）]$", "", plain_name(name))  # `Total (EUR)`, 金额（元）
    return next((key for key, form in PATTERNS.items() if re.fullmatch(form, bare)), None)


def amount(raw: pl.Expr, kind: pl.DataType, decimal: str | None) -> pl.Expr:
    """Read amounts as Float64, those written for people by their mark; what is none is null."""
    if kind.is_numeric():
        return raw.cast(pl.Float64)
    text = as_text(raw, kind)
    return pl.coalesce(text.cast(pl.Float64, strict=False), read_number(text, decimal or "."))


def marks(part: Part, source: Source, frame: pl.LazyFrame) -> Iterator[pl.Expr]:
    """Make marks of the columns that tell of a part's amounts; see ``named_mark``.

    Parameters
    ----------
    frame
        The part's rows, in its source's columns.
    """
    price = part.columns.get("unit_price_cents")
    if price is None:
        return
    taken = {cell.column for cell in part.columns.values() if cell.column}
    kinds = frame.collect_schema()
    yield from _signs(part, price, kinds)
    spread = {name for name, cell in source.fields.items() if cell.spread}  # a line's share is no total
    for name, key in _telling(kinds.names(), taken | spread):
        if key == "currency":
            # A price made by SQL, or in a further field, may have been brought to one currency there.
            if price.column and price.column not in source.fields:
                yield as_text(pl.col(name), kinds[name]).alias(f"{BESIDE}{part.source}:{key}:{name}")
        elif kinds[name].is_numeric() or kinds[name] == pl.String:
            cents = _cents(pl.col(name), kinds[name], price)
            yield cents.alias(f"{BESIDE}{part.source}:{key}:{name}")


def _signs(part: Part, price: Cell, kinds: pl.Schema) -> Iterator[pl.Expr]:
    """Make a mark of the currency signs in the cells of a price that is written for people."""
    name = price.column
    if name is not None and price.decimal and kinds.get(name) == pl.String:
        sign = pl.col(name).str.extract(SIGN)
        yield sign.str.replace("￥", "¥").alias(f"{BESIDE}{part.source}:currency:{name}")


def _cents(raw: pl.Expr, kind: pl.DataType, price: Cell) -> pl.Expr:
    return amount(raw, kind, price.decimal) * (price.times or 1)


def _telling(names: Iterable[str], taken: set[str]) -> Iterator[tuple[str, Meaning]]:
    for name in names:
        key = meaning(name)
        if key is not None and name not in taken:
            yield name, key


def named_mark(mark: str) -> tuple[str, str, str]:
    """Source, meaning and column of a mark."""
    source, key, name = mark.removeprefix(BESIDE).split(":", 2)
    return source, key, name
