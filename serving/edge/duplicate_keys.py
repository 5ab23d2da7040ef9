"""A name that stands twice in one JSON object: every reader keeps another of the two."""

import json
from collections.abc import Iterator
from typing import Any

Place = tuple[str | int, ...]


class _Twice(Exception):  # noqa: N818 - a sign, not an error
    """Some object has a name twice."""


class _Pairs(list[tuple[str, Any]]):
    """The names and values of one object, as they were sent."""


def _look(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise _Twice


LOOK = json.JSONDecoder(object_pairs_hook=_look)  # builds nothing: little of what parsing costs
PLACES = json.JSONDecoder(object_pairs_hook=_Pairs)


def places(body: bytes) -> list[Place]:
    """Return where a name stands a second time, from the top; none in what is no JSON."""
    try:
        text = body.decode()
        LOOK.decode(text)
    except _Twice:
        return list(_places(PLACES.decode(text), ()))
    except (ValueError, RecursionError):
        pass
    return []


def _places(found: Any, place: Place) -> Iterator[Place]:
    if isinstance(found, _Pairs):
        seen: set[str] = set()
        for name, value in found:
            if name in seen:
                yield (*place, name)
            seen.add(name)
            yield from _places(value, (*place, name))
    elif isinstance(found, list):
        for at, value in enumerate(found):
            yield from _places(value, (*place, at))
