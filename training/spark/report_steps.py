"""What the stages of one machine tell of a model that was learnt on Spark, from a sample that says it is one.

They judge, explain and report as they do there, on files of the same form: ``build/<data>/<task>`` and
``experiments/<data>/<task>`` are then what they are after a pipeline of one machine, for the registry and the
service. What is told of all rows are aggregates.
"""

import filecmp
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import polars as pl

from features.replacing import replacing
from models.card import Card, SampledRows
from models.fitted.model import Model
from models.fitted.release_format import POPULATION
from training.data.artifacts import write_artifact
from training.io import read_json, write_json
from training.params import Params, params_of
from training.reporting.sections.sample import counts
from training.reporting.words import said
from training.results.whole import Whole
from training.spark import learn, published
from training.spark.life import Life
from training.spark.margin_bins import TEST, measures
from training.spark.steps import Step
from training.stages.audit import audit
from training.stages.backtest import backtest
from training.stages.evaluate import evaluate
from training.stages.explain import explain
from training.stages.final import write_served
from training.stages.report import report
from training.stages.uplift import uplift
from training.stages.value import value

LISTED = "listed.json"
FILES = {  # of each step what is handed over
    "sample": ("dataset.parquet", "dataset.json"),
    "search": ("tune.json", "study.journal"),
    "out_of_fold": ("oof.parquet", "oof_held_out.parquet"),
    "listed": ("scores.parquet", "snapshot", published.SAMPLE),
    "scores": (POPULATION,),
}
Stage = Callable[[Params, str], None]
BEFORE: tuple[Stage, ...] = (audit, backtest, evaluate)  # the model that serves is told
AFTER: tuple[Stage, ...] = (uplift, value, explain)


@dataclass(frozen=True)
class Told:
    """The steps after a life's: judged on the sample, everybody scored and listed, reported."""

    life: Life

    def run(self) -> None:
        """Run what is out of date."""
        self.report  # noqa: B018

    @cached_property
    def out_of_fold(self) -> Step:
        """Predictions of the sample's validation blocks."""
        life = self.life
        return life.place.step("out_of_fold", life.predicted).made(self._write_out_of_fold)

    def _write_out_of_fold(self, out: Path) -> None:
        life = self.life
        blocks = {at: learn.before(life.facts["blocks"][at]) for at in life.blocks}
        fits = {at: life.fit(f"block-{at}", where, life.recipe) for at, where in blocks.items()}
        files = {at: fit.folder / learn.BOOSTER for at, fit in fits.items()}
        source, drawn = life.encoded.folder / "sample" / "part-sample.parquet", life.sample.folder
        subject, encoder = life.place.task.subject, life.encoder
        life.on_executor(partial(published.out_of_fold, source, drawn, subject, files, encoder, out))

    @cached_property
    def judged(self) -> Step:
        """Every figure of the model on the sample; the value and the uplift, which are learnt from it."""
        life, params, name = self.life, self.life.place.params, self.life.place.name
        settings = params_of(params.model_dump(mode="json"), name)
        step = life.place.step("judged", life.final, life.refit, self.out_of_fold, settings=settings)
        if not (step.is_done and self._is_there):
            shutil.rmtree(life.place.folder("report"), ignore_errors=True)  # what is told is told anew
            with step.making():
                self._hand_over("sample", "search", "out_of_fold")
                models = [Model.load(one.folder) for one in (life.model, life.refit, life.final)]
                models[0].save(life.place.published / "model")
                for stage in BEFORE:
                    stage(params, name)
                write_served(params, name, (models[0], models[1]), self._sampled(models[2]))
                for stage in AFTER:
                    stage(params, name)
        return step

    @cached_property
    def listed(self) -> Step:
        """Everybody's scores and inputs as one file each, and the sample's."""
        life = self.life
        return life.place.step("listed", self.judged, life.scores).made(self._write_listed)

    def _write_listed(self, out: Path) -> None:
        life = self.life
        people, model, scored = (one.folder for one in (life.people, life.final, life.scores))
        found = published.listed(life.session, life.place, people, model, scored, life.end + 1, out)
        write_json(out / LISTED, found)

    @cached_property
    def report(self) -> Step:
        """The report, and all that the registry and the service read."""
        life, params, name = self.life, self.life.place.params, self.life.place.name
        step = life.place.step("report", self.listed)
        if not (step.is_done and self._is_there):
            with step.making():
                self._hand_over("listed", "scores")
                write_artifact(params.results / name, Whole, self.whole)
                report(params, name)
        return step

    @property
    def _is_there(self) -> bool:
        """Whether what lies there is this run's: the pipeline of one machine writes to the same place."""
        published, drawn = self.life.place.published, self.life.sample.folder
        file, own = (folder / "dataset.json" for folder in (published, drawn))
        return file.exists() and filecmp.cmp(file, own, shallow=False)

    def _hand_over(self, *steps: str) -> None:
        """Copy what is in ``FILES`` of the steps to where the stages read it."""
        for step in steps:
            for name in FILES[step]:
                source, target = self.life.place.folder(step) / name, self.life.place.published / name
                if source.is_dir():
                    shutil.rmtree(target, ignore_errors=True)
                    shutil.copytree(source, target)
                elif source.exists():
                    with replacing(target) as aside:
                        shutil.copyfile(source, aside)

    def _sampled(self, model: Model) -> Model:
        """The model; its card says in words that it was judged on a sample, where it was."""
        found = self.life.facts["sample"]
        if found["rows"] == found["of"]:
            return model
        words = said("sample.card", **counts(found))
        told: SampledRows = {**found, "en": words["en"], "zh": words["zh"]}
        card: Card = {**model.card, "sample": told}
        return Model(model.booster, model.encoder, model.calibration, card)

    @property
    def whole(self) -> Whole:
        """What is told of all rows."""
        test = self.life.bins.filter(pl.col("fold") == TEST)
        found = measures(test, Model.load(self.life.model.folder).calibration)
        rows, positives = int(found.pop("rows")), int(found.pop("positives"))
        listed: Any = read_json(self.listed.folder / LISTED)
        return {
            "rows": rows,
            "positives": positives,
            "measures": found,
            "listed": listed,
            "dealt": {"buckets": self.life.place.buckets, "workers": self._workers},
        }

    @property
    def _workers(self) -> list[int]:
        """How many workers the fits of trees had."""
        files = self.life.place.base.joinpath(self.life.place.name).glob(f"fit-*/{learn.WORKERS}")
        told: list[Any] = [read_json(path)["workers"] for path in files]
        return sorted({workers for one in told for workers in one})
