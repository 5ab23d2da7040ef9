"""Why a plan does no more: who is left out of it and what limits it, in words of both languages."""

from collections.abc import Mapping
from typing import Any

from models.acting.plan import SENT
from models.acting.reason_words import why
from models.phrases import LANGUAGES, catalogue


def left_out(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return for each reason of who gets nothing its code, how many members, and its words (``en``, ``zh``).

    Parameters
    ----------
    told
        What ``models.acting.brief.facts`` returns; the most come first.
    """
    counted = [(code, n) for code, n in told["by_reason"].items() if n and code != SENT]
    return [
        {"code": code, "members": n, **{word: why(code, word) for word in LANGUAGES}}
        for code, n in sorted(counted, key=lambda pair: (-pair[1], pair[0]))
    ]


def limits(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what keeps the plan from doing more: limit, its name if it has one, price and words.

    ``price`` is what one more unit of it (money, a place a day) would bring beyond its cost, in the
    currency of the options; None where more of nothing would help.
    """
    prices, found = told["prices"], list[dict[str, Any]]()
    if prices["budget"] > 0:
        found.append(_limit("budget", None, prices["budget"], told))
    for kind in ("option", "channel"):
        ranked = sorted(prices[kind].items(), key=lambda pair: (-pair[1], pair[0]))
        found += [_limit(kind, name, price, told) for name, price in ranked if price > 0]
    if not found:
        short = any(told["by_reason"].get(code) for code in ("budget", "capacity"))
        found.append(_limit("rest" if short else "worth", None, None, told))
    return found


def _limit(kind: str, name: str | None, price: float | None, told: Mapping[str, Any]) -> dict[str, Any]:
    said = {"name": name, "price": f"{price or 0:,.2f}", "currency": told["currency"] or ""}
    words = catalogue()["acting"]["limits"][kind]
    texts = {word: str(words[word]).format(**said).strip() for word in LANGUAGES}
    return {"limit": kind, "name": name, "price": price, **texts}
