"""Errors speak the caller's language, all the way down to the place that is wrong."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic_core._pydantic_core import list_all_errors

from features import unique_yaml
from serving.contract.problem_words import WORDS, spoken
from serving.contract.problems import KINDS

SERVING = Path(__file__).parents[2] / "serving"
HAN = re.compile("[\u4e00-\u9fff]")
SAID = {"Problem": 1, "Fault": 2}  # which argument of the call is the detail
# Not said of a body: what only a mapping, a class or our own code could make pydantic say.
MET = re.compile(
    "missing|extra_forbidden|(string|int|float|bool|list|dict|model_attributes)_type|finite_number|literal_error"
    "|(int|float|bool)_parsing|int_from_float|too_(short|long)|string_too_(short|long)"
    "|(greater|less)_than(_equal)?|string_pattern_mismatch|datetime_parsing|timezone_aware"
)


def template(said: ast.expr) -> str | None:
    """A detail as the code has it, ``{}`` where something is filled in; None where it is a variable."""
    if isinstance(said, ast.Constant):
        return str(said.value)
    if isinstance(said, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in said.values)
    return None


def details() -> set[str]:
    """What the code of the service says in problems and their places."""
    found = set()
    for file in SERVING.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            name = call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else ""
            if name in SAID and len(call.args) > SAID[name]:
                found.add(template(call.args[SAID[name]]))
    return {said for said in found if said}


def test_every_code_has_a_title_in_both_languages():
    for code, kind in KINDS.items():
        assert HAN.search(kind.zh), code
        assert kind.en, code
        assert not HAN.search(kind.en), code


def test_every_detail_of_the_code_has_its_words_in_chinese():
    assert len(details()) > 40
    known = {re.sub(r"\{\w+\}", "{}", said) for said in unique_yaml.read(WORDS)}
    assert details() - known == set()


def test_what_pydantic_says_of_bodies_has_its_words_in_chinese():
    filled = {"plural": "s", "expected_plural": "s"}
    for one in list_all_errors():
        if MET.fullmatch(one["type"]):
            said = one.get("message_template_json", one["message_template_python"])
            said = re.sub(r"\{(\w+)\}", lambda found: filled.get(found[1], "5"), said)
            assert not spoken(said, "zh").startswith("不符合约定"), (one["type"], said)


def test_words_take_over_what_is_filled_in():
    assert spoken("At most 500 items in one call.", "zh") == "单次请求最多 500 个条目。"
    assert spoken("String should have at most 1 character", "zh") == "最多 1 个字符"
    assert spoken("At most 500 items in one call.", "en") == "At most 500 items in one call."
    assert spoken("quite unheard of", "zh") == "不符合约定（quite unheard of）"
    assert all(HAN.search(line) for line in WORDS.read_text().splitlines() if line and line[0] == '"')


BODIES: list[tuple[str, Any]] = [
    ("churn/score", {}),
    ("churn/score", []),
    ("churn/score", {"ref": 5, "colour": 1, "as_of": "today"}),
    ("churn/score", {"ref": "nobody"}),
    ("churn/score", {"ref": "", "options": {"reasons": 9, "language": "fr"}}),
    ("churn/score", {"as_of": "2026-01-01T00:00:00", "record": {"purchases": [{"quantity": 1.5}]}}),
    ("lead/score", {"record": {"leads": [{"lead_id": None, "cost_cents": -1, "birth_year": 5}], "x": 1}}),
    ("churn/scores", {"items": []}),
    ("churn/scores", {"items": 5}),
    ("response/score", {"ref": "m5"}),
    ("response/score", {"ref": "m5", "campaign_id": "none such"}),
    ("response/score", {"ref": "m5", "campaign": {"discount_percent": 900}}),
]


@pytest.mark.parametrize(("path", "body"), BODIES)
def test_details_are_in_the_language_of_the_caller(client: TestClient, path: str, body: Any):
    for language in ("zh-CN,zh;q=0.9", "en"):
        answer = client.post(f"/v1/models/{path}", json=body, headers={"Accept-Language": language})
        assert answer.status_code in (404, 422)
        found = answer.json()
        said = [found["title"], found["detail"], *(one["detail"] for one in found.get("errors", []))]
        assert [bool(HAN.search(words)) for words in said] == [language != "en"] * len(said), said
        assert not any("不符合约定（" in words for words in said), said


def test_the_language_that_a_body_or_address_names_is_that_of_the_refusal_too(client: TestClient):
    asked = {"ref": "nobody", "options": {"language": "zh"}}
    assert HAN.search(client.post("/v1/models/churn/score", json=asked).json()["detail"])
    assert HAN.search(client.get("/v1/models/churn/lookup?ref=nobody&language=zh").json()["detail"])
    items = [{"ref": "nobody"}, asked, {"ref": 5, "options": {"language": "zh"}}]
    found = client.post("/v1/models/churn/scores", json={"items": items}).json()["results"]
    assert [bool(HAN.search(one["error"]["detail"])) for one in found] == [False, True, True]
    assert HAN.search(found[2]["error"]["errors"][0]["detail"])


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/v1/nothing", 404, "/v1/openapi.json"),
        ("POST", "/v1/models/sales/score", 404, "lead"),
        ("DELETE", "/v1/models/churn/score", 405, "Allow"),
    ],
)
def test_a_wrong_address_or_method_is_told_what_there_is(
    client: TestClient, method: str, path: str, status: int, allowed: str
):
    for language in ("zh", "en"):
        answer = client.request(method, path, headers={"Accept-Language": language})
        found = answer.json()
        assert (answer.status_code, allowed in found["detail"]) == (status, True)
        assert bool(HAN.search(found["detail"])) == (language == "zh")
        assert status != 405 or answer.headers["allow"] == "POST"


def test_all_methods_of_an_address_are_named(client: TestClient):
    paths = client.get("/v1/openapi.json").json()["paths"]
    told = {path: {method.upper() for method in methods} for path, methods in paths.items()}
    told |= {path: {"GET"} for path in ("/livez", "/healthz", "/metrics", "/v1/docs", "/v1/openapi.json")}
    for path, methods in told.items():
        wanted = methods | ({"HEAD"} if "GET" in methods else set())
        for method in {"PUT", "DELETE", "OPTIONS", "POST"} - methods:
            answer = client.request(method, path.replace("{", "").replace("}", ""))
            assert answer.status_code == 405, f"{method} {path}"
            assert wanted <= set(answer.headers["allow"].split(", ")), f"{method} {path}"
