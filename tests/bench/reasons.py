"""How far reasons stand a refit: a month later, with another seed, and on other subjects.

``python -m tests.bench.reasons BUILD [TASK...]``: of every dated task with a fitted model below BUILD, the
tuned recipe learns the outcomes known a month before the newest ones ahead of the test, and again with one
thing changed at a time. Reasons are those of test rows, whose outcomes nobody learns or looks at. ``AUC`` is
that of the first model on the rows of the last month, which it has not learnt.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sklearn.metrics import roc_auc_score

from features.feature import DAY
from models.fitted.model import Model
from models.learners.recipe import Recipe
from models.reasons import Explainer
from training.data.artifacts import Dataset, Tuned, read_artifact
from training.data.rows import closed, is_contacted
from training.stages.final import ROWS, stability

SEED, LATER, MONTH, BAGS = 7, 1_000, 30 * DAY, (5, 10)


@dataclass(frozen=True)
class Trial:
    """A fitted task, whose recipe learns again from ``bags`` seeds."""

    judged: Model
    recipe: Recipe
    subject: str

    @classmethod
    def of(cls, folder: Path, bags: int) -> "Trial":
        """Read what ``tune`` and ``fit`` left in ``folder``."""
        recipe = Recipe.of(read_artifact(Tuned, folder)["best"], SEED, bags)
        return cls(Model.load(folder / "model"), recipe, read_artifact(Dataset, folder)["subject"])

    def fit(self, rows: pl.DataFrame, later: int = 0) -> Model:
        """Learn from ``rows`` with another seed, and say what its bags are unsure of."""
        encoder, label = self.judged.encoder, rows["label"].to_numpy()
        recipe = self.recipe.other(seed=SEED + later)
        booster = recipe.fit(encoder.transform(rows), label, encoder.feature_types, threads=2)
        card = {**self.judged.card, **recipe.described()}
        model = Model(booster, encoder, self.judged.calibration, card)
        card["unsure"] = Explainer(model).unsure(rows.sample(min(ROWS // 2, len(rows)), seed=SEED))
        return Model(booster, encoder, self.judged.calibration, card)

    def resampled(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Draw as many subjects as there are, with replacement, each with all its rows."""
        subjects = rows[self.subject].unique().sort()
        drawn = subjects.sample(len(subjects), with_replacement=True, seed=SEED).to_frame()
        return drawn.join(rows, on=self.subject, how="left").select(rows.columns)


def measure(folder: Path, bags: int) -> None:
    """Print one line for the task of ``folder``."""
    every, _ = closed(folder)
    contacted, trial = every.filter(is_contacted(every)), Trial.of(folder, bags)
    known, test = contacted.filter(pl.col("split") != "test"), contacted.filter(pl.col("split") == "test")
    before = pl.col("window_end") <= known["window_end"].max() - MONTH
    past, last = known.filter(before), known.filter(~before)
    asked = test.sample(min(ROWS, len(test)), seed=SEED).sort("row_id")
    first = trial.fit(past)
    changed = {
        "a month later": trial.fit(known, LATER),
        "another seed": trial.fit(past, LATER),
        "other subjects": trial.fit(trial.resampled(past), LATER),
    }
    same = {name: stability(first, model, asked)["same"] for name, model in changed.items()}
    told = ", ".join(f"{name} {share:.1%}" for name, share in same.items())
    print(
        f"{folder.name}: {bags} bags, {len(asked)} rows, the same three reasons {told}; "
        f"AUC {roc_auc_score(last['label'], first.margin(first.inputs(last))):.4f}",
        flush=True,
    )


if __name__ == "__main__":
    tasks = sys.argv[2:]
    for path in sorted(Path(sys.argv[1]).glob("*/model")):
        if not tasks or path.parent.name in tasks:
            for number in BAGS:
                measure(path.parent, number)
