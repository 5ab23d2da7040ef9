"""Whole subjects drawn by the hash of their id: the same ones in every run, whatever lies beside them."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
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
class Drawn(Mapping[str, pl.LazyFrame]):
    """Tables with the rows of some subjects, each written into ``folder`` when it is first read.

    Questions are asked at many moments, and every one reads them again.
    """

    tables: Tables
    subject: str
    kept: pl.LazyFrame
    folder: Path

    def __getitem__(self, name: str) -> pl.LazyFrame:
        if not _names(self.tables, name, self.subject):
            return self.tables[name]
        path = self.folder / f"{name}.parquet"
        if not path.exists():
            self.tables[name].join(self.kept, on=self.subject, how="semi").sink_parquet(path)
        return pl.scan_parquet(path)

    def __contains__(self, name: object) -> bool:
        return name in self.tables

    def __iter__(self) -> Iterator[str]:
        return iter(self.tables)

    def __len__(self) -> int:
        return len(self.tables)


@dataclass(frozen=True)
class Asked:
    """A task that learns from the tables of some of its subjects; ``drawn_from`` how many, None from all."""

    task: Task
    tables: Tables
    drawn_from: int | None = None


def at_most(task: Task, tables: Tables, spine: Spine, folder: Path) -> Asked:
    """Return the task with the tables of about ``spine.max_subjects`` of its subjects, where there are more.

    What holds of everybody is found in the tables of all. ``folder`` takes the rows of those who are drawn,
    as long as they are read.
    """
    listed = next((name for name in LISTS if _names(tables, name, task.subject)), None)
    if spine.max_subjects is None or listed is None:
        return Asked(task, tables)
    subjects = _collected(tables[listed].select(task.subject).drop_nulls().unique())[task.subject]
    if len(subjects) <= spine.max_subjects:
        return Asked(task, tables)
    kept = of_share(subjects, spine.max_subjects / len(subjects)).to_frame().lazy()
    known = task.population.among(task.population.everybody(tables, spine))
    drawn = Drawn(tables, task.subject, kept, folder)
    return Asked(replace(task, population=known), drawn, len(subjects))


def _names(tables: Tables, name: str, subject: str) -> bool:
    return name in tables and subject in tables[name].collect_schema().names()


def _collected(rows: pl.LazyFrame) -> pl.DataFrame:
    found: Any = rows.collect(engine="streaming")
    return found
