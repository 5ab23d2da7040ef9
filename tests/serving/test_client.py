"""The Python client: every call of it is in the contract, and every operation of the contract has one."""

import re
from datetime import UTC, datetime
from pathlib import Path

import acting_published
import pytest
from fastapi.testclient import TestClient
from released import AS_OF, MEMBERS, Brand, client_of, jobs_of

from serving.audience_worker import Planning
from serving.client import Client, Refused
from serving.ledger.audience_store import Audiences
from serving.settings import Settings
from serving.state import State
from serving.worker import Work

NOT_FOR_CALLERS = {("get", "/readyz")}


class Wire:
    """Sends to the service inside the process and remembers what was asked."""

    def __init__(self, inner: TestClient) -> None:
        self.inner, self.asked = inner, set()

    def __call__(self, method: str, url: str, body: bytes | None, headers: dict[str, str]):
        path = url.removeprefix("http://here")
        self.asked.add((method.lower(), path.partition("?")[0]))
        answer = self.inner.request(method, path, content=body, headers=headers)
        return answer.status_code, dict(answer.headers), answer.content


@pytest.fixture
def service(brand: Brand, state: State, tmp_path: Path) -> State:
    settings = Settings.model_validate(brand.settings.model_dump() | {"home": tmp_path})
    return State(settings, champions=state.champions)


def test_all_of_it(service: State, brand: Brand):
    inner = client_of(service)
    wire = Wire(inner)
    client = Client("http://here", send=wire)
    _scored(client, brand)
    _in_bulk(client, service)
    _acted_on(client, service)
    with pytest.raises(Refused, match="404 unknown_ref"):
        client.portrait("nobody")
    word = {"event_id": "w", "ref": "m9", "profiling": "withdrawn"}
    assert (client.consents([word]), client.consents([word])) == (1, 0)
    assert client.erase("m9")["consents"] == 1
    assert client.score("churn", ref="m9")["suppression_reason"] == "erased"
    _covers(inner.get("/v1/openapi.json").json(), wire.asked)


def _scored(client: Client, brand: Brand) -> None:
    one = client.score("churn", ref="m5", options={"reasons": 1})
    assert client.lookup("churn", "m5")["probability"] == one["probability"]
    assert client.logged(one["score_id"])["probability"] == one["probability"]
    assert client.find("churn", "m5", reasons=0)["probability"] == one["probability"]
    assert client.score("lead", **brand.ask("l5", "lead"))["status"] == "ok"
    assert [found["status"] for found in client.scores("churn", [{"ref": "m5"}, {"ref": "m0"}])] == [
        "ok",
        "suppressed",
    ]
    assert client.rank([{"campaign_id": "c0"}, {"campaign_id": "c1"}], ref="m5", at_least=0)["choice"] in (
        0,
        1,
    )
    assert client.explain("churn", ref="m5")["probability"] == one["probability"]
    assert {model["name"] for model in client.models()} == {"lead", "response", "churn", "recall"}
    assert client.model("churn")["bands"]
    event = {"event_id": "e", "ref": "m5", "kind": "answered", "occurred_at": "2026-07-02T09:30:00Z"}
    assert (client.outcomes([event]), client.outcomes([event])) == (1, 0)


def _in_bulk(client: Client, service: State) -> None:
    job = client.start("night-1", model="churn", audience="everyone")
    worker = Work(service, jobs_of(service.settings))
    while worker.step():
        pass
    assert client.job(job["id"])["status"] == "succeeded"
    assert len(list(client.results(job["id"]))) == 40
    assert client.cancel(job["id"])["status"] == "succeeded"


def _acted_on(client: Client, service: State) -> None:
    acting_published.publish(service.settings.build_dir, AS_OF, MEMBERS)
    service.now = lambda: datetime.fromtimestamp(AS_OF, UTC)  # type: ignore[method-assign]
    assert client.next_action("m6", language="zh")["action"] == "care"
    assert client.holdout("m5", scene="cart_left")["held_out"] is False
    made = client.plan("spring-1", name="spring", options=["sms_discount"], blind=True)
    while Planning(service, Audiences(jobs_of(service.settings).database)).step():
        pass
    assert client.audience(made["id"])["brief"]["members"] == len(list(client.members(made["id"]))) == 36
    assert {one["arm"] for one in client.members(made["id"], arm="contact")} == {"contact"}
    assert client.cancel_audience(made["id"])["status"] == "succeeded"
    del service.now


def _covers(document: dict, asked: set[tuple[str, str]]) -> None:
    operations = {(method, path) for path, methods in document["paths"].items() for method in methods}
    found = {
        (method, path)
        for method, path in operations
        for sent in asked
        if sent[0] == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/:]+", path), sent[1])
    }
    kinds = {(method, re.sub("/(lead|response|churn|recall)(?=/|$)", "/-", path)) for method, path in found}
    wanted = {
        (method, re.sub("/(lead|response|churn|recall)(?=/|$)", "/-", path)) for method, path in operations
    }
    assert kinds == wanted - NOT_FOR_CALLERS


def test_what_may_succeed_later_is_tried_again_and_the_rest_is_not(service: State):
    statuses = [503, 503, 200]
    tried = []

    def send(*_: object) -> tuple[int, dict[str, str], bytes]:
        tried.append(1)
        status = statuses[len(tried) - 1]
        if status == 200:
            return 200, {}, b'{"result": {}}'
        problem = b'{"status": 503, "code": "overloaded", "detail": "", "retryable": true}'
        return status, {"retry-after": "0"}, problem

    assert Client("http://here", send=send).score("churn", ref="m5") == {}
    assert len(tried) == 3
    wire = Wire(client_of(service))
    with pytest.raises(Refused) as refused:
        Client("http://here", send=wire).score("churn", ref="nobody")
    assert refused.value.problem["code"] == "unknown_ref"
