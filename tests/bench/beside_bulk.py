"""``python -m tests.bench.beside_bulk``: how long a stored answer takes beside callers in bulk.

The service is started over a small brand of its own; three callers ask for 500 subjects by record at a
time while others look stored answers up. Prints quantiles without and beside them.
"""

import argparse
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from released import Brand, build  # noqa: E402

from tests.bench.serving import port, started  # noqa: E402

LOOKUP = "/v1/models/churn/lookup?ref=m{number}"
BULK = "/v1/models/churn/scores"
JSON = {"Content-Type": "application/json"}


def lookups(at: int, seconds: float) -> list[float]:
    """Times of stored answers, in milliseconds, one after the other; ``RuntimeError`` where one fails."""
    connection, until, taken = HTTPConnection("127.0.0.1", at, timeout=30), time.perf_counter() + seconds, []
    while time.perf_counter() < until:
        begun = time.perf_counter()
        connection.request("GET", LOOKUP.format(number=5 + len(taken) % 30))
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"lookup: status {answer.status}")
        taken.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.002)
    return taken


def bulk(at: int, body: bytes, stop: threading.Event) -> int:
    """How many calls in bulk were answered until ``stop``."""
    connection, answered = HTTPConnection("127.0.0.1", at, timeout=60), 0
    while not stop.is_set():
        connection.request("POST", BULK, body, JSON)
        answer = connection.getresponse()
        answer.read()
        answered += answer.status == 200
    return answered


def bodies(brand: Brand, by: str) -> bytes:
    """500 subjects by reference or by record."""
    items = [
        {"ref": f"m{number % 35 + 5}"} if by == "ref" else brand.ask(f"m{number % 35 + 5}", "churn")
        for number in range(500)
    ]
    for item in items:
        if "record" in item:  # a body may have 4 MB
            item["record"] = {"purchases": item["record"]["purchases"][:10]}
    return json.dumps({"items": items}).encode()


def measure(at: int, body: bytes, callers: int, seconds: float) -> tuple[list[float], int]:
    """Times of two callers that look up, beside ``callers`` in bulk, and how many those had answered."""
    stop = threading.Event()
    with ThreadPoolExecutor(callers + 2) as pool:
        beside = [pool.submit(bulk, at, body, stop) for _ in range(callers)]
        looking = [pool.submit(lookups, at, seconds) for _ in range(2)]
        taken = [one for found in looking for one in found.result()]
        stop.set()
        return taken, sum(found.result() for found in beside)


def main() -> None:
    """Run it; the arguments make it shorter."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--callers", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    with TemporaryDirectory() as place:
        brand, at = build(Path(place)), port()
        settings = brand.home / "settings.yaml"
        settings.write_text(json.dumps({"unknown_consent": {"profiling": "score"}}))
        env = {"MEMBERLENS_HOME": place, "MEMBERLENS_SETTINGS": settings, "BENTOML_DO_NOT_TRACK": "True"}
        command = [Path(sys.executable).with_name("bentoml"), "serve", "serving.service:MemberScores"]
        with started([*command, "--port", at], env, f"http://127.0.0.1:{at}/readyz"):
            for label, body, callers in (
                ("alone", b"", 0),
                (f"beside {asked.callers} in bulk by reference", bodies(brand, "ref"), asked.callers),
                (f"beside {asked.callers} in bulk by record", bodies(brand, "record"), asked.callers),
            ):
                taken, answered = measure(at, body, callers, asked.seconds)
                p50, p99 = np.quantile(taken, (0.5, 0.99))
                print(f"{label:34} {len(taken):6} lookups  p50 {p50:7.1f} ms  p99 {p99:7.1f} ms"
                      f"  most {max(taken):7.1f} ms  {answered} bulk calls")  # fmt: skip


if __name__ == "__main__":
    main()
