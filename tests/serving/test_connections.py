"""Kept connections go to whichever worker has fewer, one at a time."""

import subprocess
import sys

import pytest

from serving.edge.connections import PAUSE, RECENT, Connections, kept

OTHER = """
import sys
from pathlib import Path
from serving.edge.connections import Connections
own = Connections.shared(Path(sys.argv[1]))
own.join()
for line in sys.stdin:
    print([own.ends(("127.0.0.1", port)) for port in range(1, 1 + int(line))], flush=True)
"""


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path):
    return tmp_path / "connections"


@pytest.fixture
def other(file):
    """Another worker; ``ask`` lets so many connections call it."""
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.ask = lambda count: (print(count, file=process.stdin, flush=True), process.stdout.readline())[
            1
        ]
        process.ask(0)
        yield process
        process.kill()


def called(own, *ports):
    return [port for port in ports if own.ends(("127.0.0.1", port))]


def test_alone_no_connection_ends(file):
    own = Connections.shared(file)
    own.join()
    assert called(own, *range(1, 100)) == []


def test_an_idle_worker_gets_one_connection_after_another_until_both_have_as_many(file, other):
    own, ports, ended = Connections.shared(file), list(range(1, 9)), []
    for turn in range(12):
        own._ended = 0.0  # the pause is over
        gone = called(own, *ports)
        ended += gone
        ports = [port for port in ports if port not in gone]
        assert len(gone) <= 1, turn
        assert "True" not in other.ask(8 - len(ports))
    assert (len(ports), len(ended)) == (4, 4)


def test_between_two_endings_there_is_a_pause_and_who_is_gone_does_not_count(file, other):
    clock = Clock()
    own = Connections.shared(file)
    own._clock = clock
    assert called(own, 1, 2, 3, 4, 5) == [2]
    clock.now += PAUSE / 2
    assert called(own, 1, 3) == []
    clock.now += PAUSE
    assert called(own, 1) == [1]
    clock.now += 2 * RECENT
    assert called(own, 3) == []  # alone now: all others have not called for long


def test_a_killed_worker_gets_none(file, other):
    other.kill()
    other.wait()
    assert called(Connections.shared(file), *range(1, 9)) == []


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, ("10.0.0.1", 5)),
        ({"http_version": "1.0"}, None),
        ({"headers": [(b"connection", b"Close")]}, None),
        ({"client": ("10.0.0.1", 0)}, None),  # named by a proxy, not the end of a connection
        ({"client": None}, None),
    ],
)
def test_only_what_is_kept_and_ours_to_end_counts(changed, found):
    assert kept({"client": ("10.0.0.1", 5), "http_version": "1.1", "headers": []} | changed) == found
