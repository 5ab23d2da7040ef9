"""What a night should make somebody look at: the list against the test and against the night before.

Nothing is judged by outcomes, which nobody knows yet: that a model has become wrong about the same people is
seen by ``rebase`` and the next back-test, not here.
"""

from datetime import date, timedelta

from training.reporting.sections.checks import UNTESTED
from training.reporting.words import said, share
from training.results.nights import Code, Finding, TaskNight
from training.results.report_segments import Covered
from training.results.section import Unassessed

MOVED = 0.25  # of last night's: how far a list's length or mean may move in a day
LATE = timedelta(days=1)  # that data may end before the day they are for


def task_night(
    task: str,
    version: str,
    found: Covered | Unassessed,
    expected: float | None,
    before: TaskNight | None,
    tested: bool = True,
) -> TaskNight:
    """Return the night of a task with its findings.

    Parameters
    ----------
    found
        The list of the day against what the champion was tested on.
    expected
        The mean probability on it.
    before
        The task on the last day before; numbers of another version are not held against these.
    tested
        Whether it is known what the champion was tested on.
    """
    if not found["assessed"]:
        return without_list(task, version, "nobody")
    night: TaskNight = {
        "task": task,
        "version": version,
        "scored": found["n"],
        "expected": None if expected is None else round(expected, 6),
        "untested": round(found["untested"], 6) if tested else None,
        "acted": None if found["acted"] is None else round(found["acted"], 6),
        "findings": [],
    }
    inside = _inside(found) if tested else [_finding("test_unknown", version=version)]
    night["findings"] = [*inside, *_fills(found), *_moved(night, before)]
    return night


def without_list(task: str, version: str, code: Code, **values: object) -> TaskNight:
    """Return the night of a task of which nobody was scored; ``values`` are those of the sentence."""
    return {
        "task": task,
        "version": version,
        "scored": 0,
        "expected": None,
        "untested": None,
        "acted": None,
        "findings": [_finding(code, **values)],
    }


def data_end(day: date, extracted: date) -> list[Finding]:
    """Return whether the data end too long before the day that they are for."""
    late = extracted < day - LATE
    return [_finding("data_end", day=str(day), extracted=str(extracted))] if late else []


def _inside(found: Covered) -> list[Finding]:
    if found["untested"] <= UNTESTED:
        return []
    return [_finding("untested", share=share(found["untested"]), where=found["far"])]


def _fills(found: Covered) -> list[Finding]:
    if found["fills"] != "warn":
        return []
    return [_finding("capacity", acted=share(found["acted"]), capacity=share(found["capacity"]))]


def _moved(now: TaskNight, before: TaskNight | None) -> list[Finding]:
    """A code, a unit or a feed that broke moves lists more in a day than people do."""
    if before is None or before["version"] != now["version"] or not before["scored"]:
        return []
    found = []
    if abs(now["scored"] / before["scored"] - 1) > MOVED:
        found.append(_finding("volume", was=f"{before['scored']:,}", now=f"{now['scored']:,}"))
    was, mean = before["expected"], now["expected"]
    if was and mean is not None and abs(mean / was - 1) > MOVED:
        found.append(_finding("moved", was=share(was), now=share(mean)))
    return found


def _finding(code: Code, **values: object) -> Finding:
    words = said(f"night.{code}", **values)
    return Finding(code=code, en=words["en"], zh=words["zh"])
