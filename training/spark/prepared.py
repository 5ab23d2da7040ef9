"""What is learnt from and who is scored, on Spark: from the contract's tables to rows with features.

Each step is a folder below ``build/<data>/spark/<task>``, made anew only where what it hangs on has changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from features.timestamps import extract_moment
from training.data.artifacts import Dataset, Ingest, read_artifact, write_artifact
from training.io import read_json, write_json
from training.spark import executor_tasks, partition, rows, spine
from training.spark.place import Place
from training.spark.steps import Step, stamped
from training.stages.dataset import say_short


@dataclass(frozen=True)
class Prepared:
    """The steps of one task before anything is learnt, each after those that it names."""

    opened: Callable[[], Any]
    place: Place
    ingest: Ingest

    @property
    def session(self) -> Any:
        """Spark's session."""
        return self.opened()

    @property
    def end(self) -> int:
        """The moment of the extract."""
        return extract_moment(self.ingest)

    @cached_property
    def cut(self) -> Step:
        """The tables in buckets; tasks of the same subject share them."""
        build, place = Path(self.place.build), self.place
        listed, tables = build / "consent", build / "tables"
        source = {"tables": stamped(tables), "consent": stamped(listed)}
        step = Step(place.cuts, source | {"buckets": place.buckets, "code": place.code})
        consents, key = listed / "consent.parquet", place.task.subject
        return step.made(lambda out: partition.cut(self.session, tables, consents, key, place.buckets, out))

    @cached_property
    def everybody(self) -> Step:
        """What has to be known of all subjects at once."""
        step = self.place.step("everybody", self.cut, **self.settings("spine"))
        return step.made(lambda out: spine.everybody(self.session, self.place, out))

    @cached_property
    def questions(self) -> Step:
        """Questions with closed windows, and labels."""
        settings = self.settings("spine", "lifecycle", "consent", "seed")
        step = self.place.step("questions", self.everybody, end=self.end, **settings)
        return step.made(
            lambda out: write_json(out / "steps.json", spine.past(self.session, self.place, self.end, out))
        )

    @cached_property
    def split(self) -> Step:
        """The same in order of time: what is learnt from, what is judged on."""
        return self.place.step("rows", self.questions).made(self._write_rows)

    def _write_rows(self, out: Path) -> None:
        source = self.questions.folder
        found = rows.split(self.session, self.place, source, out)
        steps: Any = read_json(source / "steps.json")
        write_artifact(out, Dataset, rows.described(self.session, self.place, found, steps, self.ingest, out))

    @cached_property
    def dataset(self) -> Step:
        """The same with features."""
        step = self.place.step("dataset", self.split, **self.settings("lifecycle"))
        return step.made(lambda out: spine.features(self.session, self.place, self.split.folder, out))

    @cached_property
    def sample(self) -> Step:
        """Whole subjects of the data set, drawn by hash: what is searched on."""
        most = self.place.params.spark.sample_rows
        step = self.place.step("sample", self.dataset, rows=most, **self.settings("seed"))
        return step.made(self._write_sample)

    def _write_sample(self, out: Path) -> None:
        facts = read_artifact(Dataset, self.split.folder)
        told = rows.sample(self.session, self.place, self.dataset.folder, facts, out)
        told["enough"] = rows.enough(self.session, self.place, self.dataset.folder)
        say_short(self.place.name, told["enough"])
        told["dropped"] = self.on_executor(partial(executor_tasks.useless, out, self.place, told))
        write_artifact(out, Dataset, told)

    @cached_property
    def facts(self) -> Dataset:
        """What ``dataset.json`` says."""
        return read_artifact(Dataset, self.sample.folder)

    @cached_property
    def people(self) -> Step:
        """Everybody as of the extract, with features."""
        asked = self.place.step("now", self.everybody, moment=self.end + 1, **self.settings("spine"))
        asked.made(lambda out: spine.now(self.session, self.place, self.end + 1, out))
        step = self.place.step("people", asked, **self.settings("lifecycle"))
        return step.made(lambda out: spine.features(self.session, self.place, asked.folder, out))

    def settings(self, *names: str) -> dict[str, Any]:
        """Return parts of the settings that a step hangs on; of those by task the task's own."""
        every = self.place.params.model_dump(mode="json")
        name = self.place.name
        by_task = ("spine", "tune", "economics")
        return {key: every[key][name] if key in by_task else every[key] for key in names}

    def on_executor(self, work: Any) -> Any:
        """Do one piece of work on an executor, so that the driver holds no rows."""
        return self.session.sparkContext.parallelize([0], 1).map(lambda _: work()).collect()[0]
