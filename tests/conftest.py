"""Fixtures that several tests share."""

from pathlib import Path

import polars as pl
import pytest
import stages
from worlds import finished, raw_world


@pytest.fixture(params=range(3))
def world(request: pytest.FixtureRequest) -> dict[str, pl.DataFrame]:
    """A finished random world, one a seed."""
    return finished(raw_world(request.param))


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with the stage files of a made-up churn task, up to the explanation."""
    from training.stages.explain import explain

    folder = tmp_path_factory.mktemp("made_up")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        explain(stages.make(), "churn")
    return folder
