"""What generators of clients need of the OpenAPI document, and what its readers do."""

import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import record_examples
from fastapi.testclient import TestClient
from released import Brand, client_of

from serving.contract import openapi_details
from serving.edge.keys import SCOPES, KeyStore
from serving.settings import Settings
from serving.state import State
from serving.tasks import OPTIONAL

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


def test_an_optional_task_is_allowed_nowhere_before_it_is_released(
    document: dict[str, Any],
):
    assert [at for at, schema in places(document) if OPTIONAL & set(schema.get("enum") or ())] == []


def test_no_schema_has_fields_and_forms_at_once(document: dict[str, Any]):
    wrong = [
        f"{at}: give each form its own named schema (serving/contract/forms.py)"
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


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> tuple[TestClient, dict[str, str]]:
    return record_examples.service(tmp_path_factory.mktemp("examples"))


EXAMPLES = json.loads(openapi_details.EXAMPLES.read_text())
METHODS = ("get", "post", "put", "delete", "patch")


def each(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert method in METHODS
            yield method, path, operation


def test_every_operation_is_told_in_full(document: dict[str, Any]):
    ids = [operation["operationId"] for _, _, operation in each(document)]
    assert sorted(ids) == sorted(set(ids)), "an operation's id is its route's function: rename one"
    for method, path, operation in each(document):
        name = f"{method.upper()} {path}"
        assert re.fullmatch(r"[a-z_]+", operation["operationId"]), f"{name}: give the function a plain name"
        assert operation["summary"], f"{name}: give the route a summary"
        assert operation["tags"][0] in openapi_details.TAGS, (
            f"{name}: describe its tag in {openapi_details.__name__}"
        )
        assert operation["operationId"] in EXAMPLES, (
            f"{name}: put an example request into serving/contract/examples.json "
            f"under {operation['operationId']} and run PYTHONPATH=. python tests/record_examples.py"
        )
        assert operation.get("security") == [] or "scope" in operation["description"], (
            f"{name}: name its scope: contract.route(..., scope=...)"
        )


def test_an_operation_needs_the_scope_that_it_names(
    document: dict[str, Any], brand: Brand, state: State, tmp_path: Path
):
    own = State(Settings.model_validate(brand.settings.model_dump() | {"state": tmp_path}), state.champions)
    number = count()
    keys, client = KeyStore(own.settings.state_dir / "keys.json"), client_of(own)
    for method, path, operation in each(document):
        if operation.get("security") == []:
            continue
        (scope,) = operation["security"][0]["bearer"]
        example = EXAMPLES[operation["operationId"]]
        for given, refused in (([scope], False), ([one for one in SCOPES if one != scope], True)):
            key = {
                "headers": example.get("headers", {}) | {"X-API-Key": keys.issue(f"c{next(number)}", given)}
            }
            answer = record_examples.ask(client, (method, path), example | key, {})
            assert (answer.status_code == 403) == refused, f"{method} {path}: {scope}: {answer.text}"


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_returns_what_it_shows(
    document: dict[str, Any], service: tuple[TestClient, dict[str, str]], name: str
):
    (client, own), example = service, EXAMPLES[name]
    places = record_examples.operations(document)
    answer = record_examples.ask(client, places[name], example, own)
    assert answer.status_code < 300, answer.text
    found = record_examples.shortened(answer.json())
    assert shape(found) == shape(example["answer"]), "run PYTHONPATH=. python tests/record_examples.py"
    results = found.get("results", [found["score"] if name == "logged" else found.get("result", found)])
    if {"scores"} & set(document["paths"][places[name][1]][places[name][0]]["tags"]):
        assert {result["status"] for result in results} == {"ok"}, "a score is meant"


def shape(value: Any) -> Any:
    """Names and kinds of what stands in an answer; words in the place of numbers are another kind."""
    if isinstance(value, dict):
        return {key: shape(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [shape(entry) for entry in value]
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )


def test_headers_that_are_sent_are_told(document: dict[str, Any], service: tuple[TestClient, dict[str, str]]):
    (client, own), places = service, record_examples.operations(document)
    usual = {"content-type", "content-length", "content-encoding", "vary"}
    for name, (method, path) in places.items():
        answer = record_examples.ask(client, (method, path), EXAMPLES[name], own)
        told = document["paths"][path][method]["responses"][str(answer.status_code)]["headers"]
        assert set(answer.headers) - usual == {header.lower() for header in told}, f"{method} {path}"


JSON = {"Content-Type": "application/json", "Idempotency-Key": "a", "Accept-Encoding": "identity"}
WRONG: dict[str, dict[str, Any]] = {
    "half": {"content": b"{"}, "empty": {"content": b""}, "list": {"content": b"[]"},
    "nothing": {"content": b"{}"}, "long": {"content": b" " * 10_000_001},
    "text": {"content": b"{}", "headers": JSON | {"Content-Type": "text/plain"}},
    "packed": {"content": b"{}", "headers": JSON | {"Content-Encoding": "deflate"}},
    "key": {"headers": JSON | {"X-API-Key": "no"}}, "lines": {"headers": [("Host", "localhost")] * 2},
    "twice": {"params": [("a", "1"), ("a", "2")]},
    "query": {"params": {"limit": "x", "cursor": "-1", "ref": "", "language": "fr", "format": "x"}},
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_every_refusal_is_told(document: dict[str, Any], client: TestClient, wrong: str):
    asked, usual = {"headers": JSON} | WRONG[wrong], {"content-type", "content-length", "vary"}
    for method, path, operation in each(document):
        for verb in (method, "put"):
            answer = client.request(verb, path.replace("{", "").replace("}", ""), **asked)
            name, told = (
                f"{verb} {path}: {answer.status_code}",
                operation["responses"][str(answer.status_code)],
            )
            assert answer.headers["content-type"] in told["content"], name
            assert set(answer.headers) - usual <= {header.lower() for header in told["headers"]}, name
