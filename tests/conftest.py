"""Fixtures that several tests share."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import stages
from once import once
from worlds import finished, raw_world

from training.params import Params, load

# Files that take longest, in seconds, first: a worker that begins one when the others are done works alone.
LONGEST = (
    "test_small_world.py", "test_service.py", "test_fourth_task.py", "test_own_data.py", "test_spark_life.py",
    "test_small_release.py", "test_spark.py", "test_openapi.py", "test_operate.py", "test_state.py",
    "test_verify.py", "test_audit.py", "test_acting.py", "test_uplift.py", "test_time_travel.py",
    "test_report.py", "test_gates.py", "test_further_section.py", "test_weeks.py", "test_value.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files of ``LONGEST`` before all others, in its order; within a file nothing moves."""
    place = {name: at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(LONGEST)))


@pytest.fixture(params=range(3))
def world(request: pytest.FixtureRequest) -> dict[str, pl.DataFrame]:
    """A finished random world, one a seed."""
    return finished(raw_world(request.param))


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with the stage files of a made-up churn task, up to the explanation.

    A copy for each worker, since reports are written into it.
    """
    folder = tmp_path_factory.mktemp("made_up")
    return shutil.copytree(once(tmp_path_factory, "made_up_once", _explained), folder, dirs_exist_ok=True)


def _explained(folder: Path) -> None:
    """Make the stage files of the made-up task below ``folder``."""
    from training.stages.explain import explain

    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        explain(stages.make(), "churn")


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every stage has run on a small brand, one for all workers; not to be changed."""
    import small_world

    return once(tmp_path_factory, "small_home", small_world.build)


@pytest.fixture(scope="module")
def small_brand(small_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Params]:
    """A copy of the folder in which every stage has run once, and work in it."""
    folder = tmp_path_factory.mktemp("world") / "home"
    shutil.copytree(small_home, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield load()
