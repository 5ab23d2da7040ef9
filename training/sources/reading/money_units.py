"""In what unit a money object counts: ``{"amount": 1250, "currency": "EUR"}`` may be 12.50."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from training.sources.reading.cell_types import as_text
from training.sources.reading.money_columns import amount, is_in_cents, plain_name

# ISO 4217: currencies without a smaller unit, and with one of a thousandth; all others have hundredths.
WHOLE = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
THOUSANDTHS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
AMOUNT = r"(?:(?P<within>.+)[._])?(?:amount|value)"  # of a money object, or beside a currency
CURRENCY = ("currency", "currency_code", "currency_iso", "currency_iso_code")
FEW, ENOUGH = 5, 0.9  # amounts, and the share of them that agree with those of another column
CENTS = 100.0


@dataclass(frozen=True)
class Maker:
    """A system whose amounts are known to be in the smallest unit, by what its records have.

    ``amount`` is the pattern of an amount's name, ``beside`` the columns that its records have, too.
    ``needs_currency`` tells whether a currency stands beside each amount; ``is_sure`` whether the names prove
    the maker, or others may call amounts of another unit so.
    """

    system: str
    amount: str
    beside: frozenset[str]
    documented_at: str
    needs_currency: bool = True
    is_sure: bool = True


FEES = r"(.+\.)?(settlement_)?(total|cash|coupon|refund)_fee|(.+\.)?payer_total"
PRICES = (
    r"((original_)?order|product|sale|market|real|estimate|discounted|deduction|change_down"
    r"|(merchant|finder)_discounted)_price|freight"
)
WECHAT_PAY = "https://pay.weixin.qq.com/wiki/doc/api/"
WECHAT_SHOP = "https://developers.weixin.qq.com/doc/store/"
WECHAT_V3 = r"(.+\.)?amount\.(payer_)?(total|refund)"
DOUYIN_SHOP = r"(.+\.)?(order|pay|promotion|post)_amount"
DOUYIN = "https://op.jinritemai.com/docs/"
MAKERS = (
    Maker("Square", r"(.+[._])?\w*money[._]amount", frozenset(), "https://developer.squareup.com/docs/build-basics/common-data-types/working-with-monetary-amounts"),
    Maker("Stripe", r"amount(_\w+)?|\w*total|unit_amount", frozenset({"object", "currency"}), "https://docs.stripe.com/currencies#zero-decimal"),
    Maker("Adyen", r"(.+\.)?amount\.value", frozenset({"psp_reference"}), "https://docs.adyen.com/development-resources/currency-codes"),
    Maker("Razorpay", r"amount(_\w+)?", frozenset({"entity", "currency"}), "https://razorpay.com/docs/api/payments/"),
    Maker("Klarna", r"(captured_|refunded_)?(order_)?amount", frozenset({"purchase_currency"}), "https://docs.klarna.com/api/ordermanagement/"),
    Maker("WeChat Pay", FEES, frozenset({"out_trade_no"}), WECHAT_PAY, False),
    Maker("WeChat Pay", FEES, frozenset({"mch_id"}), WECHAT_PAY, False),
    Maker("WeChat Pay", FEES, frozenset({"openid"}), WECHAT_PAY, False),
    Maker("WeChat Pay", WECHAT_V3, frozenset({"out_trade_no"}), WECHAT_PAY, False),
    Maker("a shop of WeChat", rf"(.+\.)?price_info\.({PRICES})", frozenset(), WECHAT_SHOP, False),
    Maker("a shop of WeChat", rf"({PRICES})", frozenset({"openid"}), WECHAT_SHOP, False, False),
    Maker("a shop of Douyin", DOUYIN_SHOP, frozenset({"doudian_open_id"}), DOUYIN, False),
)  # fmt: skip


@dataclass(frozen=True)
class Unit:
    """How an amount becomes cents.

    Parameters
    ----------
    times
        The factor; ``None`` where nothing tells it.
    why
        What tells it.
    """

    times: float | None
    why: str


def is_money_object(name: str, names: Iterable[str], typed: bool) -> bool:
    """Tell whether a column is the amount of a money object, or says itself that it is in cents.

    Parameters
    ----------
    names
        All columns of its source.
    typed
        Whether the file has types, so that ``1250`` beside a currency is a whole number by its maker's will;
        of CSV files only names that are nested tell a money object.
    """
    names = [*names]
    currency = _currency(name, names)
    maker = _maker(name, names)
    if is_in_cents(name) or (maker is not None and not maker.needs_currency):
        return True
    return currency is not None and (maker is not None or _is_object(name, currency, typed))


def unit_of(name: str, frame: pl.DataFrame) -> Unit:
    """Say in what unit the amount of a money object counts.

    Parameters
    ----------
    frame
        Rows of its source, all columns.
    """
    if is_in_cents(name):
        return Unit(1.0, "its name says so")
    cells = as_text(pl.col(name), frame.schema[name])
    written = frame.select(cells.alias("v"))["v"].drop_nulls()
    if not len(written) or written.str.contains(r"[.,]\d").any():
        return Unit(CENTS, "its amounts have decimals")
    codes = _codes(frame, _currency(name, frame.columns))
    if codes and codes <= WHOLE:
        return Unit(CENTS, f"{', '.join(sorted(codes))} has no smaller unit")
    maker = _maker(name, frame.columns)
    if maker and maker.is_sure:
        small = 0.1 if codes and codes <= THOUSANDTHS else 1.0
        return Unit(small, f"{maker.system} counts in the smallest unit, {maker.documented_at}")
    others = f"as {maker.system} counts in the smallest unit, " if maker else ""
    return _by_agreement(name, frame) or Unit(None, f"whole numbers only, {others}and nothing else tells")


def _maker(name: str, names: Iterable[str]) -> Maker | None:
    there = {plain_name(one.rpartition(".")[2]) for one in names} | {plain_name(one) for one in names}
    plain = _plain(name)
    return next((one for one in MAKERS if re.fullmatch(one.amount, plain) and one.beside <= there), None)


def _plain(name: str) -> str:
    """A nested name in small letters, its dots kept: ``unitPrice.amount`` as ``unit_price.amount``."""
    return ".".join(map(plain_name, name.split(".")))


def _currency(name: str, names: Iterable[str]) -> str | None:
    """The column beside an amount, in the same object, that names its currency."""
    plain = _plain(name)
    found = re.fullmatch(AMOUNT, plain)
    objects = [found["within"] or "" if found else "", plain.rpartition(".")[0]]
    wanted = [f"{one}{mark}{code}".strip("._") for one in objects for mark in "._" for code in CURRENCY]
    told = {_plain(one): one for one in names}
    return next((told[one] for one in [*wanted, "purchase_currency"] if one in told), None)


def _is_object(name: str, currency: str, typed: bool) -> bool:
    if not re.fullmatch(AMOUNT, _plain(name)):
        return False
    return typed or ("." in name and name.rpartition(".")[0] == currency.rpartition(".")[0])


def _codes(frame: pl.DataFrame, currency: str | None) -> set[str]:
    if currency is None:
        return set()
    cells = as_text(pl.col(currency), frame.schema[currency]).str.to_uppercase()
    return set(frame.select(cells.alias("v"))["v"].drop_nulls().unique())


def _by_agreement(name: str, frame: pl.DataFrame) -> Unit | None:
    """By another column that has decimals, and is as much in most rows, or as much in hundredths."""
    own = frame.select(v=amount(pl.col(name), frame.schema[name], None))["v"]
    for other, kind in frame.schema.items():
        if other == name or not (kind == pl.String or kind.is_float() or kind.is_decimal()):
            continue
        told = frame.select(v=_best(pl.col(other), kind))["v"]
        both = pl.DataFrame({"own": own, "told": told}).filter(pl.col("told") != 0, pl.col("own") != 0)
        if both.height < FEW or not (both["told"] % 1 != 0).any():
            continue
        for times, in_told in ((1.0, both["told"] * CENTS), (CENTS, both["told"])):
            if (
                int(((both["own"] - in_told).abs() < 0.5 / CENTS * times + 1e-6).sum())
                >= ENOUGH * both.height
            ):
                return Unit(times, f"{other} says as much")
    return None


def _best(raw: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """An amount by either decimal mark."""
    return pl.coalesce(amount(raw, kind, "."), amount(raw, kind, ","))
