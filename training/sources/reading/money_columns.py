"""What the names of columns tell of money: currency, totals of orders, tax, shipping, cents."""

import re
from functools import cache
from typing import Literal

import polars as pl

from training.sources.reading.cell_types import as_text
from training.sources.reading.number_format import read_number

Meaning = Literal["currency", "total", "tax", "shipping"]
RECORD = (  # of which a column is one, and its name there
    r"(?i)((?:(?:sale|order|invoice)s?[ _])?(?:line|item)s?(?:[ _]items?)?|order|invoice|customer|partner"
    r"|client|contact|person|organization|deal|lead|product|account|subscription|payment)(?:\s?/\s?| - )(.+)"
)
IN_CENTS = r".*_(in_)?(cents?|cent_amount|pence|minor(_units?)?)|.*[(（]分[)）]"
PATTERNS: dict[Meaning, str] = {
    "currency": r"(.*[_ .])?(currency(_?code)?|währung|waehrung|devise|moneda|divisa"
    r"|valuta|moeda|waluta|валюта|通貨|币种|货币)",
    "tax": r"(order_|total_|line_|cart_)?(tax(es)?|vat|gst)(_amount|_total)?"
    r"|(mehrwert|umsatz)?steuer(betrag)?|mwst\.?|ust\.?|tva|iva|impuestos?|impost[ei]|btw|moms|消費税|税费|税额",
    "shipping": r"(order_|total_)?(shipping|freight|postage|delivery)"
    r"(_(cost|costs|fee|amount|total|price|charge|tax_incl|tax_excl))*"
    r"|versand(kosten)?|porto|frais_(de_)?(port|livraison)|envio|envío|gastos_(de_)?env[ií]o|spese_(di_)?spedizione|frete|verzendkosten|frakt|送料|配送料|运费|邮费|买家应付邮费",
    "total": r"((order|invoice|basket|cart|checkout|receipt|bill|grand|line|row)s?_)?(sub_?)?total"
    r"(_(price|amount|paid|value|net|gross|tax_incl|tax_excl|(incl|excl|inc|ex)\w*))*"
    r"|(order|invoice|basket|cart|line|row)_?(amount|sum|value)|order_price|(amount|total)_paid|paid_amount"
    r"|(gesamt|bestell|rechnungs|auftrags|positions|zeilen|waren)_?(betrag|summe|preis|wert)|zwischensumme"
    r"|(montant|prix|importe|precio)_?total(_\w+)?|montant_(de_la_)?(commande|facture|ttc|ht)"
    r"|total_(commande|pedido|factura|ligne|linea|ttc|ht)|sous_total|importe_(del_)?(pedido|factura)"
    r"|(订单|商品|买家)?(总|应付|实付|实际支付)(金额|额|价|货款|款)|订单金额|小计|合计|买家应付货款"
    r"|totale(_\w+)?|importo_totale|valor_total(_\w+)?|totaal(bedrag|prijs)?|totalt|合計(金額)?|小計|(注文|購入|請求|支払|お支払い)(合計|総額)?金額",
}  # fmt: skip


def plain_name(name: str) -> str:
    """Return ``CustomerID`` and ``customer id`` as ``customer_id``."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[\s.\-]+", "_", words.strip()).lower()


def is_in_cents(name: str) -> bool:
    """Tell whether a column's name says that its amounts are in the smallest unit."""
    return re.fullmatch(IN_CENTS, plain_name(name)) is not None


def spellings(name: str) -> tuple[str, ...]:
    """Spell a name as it is; one of a nested field also by its last two parts and by its last.

    So is one below the name of a record (``Order Lines/Quantity``, ``Person - Email``); of other names what
    stands behind a dash or a stroke says something else (``Price/piece``).

    Examples
    --------
    >>> spellings("Order Lines/Quantity"), spellings("Price/piece")
    (('Order Lines/Quantity', 'Order Lines_Quantity', 'Quantity'), ('Price/piece',))
    >>> spellings("data.customer.id"), spellings("totals.shipping.amount"), spellings("Total")
    (('data.customer.id', 'customer_id', 'id'), ('totals.shipping.amount', 'shipping_amount'), ('Total',))
    """
    below = re.fullmatch(RECORD, name)
    if below:
        return (name, "_".join(below.groups()), below[2])
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
