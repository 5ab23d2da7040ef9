"""A working folder as a notebook holds it: its data sets, its champions, its scores, in pandas."""

from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import polars as pl

from models.estimator import MemberClassifier
from models.fitted.release_format import CHAMPION
from training.data import rows
from training.params import Params, load
from training.registry.release import copy_serving

ABOUT = ("row_id", "subject", "as_of", "window_end", "split")


@dataclass(frozen=True)
class Project:
    """What the pipeline has made for the data set of ``params.yaml``."""

    folder: Path
    params: Params

    @classmethod
    def open(cls, folder: Path) -> "Project":
        """Read ``params.yaml`` of a working folder."""
        return cls(folder.resolve(), load(folder / "params.yaml"))

    def __repr__(self) -> str:
        return f"Project({str(self.folder)!r}, data={self.params.data!r}, tasks={list(self.tasks)})"

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks of the data set."""
        return tuple(self.params.tasks)

    def dataset(self, task: str) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
        """Return the rows that a model may learn from and be tested on, in order of time.

        Returns
        -------
        X
            The features of the catalogue by name; texts as categories, missing is NaN.
        y
            The outcome, 0 or 1.
        about
            ``row_id``, ``subject``, ``as_of``, ``window_end`` (the outcome is known from then on) and
            ``split``: train, valid or test. Choose on train and valid; a test looked at twice is none.
        """
        found, facts = rows.read_contacted(self._built(task, "dataset.parquet").parent)
        found = found.sort("as_of", "row_id").with_columns(pl.col(facts["subject"]).alias("subject"))
        categories = [row["name"] for row in facts["features"] if row["unit"] == "category"]
        names = [row["name"] for row in facts["features"]]
        features = found.select(names).with_columns(pl.col(categories).cast(pl.String).cast(pl.Categorical))
        about = found.select(ABOUT).with_columns(_time("as_of"), _time("window_end"))
        return features.to_pandas(), found["label"].to_pandas(), about.to_pandas()

    def champion(self, task: str) -> MemberClassifier:
        """Return the released model, fitted: it says to the digit what the service says.

        Raises
        ------
        LookupError
            No version of the task's model is released.
        """
        self.params.require(task)
        with chdir(self.folder):
            copy_serving(self.params, task)
        released = self.folder / self.params.build / task / CHAMPION
        if not released.exists():
            raise LookupError(f"{task}: no champion yet; `memberlens release {task}` makes one")
        return MemberClassifier.released(released)

    def scores(self, task: str) -> pd.DataFrame:
        """Return the last batch: everybody as of the extract, whoever may not be scored without numbers."""
        return pl.read_parquet(self._built(task, "scores.parquet")).with_columns(_time("as_of")).to_pandas()

    def _built(self, task: str, name: str) -> Path:
        self.params.require(task)
        path = self.folder / self.params.build / task / name
        if not path.exists():
            raise FileNotFoundError(f"{path}: not made yet; run `make demo DATA={self.params.data}`")
        return path


def _time(name: str) -> pl.Expr:
    return pl.from_epoch(name, time_unit="s").dt.replace_time_zone("UTC")
