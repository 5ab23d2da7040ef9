"""A brand's scenes: when which action is due, read from its own file and checked as a whole.

An error names file, line, scene and key, and what is allowed there.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.yaml_lines import Place, read_yaml
from models.acting.conditions import Condition, condition
from models.acting.facts import LEAD, MEMBER, facts
from models.acting.numbers import is_number
from models.acting.options import Option, Options

CARE = "care"  # no message: the owner sees to it
WINDOW_BELOW = 366.0  # days
TOP = ("holdout", "scenes")
KEYS = (
    *("en", "zh", "about", "when", "action", "channel", "owner", "urgency"),
    *("members_a_day", "again_after_days", "first", "holdout", "worth_finding", "window_days"),
)


class ScenesError(ValueError):
    """A file of scenes that cannot be used; says where and what is allowed."""


@dataclass(frozen=True)
class Finding:
    """The effect that is worth finding: a share without the action, and what the action adds."""

    rate: float
    added: float


@dataclass(frozen=True)
class Scene:
    """One situation of a member or lead, and what is due in it.

    Parameters
    ----------
    name, en, zh
        Its key in the file, and what it is called.
    about
        ``member`` or ``lead``.
    when
        All of these must hold.
    action
        What is done: an option of the brand's, or care over ``action.channel``, which no option names.
    urgency
        The highest comes first.
    members_a_day
        At most so many, ``inf`` without a limit; who has most of the fact ``first`` comes first.
    again_after_days
        Who was sent the same content within so many days waits.
    hold_out
        Share held out of this scene.
    window_days
        An answer counts within so many days of the meeting; None is what is usual for members or leads.
    """

    name: str
    en: str
    zh: str
    about: str
    when: tuple[Condition, ...]
    action: Option
    owner: str
    urgency: float
    members_a_day: float = math.inf
    again_after_days: float = 0.0
    first: str | None = None
    hold_out: float = 0.0
    worth_finding: Finding | None = None
    window_days: float | None = None

    @property
    def is_care(self) -> bool:
        """Whether it answers an open complaint."""
        return self.action.care and self.about == MEMBER

    @property
    def of_service(self) -> bool:
        """Whether it answers a complaint and reads nothing but what the member asked."""
        return self.is_care and all(facts()[part.fact].of_service for part in self.when)


@dataclass(frozen=True)
class Scenes:
    """All scenes, the most urgent first, of one urgency in the order of the file; held out of all."""

    scenes: tuple[Scene, ...]
    hold_out: float = 0.0


def read(path: Path, options: Options) -> Scenes:
    """Read a brand's file of scenes.

    Raises
    ------
    ScenesError
        What is missing, unknown or out of range, with file, line, scene, key and what is allowed.
    """
    try:
        found, place = read_yaml(path)
    except FileNotFoundError:
        raise ScenesError(f"{path}: no such file; write the brand's scenes there") from None
    except ValueError as error:
        raise ScenesError(str(error)) from None
    part = _Part(found, place, ())
    part.only(TOP)
    named = found.get("scenes")
    if not isinstance(named, dict) or not named:
        raise ScenesError(f"{place.at('scenes')}: allowed is a mapping from names to scenes, at least one")
    scenes = [
        _scene(str(name), _Part(entry, place, ("scenes", name)), options) for name, entry in named.items()
    ]
    share = part.number("holdout", 0.0, below=1.0, default=0.0)
    return Scenes(tuple(sorted(scenes, key=lambda scene: -scene.urgency)), share)


@dataclass(frozen=True)
class _Part:
    """One mapping of the file and where it stands."""

    found: Any
    place: Place
    keys: tuple[str | int, ...]

    def wrong(self, key: str, says: str) -> ScenesError:
        return ScenesError(f"{self.place.at(*self.keys, *([key] if key else []))}: {says}")

    def only(self, allowed: tuple[str, ...]) -> Mapping[str, Any]:
        if not isinstance(self.found, dict):
            raise self.wrong("", f"no mapping; allowed keys: {', '.join(allowed)}")
        for key in self.found:
            if key not in allowed:
                raise self.wrong(str(key), f"unknown key; allowed keys: {', '.join(allowed)}")
        return self.found

    def text(self, key: str, allowed: tuple[str, ...] = (), default: str | None = None) -> str:
        found = self.found.get(key, default)
        if not isinstance(found, str) or not found.strip() or (allowed and found not in allowed):
            what = ", ".join(allowed) if allowed else "a text"
            raise self.wrong(key, f"{'missing' if found is None else repr(found)}; allowed: {what}")
        return found

    def number(
        self,
        key: str,
        least: float,
        below: float = math.inf,
        default: float | None = None,
        whole: bool = False,
    ) -> float:
        if key not in self.found and default is not None:
            return default
        found = self.found.get(key)
        if not is_number(found) or not least <= found < below or (whole and found != int(found)):
            upto = "" if below == math.inf else f" to below {below:g}"
            told = "missing" if found is None else repr(found)
            raise self.wrong(key, f"{told}; allowed is a {'whole ' * whole}number from {least:g}{upto}")
        return float(found)


def _scene(name: str, part: _Part, options: Options) -> Scene:
    found = part.only(KEYS)
    about = part.text("about", (MEMBER, LEAD), MEMBER)
    action = _action(part, options)
    share = part.number("holdout", 0.0, below=1.0, default=0.0)
    scene = Scene(
        name, part.text("en"), part.text("zh"), about, _when(part, about), action, part.text("owner"),
        part.number("urgency", 0.0),
        part.number("members_a_day", 1.0, default=math.inf, whole=True),
        part.number("again_after_days", 0.0, default=0.0),
        _first(part, about), share, _finding(part) if "worth_finding" in found else None,
        part.number("window_days", 1.0, below=WINDOW_BELOW) if "window_days" in found else None,
    )  # fmt: skip
    if scene.is_care and Condition("open_complaint", truth=True) not in scene.when:
        raise part.wrong(
            "when", "care answers an open complaint; needed is open_complaint: true, or another action"
        )
    if scene.is_care and share:
        raise part.wrong(
            "holdout", f"{share:g}; allowed is 0: a complaint is answered, nobody is held out of it"
        )
    return scene


def _action(part: _Part, options: Options) -> Option:
    """The option that is named, or care over a channel of the brand's."""
    named = {option.name: option for option in options.options}
    channels = tuple(channel.name for channel in options.channels)
    action = part.text("action", (*named, CARE))
    if action == CARE:
        return Option(CARE, part.text("channel", channels), "", 0.0, math.inf, True)
    own = named[action]
    part.text("channel", (own.channel,), own.channel)
    return own


def _when(part: _Part, about: str) -> tuple[Condition, ...]:
    found = part.found.get("when")
    known = {name: fact for name, fact in facts().items() if fact.about == about}
    if not isinstance(found, dict) or not found:
        raise part.wrong("when", f"allowed is a mapping from facts to conditions; facts: {', '.join(known)}")
    below = _Part(found, part.place, (*part.keys, "when"))
    below.only(tuple(known))
    conditions = []
    for name, said in found.items():
        try:
            conditions.append(condition(name, known[name], said))
        except ValueError as error:
            raise below.wrong(name, str(error)) from None
    return tuple(conditions)


def _first(part: _Part, about: str) -> str | None:
    numbers = tuple(name for name, fact in facts().items() if fact.about == about and fact.kind == "number")
    return part.text("first", numbers) if "first" in part.found else None


def _finding(part: _Part) -> Finding:
    own = _Part(part.found["worth_finding"], part.place, (*part.keys, "worth_finding"))
    own.only(("rate", "added"))
    rate, added = own.number("rate", 0.0, below=1.0), own.number("added", 1e-6, below=1.0)
    if rate + added > 1:
        raise own.wrong(
            "added", f"{added:g}; allowed is at most {1 - rate:g}: rate and added are shares of 1"
        )
    return Finding(rate, added)
