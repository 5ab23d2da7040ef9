"""``make bench-soak``: an hour's worth of callers at a share of capacity; errors and memory over time.

Capacity is measured first. Then callers keep to a schedule, whether answers are slow or not, so
that a server that falls behind is seen. By reference, and every fiftieth by record.
"""

import argparse
import asyncio
import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any

import numpy as np
import polars as pl

from serving import settings
from tests.bench.load import Connection, post, run
from tests.bench.serving import BIN, memory, port, records, started

CALLERS, RECORD_EVERY, SLICE = 16, 50, 60.0  # the last: seconds between two lines


@dataclass
class Slice:
    """What happened since the last line."""

    times: list[float] = field(default_factory=list)
    failed: int = 0

    def line(self, minutes: float, megabytes: float) -> dict[str, Any]:
        p50, p99 = np.quantile(self.times or [0.0], (0.5, 0.99)) * 1000
        return {
            "minute": round(minutes, 1), "sent": len(self.times), "failed": self.failed,
            "p50_ms": round(float(p50), 2), "p99_ms": round(float(p99), 2), "megabytes": round(megabytes),
        }  # fmt: skip


async def soak(
    url: str, requests: list[bytes], rate: float, seconds: float, pid: int
) -> list[dict[str, Any]]:
    """A line a minute; ``rate`` requests a second over all callers."""
    begun, now, lines = perf_counter(), Slice(), []

    async def caller(own: int) -> None:
        connection = await Connection.to(url)
        turn = own
        while (due := begun + turn / rate) < begun + seconds:
            await asyncio.sleep(max(0.0, due - perf_counter()))
            asked = perf_counter()
            now.failed += not await connection.ask(requests[turn % len(requests)])
            now.times.append(perf_counter() - asked)
            turn += CALLERS
        connection.writer.close()

    async def watch() -> None:
        nonlocal now
        while perf_counter() < begun + seconds:
            await asyncio.sleep(min(SLICE, begun + seconds - perf_counter() + 0.01))
            done, now = now, Slice()
            lines.append(done.line((perf_counter() - begun) / 60, memory(pid)))
            print(lines[-1], flush=True)

    await asyncio.gather(watch(), *(caller(own) for own in range(CALLERS)))
    return lines


def main() -> None:
    """Serve the champions of this folder and keep them busy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--share", type=float, default=0.7)
    parser.add_argument("--out", type=Path, default=Path("experiments/bench-soak.json"))
    asked = parser.parse_args()
    here = settings.load()
    frame = pl.read_parquet(here.build_dir / "churn" / "snapshot" / "snapshot.parquet").head(2000)
    refs = [json.dumps({"ref": r, "consent": {"profiling": "granted"}}).encode() for r in frame["subject_id"]]
    rows = records(here.build_dir / "tables", frame["subject_id"].to_list()[:40], frame["as_of"][0])
    mixed = [
        rows[(at // RECORD_EVERY) % len(rows)] if at % RECORD_EVERY == 0 else ref
        for at, ref in enumerate(refs)
    ]
    own = port()
    base = f"http://127.0.0.1:{own}"
    with ExitStack() as stack:
        command = [BIN / "bentoml", "serve", "serving.service:MemberScores", "--port", own]
        facts = stack.enter_context(started(command, {"BENTOML_DO_NOT_TRACK": "True"}, f"{base}/readyz"))
        url = f"{base}/v1/models/churn/score"
        run(url, mixed, 4, 2.0)
        capacity = run(url, mixed, CALLERS, 10.0).rate
        rate, begun = asked.share * capacity, monotonic()
        print(f"capacity {capacity:.0f}/s, keeping {rate:.0f}/s for {asked.minutes:g} minutes", flush=True)
        requests = [post(url, body) for body in mixed]
        lines = asyncio.run(soak(url, requests, rate, asked.minutes * 60, int(facts["pid"])))
    sent, failed = (sum(line[key] for line in lines) for key in ("sent", "failed"))
    print(f"{sent:,} sent, {failed} failed in {(monotonic() - begun) / 60:.1f} minutes;", end=" ")
    print(f"memory {lines[0]['megabytes']} MB after a minute, {lines[-1]['megabytes']} MB at the end")
    asked.out.write_text(json.dumps({"capacity": capacity, "rate": rate, "lines": lines}, indent=1) + "\n")


if __name__ == "__main__":
    main()
