"""Why a plan does no more: who is left out of it and what limits it, in words of both languages."""

from models.acting.documents import LeftOut, Limit, PlanFigures
from models.acting.plan import SENT
from models.acting.reason_words import why
from models.phrases import catalogue


def left_out(told: PlanFigures) -> list[LeftOut]:
    """Return for each reason of who gets nothing its code, how many members, and its words (``en``, ``zh``).

    Parameters
    ----------
    told
        What ``models.acting.brief.facts`` returns; the most come first.
    """
    counted = [(code, n) for code, n in told["by_reason"].items() if n and code != SENT]
    return [
        {"code": code, "members": n, "en": why(code, "en"), "zh": why(code, "zh")}
        for code, n in sorted(counted, key=lambda pair: (-pair[1], pair[0]))
    ]


def limits(told: PlanFigures) -> list[Limit]:
    """Return what keeps the plan from doing more: limit, its name if it has one, price and words.

    ``price`` is what one more unit of it (money, a place a day) would bring beyond its cost, in the
    currency of the options; None where more of nothing would help.
    """
    prices, found = told["prices"], list[Limit]()
    if prices["budget"] > 0:
        found.append(_limit("budget", None, prices["budget"], told))
    for kind, by_name in (("option", prices["option"]), ("channel", prices["channel"])):
        ranked = sorted(by_name.items(), key=lambda pair: (-pair[1], pair[0]))
        found += [_limit(kind, name, price, told) for name, price in ranked if price > 0]
    if not found:
        short = any(told["by_reason"].get(code) for code in ("budget", "capacity"))
        found.append(_limit("rest" if short else "worth", None, None, told))
    return found


def _limit(kind: str, name: str | None, price: float | None, told: PlanFigures) -> Limit:
    said = {"name": name, "price": f"{price or 0:,.2f}", "currency": told["currency"] or ""}
    words = catalogue()["acting"]["limits"][kind]
    en, zh = (str(words[word]).format(**said).strip() for word in ("en", "zh"))
    return {"limit": kind, "name": name, "price": price, "en": en, "zh": zh}
