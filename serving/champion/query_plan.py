"""The feature code, prepared once for many requests.

Translating some hundred expressions takes longer than computing them for one subject. So the
translation is done once, over lazy frames whose rows are put in later; what is computed is what
``features`` says, and nothing else.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, LifoQueue
from typing import Any

import polars as pl
from polars.exceptions import PerformanceWarning
from polars.io.plugins import register_io_source

# The plan is small and written by hand: looking for a better one costs more than it saves.
AS_WRITTEN = pl.QueryOptFlags.none()
Build = Callable[[dict[str, Any]], pl.LazyFrame]


@dataclass
class Plan:
    """One prepared computation; used by one thread at a time.

    ``frames`` are the inputs of the run that goes on, by name.
    """

    frames: Mapping[str, pl.DataFrame]
    build: Build
    query: pl.LazyFrame = field(init=False)

    def __post_init__(self) -> None:
        lazy: dict[str, Any] = {name: self._source(name, frame) for name, frame in self.frames.items()}
        with warnings.catch_warnings():  # the schema of a lazy frame is looked up, once
            warnings.simplefilter("ignore", PerformanceWarning)
            self.query = self.build(lazy)
            self.query.collect_schema()  # kept with the query: no run resolves names and types again

    def _source(self, name: str, like: pl.DataFrame) -> pl.LazyFrame:
        def rows(
            columns: list[str] | None, predicate: pl.Expr | None, limit: int | None, _: int | None
        ) -> Iterator[pl.DataFrame]:
            frame = self.frames[name]
            frame = frame if columns is None else frame.select(columns)
            frame = frame if predicate is None else frame.filter(predicate)
            yield frame if limit is None else frame.head(limit)

        return register_io_source(rows, schema=like.schema)

    def run(self, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
        """Return what ``build`` makes of ``frames``, which have the columns that the plan was made with."""
        self.frames = frames
        found = self.query.collect(engine="in-memory", optimizations=AS_WRITTEN)
        self.frames = {}  # nobody's rows are kept
        return found


@dataclass(frozen=True)
class Plans:
    """One computation, prepared as often as it is asked for at the same time."""

    build: Build
    _idle: LifoQueue[Plan] = field(default_factory=LifoQueue, repr=False)

    @contextmanager
    def _one(self, frames: Mapping[str, pl.DataFrame]) -> Iterator[Plan]:
        try:
            plan = self._idle.get_nowait()
        except Empty:
            plan = Plan(frames, self.build)
        yield plan
        self._idle.put(plan)  # not put back after an error

    def run(self, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
        """Return what ``build`` makes of ``frames``."""
        with self._one(frames) as plan:
            return plan.run(frames)
