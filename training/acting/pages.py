"""The one page for a campaign manager: a brief before, a readout after; pure functions of their figures."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from markupsafe import Markup

from models import approval
from models.acting.brief import OLD
from models.acting.comparison import FEWEST_ANSWERS
from models.acting.inputs import ADDED
from models.approval import DecisionRow
from training.acting import claims
from training.acting.readout_words import BOTH, group_words, in_order
from training.reporting.charts import acting as charts
from training.reporting.render import embedded, rendered
from training.reporting.words import joined, said, strings
from training.results.campaign import (
    AddedTotal,
    BriefFacts,
    GroupAnswers,
    MovedByName,
    NextMoney,
    ReadoutFacts,
    RegionCell,
)
from training.results.scenes import ScenesRead
from training.results.weeks import WeeksRead

ROLES = ("manager", "budget", "protection")
RULES = ("price", "eligibility", "held", "opt_out", "early", "answers", "list")
AFTER = ("first", "brought", "respected", "predicted", "by_group", "careful", "decide")
MEASURES = ("answers", "margin", "net", "opt_outs")
TOLD = ("not_respected", "not_contacted")  # remarks that have a section of their own
Section = dict[str, Any]


def brief(told: BriefFacts, language: str, held: Sequence[DecisionRow] = ()) -> str:
    """Return the page of what ``plan.json`` says.

    Parameters
    ----------
    language
        In which it begins: ``en``, ``zh`` or ``auto``.
    held
        The newest decision of each role about this plan; see ``models.approval.holding``.
    """
    added = told["unit"] == ADDED
    return _page(
        "brief", told, language,
        {
            "first": {}, "audience": {}, "peace": {}, "held": {}, "money": {}, "next": {},
            "retention": {} if told["diagnosis"] else {"assessed": False, "reason": "no_regions"},
            "rules": {}, "sign": {},
        },
        {"curve": lambda: charts.curve(told["curve"], told["cost"], told["currency"] or "", added)},
        verdict=claims.before(told, OLD),
        of=lambda key: f"{key}.added" if added else key,
        embedded=embedded({"curve": told["curve"]}),
        best=_best(told["next"]),
        worse=_worse(told["diagnosis"]), nearest=_nearest(told["curve"]["spend"], told["cost"]),
        roles=[role for role in ROLES if role not in {row["role"] for row in held}],
        people={"rows": held, "word": approval.word(held)},
        rules=RULES, added=added, left=told["members"] - told["contacted"],
    )  # fmt: skip


def readout(found: ReadoutFacts, language: str) -> str:
    """Return the page of what ``readout.json`` says; arguments as of ``brief``."""
    groups = {
        kind: {name: parts[name] for name in in_order(kind, parts)}
        for kind, parts in found["groups"].items()
        if len(parts) > 1
    }
    read = [
        (named(kind, name), part, _judged(found, part["answers"], part["held_answers"]))
        for kind, parts in groups.items()
        for name, part in parts.items()
        if part is not None
    ]
    return _page(
        "readout", found, language,
        {name: {} for name in AFTER},
        {"groups": lambda: charts.groups(read)} if read else {},
        verdict=claims.after(found),
        judgeable=claims.judgeable(found), sure=_sure(found),
        groups=groups,
        sure_groups=[judged for _, _, judged in read],
        unknown=[name for name in ("opted_out",) if name not in found["stated"]],
        remarks=[remark for remark in found["warnings"] if remark["code"] not in TOLD],
        measures=MEASURES, roles=ROLES[:2], fewest=FEWEST_ANSWERS,
        added=found["unit"] == ADDED,
        embedded=embedded({}),
    )  # fmt: skip


def _sure(found: ReadoutFacts) -> dict[str, claims.Sure]:
    """What is claimed of each measure; opt-outs are counted and hang on no answers."""
    answered = found["held_answers"]
    return {
        "answers": _judged(found, found["answers"], answered),
        "margin": _judged(found, found["margin"], answered),
        "net": _judged(found, found["net"], answered),
        "opt_outs": _judged(found, found["opt_outs"], FEWEST_ANSWERS),
    }


def _judged(found: ReadoutFacts, part: AddedTotal, held_answers: float) -> claims.Sure:
    """What is claimed of a part of a readout: nothing where the whole is no result."""
    return claims.sure(part, held_answers) if claims.judgeable(found) else "unjudged"


def weeks(found: WeeksRead, language: str) -> str:
    """Return the page of what ``weeks.json`` says; arguments as of ``brief``."""
    return _page(
        "weeks", found, language, {"weeks": {}},
        {line: partial(charts.weeks, line, found) for line in ("margin", "reachable")},
        better={
            line: claims.above(found["policies"], line, "top_p") for line in ("margin", "reachable")
        },
        embedded=embedded({}),
    )  # fmt: skip


def scenes(told: ScenesRead, language: str) -> str:
    """Return the page of what ``readout.json`` of scenes says; arguments as of ``brief``."""
    every = told["scenes"]
    shown = [one for one in every if one["verdict"] in claims.SHOWN]
    own = [one for one in every if not one["together"]]
    rows: list[tuple[dict[str, str], GroupAnswers, str]] = [
        (
            {"en": one["en"], "zh": one["zh"]},
            {"members": one["met"] - one["held_out"], "answers": one["found"]["answers"]},
            one["verdict"],
        )
        for one in shown
        if one["found"] is not None
    ]
    return _page(
        "scenes", told, language,
        {"first": {}, "scenes": {}, "compared": {}, "decide": {}},
        {"groups": lambda: charts.groups(rows, "plot.scenes_hundred")} if rows else {},
        verdict=claims.of_scenes(every), shown=claims.SHOWN,
        sums={
            "met": sum(one["met"] for one in own), "held_out": sum(one["held_out"] for one in own),
            "waiting": sum(one["waiting"] for one in own),
        },
        counted={"judged": len(shown), "more": sum(one["verdict"] == "more" for one in shown)},
        care=joined(told["care"]), roles=ROLES[:2], embedded=embedded({}),
    )  # fmt: skip


def named(kind: str, name: str) -> dict[str, str]:
    """Return what a layer's or group's value is called in each language."""
    if f"value.{name}" in strings():
        return said(f"value.{name}")
    found = {word: group_words(kind, name, word) for word in BOTH}
    return found | {"en": found["en"].replace("_", " ")}


def _best(following: NextMoney) -> MovedByName | None:
    """The stage at which the next money brings most, where it surely brings something."""
    rows = following["by"].get("stage", [])
    return rows[0] if rows and rows[0]["brings"].get("low", 0) > 0 else None


def _worse(diagnosis: list[RegionCell]) -> dict[str, str]:
    """The cells that are surely worse than the others, in words; empty texts where none is."""
    return joined(
        said(
            "brief.retention.cell",
            region=named("region", row["region"]),
            city_tier=named("city_tier", row["city_tier"]),
        )
        for row in diagnosis
        if row["worse"]
    )


def _nearest(spend: list[float], cost: float) -> int:
    """Place of the point of the curve that lies nearest to what the plan costs."""
    return min(range(len(spend)), key=lambda at: abs(spend[at] - cost))


def _page(
    kind: str,
    told: Mapping[str, object],
    language: str,
    sections: dict[str, Section],
    drawn: Mapping[str, Callable[[], str]],
    **values: Any,
) -> str:
    import matplotlib as mpl

    with mpl.rc_context(charts.STYLE):
        figures = {name: Markup(draw()) for name, draw in drawn.items()}
    whole = {name: {"assessed": True, "values": {}} | section for name, section in sections.items()}
    return rendered(
        "campaign.html.j2", kind=kind, told=told, sections=whole, figures=figures, named=named,
        language=language, title=said(f"{kind}.title", name=told["name"]), **values,
    )  # fmt: skip
