"""JSON as RFC 8259 has it: no NaN, no infinity in any spelling, no half of a character."""

import json
import math
import re
from typing import Any

from pydantic_core import from_json

from serving.problems import Problem

# What a body must hold for a number in it to be none: cheap to look for, and rare in honest bodies.
SUSPECT = re.compile(rb"NaN|Infinity|[eE]\+?\d{3}|\d{300}")


def check(raw: bytes) -> None:
    """``Problem`` where a number of the body is NaN, infinite or greater than a double can hold."""
    if SUSPECT.search(raw):
        try:
            json.loads(raw, parse_float=_finite, parse_constant=_refuse, parse_int=_finite)
        except (ValueError, RecursionError):
            raise malformed() from None


def content(raw: bytes) -> Any:
    """What the text says; ``Problem`` where it is not strictly JSON."""
    check(raw)
    try:
        return from_json(raw, allow_inf_nan=False)
    except ValueError:
        raise malformed() from None


def malformed() -> Problem:
    """The problem that a text is not JSON, without its words."""
    return Problem(
        "malformed_json",
        "The body could not be read as JSON; numbers must be finite, texts whole characters.",
    )


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("is beyond what a double can hold")
    return number


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")
