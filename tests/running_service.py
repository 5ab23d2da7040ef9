"""The service in processes of its own, as an operator starts it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from released import Brand

ROOT = Path(__file__).parents[1]
CHURN = "/v1/models/churn/score"
REF = {"ref": "m5"}
SETTINGS = {"limits": {"in_flight": 8, "seconds": 10}}


class Running:
    """A service in processes of its own, over a brand of its own."""

    def __init__(
        self,
        brand: Brand,
        service: str = "serving.service:MemberScores",
        place: Path = ROOT,
        **limits: object,
    ) -> None:
        (brand.home / "settings.yaml").write_text(
            json.dumps(SETTINGS | {"limits": SETTINGS["limits"] | limits})
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        paths = {"MEMBERLENS_HOME": brand.home, "MEMBERLENS_SETTINGS": brand.home / "settings.yaml"}
        quiet = {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": brand.home / "bentoml", "PYTHONPATH": place}
        script = Path(sys.executable).with_name("bentoml")
        self.brand, self.url = brand, f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [script, "serve", service, "--host", "127.0.0.1", "--port", str(port)],
            env=os.environ | {name: str(value) for name, value in (paths | quiet).items()},
            cwd=place, stdout=(brand.home / "log").open("w"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.wait(90)

    def wait(self, seconds: float) -> float:
        """Until it is ready; how long that took."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            try:
                if httpx.get(self.url + "/readyz").status_code == 200:
                    return time.monotonic() - begun
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise AssertionError("not ready: " + (self.brand.home / "log").read_text()[-2000:])

    def settled(self, version: str) -> None:
        """Wait until every worker answers with ``version``."""
        until, same = time.monotonic() + 60, 0
        while same < 20:
            assert time.monotonic() < until, f"some worker does not answer with version {version}"
            answer = httpx.post(self.url + CHURN, json=REF, timeout=10)  # a connection each
            same = same + 1 if answer.headers["x-model-version"] == version else 0
            time.sleep(0.05)

    def refused(self, why: str) -> None:
        """Wait until every worker says that it does not take the champion, and ``why``."""
        until, same = time.monotonic() + 60, 0
        while same < 20:
            assert time.monotonic() < until, f"some worker does not refuse {why}"
            found = httpx.get(self.url + "/readyz", timeout=10).json().get("refused", {})
            same = same + 1 if why in found.get("churn", "") else 0
            time.sleep(0.05)

    def stop(self) -> None:
        """End it; a busy machine takes its time."""
        self.process.terminate()
        assert self.process.wait(90) in (0, -signal.SIGTERM)

    def workers(self) -> list[int]:
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return [int(line) for line in found.stdout.split()]

    def load(
        self,
        seconds: float,
        callers: int,
        path: str = CHURN,
        item: object = REF,
        stop_at: threading.Event | None = None,
    ) -> Counter:
        """What was answered to ``callers`` at a time: status, and version or when to come again."""
        until, seen = time.monotonic() + seconds, Counter()

        def call() -> None:
            with httpx.Client(base_url=self.url, timeout=30) as client:
                while time.monotonic() < until and not (stop_at and stop_at.is_set()):
                    try:
                        answer = client.post(path, json=item)
                        ok = answer.status_code == 200
                        seen[
                            (answer.status_code, answer.headers["x-model-version" if ok else "retry-after"])
                        ] += 1
                    except httpx.TransportError:
                        seen[("lost", None)] += 1

        with ThreadPoolExecutor(callers) as pool:
            for _ in range(callers):
                pool.submit(call)
        return seen
