"""Whether what a mapping yields can be trained: its settings, its questions, its split; nothing is kept."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import polars as pl

from features.consent import reasons
from features.own_tables import OwnTable
from models.population import Spine
from models.populations.members import FallSpine
from models.task import requirements
from models.task import task as task_named
from training.data import spine as spines
from training.data import sufficiency
from training.data.feature_groups import own_of_task
from training.data.rows import GAP
from training.data.rows import tables as scanned
from training.label_chance import LIMIT, Setting, advice, proposed
from training.params import Params, parse
from training.sources.check import Check, check
from training.sources.store import Folder
from training.stages.consent import current
from training.stages.dataset import Summary, by_chance, require_earlier_texts, split_spine, summary
from training.use_dataset import MAPPINGS, settings


@dataclass(frozen=True)
class Stored:
    """Tables that were read to try what can be trained: where they lie, the extract's second, own ones."""

    folder: Path
    end: int
    own: tuple[OwnTable, ...]

    @staticmethod
    def of(folder: Path, found: Check) -> "Stored":
        """Say what ``check`` found of the tables that it has put into a folder."""
        return Stored(folder, int(found.extracted.timestamp()), found.report.own)


def trainable(data: str, own: dict[str, object]) -> tuple[Check, list[str]]:
    """Return what a mapping yields, with the tasks of its settings tried up to the split, and warnings.

    Parameters
    ----------
    own
        The content of params.yaml, whose sections beside the data set's own hold.

    Raises
    ------
    FileNotFoundError, ValueError
        What is wrong with the mapping, its files or its settings.
    """
    params = parse(settings(data, own))
    with TemporaryDirectory() as folder:
        store = Folder(Path(folder), params.engine.memory, params.engine.threads).store
        found = check(MAPPINGS / f"{data}.yaml", requirements(), store)
        tasks, warnings, stored = dict(found.tasks), [], Stored.of(Path(folder), found)
        asked: dict[str, str] = {}
        for name in params.tasks:
            if tasks.get(name) == "":
                tried = _tried(params, name, stored)
                tasks[name] = tried.why
                warnings += [f"{name}: {lack}" for lack in tried.lacks]
                asked |= {name: tried.told} if tried.told else {}
        warnings += _suppressed(params, Path(folder), found.extracted)
    return replace(found, tasks=tasks, asked=asked), [*_beside(params, tasks), *warnings]


def _suppressed(params: Params, tables: Path, moment: datetime) -> Iterator[str]:
    """How many members and leads would have no score, and why."""
    people = current(tables, int(moment.timestamp()) + 1)
    why = reasons(people, moment, params.consent).drop_nulls().value_counts(sort=True)
    if len(why):
        told = ", ".join(f"{reason} {count:,}" for reason, count in why.iter_rows())
        count = why["count"].sum()
        yield f"consent: {count:,} of {len(people):,} members and leads would have no score ({told})"


class Tried(NamedTuple):
    """Why a task cannot be trained, empty where it can; what is short or chance; its questions, told."""

    why: str
    lacks: list[str]
    told: str = ""


def _tried(params: Params, name: str, tables: Stored) -> Tried:
    try:
        found, lacks = _asked(params, name, tables, getattr(params.spine, name))
    except ValueError as error:
        return Tried(f"cannot be trained with these settings. {error}", [])
    share = by_chance([found]) or 0.0
    if share > LIMIT:
        lacks.append(advice(name, share, _less(params, name, tables, share, len(lacks))))
    told = f"{found.rows:,} questions about {found.subjects:,} subjects; in {found.positives:,} of them they "
    return Tried("", lacks, told + task_named(name).positive_en)


def _asked(params: Params, name: str, tables: Stored, spine: Spine) -> tuple[Summary, list[str]]:
    """A task's questions, counted, and what is short; ``ValueError`` where it cannot be trained."""
    task = task_named(name)
    rows, split, _ = split_spine(task, tables.folder, spine, params, tables.end)
    if spines.dated(spine):
        require_earlier_texts(name, own_of_task(task, tables.own), split.test_start)
    rows = rows.filter(pl.col("split") != GAP)
    lacks = [f"too few data: {lack}" for lack in sufficiency.assess_segments(rows, ())[0]["short"]]
    return summary(rows, task), lacks


def _less(params: Params, name: str, tables: Stored, share: float, short: int) -> Setting | None:
    """Settings that leave less to chance; any with more than ``short`` lacks of data are passed over."""
    spine = getattr(params.spine, name)

    def fits(other: FallSpine) -> bool:
        try:
            return len(_asked(params, name, tables, other)[1]) <= short
        except ValueError:
            return False

    data = scanned(tables.folder)
    return proposed(task_named(name), share, data, spine, params.lifecycle, tables.end, fits)


@dataclass(frozen=True)
class Chance:
    """What of a task's outcomes is chance under the usual settings, and settings that leave less to it."""

    task: str
    share: float
    setting: Setting
    spine: FallSpine


def less_chance(data: str, own: dict[str, object]) -> list[Chance]:
    """Find settings for the tasks of which chance would give many outcomes; reads the tables of a mapping.

    Raises
    ------
    FileNotFoundError, ValueError
        As ``trainable``.
    """
    params = parse(settings(data, own))
    falls = [name for name in params.tasks if isinstance(getattr(params.spine, name), FallSpine)]
    if not falls:
        return []
    with TemporaryDirectory() as folder:
        store = Folder(Path(folder), params.engine.memory, params.engine.threads).store
        found = check(MAPPINGS / f"{data}.yaml", requirements(), store)
        open_ = [name for name in falls if found.tasks.get(name) == ""]
        return [*_chances(params, open_, Stored.of(Path(folder), found))]


def _chances(params: Params, names: list[str], tables: Stored) -> Iterator[Chance]:
    for name in names:
        try:
            found, lacks = _asked(params, name, tables, getattr(params.spine, name))
        except ValueError:
            continue  # `check` says why
        share = by_chance([found]) or 0.0
        if share <= LIMIT:
            continue
        setting = _less(params, name, tables, share, len(lacks))
        if setting is None:
            continue
        spine = setting.of(getattr(params.spine, name))
        # At all moments, where ``proposed`` asks at one.
        left = by_chance([_asked(params, name, tables, spine)[0]]) or 0.0
        if left < share:
            yield Chance(name, share, replace(setting, share=left), spine)


def _beside(params: Params, tasks: dict[str, str]) -> Iterator[str]:
    """Tasks that the settings ask for and the data do not carry, and the other way round."""
    for name in params.tasks:
        if name not in tasks:
            yield f"`params.tasks` asks for {name}, for which the source has no table"
        elif tasks[name]:
            yield f"`params.tasks` asks for {name}, which would stop the pipeline; take it out or mend it"
    for task, why in tasks.items():
        if not why and task not in params.tasks:
            yield f"task {task} is not in `params.tasks`, and was not tried"
