"""Where a run works and by what settings, small enough to be told to every executor."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from models.fitted.release_format import BESIDE
from models.population import Spine
from models.task import Task
from models.task import task as task_named
from training.params import Params
from training.spark.steps import Step, code

FOLDER = "spark"  # below the data set's folder


@dataclass(frozen=True)
class Place:
    """One task of one run.

    Parameters
    ----------
    settings
        ``params.yaml`` as JSON.
    build
        The data set's folder, absolute, on a file system that all executors share.
    name
        The task.
    buckets
        Into how many parts subjects are cut.
    code
        The hash of the code that the run was started with.
    """

    settings: str
    build: str
    name: str
    buckets: int
    code: str

    @cached_property
    def params(self) -> Params:
        """The settings; ``ValueError`` on an executor that has other code than the run was started with."""
        if code() != self.code:
            raise ValueError("spark: an executor has another version of memberlens than the driver")
        return Params.model_validate_json(self.settings)

    @property
    def task(self) -> Task:
        """The task itself."""
        return task_named(self.name)

    @property
    def spine(self) -> Spine:
        """The task's part of ``spine``, everybody and every contact asked about: a cluster needs no cap."""
        spine: Spine = getattr(self.params.spine, self.name)
        capped = {"max_rows": 2**62} if hasattr(spine, "max_rows") else {}
        return spine.model_copy(update={"max_subjects": None, **capped})

    @property
    def base(self) -> Path:
        """Where the run's steps lie."""
        return Path(self.build) / FOLDER

    @property
    def published(self) -> Path:
        """Where the stages of one machine, the registry and the service find what is known of the task."""
        return Path(self.build) / self.name

    @property
    def beside(self) -> tuple[Path, ...]:
        """Where the value and the uplift lie that are told with a score, where these were released."""
        return tuple(self.published / part for part in BESIDE)

    @property
    def cuts(self) -> Path:
        """The tables, cut by the task's subject."""
        return self.base / "buckets" / self.task.subject

    def folder(self, step: str) -> Path:
        """Return where a step of the task lies."""
        return self.base / self.name / step

    def step(self, name: str, *before: Step, **more: Any) -> Step:
        """Return a step of the task that hangs on those before it, on the code and on ``more``."""
        made_from: Mapping[str, Any] = {
            "before": [one.mark for one in before],
            "code": self.code,
            "buckets": self.buckets,
            **more,
        }
        return Step(self.folder(name), made_from)
