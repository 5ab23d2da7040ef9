"""Says in English and Chinese what a feature's value means and what became of rows like that."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from features import unique_yaml
from features.own_tables import is_own

LANGUAGES = ("en", "zh")
FILE = Path(__file__).with_name("phrases.yaml")
WINDOW = re.compile(r"_(\d+)d$")


@cache
def catalogue() -> dict[str, Any]:
    """Return the file of words, read once."""
    return unique_yaml.read(FILE)


@dataclass(frozen=True)
class Phrases:
    """How one feature is said, taken from its row in the model's card.

    Parameters
    ----------
    unit
        As in the catalogue of features.
    texts
        By language: ``fact``, ``zero`` and ``empty``, with ``{value}`` open.
    """

    unit: str
    texts: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, feature: Mapping[str, Any]) -> "Phrases":
        """Read a feature of the card, which has ``name``, ``unit``, ``en`` and ``zh``."""
        return cls(feature["unit"], {language: _texts(feature, language) for language in LANGUAGES})

    def fact(self, value: float | str | None, language: str) -> str:
        """Return what is known, such as ``bought nothing for 74 days``."""
        texts = self.texts[language]
        if value is None:
            return texts["empty"]
        if value == 0:
            return texts["zero"].replace("{value}", amount(0, self.unit, language))
        if isinstance(value, str):
            word = value_words(value)[language]
            return texts["fact"].replace(
                " {value}" if not word.isascii() and language == "zh" else "{value}", word
            )
        shown = amount(value, self.unit, language)
        return texts["fact"].replace("{value}", shown)


def _texts(feature: Mapping[str, Any], language: str) -> dict[str, str]:
    words, window = catalogue(), WINDOW.search(feature["name"])
    own = words["features"].get(feature["name"]) or words["features"].get(family(feature["name"])) or {}
    common = {kind: words["clauses"][kind][language] for kind in ("fact", "zero", "empty")}
    fact = own.get(language, common["fact"])
    zero = common["zero"] if feature["unit"] in words["counts"] else fact
    found = {
        "fact": fact,
        "zero": own.get("zero", {}).get(language, zero),
        "empty": own.get("empty", {}).get(language, common["empty"]),
    }
    days, label = window.group(1) if window else "", feature[language]
    filled = {kind: text.replace("{label}", label).replace("{days}", days) for kind, text in found.items()}
    return {kind: text.replace("the last 1 days", "the last day") for kind, text in filled.items()}


def value_words(value: str) -> dict[str, str]:
    """Return what a category's value is called in each language; one that is not listed stays as it is.

    Examples
    --------
    >>> value_words("short_video"), value_words("Ward 7")
    ({'en': 'short_video', 'zh': '短视频'}, {'en': 'Ward 7', 'zh': 'Ward 7'})
    """
    return {"en": value, "zh": catalogue()["values"].get(value, value)}


def family(name: str) -> str:
    """Return a feature's name with its window left open: what differs by window only belongs together.

    Examples
    --------
    >>> family("orders_90d"), family("days_since_order")
    ('orders_{days}d', 'days_since_order')
    """
    return WINDOW.sub("_{days}d", name)


@cache
def _themes() -> dict[str, str]:
    return {name: theme for theme, names in catalogue()["themes"].items() for name in names}


def theme(name: str) -> str:
    """Return what a feature is about: features of one theme say nearly the same and are one reason.

    Examples
    --------
    >>> theme("orders_90d"), theme("x_club"), theme("own_points__balance__mean_90d")
    ('purchases', 'x_club', 'own_points__balance')
    """
    if is_own(name):
        return name.rpartition("__")[0]
    return _themes().get(family(name), family(name))


def amount(value: float, unit: str, language: str) -> str:
    """Write a number with its unit, as a reader says it.

    Examples
    --------
    >>> amount(73.9, "days", "en"), amount(1, "orders", "en"), amount(123456, "cents", "en")
    ('74 days', '1 order', '1,235')
    >>> amount(0.125, "share", "en"), amount(3, "tickets", "zh"), amount(9.9, "days", "zh")
    ('12 %', '3 张', '10 天')
    """
    if unit == "share":
        return percent(value)
    if unit == "percent":
        return f"{plain(value)} %"
    if unit == "cents":
        return f"{value / 100:,.0f}" if abs(value) >= 10_000 else f"{value / 100:,.2f}"
    number = plain(round(value) if unit == "days" and abs(value) >= 1 else value)
    one, many, measure = catalogue()["units"].get(unit, ("", "", ""))
    word = measure if language == "zh" else one if number == "1" else many
    return f"{number} {word}".rstrip()


def plain(value: float) -> str:
    """Round to whole numbers from 10 on, below to one decimal place, which is left out where it is zero.

    Examples
    --------
    >>> plain(1234.5), plain(2.04), plain(2.5)
    ('1,234', '2', '2.5')
    """
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.1f}".removesuffix(".0")


def percent(share: float) -> str:
    """Write a share of 1 as per cent, with a decimal place where it is small.

    Examples
    --------
    >>> percent(0.312), percent(0.0312)
    ('31 %', '3.1 %')
    """
    return f"{100 * share:.0f} %" if share >= 0.0995 or share == 0 else f"{100 * share:.1f} %"


def sentence(fact: str, rate: float | None, base: float, raises: bool, positive: str, language: str) -> str:
    """Return the fact and the observed rate behind it.

    Where the rate on its own points the other way than the contribution, the sentence says so.
    """
    if rate is not None:
        agrees = (rate >= base) == raises or percent(rate) == percent(base)
        kind = "agrees" if agrees else "raises" if raises else "lowers"
        clause = catalogue()["clauses"][kind][language]
        parts = {"fact": fact, "rate": percent(rate), "base": percent(base), "positive": positive}
        fact = clause.format(**parts)
    return fact[:1].upper() + fact[1:]
