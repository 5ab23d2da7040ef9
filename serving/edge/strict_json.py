"""JSON as RFC 8259 has it: no NaN, no infinity in any spelling, no half of a character."""

import json
import math
from typing import Any

from pydantic_core import from_json

from serving.contract.problems import Problem

# What a body must hold for a number in it to be none. Bodies are long and such numbers rare, so that
# they are looked for among plain bytes: every digit as 0, E as e, all but these and + as a blank.
WORDS = (b"NaN", b"Infinity")
SHAPES = (b"0e000", b"0e+000", b"0" * 300)
KINDS = bytes(
    ord("0") if byte in b"0123456789" else ord("e") if byte in b"eE" else byte if byte == ord("+") else 32
    for byte in range(256)
)


def check(raw: bytes) -> None:
    """Raise ``Problem`` where a number of the body is NaN, infinite or greater than a double can hold."""
    if _suspect(raw):
        try:
            json.loads(raw, parse_float=_finite, parse_constant=_refuse, parse_int=_finite)
        except (ValueError, RecursionError):
            raise malformed() from None


def _suspect(raw: bytes) -> bool:
    """Whether something in the body may be such a number; a text that looks like one is told apart later."""
    shapes = raw.translate(KINDS)
    return any(word in raw for word in WORDS) or any(shape in shapes for shape in SHAPES)


def content(raw: bytes) -> Any:
    """Read a text; ``Problem`` where it is not strictly JSON."""
    check(raw)
    try:
        return from_json(raw, allow_inf_nan=False)
    except ValueError:
        raise malformed() from None


def malformed() -> Problem:
    """Say that a text is not JSON, without its words."""
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
