"""``make bench-serving``: the service against its peers, on the released churn model.

One run, one machine, rounds that alternate between all servers, ratios of medians. Prints a table
and writes it beside the results as JSON.
"""

import argparse
import json
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import polars as pl
import polars.selectors as cs

from features import tables as contract
from models.fitted import release_format
from models.scorer import Scorer
from serving import settings
from serving.champion import registry
from tests.bench.load import Round, run

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
Bodies = list[bytes]


@contextmanager
def started(command: list[Any], env: dict[str, Any], ready: str) -> Iterator[dict[str, float]]:
    """A server in a process of its own; yields how long it took to answer, and its memory at the end."""
    facts: dict[str, float] = {}
    begun = time.monotonic()
    process = subprocess.Popen(
        [str(word) for word in command],
        env=os.environ
        | {"PATH": f"{BIN}:{os.environ['PATH']}"}
        | {name: str(value) for name, value in env.items()},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not _answers(ready):
            if process.poll() is not None or time.monotonic() - begun > 180:
                raise RuntimeError(f"{command[0]}: did not start")
            time.sleep(0.1)
        facts["ready_seconds"] = time.monotonic() - begun
        facts["pid"] = process.pid
        yield facts
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def memory(pid: int) -> float:
    """Megabytes that a process and its children hold, shared parts counted once each."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    total = 0
    for one in family:
        rollup = Path(f"/proc/{one}/smaps_rollup")
        lines = rollup.read_text().splitlines() if rollup.exists() else []
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def port() -> int:
    """A free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """How one is started, and where and with what it is asked; ``ready`` and ``path`` below its address."""

    command: list[Any]
    port: int
    env: dict[str, Any]
    ready: str
    path: str
    bodies: list[bytes]

    def start(self, stack: ExitStack) -> dict[str, Any]:
        """Start it until the stack closes; return its address, its bodies and its facts."""
        address = f"http://127.0.0.1:{self.port}"
        facts = stack.enter_context(started(self.command, self.env, f"{address}/{self.ready}"))
        return {"url": f"{address}/{self.path}", "bodies": self.bodies, "facts": facts}


def servers(
    stack: ExitStack, model: Path, frame: pl.DataFrame, matrix: np.ndarray, full: bool
) -> dict[str, Any]:
    """Start all servers; for each its address, its bodies and its facts."""
    names = Scorer.load(model).model.encoder.names
    found = {"ours": _ours(frame), **_peers(model, names, matrix)}
    if full:
        found["mlflow models serve"] = _mlflow(frame.select(names))
    return {label: server.start(stack) for label, server in found.items()}


def _ours(frame: pl.DataFrame) -> Server:
    asked = [{"ref": ref, "consent": {"profiling": "granted"}} for ref in frame["subject_id"]]
    own = port()
    command = [BIN / "bentoml", "serve", "serving.service:MemberScores", "--port", own]
    env = {"BENTOML_DO_NOT_TRACK": "True"}
    return Server(command, own, env, "readyz", "v1/models/churn/score", _packed(asked))


def _peers(model: Path, names: list[str], matrix: np.ndarray) -> dict[str, Server]:
    """The model behind as little as there can be of FastAPI and of BentoML."""
    rows = [[None if np.isnan(value) else float(value) for value in row] for row in matrix]
    env = {"BENCH_MODEL": model, "BENTOML_DO_NOT_TRACK": "True", "PYTHONPATH": ROOT}
    bare, naive = port(), port()
    fast = [BIN / "uvicorn", "tests.bench.peers:minimal", "--port", bare, "--no-access-log"]
    bento = [BIN / "bentoml", "serve", "tests.bench.peers:Naive", "--port", naive]
    values = _packed([{"values": row} for row in rows])
    named = _packed([{"rows": [dict(zip(names, row, strict=True))]} for row in rows])
    return {
        "minimal FastAPI": Server(fast, bare, env | {"BENCH_PEER": "minimal"}, "ready", "predict", values),
        "naive BentoML": Server(bento, naive, env, "readyz", "predict", named),
    }


def _mlflow(rows: pl.DataFrame) -> Server:
    here, own = settings.load(), port()
    name = release_format.registered_name(here.data, "churn")
    command = [
        BIN / "mlflow", "models", "serve", "-m", f"models:/{name}@champion",
        "--env-manager", "local", "-p", own,
    ]  # fmt: skip
    env = {"MLFLOW_TRACKING_URI": here.store(), "MLFLOW_REGISTRY_URI": here.store()}
    asked = [{"dataframe_split": {"columns": rows.columns, "data": [row]}} for row in rows.rows()]
    return Server(command, own, env, "ping", "invocations", _packed(asked))


def _packed(asked: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(one).encode() for one in asked]


def records(tables: Path, members: list[str], as_of: int) -> Bodies:
    """Everything that the source knows of each member, as a caller sends it."""
    found: dict[str, dict[str, Any]] = {member: {} for member in members}
    for name in contract.TABLES:
        if name == "identities" or "member_id" not in contract.columns(name):
            continue
        rows = pl.scan_parquet(tables / f"{name}.parquet").filter(
            pl.col("member_id").is_in(members), pl.col("known_time") < as_of
        )
        for row in rows.select(*contract.columns(name), cs.starts_with("x_")).collect().iter_rows(named=True):
            plain = {key: _plain(value) for key, value in row.items() if value is not None}
            plain.pop("lead_id", None)
            found[row["member_id"]].setdefault(name, []).append(plain)
    moment = datetime.fromtimestamp(as_of, UTC).isoformat()
    asked = ({"record": one, "as_of": moment, "consent": {"profiling": "granted"}} for one in found.values())
    return [json.dumps(one).encode() for one in asked]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def compare(found: dict[str, Any], callers: int, seconds: float, rounds: int) -> dict[str, list[Round]]:
    """Rounds that alternate between the servers."""
    seen: dict[str, list[Round]] = {label: [] for label in found}
    for _ in range(rounds):
        for label, server in found.items():
            seen[label].append(run(server["url"], server["bodies"], callers, seconds))
    return seen


def table(seen: dict[str, list[Round]], callers: int) -> list[dict[str, Any]]:
    """Medians over the rounds, and the rate over that of the minimal application."""
    rate = {label: statistics.median(one.rate for one in rounds) for label, rounds in seen.items()}
    return [
        {
            "server": label,
            "callers": callers,
            "requests_per_second": round(rate[label], 1),
            "over_minimal": round(rate[label] / rate["minimal FastAPI"], 2),
            "p50_ms": round(statistics.median(one.p50 for one in rounds), 2),
            "p99_ms": round(statistics.median(one.p99 for one in rounds), 2),
            "failed": sum(one.failed for one in rounds),
        }
        for label, rounds in seen.items()
    ]


def floor(scorer: Scorer, matrix: np.ndarray) -> float:
    """Milliseconds of one row inside the process, without anything around it."""
    scorer.model.booster.set_param({"nthread": 1})
    times = []
    for row in matrix[:300]:
        begun = time.perf_counter()
        scorer.model.booster.inplace_predict(row[None])
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1000


def bulk(server: dict[str, Any], scorer: Scorer, frame: pl.DataFrame, seconds: float) -> dict[str, float]:
    """500 subjects in one call against the same 500 rows, reasons included, inside the process."""
    items = [json.loads(body) for body in server["bodies"][:500]]
    url = server["url"].replace("/score", "/scores")
    over = run(url, [json.dumps({"items": items}).encode()], 1, seconds)
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        scorer.score_with_reasons(frame[:500], 3)
        times.append(time.perf_counter() - begun)
    inside = statistics.median(times) * 1000
    return {"bulk_500_ms": over.p50, "inside_500_ms": inside, "inside_over_bulk": inside / over.p50}


def main() -> None:
    """Run it all; the arguments make it shorter."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--callers", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without-mlflow", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("experiments/bench-serving.json"))
    asked = parser.parse_args()
    here = settings.load()
    model = registry.local(here, "churn")
    if model is None:
        raise SystemExit("no released churn model here; run `make demo` and `python -m serving pull` first")
    scorer = Scorer.load(model)
    frame = pl.read_parquet(here.build_dir / "churn" / "snapshot" / "snapshot.parquet").head(2000)
    matrix = scorer.model.encoder.transform(frame)
    lines: list[dict[str, Any]] = []
    with ExitStack() as stack:
        found = servers(stack, model, frame, matrix, not asked.without_mlflow)
        rows = records(here.build_dir / "tables", frame["subject_id"].to_list()[:100], frame["as_of"][0])
        found["ours, by record"] = found["ours"] | {"bodies": rows}
        for server in found.values():
            run(server["url"], server["bodies"], 2, 1.0)  # warm
        for callers in asked.callers:
            lines += table(compare(found, callers, asked.seconds, asked.rounds), callers)
        facts = {
            label: {"ready_seconds": s["facts"]["ready_seconds"], "megabytes": memory(int(s["facts"]["pid"]))}
            for label, s in found.items()
        }
        extra = bulk(found["ours"], scorer, frame, asked.seconds) | {"floor_ms": floor(scorer, matrix)}
    _show(lines, facts, extra)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    machine = {"machine": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
    asked.out.write_text(json.dumps(machine | {"lines": lines, "servers": facts, **extra}, indent=1) + "\n")


def _show(lines: list[dict[str, Any]], facts: dict[str, Any], extra: dict[str, float]) -> None:
    for line in lines:
        print("{server:22}{callers:4} callers {requests_per_second:9.1f}/s  {over_minimal:5.2f} x minimal  "
              "p50 {p50_ms:8.2f} ms  p99 {p99_ms:8.2f} ms  {failed} failed".format(**line))  # fmt: skip
    for label, fact in facts.items():
        print(f"{label:22} ready after {fact['ready_seconds']:.1f} s, {fact['megabytes']:.0f} MB")
    print(", ".join(f"{name} {value:.2f}" for name, value in extra.items()))


if __name__ == "__main__":
    main()
