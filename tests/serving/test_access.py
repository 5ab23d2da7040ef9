"""Who is let in, who is not, and what is told to whom."""

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from released import Brand, jobs_of

from serving import app
from serving.edge import access
from serving.edge.keys import KeyStore
from serving.settings import Settings
from serving.state import State

CHURN = "/v1/models/churn/score"
REF = {"ref": "m5"}


class House:
    """A service with a state folder of its own, asked from wherever a test says."""

    def __init__(self, brand: Brand, state: State, home: Path, **settings: object) -> None:
        changed = Settings.model_validate(brand.settings.model_dump() | {"home": home, **settings})
        self.state = State(changed, champions=state.champions, refused={"lead": f"{home}/lead/2: is broken"})
        self.routes = app.build(self.state, jobs_of(changed))
        self.store = KeyStore(changed.state_dir / "keys.json")

    def caller(self, peer: str = "127.0.0.1", host: str = "localhost") -> TestClient:
        return TestClient(
            self.routes, f"http://{host}", raise_server_exceptions=False, client=(peer, 5000),
            follow_redirects=False,
        )  # fmt: skip


@pytest.fixture
def house(brand: Brand, state: State, tmp_path: Path) -> House:
    return House(brand, state, tmp_path)


HERE = ("localhost", "localhost:3000", "127.0.0.1:3000", "[::1]:3000", "[::1]", "LOCALHOST")
PROXIED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Via", "X-Real-IP")


@pytest.mark.parametrize("host", HERE)
def test_this_machine_needs_no_key_before_the_first(house: House, host: str):
    for peer in ("127.0.0.1", "::1", "127.8.8.8"):
        assert house.caller(peer, host).post(CHURN, json=REF).status_code == 200


@pytest.mark.parametrize(
    ("peer", "host", "headers"),
    [
        ("10.0.0.1", "localhost", {}),
        ("127.0.0.1", "scores.example.com", {}),  # a proxy that passes the name on, or a rebound name
        ("127.0.0.1", "localhost.example.com", {}),
        ("127.0.0.1", "", {}),
        *(("127.0.0.1", "localhost", {name: "10.0.0.1"}) for name in PROXIED),
    ],
)  # fmt: skip
def test_nobody_else_gets_in_without_a_key(house: House, peer: str, host: str, headers: dict[str, str]):
    client = house.caller(peer, host or "localhost")
    given = headers if host else {"host": ""}
    for method, path in (("POST", CHURN), ("GET", "/v1/models"), ("GET", "/metrics")):
        answer = client.request(method, path, json=REF, headers=given)
        assert answer.status_code in (401, 403), path


def test_a_proxy_of_the_old_protocol_is_not_this_machine(house: House):
    async def old(scope, receive, send):
        await house.routes(scope | {"http_version": "1.0"}, receive, send)

    client = TestClient(old, "http://127.0.0.1:3000", client=("127.0.0.1", 1))
    assert client.post(CHURN, json=REF).status_code == 401


def test_a_list_of_names_holds_for_every_call(brand: Brand, state: State, tmp_path: Path):
    house = House(brand, state, tmp_path, hosts=["scores.example.com"])
    key = {"x-api-key": house.store.issue("crm", ["score:read"])}
    for host, status in (("scores.example.com", 200), ("localhost", 200), ("evil.example.com", 421)):
        assert house.caller("10.0.0.1", host).post(CHURN, json=REF, headers=key).status_code == status
    assert house.caller(host="evil.example.com").get("/v1/docs").json()["code"] == "misdirected"


DAMAGES = {
    "empty": "",
    "half": '[{"name": "a1',
    "text": '["a"]',
    "none": "[]",
    "unreadable": "\0",
    "kinds": "",
}


@pytest.mark.parametrize("damage", ["unlink", *DAMAGES])
def test_lost_keys_close_the_service(brand: Brand, state: State, tmp_path: Path, damage: str):
    house = House(brand, state, tmp_path)
    key = house.store.issue("crm", ["score:read"])
    path, whole = house.store.path, house.store.path.read_text()
    damages = {
        "empty": "",
        "half": whole[: len(whole) // 2],
        "text": '["a"]',
        "none": "[]",
        "unreadable": "\0",
        "kinds": json.dumps([row | {"digest": 5} for row in json.loads(whole)]),
    }
    path.unlink() if damage == "unlink" else path.write_text(damages[damage])
    fresh = House(brand, state, tmp_path)  # a restart opens nothing either
    for one in (house, fresh):
        for headers in ({}, {"x-api-key": key}):
            answer = one.caller().post(CHURN, json=REF, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (503, "keys_unavailable")
        assert one.routes.access.said().startswith("nobody may call")
        assert one.caller().get("/livez").status_code == 200
    path.write_text(whole)
    assert house.caller().post(CHURN, json=REF, headers={"x-api-key": key}).status_code == 200
    assert house.caller().post(CHURN, json=REF).status_code == 401


def test_keys_issued_before_there_was_a_mark_are_marked_when_read(house: House):
    house.store.issue("crm", ["score:read"])
    house.store.marker.unlink()
    KeyStore(house.store.path).all()
    assert house.store.marker.exists()


def test_wrong_keys_are_slowed_and_right_ones_are_not(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(access, "PAUSE_SECONDS", 0.2)
    right = {"x-api-key": house.store.issue("crm", ["score:read"])}
    client = house.caller()

    def seconds(headers: dict[str, str], status: int) -> float:
        begun = time.perf_counter()
        assert client.post(CHURN, json=REF, headers=headers).status_code == status
        return time.perf_counter() - begun

    taken = [seconds({"x-api-key": f"ml.wrong.{n}"}, 401) for n in range(access.WRONG_KEYS.requests + 3)]
    assert min(taken[-3:]) >= 0.2
    assert min(seconds(right, 200) for _ in range(3)) < 0.2
    monkeypatch.setattr(access, "MOST_SLOWED", 0)
    assert client.post(CHURN, json=REF, headers={"x-api-key": "ml.a.b"}).status_code == 429


def test_places_and_clients_are_told_inside_only(house: House, tmp_path: Path):
    inside, outside = house.caller(), house.caller("10.0.0.1", "scores.example.com")
    inside.post(CHURN, json=REF)
    assert str(tmp_path) in inside.get("/readyz").text
    assert "this-machine" in inside.get("/metrics").text
    seen = outside.get("/readyz")
    assert seen.json()["refused"].keys() == {"lead"}
    assert seen.json()["states"]["lead"] == "champion_refused"
    assert str(tmp_path) not in seen.text
    assert outside.get("/metrics").status_code == 403
    key = {"x-api-key": house.store.issue("prometheus", ["service:read"])}
    assert "this-machine" in outside.get("/metrics", headers=key).text
    assert str(tmp_path) in outside.get("/readyz", headers=key).text
    other = {"x-api-key": house.store.issue("crm", ["score:read"])}
    assert outside.get("/metrics", headers=other).status_code == 403
    assert outside.get("/metrics", headers={"x-api-key": "ml.a.b"}).status_code == 401


@pytest.mark.parametrize("path", ["/v1/models/", "/v1/jobs/", "/livez/", "//evil.example.com/v1/models/"])
def test_nobody_is_sent_elsewhere(house: House, path: str):
    for method in ("GET", "POST"):
        answer = house.caller().request(method, path)
        assert answer.status_code in (404, 405)
        assert "location" not in answer.headers


def test_what_is_kept_is_for_its_own_user_only(house: House):
    house.store.issue("crm", ["score:read"])
    house.state.settings.state_dir.joinpath("service.db").chmod(0o644)  # of a version before
    jobs_of(house.state.settings).database.prepare()
    files = [path for path in house.state.settings.state_dir.iterdir() if path.is_file()]
    assert {"service.db", "keys.json", "keys.issued", "secret", "rates"} <= {path.name for path in files}
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_the_command_says_that_keys_are_lost(house: House, tmp_path: Path):
    house.store.issue("crm", ["score:read"])
    house.store.path.unlink()
    done = subprocess.run(
        [sys.executable, "-m", "serving", "keys", "list"],
        env=os.environ | {"MEMBERLENS_HOME": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "keys.json" in done.stderr
    assert "Traceback" not in done.stderr
