"""Nobody waits for somebody else: slow senders, bulk callers, several workers."""

import asyncio
import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from released import Brand, jobs_of
from tokens import jwt

from serving import app
from serving.answering import answers
from serving.contract.problems import Problem
from serving.edge.keys import SCOPES, KeyStore
from serving.edge.rate_levels import SLOTS, Levels
from serving.edge.rate_limits import Buckets
from serving.settings import Rate, Settings
from serving.state import State

SCORE, LOOKUP, BULK = "/v1/models/churn/score", "/v1/models/churn/lookup", "/v1/models/churn/scores"


class Crowd:
    """A service that several callers ask at a time, without a network."""

    def __init__(self, brand: Brand, state: State, home: Path, **limits: Any) -> None:
        given = brand.settings.model_dump()
        changed = Settings.model_validate(given | {"home": home, "limits": given["limits"] | limits})
        self.state = State(changed, champions=state.champions)
        self.routes = app.build(self.state, jobs_of(changed))
        store = KeyStore(changed.state_dir / "keys.json")
        self.keys = {name: store.issue(name, SCOPES) for name in ("crm", "other")}

    async def ask(self, method: str, path: str, client: str = "crm", **more: Any) -> httpx.Response:
        over = httpx.ASGITransport(self.routes)
        async with httpx.AsyncClient(transport=over, base_url="http://localhost") as caller:
            return await caller.request(method, path, headers={"x-api-key": self.keys[client]}, **more)

    async def half(
        self, client: str = "crm", ends: bool = False, path: str = SCORE, address: str = "127.0.0.1"
    ) -> list[dict[str, Any]]:
        """A call whose body never comes in full; what was sent back."""
        sent: list[dict[str, Any]] = []
        parts = [{"type": "http.request", "body": b'{"ref"', "more_body": True}]
        parts += [{"type": "http.disconnect"}] if ends else []

        async def receive() -> dict[str, Any]:
            if parts:
                return parts.pop(0)
            await asyncio.sleep(3_600)
            raise AssertionError

        async def send(message: Any) -> None:
            sent.append(message)

        headers = {"x-api-key": self.keys[client], "content-type": "application/json", "host": "localhost"}
        scope = {
            "type": "http", "http_version": "1.1", "method": "POST", "path": path,
            "query_string": b"", "client": (address, 1), "scheme": "http", "server": ("localhost", 80),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        await self.routes(scope, receive, send)
        return sent


@pytest.fixture
def crowd(brand: Brand, state: State, tmp_path: Path) -> Callable[..., Crowd]:
    return lambda **limits: Crowd(brand, state, tmp_path, **limits)


def test_half_sent_bodies_without_a_signature_keep_no_signed_call_back(
    crowd: Callable[..., Crowd], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MEMBERLENS_SFMC_SECRET", "shared")
    house, path = crowd(arriving=5, body_seconds=0.5), "/v1/adapters/sfmc/save"

    async def run() -> None:
        slow = [asyncio.create_task(house.half(path=path, address="192.0.2.9")) for _ in range(20)]
        await asyncio.sleep(0.05)
        for _ in range(5):
            answer = await house.ask("POST", path, content=jwt({"activityId": "a"}))
            assert answer.json()["success"] is True
        refused = [(await task)[0]["status"] for task in slow]
        assert Counter(refused) == {503: 15, 408: 5}

    asyncio.run(run())


def test_half_sent_bodies_take_nobodys_place_and_end(crowd: Callable[..., Crowd]):
    house = crowd(in_flight=4, arriving=20, body_seconds=2)

    async def run() -> None:
        slow = [asyncio.create_task(house.half()) for _ in range(20)]
        await asyncio.sleep(0.05)
        assert (await house.ask("POST", SCORE, json={"ref": "m5"})).status_code == 503  # its own limit
        for _ in range(5):
            assert (await house.ask("POST", SCORE, "other", json={"ref": "m5"})).status_code == 200
        ended = await asyncio.gather(*slow)
        assert {sent[0]["status"] for sent in ended} == {408}
        assert (await house.ask("POST", SCORE, json={"ref": "m5"})).status_code == 200

    asyncio.run(run())


def test_a_caller_that_hangs_up_is_no_failure_of_the_service(crowd: Callable[..., Crowd]):
    house = crowd()
    sent = asyncio.run(house.half(ends=True))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    text = house.state.metrics.text().decode()
    assert 'status="499"} 1.0' in text
    assert 'status="500"' not in text


def test_stored_answers_do_not_wait_for_bulk_calls(
    crowd: Callable[..., Crowd], monkeypatch: pytest.MonkeyPatch
):
    house = crowd(threads=1, bulk_in_flight=3)
    free = threading.Event()
    monkeypatch.setattr(answers, "answers", lambda *_: free.wait(60) and [{"status": "error"}])

    async def run() -> None:
        bulk = [
            asyncio.create_task(house.ask("POST", BULK, json={"items": [{"ref": "m5"}]})) for _ in range(4)
        ]
        await asyncio.sleep(0.05)
        for ask in (("GET", LOOKUP, {"params": {"ref": "m5"}}), ("POST", SCORE, {"json": {"record": {}}})):
            assert (await house.ask(*ask[:2], **ask[2])).status_code == 200
        free.set()  # only now do the bulk calls go on
        assert Counter([(await one).status_code for one in bulk]) == {200: 3, 503: 1}

    asyncio.run(run())


def take(path: Path, wanted: int, passed: Any) -> None:
    buckets = Buckets(Rate(requests=100, seconds=3_600), Levels.shared(path))
    for _ in range(wanted):
        try:
            buckets.take("crm")
            passed.put(1)
        except Problem:
            pass


def test_a_hundred_is_a_hundred_over_all_workers(tmp_path: Path):
    spawn = multiprocessing.get_context("spawn")
    passed = spawn.Queue()
    workers = [spawn.Process(target=take, args=(tmp_path / "rates", 80, passed)) for _ in range(2)]
    for worker in workers:
        worker.start()
    found = sum(passed.get(timeout=60) for _ in range(100))
    for worker in workers:
        worker.join(60)
    assert (found, passed.empty()) == (100, True)


def test_levels_of_more_clients_than_there_are_places(tmp_path: Path):
    now = [0.0]
    buckets = Buckets(Rate(requests=10, seconds=10), Levels.shared(tmp_path / "rates"), clock=lambda: now[0])
    for number in range(2 * SLOTS):
        now[0] += 0.001
        assert buckets.take(f"client {number}")["RateLimit-Remaining"] == "9"
    assert buckets.take(f"client {2 * SLOTS - 1}")["RateLimit-Remaining"] == "8"
    now[0] = -5.0  # the machine was started anew: its clock begins again
    assert int(buckets.take(f"client {2 * SLOTS - 1}")["RateLimit-Remaining"]) in range(10)
