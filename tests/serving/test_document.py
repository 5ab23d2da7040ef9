"""What generators of clients need of the OpenAPI document, and what its readers do."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

KINDS = ("oneOf", "anyOf", "allOf")
PRIMITIVE = {"string", "integer", "number", "boolean", "null", "array"}


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    return client.get("/v1/openapi.json").json()


def places(schema: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the document with its place."""
    if isinstance(schema, list):
        for number, part in enumerate(schema):
            yield from places(part, f"{at}/{number}")
    if isinstance(schema, dict):
        yield at, schema
        for key, part in schema.items():
            if key not in ("example", "examples"):
                yield from places(part, f"{at}/{key}")


def test_every_branch_is_named_or_primitive(document: dict[str, Any]):
    wrong = [
        f"{at}/{kind}: name this schema, generators make no type of it: {branch}"
        for at, schema in places(document)
        for kind in KINDS
        for branch in (schema.get(kind) if isinstance(schema.get(kind), list) else [])
        if "$ref" not in branch and branch.get("type") not in PRIMITIVE and "enum" not in branch
        and "const" not in branch and branch.get("additionalProperties") is None
    ]  # fmt: skip
    assert wrong == []


def test_no_schema_has_fields_and_forms_at_once(document: dict[str, Any]):
    wrong = [
        f"{at}: give each form its own named schema (serving/forms.py)"
        for at, schema in places(document["components"]["schemas"])
        if "properties" in schema and any(isinstance(schema.get(kind), list) for kind in KINDS)
    ]
    assert wrong == []


def test_no_field_has_a_default(document: dict[str, Any]):
    wrong = [
        f"{at}: has a default, so that generators demand it; say it in the description"
        for at, schema in places(document["components"]["schemas"])
        if "default" in schema and ("type" in schema or "anyOf" in schema)
    ]
    assert wrong == []
