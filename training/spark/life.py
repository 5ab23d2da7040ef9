"""The whole life of a task on Spark: from the contract's tables to scored Parquet with reasons.

Each step is a folder below ``build/<data>/spark/<task>``, made anew only where what it hangs on has changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast

import polars as pl
from xgboost import Booster

from models.fitted.model import Model
from models.learners.calibration import Calibration
from models.learners.encoder import Encoder
from models.learners.recipe import Recipe
from models.scorer import Population
from training.data.artifacts import Tuned, read_artifact
from training.data.spine import dated
from training.data.split import NO_BLOCK
from training.evaluation.recalibration import calibrated, followed
from training.io import read_json, say, write_json
from training.spark import executor_tasks, learn, margin_bins, matrix, models, scores, spine
from training.spark.margin_bins import TEST
from training.spark.prepared import Prepared
from training.spark.steps import Step, hashed
from training.stages.final import LATER

BINS, BLOCKS = "_bins.parquet", "blocks.json"


@dataclass(frozen=True)
class Life(Prepared):
    """All steps of one task, each after those that it names."""

    def run(self) -> None:
        """Run what is out of date."""
        scores, found = self.scores.folder, read_json(self.final.folder / "metrics.json")
        say(f"spark: {self.place.name}: AUC {found['auc']:.4f} on the test; scores in {scores}")

    @cached_property
    def searched(self) -> Step:
        """The recipe, found on the sample by the search of one machine."""
        step = self.place.step("search", self.sample, **self.settings("tune", "seed"))
        return step.made(
            lambda out: self.on_executor(partial(executor_tasks.search, self.sample.folder, out, self.place))
        )

    @cached_property
    def recipe(self) -> Recipe:
        """What was found."""
        params, best = self.place.params, read_artifact(Tuned, self.searched.folder)["best"]
        return Recipe.of(best, params.seed, params.fit.bags)

    @cached_property
    def encoded(self) -> Step:
        """The matrix, in buckets and of the sample, and its inputs."""
        return self.place.step("encoded", self.sample).made(self._write_encoded)

    def _write_encoded(self, out: Path) -> None:
        place, source = self.place, self.dataset.folder
        encoder = matrix.encoder(self.session, place, source, self.facts)
        write_json(out / "encoder.json", encoder.to_json())
        spine.rewritten(self.session, place, source, partial(matrix.encoded, encoder), out)
        self.on_executor(partial(executor_tasks.encoded_sample, encoder, self.sample.folder, out))
        starts = self.facts["blocks"]
        write_json(out / BLOCKS, {"blocks": margin_bins.classes(self.session, out, starts)})

    @cached_property
    def encoder(self) -> Encoder:
        """The model's inputs."""
        found: Any = read_json(self.encoded.folder / "encoder.json")
        return Encoder.from_json(found)

    @cached_property
    def blocks(self) -> list[int]:
        """The validation blocks with outcomes of both kinds in and before them."""
        both = read_json(self.encoded.folder / BLOCKS)["blocks"]
        found = [at for at, has_both in enumerate(both) if has_both]
        if not found:
            raise ValueError(f"fit: {NO_BLOCK}")
        return found

    def fit(self, name: str, where: str, recipe: Recipe) -> Step:
        """Return the step of one fit, made; each is a step of its own, since fits take longest."""
        told = {"where": where, "recipe": recipe.described(), "seed": recipe.seed}
        step = self.place.step(f"fit-{name}", self.encoded, self.searched, **told)
        return step.made(partial(self._write_fit, where, recipe))

    def _write_fit(self, where: str, recipe: Recipe, out: Path) -> None:
        most, refits, folder = self.place.buckets, self.place.params.spark.refits, self.encoded.folder
        fit = learn.Fit(folder, where, recipe, self.encoder, most, refits)
        learn.fitted(self.session, fit, folder / "sample" / "part-sample.parquet", out)

    @cached_property
    def before_test(self) -> Step:
        """The booster that is judged on the test."""
        return self.fit("judged", learn.before(self.facts["test_start_time"]), self.recipe)

    @cached_property
    def predicted(self) -> Step:
        """Margins of later rows: of each block by a booster of its past, of the test by the judged one."""
        starts = self.facts["blocks"]
        fits = {at: self.fit(f"block-{at}", learn.before(starts[at]), self.recipe) for at in self.blocks}
        fits[TEST] = self.before_test
        files = {at: fit.folder / learn.BOOSTER for at, fit in fits.items()}
        return self.place.step("predicted", *fits.values()).made(partial(self._write_predicted, files))

    def _write_predicted(self, files: Mapping[int, Path], out: Path) -> None:
        source = self.encoded.folder
        bins = margin_bins.predicted(self.session, self.place, source, files, self.encoder, out)
        bins.write_parquet(out / BINS)

    @cached_property
    def bins(self) -> pl.DataFrame:
        """Those margins in bins."""
        return pl.read_parquet(self.predicted.folder / BINS)

    @cached_property
    def model(self) -> Step:
        """The model that is judged on the test, and how it does there."""
        settings = self.settings("economics", "lifecycle", "score")
        return self.place.step("model", self.predicted, self.sample, **settings).made(self._write_model)

    def _write_model(self, out: Path) -> None:
        calibration, place = calibrated(self.bins.filter(pl.col("fold") != TEST)), self.place
        stated = getattr(place.params.economics, place.name)
        capacity = None if stated is None else stated.capacity
        bands = margin_bins.bands(self.session, place, self.predicted.folder, calibration, capacity)
        made = self._made(self.before_test, calibration, dict(self.facts))
        rows, drawn = self.dataset.folder, self.sample.folder
        models.judged(self.session, place, made, self.recipe, bands, rows, drawn).save(out)
        write_json(out / "metrics.json", self._metrics(calibration))

    @cached_property
    def refit(self) -> Step:
        """The recipe of the judged model, with another seed, on every outcome that is known."""
        recipe = self.recipe.other(seed=self.recipe.seed + LATER)
        known = learn.before(self.end) if dated(self.place.spine) else learn.CONTACTED
        fit = self.fit("final", known, recipe)
        return self.place.step("refit", self.model, fit).made(partial(self._write_refit, fit, recipe))

    def _write_refit(self, fit: Step, recipe: Recipe, out: Path) -> None:
        last = pl.col("fold").replace({TEST: max(self.blocks) + 1})
        made = self._made(fit, calibrated(self.bins.with_columns(last)), {})
        pair, source = (made.booster, made.calibration), self.dataset.folder
        first, drawn = Model.load(self.model.folder), self.sample.folder
        models.final(self.session, self.place, first, pair, recipe, source, drawn).save(out)

    @cached_property
    def final(self) -> Step:
        """The model that serves: the judged one, or its recipe on every outcome that is known."""
        made = self.model if self.place.params.release.learn == "before_test" else self.refit
        step = self.place.step("final", self.model, made, **self.settings("release"))
        return step.made(partial(self._write_final, made))

    def _write_final(self, made: Step, out: Path) -> None:
        model = Model.load(made.folder)
        (self._level(model) if made is self.model else model).save(out)
        write_json(out / "metrics.json", read_json(self.model.folder / "metrics.json"))

    @cached_property
    def scores(self) -> Step:
        """Scores with reasons, and the population that percentiles refer to."""
        place, people, model = self.place, self.people.folder, self.final.folder
        settings, moment = self.settings("consent"), self.end + 1
        asked = place.step("chances", self.people, self.final, **settings)
        asked.made(lambda out: scores.chances(self.session, place, people, model, moment, out))

        def write(out: Path) -> None:
            found = scores.population(self.session, asked.folder, model, self.ingest["extracted_at"])
            scores.scores(self.session, place, people, model, found or self._tested(), moment, out)

        return place.step("scores", asked, beside=hashed(place.beside), **settings).made(write)

    def _tested(self) -> Population:
        """The rows of the test, for those who are not there."""
        step, model = self.place.step("tested", self.predicted, self.model), self.model.folder
        with step.making() as out:
            newest = scores.tested(self.session, self.place, self.predicted.folder, model, out)
        return cast(Population, scores.population(self.session, step.folder, model, newest))

    def _level(self, model: Model) -> Model:
        """The judged model; where its level shall follow, re-based on the newest outcomes of the test."""
        if self.place.params.release.level == "frozen":
            return model
        known = margin_bins.newest(self.session, self.place, self.predicted.folder)
        return replace(model, calibration=followed(model.calibration, known))

    def _metrics(self, calibration: Calibration) -> dict[str, float]:
        return margin_bins.measures(self.bins.filter(pl.col("fold") == TEST), calibration)

    def _made(self, fit: Step, calibration: Calibration, card: Any) -> Model:
        booster = learn.unnamed(Booster(model_file=fit.folder / learn.BOOSTER))
        return Model(booster, self.encoder, calibration, card)
