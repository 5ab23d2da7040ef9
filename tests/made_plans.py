"""Plans of the small brand of the acting commands, made anew, and what came of them."""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import yaml
from typer.testing import CliRunner

from training import params as settings
from training.acting import draft, plan
from training.io import read_json

ROOT = Path(__file__).parents[1]
RUNNER = CliRunner()


def made(world: settings.Params, name: str, **stated: object) -> tuple[pl.DataFrame, dict]:
    """A plan of that name, made anew: its list and its facts."""
    folder = plan.folder(world, name)
    shutil.rmtree(folder, ignore_errors=True)
    told = plan.make(world, draft.Request(name, **({"blind": True} | stated)))
    assert read_json(folder / plan.FACTS) == told
    return pl.read_parquet(folder / plan.LIST), told


def options(path: Path, **changed: object) -> Path:
    """The project's options with some entries changed; None takes one out."""
    found = yaml.safe_load((ROOT / "experiments" / "options.yaml").read_text())
    for key, value in changed.items():
        part, name = key.split("__")
        found[part][name] = value
    path.write_text(yaml.safe_dump(found))
    return path


def campaign(world: settings.Params, name: str, seed: int = 0) -> pl.DataFrame:
    """A plan of that name and what became of it: who was contacted answers twice as often."""
    rows, _ = made(world, name, hold_out=0.3)
    on = (rows["arm"] == "contact").to_numpy()
    p = np.where(on, 0.3, 0.15)
    answered = np.random.default_rng(seed).random(len(rows)) < p
    return rows.select("subject", contacted=pl.Series(on), answered=pl.Series(answered.astype(int)))
