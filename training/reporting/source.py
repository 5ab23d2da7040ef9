"""The stage files of one task, read once: everything a report is made from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import polars as pl

from features.catalog import GROUPS
from features.meaning import FeatureRow
from models.card import Card
from models.fitted.model import Model
from training.data.artifacts import Dataset, Ingest, Tuned, read_artifact
from training.data.rows import read_all, read_contacted
from training.evaluation.metrics import integer_codes
from training.io import read_json
from training.params import Params
from training.reporting.info import Info
from training.results.audited import Audit
from training.results.backtested import Backtest
from training.results.effects import Uplift
from training.results.evaluated import Detail, Metrics
from training.results.explained import Explained, Stress
from training.results.section import Unassessed, Words
from training.results.served import Served
from training.results.valued import Value
from training.results.whole import Whole

T = TypeVar("T")
DRAWS = 200  # resamples of the report's own intervals
FEW_POSITIVES = 100  # below it nothing is judged


@dataclass(frozen=True)
class Source:
    """Where the stage files are, and what people say of the model; a file is read when it is first needed."""

    params: Params
    task: str
    info: Info = field(default_factory=Info)

    @property
    def folder(self) -> Path:
        return self.params.build / self.task

    @property
    def out(self) -> Path:
        return self.params.results / self.task

    @cached_property
    def sections(self) -> dict[str, object]:
        """The sections that were asked for, by name."""
        return {}

    def section(self, build: Callable[["Source"], T]) -> T:
        """Return what the function of a section tells of these files; it is called once.

        So a section may judge others, in whatever order they stand in the report.
        """
        if build.__name__ not in self.sections:
            self.sections[build.__name__] = build(self)
        return one_of(self.sections, build)

    @property
    def seed(self) -> int:
        return self.params.seed

    @cached_property
    def facts(self) -> Dataset:
        return read_artifact(Dataset, self.folder)

    @property
    def dated(self) -> bool:
        """Whether the source says when its questions were asked; without, nothing is told over time."""
        return self.facts["dated"]

    @cached_property
    def ingest(self) -> Ingest:
        return read_artifact(Ingest, self.params.build)

    @cached_property
    def tuned(self) -> Tuned:
        return read_artifact(Tuned, self.folder)

    @cached_property
    def metrics(self) -> Metrics:
        return read_artifact(Metrics, self.out)

    @cached_property
    def detail(self) -> Detail:
        return read_artifact(Detail, self.out)

    @cached_property
    def audited(self) -> Audit:
        return read_artifact(Audit, self.out)

    @cached_property
    def rolled(self) -> Backtest:
        return read_artifact(Backtest, self.out)

    @cached_property
    def uplift(self) -> Uplift:
        return read_artifact(Uplift, self.out)

    @cached_property
    def value(self) -> Value:
        return read_artifact(Value, self.out)

    @cached_property
    def serving(self) -> Served:
        """Which model serves, and how its reasons stand a refit."""
        return read_artifact(Served, self.out)

    @cached_property
    def explained(self) -> Explained:
        return read_artifact(Explained, self.folder / "explain")

    @cached_property
    def stressed(self) -> Stress:
        return read_artifact(Stress, self.folder / "explain")

    @cached_property
    def model(self) -> Model:
        return Model.load(self.folder / "model")

    @cached_property
    def card(self) -> Card:
        return self.model.card

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Development and test rows with their features."""
        return read_contacted(self.folder)[0]

    @cached_property
    def every_row(self) -> pl.DataFrame:
        """Every question with its split, those held out in a control arm included."""
        return read_all(self.folder)[0]

    @cached_property
    def past(self) -> pl.DataFrame:
        return self.rows.filter(pl.col("split") != "test")

    @cached_property
    def test(self) -> pl.DataFrame:
        """Return test rows with their features and every estimator's prediction."""
        found = pl.read_parquet(self.folder / "test.parquet")
        own = ["row_id", *(name for name in self.rows.columns if name not in found.columns)]
        return found.join(self.rows.select(own), on="row_id", how="left", maintain_order="left")

    @cached_property
    def held_out(self) -> pl.DataFrame:
        """Test rows of the control arm with every estimator's prediction; none where none was held out."""
        return pl.read_parquet(self.folder / "held_out.parquet")

    @property
    def listed(self) -> Path:
        """Where the scores and inputs of the day lie; of a sample where the rest lies on a cluster."""
        return self.folder / "sample" if "sample" in self.facts else self.folder

    @cached_property
    def whole(self) -> Whole | None:
        """What is known of all rows where these are a sample; None where they are all."""
        return read_artifact(Whole, self.out) if "sample" in self.facts else None

    @cached_property
    def scored(self) -> pl.DataFrame:
        """Everybody of the day's batch, by status; reasons are left out."""
        file = self.listed / "scores.parquet"
        names = pl.scan_parquet(file).collect_schema().names()
        return pl.read_parquet(file, columns=[n for n in names if n != "reasons"])

    @cached_property
    def population(self) -> dict[str, Any]:
        return read_json(self.folder / "population.json")

    @cached_property
    def subject(self) -> np.ndarray:
        """Integer code of each test row's subject, for intervals."""
        return integer_codes(self.test[self.facts["subject"]].to_numpy())

    @cached_property
    def label(self) -> np.ndarray:
        return self.test["label"].to_numpy().astype(np.float64)

    @cached_property
    def probability(self) -> np.ndarray:
        return self.test["probability"].to_numpy()

    @cached_property
    def contributions(self) -> pl.DataFrame:
        return pl.read_parquet(self.folder / "explain" / "shap.parquet")

    @cached_property
    def features(self) -> dict[str, FeatureRow]:
        """The catalogue's row of each input."""
        return {row["name"]: row for row in self.card["features"]}


def one_of(sections: Mapping[str, object], build: Callable[[Source], T]) -> T:
    """Return among sections by name the one that ``build`` tells."""
    return cast(T, sections[build.__name__])


def group_words(name: str) -> Words:
    """Return what a group of features is called in each language."""
    found = {group.name: {"en": group.en, "zh": group.zh} for group in GROUPS}
    return found.get(name, {"en": name, "zh": name})


def unassessed(reason: str, **values: int) -> Unassessed:
    """Return a section, or part of one, that cannot be filled.

    ``reason`` is a key of the catalogue of words.
    """
    return {"assessed": False, "reason": reason, "values": values}
