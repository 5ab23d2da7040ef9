"""A day of what was released: the newest data, everybody scored by the champions, and what to look at.

Nothing is learnt. Run again for the same day, killed before or not, it leaves the same files.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from features.replacing import replacing
from models.acting_model import champion_folder
from models.fitted.model import Model
from training.data.artifacts import FILES, Ingest, read_artifact
from training.days import require_day, today_or
from training.io import say, sha256
from training.operation.watch import LATE, data_end, task_night, without_list
from training.params import Params
from training.registry.release import copy_serving
from training.reporting.sections.today import covered
from training.reporting.source import Source
from training.results.nights import Finding, Night, TaskNight
from training.results.tested import Tested
from training.stages.score import score

JOURNAL = "nights.jsonl"
NO_TEST = Tested(rows=0, tiers=[], parts={})  # of a champion that was released before this was kept


def operate(params: Params, day: date | None = None) -> Night:
    """Score everybody of every task that has a champion, and write the day's line of ``nights.jsonl``.

    The tables are those that ``ingest`` has read; ``training.pipeline.shared`` reads the newest ones.

    Parameters
    ----------
    day
        For which the lists are; the day on which the data end without it.

    Raises
    ------
    ValueError
        No task has a champion, or a day before that of the data or after tomorrow.
    ConnectionError
        The registry cannot be asked which model serves.
    """
    ingested = read_artifact(Ingest, params.build)
    extracted = datetime.fromisoformat(ingested["extracted_at"]).date()
    if day is not None:
        begin = extracted - LATE, "the day before the data's"
        require_day(f"--day {day}", day, begin, today_or(extracted, LATE.days))
    day = day or extracted
    before = _before(params, day)
    tasks = list(_tasks(params, before))
    if not tasks:
        raise ValueError("operate: no task has a champion; `memberlens publish` releases what the gates pass")
    night: Night = {
        "day": str(day),
        "extracted_at": ingested["extracted_at"],
        "source": sha256(params.build / FILES[Ingest])[:16],
        "findings": data_end(day, extracted),
        "tasks": tasks,
    }
    _write(params, night)
    return night


def _tasks(params: Params, before: Night | None) -> Iterator[TaskNight]:
    known = {one["task"]: one for one in before["tasks"]} if before else {}
    for name in params.tasks:
        copy_serving(params, name)
        served = champion_folder(params.build / name)
        if served is None:
            say(f"{name}: nothing was released, nobody is scored")
            continue
        version = (served / "version").read_text().strip()
        try:
            score(params, name, served)
        except ValueError as error:  # the other tasks have their lists all the same
            yield without_list(name, version, "cannot_score", why=str(error))
            continue
        yield _held_against_its_test(Source(params, name), served, version, known.get(name))


def _held_against_its_test(source: Source, served: Path, version: str, before: TaskNight | None) -> TaskNight:
    """The champion's own test: what the pipeline has built since may have been tested on others."""
    is_told = (served / FILES[Tested]).exists()
    tested = read_artifact(Tested, served) if is_told else NO_TEST
    mean = source.scored["probability"].mean()
    expected = mean if isinstance(mean, float) else None
    found = covered(source, Model.load(served), tested)
    return task_night(source.task, version, found, expected, before, is_told)


def findings(night: Night) -> Iterator[tuple[str, Finding]]:
    """Yield what somebody should look at, with the task that it is about; all data where that is empty."""
    yield from (("", found) for found in night["findings"])
    yield from ((task["task"], found) for task in night["tasks"] for found in task["findings"])


def journal(params: Params) -> Path:
    """Return where the days are kept: a record, to be committed."""
    return params.results / JOURNAL


def nights(params: Params) -> list[Night]:
    """Return every day that is kept, the oldest first."""
    path = journal(params)
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _before(params: Params, day: date) -> Night | None:
    return next((one for one in reversed(nights(params)) if one["day"] < str(day)), None)


def _write(params: Params, night: Night) -> None:
    """In order of days; a day that is run again takes its own place."""
    kept = [one for one in nights(params) if one["day"] != night["day"]]
    with replacing(journal(params)) as aside:
        rows = sorted([*kept, night], key=lambda one: one["day"])
        aside.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows))
