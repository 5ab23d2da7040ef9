"""Conditions of scenes: on one fact each, declarative, false where the fact is not known."""

import math
from dataclasses import dataclass
from typing import Any

import polars as pl

from models.acting.facts import BOOLEAN, CATEGORY, Fact
from models.acting.numbers import is_number

BOUNDS = ("from", "below")


@dataclass(frozen=True)
class Condition:
    """A fact is one of ``words``, is ``truth``, or lies from ``least`` to below ``below``."""

    fact: str
    words: tuple[str, ...] = ()
    truth: bool | None = None
    least: float = -math.inf
    below: float = math.inf

    def holds(self) -> pl.Expr:
        """Tell whether it holds, of each row of a frame with the fact's column."""
        own = pl.col(self.fact)
        if self.words:
            found = own.is_in(self.words)
        elif self.truth is not None:
            found = own == self.truth
        else:
            found = (own >= self.least) & (own < self.below)
        return found.fill_null(False)


def condition(name: str, fact: Fact, said: Any) -> Condition:
    """Read one condition.

    Raises
    ------
    ValueError
        What was said does not fit the fact; says what is allowed.
    """
    if fact.kind == BOOLEAN:
        if not isinstance(said, bool):
            raise ValueError(f"{said!r}; allowed: true, false")
        return Condition(name, truth=said)
    return _words(name, fact, said) if fact.kind == CATEGORY else _range(name, fact, said)


def _words(name: str, fact: Fact, said: Any) -> Condition:
    listed = said if isinstance(said, list) else [said]
    allowed = f"allowed: {', '.join(fact.allowed)}, or a list of these" if fact.allowed else "allowed: a text"
    known = fact.allowed or listed
    if not listed or not all(isinstance(word, str | int) and str(word) in map(str, known) for word in listed):
        raise ValueError(f"{said!r}; {allowed}")
    return Condition(name, words=tuple(map(str, listed)))


def _range(name: str, fact: Fact, said: Any) -> Condition:
    allowed = f"allowed: {{from: NUMBER, below: NUMBER}}, one or both, in {fact.unit or 'points'}"
    if not isinstance(said, dict) or not said or not set(said) <= set(BOUNDS):
        raise ValueError(f"{said!r}; {allowed}")
    if not all(is_number(bound) for bound in said.values()):
        raise ValueError(f"{said!r}; {allowed}")
    least, below = float(said.get("from", -math.inf)), float(said.get("below", math.inf))
    if not least < below:
        raise ValueError(f"{said!r}; allowed: from is less than below")
    return Condition(name, least=least, below=below)
