"""The base of everything that is read from a file of settings."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

At = Callable[..., str]  # keys: where they stand, as errors name it


class Section(BaseModel):
    """A part of a file of settings: every key known, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Kind = TypeVar("Kind", bound=BaseModel)


def validated(kind: type[Kind], found: Any, at: At) -> Kind:
    """Return what was read, typed.

    Parameters
    ----------
    at
        Where keys stand, such as ``features.yaml_lines.Place.at``.

    Raises
    ------
    ValueError
        What does not hold, each with its place, what was found and, for an unknown key, what is allowed.
    """
    try:
        return kind.model_validate(found)
    except ValidationError as error:
        raise ValueError("; ".join(_sentence(kind, one, at) for one in error.errors())) from None


def _sentence(kind: type[BaseModel], error: Any, at: At) -> str:
    place = at(*error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{place}: no such key; allowed are {_fields(kind, error['loc'][:-1])}"
    found = "" if error["type"] == "missing" else f" (found {error['input']!r})"
    return f"{place}: {error['msg']}{found}"


def _fields(kind: type[BaseModel], keys: tuple[str | int, ...]) -> list[str]:
    """Keys of the section at a place, as its schema has them."""
    schema: dict[str, Any] = kind.model_json_schema()
    own, parts = schema, schema.get("$defs", {})
    for key in keys:
        own = own.get("items", {}) if isinstance(key, int) else own["properties"][key]
        refs = [one["$ref"] for one in (own, *own.get("anyOf", ())) if "$ref" in one]
        own = parts[refs[0].rpartition("/")[2]] if refs else own
    return list(own.get("properties", ()))
