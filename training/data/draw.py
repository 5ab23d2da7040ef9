"""Whole subjects drawn by the hash of their id: the same ones in every run, whatever lies beside them."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from models.population import Spine, Tables
from models.task import Task

LISTS = ("members", "leads", "subjects")  # tables that name every subject, the first that has the key


def is_drawn(subject: str, share: float) -> bool:
    """Tell whether a subject is of the sample: the same in every run.

    >>> [is_drawn("ann", share) for share in (0.0, 1.0)]
    [False, True]
    """
    return int.from_bytes(hashlib.blake2b(subject.encode(), digest_size=8).digest()) < share * 2**64


def of_share(subjects: pl.Series, share: float) -> pl.Series:
    """Return those of the ``subjects`` that are of a sample of this share."""
    return subjects.filter(pl.Series([is_drawn(str(one), share) for one in subjects], dtype=pl.Boolean))


@dataclass(frozen=True)
class Asked:
    """A task that learns from the tables of some of its subjects; ``drawn_from`` how many, None from all."""

    task: Task
    tables: Tables
    drawn_from: int | None = None


def at_most(task: Task, tables: Tables, spine: Spine) -> Asked:
    """Return the task with the tables of about ``spine.max_subjects`` of its subjects, where there are more.

    What holds of everybody is found in the tables of all.
    """
    listed = next((name for name in LISTS if _names(tables, name, task.subject)), None)
    if spine.max_subjects is None or listed is None:
        return Asked(task, tables)
    subjects = _collected(tables[listed].select(task.subject).drop_nulls().unique())[task.subject]
    if len(subjects) <= spine.max_subjects:
        return Asked(task, tables)
    kept = of_share(subjects, spine.max_subjects / len(subjects)).to_frame().lazy()
    fewer = {
        name: rows.join(kept, on=task.subject, how="semi") if _names(tables, name, task.subject) else rows
        for name, rows in tables.items()
    }
    known = task.population.among(task.population.everybody(tables, spine))
    return Asked(replace(task, population=known), fewer, len(subjects))


def _names(tables: Tables, name: str, subject: str) -> bool:
    return name in tables and subject in tables[name].collect_schema().names()


def _collected(rows: pl.LazyFrame) -> pl.DataFrame:
    found: Any = rows.collect(engine="streaming")
    return found
