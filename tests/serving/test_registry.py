"""The registry: the champion is copied here, and the copy serves on when the registry is away."""

import shutil
from pathlib import Path

import pytest
from released import TASKS, Brand, available, client_of, trained
from typer.testing import CliRunner
from worlds import finished

from models.fitted import release_format
from serving import settings as service_settings
from serving.__main__ import app
from serving.champion import registry
from serving.settings import Settings
from serving.state import State
from serving.tasks import OPTIONAL, TASK_NAMES


@pytest.fixture(scope="module")
def home(brand: Brand, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a registry that has two versions of the churn model, and published snapshots."""
    import mlflow

    home = tmp_path_factory.mktemp("registry")
    shutil.copytree(brand.settings.build_dir, home / "build" / "brand")
    store = f"sqlite:///{home / 'mlflow.db'}"
    mlflow.set_tracking_uri(store)
    mlflow.set_registry_uri(store)
    api = mlflow.MlflowClient()
    experiment = api.create_experiment("churn", artifact_location=(home / "mlruns").as_uri())
    for seed in (3, 4):
        bundle = home / f"parent{seed}" / release_format.FOLDER
        model = trained("churn", available("churn"), finished(brand.raw), seed)
        model.save(bundle)
        for name in ("population.json", "release.json"):
            shutil.copy(brand.settings.champions / "churn" / "1" / name, bundle)
        (bundle / "payload.pkl").write_bytes(b"never copied")
        with mlflow.start_run(experiment_id=experiment):
            logged = mlflow.xgboost.log_model(model.booster, name="model", pip_requirements=["xgboost-cpu"])
        api.log_model_artifacts(logged.model_id, str(home / f"parent{seed}"))
        mlflow.register_model(logged.model_uri, "churn")
    return home


def champion(home: Path, version: str) -> Settings:
    import mlflow

    store = f"sqlite:///{home / 'mlflow.db'}"
    mlflow.MlflowClient(store, store).set_registered_model_alias("churn", release_format.CHAMPION, version)
    return Settings(home=home)


def test_the_champion_is_copied_and_nothing_else(home: Path):
    settings = champion(home, "1")
    assert registry.pull(settings, "churn") == "1"
    folder = registry.local(settings, "churn")
    assert folder is not None
    assert {file.name for file in folder.iterdir()} == set(release_format.REQUIRED)
    assert not list(folder.parent.glob(".part-*"))


def test_a_new_champion_takes_over_and_serves_on_without_the_registry(home: Path):
    settings = champion(home, "1")
    registry.pull(settings, "churn")
    state = State(settings)
    state.load()
    champion(home, "2")
    registry.pull(settings, "churn")
    state.load()
    assert state.champions["churn"].version == "2"
    (home / "mlflow.db").rename(home / "away.db")
    try:
        with pytest.raises(LookupError, match="no registry yet"):
            registry.pull(settings, "churn")
        restarted = State(settings)
        restarted.load()
        answer = client_of(restarted).post("/v1/models/churn/score", json={"ref": "m5"})
        assert (answer.status_code, answer.json()["model"]["version"]) == (200, "2")
    finally:
        (home / "away.db").rename(home / "mlflow.db")


def test_the_command_misses_no_task_that_a_source_may_lack(home: Path, monkeypatch):
    here = champion(home, "1")
    monkeypatch.setattr(service_settings, "load", lambda: here)
    run = CliRunner().invoke(app, ["pull"])
    assert run.exit_code == 0
    assert "churn: version 1" in run.output
    told = {line.split(":")[0] for line in run.output.splitlines()}
    assert told == set(TASK_NAMES) - OPTIONAL
    assert OPTIONAL


@pytest.mark.parametrize("task", sorted(set(TASKS) - {"churn"}))
def test_a_model_that_was_never_released_is_said_so(home: Path, task: str):
    with pytest.raises(LookupError, match=f"model {task} has no version with alias champion"):
        registry.pull(champion(home, "1"), task)
