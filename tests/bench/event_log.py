"""What Spark's event log tells: bytes that tasks exchanged, bytes that came to the driver, barriers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def shuffled(log: Path) -> int:
    """Sum the bytes that tasks wrote for other tasks."""
    metrics = (event.get("Task Metrics") or {} for event in _events(log, '"SparkListenerTaskEnd"'))
    return sum(one.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0) for one in metrics)


def collected(log: Path) -> int:
    """Sum the bytes that tasks sent to the driver as results."""
    ends = _events(log, '"SparkListenerTaskEnd"')
    results = (event.get("Task Metrics") or {} for event in ends if event["Task Type"] == "ResultTask")
    return sum(one.get("Result Size", 0) for one in results)


def is_at_barrier(log: Path) -> bool:
    """Tell whether a stage is under way of which all tasks have to run at once."""
    begun = sum(1 for _ in _events(log, '"SparkListenerStageSubmitted"', '"Barrier":true'))
    return begun > sum(1 for _ in _events(log, '"SparkListenerStageCompleted"', '"Barrier":true'))


def _events(log: Path, *signs: str) -> Iterator[dict[str, Any]]:
    """The events with all signs; a line that is just being written has no end yet."""
    for path in log.rglob("events_*"):
        for line in path.read_text(errors="replace").splitlines(keepends=True):
            if line.endswith("\n") and all(sign in line for sign in signs):
                yield json.loads(line)
