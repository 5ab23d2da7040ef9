"""The service as it is started: what is open, what is hidden, and what happens under load and faults."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from released import Brand, build, publish
from running_service import CHURN, REF, ROOT, Running
from worlds import finished

from serving.client import Client, Refused

EXPLAIN = "/v1/models/churn/explain"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Brand:
    """What each service has a copy of: to train its models takes longer than to copy them."""
    return build(tmp_path_factory.mktemp("made"))


def copied(made: Brand, home: Path) -> Brand:
    shutil.copytree(made.home, home)
    return Brand(home, made.raw, made.settings.model_copy(update={"home": home}))


@pytest.fixture(scope="module")
def running(made: Brand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    found = Running(copied(made, tmp_path_factory.mktemp("running") / "brand"))
    yield found
    found.stop()


@pytest.fixture(scope="module")
def bento(made: Brand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A second service beside ``running``, of two workers: what `bentoml build` packs, in another place."""
    folder = tmp_path_factory.mktemp("bento")
    brand, elsewhere = copied(made, folder / "brand"), folder / "elsewhere"
    elsewhere.mkdir()
    home = {"BENTOML_HOME": str(brand.home / "bentoml"), "BENTOML_DO_NOT_TRACK": "True"}
    script = Path(sys.executable).with_name("bentoml")
    command = [script, "build", "-f", "serving/bentofile.yaml", "."]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | home, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = Running(brand, "memberlens:latest", elsewhere, workers=2)
    yield found
    found.stop()


def test_nothing_but_the_public_routes_is_open(running: Running):
    with httpx.Client(base_url=running.url) as client:
        for path in (
            "/",
            "/docs.json",
            "/schema.json",
            "/static_content/index.html",
            "/score",
            "/v1/nothing",
        ):
            for method in ("GET", "POST"):
                answer = client.request(method, path)
                assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
                assert answer.headers["content-type"] == "application/problem+json"
        for path in ("/livez", "/readyz", "/healthz", "/metrics", "/v1/openapi.json"):
            assert client.get(path).status_code == 200
            assert client.post(path).headers["content-type"] == "application/problem+json"
        whole = client.get("/v1/models", extensions={"target": b"http://elsewhere.example/v1/models"})
        assert (whole.status_code, whole.json()["code"]) == (404, "not_found")
        for path in ("/v1/docs", "/v1/models", "/v1/jobs/none"):  # one connection: a body too many would show
            assert client.head(path).status_code == client.get(path).status_code


def test_a_score_over_the_wire(running: Running):
    for item in ({"ref": "m5"}, running.brand.ask("m5", "churn")):
        answer = httpx.post(running.url + CHURN, json=item, timeout=30)
        assert answer.json()["result"]["status"] == "ok"


def test_a_body_that_is_far_too_long_gets_its_answer(running: Running):
    with pytest.raises(Refused, match="413 body_too_large"):
        Client(running.url).scores("churn", [{"ref": "m" * 30_000_000}])


def test_no_call_is_lost_while_the_champion_changes(running: Running):
    done = threading.Event()

    def change() -> None:
        try:
            time.sleep(1)
            publish(running.brand.settings, "churn", finished(running.brand.raw), "2", seed=2)
            running.settled("2")  # a worker that looks late would see the broken one first
            folder = running.brand.settings.champions / "churn"
            shutil.copytree(folder / "2", folder / "3")
            (folder / "3" / "model.ubj").write_bytes(b"broken")
            (folder / "champion").write_text("3")
            running.refused("version 3")
        finally:
            done.set()

    with ThreadPoolExecutor(1) as pool:
        changed = pool.submit(change)
        seen = running.load(120, callers=4, stop_at=done)
        changed.result()
    assert set(seen) == {(200, "1"), (200, "2")}
    running.settled("2")


def test_too_many_at_once_are_turned_away_and_the_service_recovers(running: Running):
    seen: Counter = Counter()
    for _ in range(10):  # a busy machine takes its time to send so many
        seen += running.load(2, 64, EXPLAIN, running.brand.ask("m5", "churn"))  # the longest of calls
        if {status for status, _ in seen} == {200, 503}:
            break
    assert set(seen) == {(200, "2"), (503, "1")}
    begun = time.monotonic()
    assert httpx.post(running.url + CHURN, json={"ref": "m5"}, timeout=5).status_code == 200
    assert time.monotonic() - begun < 2


def test_killed_workers_are_replaced_and_their_job_goes_on(running: Running):
    rows = {number: running.brand.record(f"m{number}", "churn")["purchases"][:4] for number in range(5, 40)}
    items = [{"record_id": str(n), "record": {"purchases": rows[n % 35 + 5]}} for n in range(3000)]
    client = Client(running.url)
    job = client.start("killed", model="churn", items=items)["id"]
    while client.job(job)["done"] == 0:
        time.sleep(0.1)
    for pid in running.workers():
        os.kill(pid, signal.SIGKILL)
    assert running.wait(60) < 60
    assert 0 < client.job(job)["done"] < len(items)
    running.settled("2")  # the last good one
    answer = httpx.post(running.url + CHURN, json={"ref": "m5"}, timeout=10)
    assert (answer.status_code, answer.headers["x-model-version"]) == (200, "2")
    found = list(client.results(job))
    assert [one["record_id"] for one in found] == [item["record_id"] for item in items]
    assert client.job(job)["status"] == "succeeded"


def counted(running: Running, route: str = CHURN) -> float:
    """Calls of a route, as the metrics of a service have them."""
    found = re.findall(
        rf'^memberlens_requests_total{{.*route="{route}".*}} (\S+)$',
        httpx.get(running.url + "/metrics").text,
        flags=re.MULTILINE,
    )
    return sum(map(float, found))


def test_a_built_bento_serves_from_another_place(bento: Running):
    answer = httpx.post(bento.url + CHURN, json=REF, timeout=10)
    assert answer.status_code == 200
    assert 0 < answer.json()["result"]["probability"] < 1


def test_two_workers_count_together_and_two_services_do_not(running: Running, bento: Running):
    before, others = counted(running), counted(bento)
    assert before > others  # the second start has deleted nothing
    assert len(bento.workers()) == 2
    for _ in range(20):  # a connection each, so that both workers are asked
        assert httpx.post(bento.url + CHURN, json=REF, timeout=10).status_code == 200
    assert {counted(bento) for _ in range(10)} == {others + 20}
    assert counted(running) == before
    ages = {
        line
        for _ in range(10)
        for line in httpx.get(bento.url + "/metrics").text.splitlines()
        if line.startswith('memberlens_model_age_days{model="churn"}')
    }
    assert all(float(line.split()[1]) > 0 for line in ages)
    assert len(ages) > 1  # of the moment of asking


def test_a_caller_that_hangs_up_and_one_that_dawdles(running: Running):
    host, port = running.url.removeprefix("http://").split(":")
    head = f"POST {CHURN} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    head += "Content-Length: 99\r\n\r\n"
    for _ in range(30):  # more than may be answered at a time
        with socket.create_connection((host, int(port))) as half:
            half.sendall(head.encode() + b'{"ref"')
    slow = [socket.create_connection((host, int(port))) for _ in range(30)]
    for half in slow:
        half.sendall(head.encode() + b'{"ref"')
    assert httpx.post(running.url + CHURN, json=REF, timeout=5).status_code == 200
    for half in slow:
        half.close()
    text = httpx.get(running.url + "/metrics").text
    assert 'status="499"' in text
    assert 'status="500"' not in text


def test_the_start_says_who_may_call(running: Running):
    assert (
        "no key was issued: calls from this machine to localhost are answered"
        in (running.brand.home / "log").read_text()
    )
