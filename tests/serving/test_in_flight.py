"""Calls that are being answered: counted over all workers, and not for the dead."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from serving.edge.in_flight import InFlight
from serving.edge.worker_slots import SLOTS
from serving.settings import Limits

OTHER = """
import sys
from pathlib import Path
from serving.edge.in_flight import InFlight
counts = InFlight.shared(Path(sys.argv[1]))
print(*(counts.enter(many, None) for many in (False, False, True)), flush=True)
sys.stdin.read()
"""


def test_a_limit_holds_over_workers_and_the_killed_are_not_counted(tmp_path):
    file = tmp_path / "in_flight"
    counts = InFlight.shared(file)
    assert counts.enter(False, 3)
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline().split() == ["True"] * 3
        assert (counts.total(False), counts.total(True)) == (3, 1)
        assert not counts.enter(False, 3)
        assert counts.enter(False, 4)
        counts.leave(False)
        other.kill()
    assert counts.enter(False, 2)  # those of the dead do not stand in the way
    assert (counts.total(False), counts.total(True)) == (2, 0)


def test_each_call_that_ends_makes_room_for_another():
    counts = InFlight()
    for _ in range(3 * SLOTS):
        assert counts.enter(True, 1)
        assert not counts.enter(True, 1)
        assert counts.enter(False, 1)
        counts.leave(True)
        counts.leave(False)
    assert (counts.total(False), counts.total(True)) == (0, 0)


def test_as_many_may_wait_as_the_workers_can_answer_in_time():
    assert [Limits(workers=n).single_in_flight for n in (1, 2, 4)] == [64, 128, 256]
    assert Limits(workers=2, in_flight=8).single_in_flight == 8
    with pytest.raises(ValidationError):
        Limits(in_flight=0)
