"""A small brand on which every stage of every task has run."""

from pathlib import Path

import pytest
import stages
import yaml

from models.learners.recipe import Estimator
from training import params as settings
from training.data.artifacts import Tuned, read_artifact, write_artifact
from training.stages.consent import consent
from training.stages.fit import fit
from training.stages.ingest import ingest

# What stands after the search and hangs on its estimator.
AFTER_TUNE = stages.EVERY[stages.EVERY.index(fit) :]
ROOT = Path(__file__).parents[1]
TASKS = ("lead", "response", "churn", "recall")


def small() -> str:
    given = yaml.safe_load((ROOT / "params.yaml").read_text())
    given["brand"] = {"members": 2500, "leads": 6000, "start": "2024-01-01", "end": "2026-01-01"}
    given["spine"]["churn"] |= {"days": 60, "gap": 7, "cutoffs": 12}
    given["spine"]["recall"] |= {"cutoffs": 12}
    given["spine"]["response"] |= {"max_rows": 12000}
    given["tune"] = {name: {"trials": 2, "rows": 4000} for name in TASKS}
    given["evaluate"] = {"resamples": 60}
    given["backtest"] = {"origins": 4, "rows": 3000, "resamples": 20}
    given["explain"] = stages.EXPLAIN.model_dump()
    given["engine"]["threads"] = 1  # the tests beside these have the other core
    given["fit"] = {"bags": 2}
    return yaml.safe_dump(given, default_flow_style=False)


def build(folder: Path) -> None:
    """Run the pipeline as DVC runs it, in ``folder``."""
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "params.yaml").write_text(small())
        params = settings.load()
        ingest(params)
        consent(params)
        for name in TASKS:
            for stage in stages.EVERY:
                stage(params, name)


def prefer(params: settings.Params, name: str, estimator: Estimator) -> None:
    """Let the search of a task prefer ``estimator``; nothing runs again where it does so by itself."""
    tuned = read_artifact(Tuned, params.build / name)
    if tuned["best"]["estimator"] != estimator:
        write_artifact(params.build / name, Tuned, tuned | {"best": tuned["best"] | {"estimator": estimator}})
        for stage in AFTER_TUNE:
            stage(params, name)
