"""Schemas with several forms, such as "either ref or record", as named schemas.

Generators of clients make a type of every named schema; of what stands unnamed in a ``oneOf`` they make
nothing, or a type that no value fits.
"""

from collections.abc import Collection, Mapping
from copy import deepcopy
from itertools import product
from typing import Any

MARK = "x-forms"
Schema = dict[str, Any]


def either(*names: str) -> dict[str, Any]:
    """Return the JSON schema of "exactly one of these fields, not null".

    >>> either("ref", "record")["x-forms"]["oneOf"]["ByRef"]
    {'needs': ['ref'], 'without': ['record']}
    """
    forms = {_by(name): {"needs": [name], "without": [o for o in names if o != name]} for name in names}
    return {MARK: {"oneOf": forms}}


def any_of(*names: str) -> dict[str, Any]:
    """Return the JSON schema of "at least one of these fields, not null"."""
    return {MARK: {"anyOf": {_by(name): {"needs": [name], "without": []} for name in names}}}


def both(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of every pairing of two sets of forms."""
    pairs = product(first[MARK]["oneOf"].items(), second[MARK]["oneOf"].items())
    forms = {
        one + other.removeprefix("By"): {key: [*a[key], *b[key]] for key in ("needs", "without")}
        for (one, a), (other, b) in pairs
    }
    return {MARK: {"oneOf": forms}}


def _by(name: str) -> str:
    return "By" + "".join(part.capitalize() for part in name.split("_"))


def named(schemas: Mapping[str, Schema], prefix: str) -> dict[str, Schema]:
    """Return ``schemas`` with each form as a schema of its own: a name that ends in what the form goes by."""
    found: dict[str, Schema] = {}
    for name, schema in schemas.items():
        if MARK not in schema:
            found[name] = schema
            continue
        ((kind, forms),) = schema[MARK].items()
        found |= {name + ending: _form(schema, name + ending, form) for ending, form in forms.items()}
        found[name] = {key: schema[key] for key in ("title", "description", "examples") if key in schema}
        found[name][kind] = [{"$ref": prefix + name + ending} for ending in forms]
    return found


def without_words(schema: Any, words: Collection[str]) -> Any:
    """Return ``schema`` with no enumeration that allows one of ``words``.

    >>> without_words({"model": {"enum": ["churn", "lapse"]}}, {"lapse"})
    {'model': {'enum': ['churn']}}
    """
    if isinstance(schema, list):
        return [without_words(one, words) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: [one for one in value if one not in words] if key == "enum" else without_words(value, words)
        for key, value in schema.items()
    }


def _form(schema: Schema, title: str, form: Mapping[str, Any]) -> Schema:
    found = deepcopy({key: value for key, value in schema.items() if key not in (MARK, "examples")})
    properties = found["properties"]
    for name in form["needs"]:
        properties[name] = _not_null(properties[name])
    for name in form["without"]:
        del properties[name]
    for name, only in form.get("only", {}).items():
        properties[name] = {"type": "string", "title": title + name.capitalize(), "enum": list(only)}
    required = dict.fromkeys([*found.get("required", ()), *form["needs"]])
    return found | {"title": title, "required": list(required)}


def without_defaults(schema: Any) -> Any:
    """Return ``schema`` with defaults as words:
    generators take a field with a default as one that is required.
    """
    if isinstance(schema, list):
        return [without_defaults(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    told = {key: without_defaults(part) for key, part in schema.items() if key != "default"}
    if schema.get("default") is None or not isinstance(schema["default"], str | int | float):
        return told
    words = f"{schema['default']} where it is not given"
    return told | {"description": "; ".join(filter(None, (told.get("description"), words)))}


def _not_null(schema: Schema) -> Schema:
    """A field that may be null, as one that may not."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    told = {key: schema[key] for key in ("description", "title") if key in schema}
    if "$ref" in kinds[0]:
        return kinds[0] | {key: value for key, value in told.items() if key == "description"}
    return kinds[0] | told
