"""A small simulated brand after its night run, for all that acts on scores, and a browser for pages."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from once import once

from training import params as settings
from training.stages.consent import consent
from training.stages.dataset import dataset
from training.stages.evaluate import evaluate
from training.stages.final import final
from training.stages.fit import fit
from training.stages.ingest import ingest
from training.stages.portrait import portrait
from training.stages.score import score
from training.stages.tune import tune
from training.stages.uplift import uplift

ROOT = Path(__file__).parents[2]


def small() -> str:
    given = yaml.safe_load((ROOT / "params.yaml").read_text())
    given["brand"] = {"members": 1500, "leads": 3200, "start": "2025-01-01", "end": "2026-01-01"}
    given["tune"]["response"] = {"trials": 1, "rows": 3000}
    given["spine"]["response"] |= {"max_rows": 8000}
    given["evaluate"], given["fit"] = {"resamples": 40}, {"bags": 1}
    return yaml.safe_dump(given | {"tasks": ["response"]}, default_flow_style=False)


def night_run(folder: Path) -> None:
    """Make a folder after the night run, with the project's own options and scenes."""
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "params.yaml").write_text(small())
        (folder / "experiments").mkdir()
        for name in ("options.yaml", "scenes.yaml"):
            shutil.copy(ROOT / "experiments" / name, folder / "experiments")
        params = settings.load()
        ingest(params)
        consent(params)
        portrait(params)
        for stage in (dataset, tune, fit, evaluate, final, uplift, score):
            stage(params, "response")


@pytest.fixture(scope="session")
def acting_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of that folder, one a worker: plans and scenes are written into it."""
    folder = tmp_path_factory.mktemp("acting") / "home"
    return shutil.copytree(once(tmp_path_factory, "acting_home", night_run), folder)


@pytest.fixture(scope="module")
def acting_world(acting_home: Path) -> Iterator[settings.Params]:
    """The parameters of that folder, and work in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(acting_home)
        yield settings.load()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium of the machine, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as runner:
        found = runner.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield found
        found.close()
