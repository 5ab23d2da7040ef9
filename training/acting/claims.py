"""Which words the figures of a brief and of a readout bear: no interval across zero is called a gain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from models.acting.comparison import FEWEST_ANSWERS
from models.acting.documents import PlanFacts
from models.acting.inputs import ADDED
from training.reporting.words import joined
from training.results.campaign import AddedTotal, ReadoutFacts
from training.results.estimate import direction
from training.results.scenes import SceneRead
from training.results.weeks import PolicyRead

Sure = Literal["more", "less", "unclear", "few", "unjudged"]
Status = Literal["good", "warn", "bad"]
SHOWN = ("more", "less", "small", "unclear")  # verdicts of scenes of which a figure is told


@dataclass(frozen=True)
class Verdict:
    """A status, the key of its headline, and why: keys of words with their values."""

    status: Status
    headline: str
    why: tuple[tuple[str, Mapping[str, Any]], ...]


def sure(found: AddedTotal | Mapping[str, float], held_answers: float = FEWEST_ANSWERS) -> Sure:
    """Tell the direction of what was added, where enough were held out to tell.

    Parameters
    ----------
    held_answers
        Answers of the held-out; too few of them bear no claim either.
    """
    if held_answers < FEWEST_ANSWERS:
        return "few"
    return direction(found["low"], found["high"])


def judgeable(found: ReadoutFacts) -> bool:
    """Tell whether a readout's figures are a result: the holdout was kept and the window is over."""
    return not found["contacted_though_held_out"] and found["days"] >= found["window_days"]


def above(policies: Mapping[str, PolicyRead], line: str, than: str) -> list[str]:
    """Return the policies whose worst seed ends above another's best: only that is told as more."""
    limit = policies[than]["end"][line]["high"]
    return [name for name, policy in policies.items() if name != than and policy["end"][line]["low"] > limit]


def before(told: PlanFacts, old: int) -> Verdict:
    """Return what may be said of a plan before it is sent.

    Parameters
    ----------
    told
        Everything that ``plan.json`` says.
    old
        Days after which scores are called old.
    """
    net, held = told["expected"]["net"], told["holdout"]
    doubts: list[tuple[bool, str, Mapping[str, Any]]] = [
        ("low" not in net, "no_interval", {}),
        ("low" in net and net["low"] <= 0, "may_not_pay", {}),
        (told["unit"] != ADDED, "answers", {}),
        ("power" not in held, "nobody", {}),
        ("power" in held and held["power"] < held["wanted_power"], "blind", {}),
        (told["scores_days"] > old, "old", {"days": told["scores_days"]}),
    ]
    why = tuple((f"brief.why.{name}", values) for holds, name, values in doubts if holds)
    if net["value"] <= 0:
        return Verdict("bad", "brief.status.bad", (("brief.why.not_worth", {}), *why))
    return (
        Verdict("warn", "brief.status.warn", why)
        if why
        else Verdict("good", "brief.status.good", (("brief.why.good", {}),))
    )


def after(found: ReadoutFacts) -> Verdict:
    """Return what may be said of a campaign from its readout.

    A broken holdout and an early look are named in the place of the result, which they take the ground from.
    """
    days, window = found["days"], found["window_days"]
    leaked, held, answered = found["contacted_though_held_out"], found["held_out"], found["held_answers"]
    doubts: list[tuple[bool, str, Mapping[str, Any]]] = [
        (leaked > 0, "broken", {"leaked": f"{leaked:,}", "held": f"{held:,}"}),
        (days < window, "early", {"days": days, "window": window}),
        (answered < FEWEST_ANSWERS, "thin", {"answers": f"{answered:,.0f}"}),
        (found["looks"] > 1, "looks", {"looks": found["looks"]}),
    ]  # fmt: skip
    why = [(f"readout.why.{name}", values) for holds, name, values in doubts if holds]
    result = {"more": "good", "less": "bad"}.get(sure(found["net"], answered), "unclear")
    headline = "broken" if leaked else "early" if days < window else result
    status: Status = "bad" if headline in ("bad", "broken") else "good" if headline == "good" else "warn"
    if status == "good" and why:
        status = "warn"
    if answered >= FEWEST_ANSWERS and judgeable(found):
        why.append((f"readout.why.{result}", {}))
    return Verdict(status, f"readout.status.{headline}", tuple(why))


def of_scenes(found: Sequence[SceneRead]) -> Verdict:
    """Return what may be said of all scenes from the verdict of each, the most pressing first."""
    names = {
        verdict: joined(one for one in found if one["verdict"] == verdict)
        for verdict in ("broken", "less", "more", "small", "unclear", "few", "unsent", "waiting", "unmet")
        if any(one["verdict"] == verdict for one in found)
    }
    ends = (one["next_over"] for one in found if one["verdict"] == "waiting")
    first = min((day for day in ends if day is not None), default="")
    why = tuple((f"scenes.why.{verdict}", {"names": text, "next": first}) for verdict, text in names.items())
    for verdict, status, headline in (
        ("less", "bad", "bad"), ("broken", "bad", "broken"), ("more", "good", "good"),
    ):  # fmt: skip
        if verdict in names:
            return Verdict(cast(Status, status), f"scenes.status.{headline}", why)
    early = bool(names) and set(names) <= {"waiting", "unmet"}
    return Verdict("warn", f"scenes.status.{'early' if early else 'unclear'}", why)
