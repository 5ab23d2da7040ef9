"""The OpenAPI document is kept: whatever is sent, answers are as it says and never a server's error."""

import json

import acting_published
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from released import AS_OF, MEMBERS, Brand, jobs_of
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from serving import app
from serving.champion.record_checks import BEYOND_SCHEMA
from serving.edge import access
from serving.edge.keys import SCOPES, KeyStore
from serving.settings import Settings
from serving.state import State


@pytest.fixture(scope="module")
def document(brand: Brand, state: State, tmp_path_factory: pytest.TempPathFactory):
    """The document of a service with a key of its own, as its callers get it."""
    access.PAUSE_SECONDS = 0.0  # wrong keys are slowed, which thousands of cases would feel
    home = tmp_path_factory.mktemp("contract")
    given = brand.settings.model_dump()
    patient = given["limits"] | {"seconds": 60, "bulk_seconds": 60}  # a busy machine breaks no contract
    changed = Settings.model_validate(given | {"home": home, "limits": patient})
    own = State(changed, champions=state.champions)
    acting_published.publish(changed.build_dir, AS_OF, MEMBERS)
    key = KeyStore(changed.state_dir / "keys.json").issue("schemathesis", SCOPES)
    found = schemathesis.openapi.from_asgi("/v1/openapi.json", app.build(own, jobs_of(changed)))
    found.key = key
    return found


CASES_EACH, CASES_ALIKE = 25, 8  # of an operation, and of one that asks for the same as another
TASKS = ("churn", "lead", "recall", "response")
OPERATIONS = sorted(
    [
        *("GET /readyz", "GET /v1/models", "POST /v1/outcomes", "GET /v1/scores/{score_id}"),
        *(f"POST /v1/members/{what}" for what in ("consent", "erase", "holdout", "next-action", "portrait")),
        *("POST /v1/jobs", "GET /v1/jobs/{job}", "GET /v1/jobs/{job}/results", "POST /v1/jobs/{job}:cancel"),
        *(f"GET /v1/models/{task}" for task in TASKS),
        *(f"{method} /v1/models/{task}/lookup" for method in ("GET", "POST") for task in TASKS),
        *(f"POST /v1/models/{task}/{what}" for task in TASKS for what in ("explain", "score", "scores")),
        *("POST /v1/audiences", "GET /v1/audiences/{audience}", "GET /v1/audiences/{audience}/members"),
        "POST /v1/audiences/{audience}:cancel",
        "POST /v1/models/response/rank",
    ]
)


def breaks_no_schema(answer: schemathesis.Response) -> bool:
    """Whether a request was refused only for rules between rows, which the document tells in words."""
    if answer.status_code != 422:
        return False
    codes = {fault["code"] for fault in answer.json().get("errors", ())}
    return bool(codes) and codes <= BEYOND_SCHEMA


def first_of_kind(every: dict[str, schemathesis.schemas.APIOperation]) -> set[str]:
    """The operations that ask for other things than all before: of those alike, one."""
    first: dict[str, str] = {}
    for label in OPERATIONS:
        raw, last = every[label].definition.raw, label.rsplit("/", 1)[1]
        where = "" if "requestBody" in raw or last in TASKS else last  # one code reads all bodies
        first.setdefault(json.dumps([where, raw.get("parameters"), raw.get("requestBody")]), label)
    return set(first.values())


def test_every_operation_is_tested(document):
    assert sorted(found.ok().label for found in document.get_all_operations()) == OPERATIONS


NOTHING_TO_GET_WRONG = (GenerationMode.NEGATIVE, "GET /readyz")
CASES = [(mode, label) for mode in GenerationMode for label in OPERATIONS]


@pytest.mark.parametrize(("mode", "label"), [case for case in CASES if case != NOTHING_TO_GET_WRONG])
def test_every_operation_keeps_the_contract(document, mode: GenerationMode, label: str):
    every = {found.ok().label: found.ok() for found in document.get_all_operations()}
    many = CASES_EACH if label in first_of_kind(every) else CASES_ALIKE

    @given(case=every[label].as_strategy(generation_mode=mode))
    @settings(
        max_examples=many,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def keeps(case: schemathesis.Case) -> None:
        answer = case.call(headers={"X-API-Key": document.key})
        beyond = [positive_data_acceptance] if breaks_no_schema(answer) else []
        case.validate_response(answer, excluded_checks=beyond)

    keeps()
