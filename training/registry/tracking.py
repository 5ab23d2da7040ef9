"""MLflow around the pipeline: one parent run a task, its trials as children, the model registered.

The stages know nothing of MLflow. ``track`` reads what they wrote, so that a stage that DVC
skipped still leads to the run that made its output, and a killed stage leaves no half run.
"""

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from models.fitted import release_format
from models.fitted.release_format import ABSENT, FOLDER
from training.data.artifacts import FILES, read_artifact, write_artifact
from training.evaluation.looks import LOG as LOOKS
from training.io import say, sha256
from training.params import Params
from training.registry import run_log
from training.results.challenger import Challenger
from training.results.run_record import Tracked
from training.stages.report import require_page

# As what MLflow's interface opens an experiment; without it, it guesses by the last run.
KIND = {"mlflow.experimentKind": "custom_model_development"}
BESIDE = ("report.html", FILES[Challenger], LOOKS)


def store_uri() -> str:
    """Return a server by ``MLFLOW_TRACKING_URI``, else SQLite in the project's folder."""
    return os.environ.get("MLFLOW_TRACKING_URI", f"sqlite:///{Path('mlflow.db').absolute()}")


def client() -> Any:
    """Return an MLflow client on the store."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow

    mlflow.set_tracking_uri(store_uri())
    mlflow.set_registry_uri(store_uri())
    return mlflow.MlflowClient()


def registered_name(params: Params, task: str) -> str:
    """Return the task's name in the registry, with this data set."""
    return release_format.registered_name(params.data, task)


def holder(registered: str, alias: str) -> str | None:
    """Return the number of the version that has an alias, if one has."""
    found = version_of(registered, alias)
    return None if found is None else str(found.version)


def version_of(registered: str, word: str) -> Any:
    """Return the version of a registered model that ``word`` (its number or an alias) names, or None.

    Raises
    ------
    ConnectionError
        The registry cannot be asked: that is not the same as having no such version.
    """
    from mlflow.exceptions import MlflowException

    api, number = client(), word.removeprefix("v")
    try:
        if number.isdigit():
            return api.get_model_version(registered, number)
        return api.get_model_version_by_alias(registered, word)
    except MlflowException as error:
        if error.error_code in ABSENT:
            return None
        raise _away(error) from error


def tag(registered: str, version: str, key: str, value: str) -> None:
    """Set a tag of a version of a registered model."""
    client().set_model_version_tag(registered, version, key, value)


def versions(registered: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the number and tags of every version of a registered model.

    ``ConnectionError`` where nobody can say.
    """
    from mlflow.exceptions import MlflowException

    try:
        found = client().search_model_versions(f"name = '{registered}'")
    except MlflowException as error:
        raise _away(error) from error
    yield from ((str(one.version), dict(one.tags)) for one in found)


def _away(error: Exception) -> ConnectionError:
    return ConnectionError(f"the model registry cannot be asked: {str(error).splitlines()[0]}")


@contextmanager
def logged(registered: str, word: str, what: str = run_log.RECORD) -> Iterator[Path]:
    """Fetch a folder with what a run logged, or with the files of a registered model (``FOLDER``).

    ``word`` is a version or an alias of the registered model, or a run's id.
    """
    import mlflow

    found = version_of(registered, word)
    run = word if found is None else found.run_id
    models = what == FOLDER and found is not None
    place = f"models:/{registered}/{found.version}" if models else f"runs:/{run}/{what}"
    with TemporaryDirectory() as parent:
        try:
            folder = Path(mlflow.artifacts.download_artifacts(place, dst_path=parent))
        except (mlflow.exceptions.MlflowException, OSError) as error:
            if getattr(error, "error_code", ABSENT[0]) not in ABSENT:
                raise _away(error) from error
            raise ValueError(
                f"{registered}: no git revision, run, version or alias {word!r} with a {what}; "
                f"there are {_named(registered)}"
            ) from None
        yield folder / FOLDER if models else folder


def _named(registered: str) -> str:
    """Versions and aliases of a registered model, as a sentence names them."""
    numbers = sorted((number for number, _ in versions(registered)), key=int)
    if not numbers:
        return "workspace and no version yet"
    aliases = client().get_registered_model(registered).aliases
    return f"workspace, versions {', '.join(numbers)} and aliases {', '.join(sorted(aliases)) or 'none'}"


def tags(registered: str, word: str) -> dict[str, str]:
    """Return the version that ``word`` names, and the tags of the run that made it."""
    found = version_of(registered, word)
    if found is None:
        raise ValueError(f"{registered}: no version or alias {word!r}")
    return {**client().get_run(found.run_id).data.tags, "version": str(found.version)}


def track(params: Params, name: str) -> None:
    """Log one execution of the pipeline and register its model; write ``tracked.json``.

    Results that were logged before are not logged again: their run is named instead.

    Raises
    ------
    AnotherPageError
        Where the report's page was edited: what is logged is what was made.
    """
    require_page(params, name)
    folder, out = params.build / name, params.results / name
    registered, state = registered_name(params, name), fingerprint(folder, out)
    before = read_artifact(Tracked, folder) if (folder / FILES[Tracked]).exists() else None
    if before and before["results"] == state and version_of(registered, before["model_version"]):
        say(f"{name}: unchanged, logged as MLflow run {before['run_id']}")
        return
    import mlflow

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    api = client()
    experiment = _experiment(api, registered)
    with mlflow.start_run(
        experiment_id=experiment, run_name=run_log.title(params, name), tags=run_log.tags(params, name)
    ) as run:
        run_log.results(api, run.info.run_id, params, name)
        run_log.record(params, name)
        run_log.trials(api, experiment, run.info.run_id, folder, name)
        run_log.dataset(folder, params, name)
        version = run_log.model(params, name, run.info.run_id)
    _write(folder, run.info.run_id, version, state)
    say(f"{name}: MLflow run {run.info.run_id}, model {registered} version {version}")


def fingerprint(folder: Path, out: Path) -> str:
    """Return a hash of everything that is logged and made here: the model, the search and the results.

    Without what stands beside a report: a signature, or another champion, is no other execution.
    """
    results = (path for path in out.rglob("*") if path.is_file() and path.name not in BESIDE)
    files = [folder / "tune.json", *(folder / "model").iterdir(), *(folder / "final").iterdir(), *results]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.name} {sha256(path)}".encode())
    return digest.hexdigest()[:16]


def _experiment(api: Any, name: str) -> str:
    found = api.get_experiment_by_name(name)
    if found is not None:
        return found.experiment_id
    artifacts = None if "MLFLOW_TRACKING_URI" in os.environ else Path("mlruns").absolute().as_uri()
    return api.create_experiment(name, artifact_location=artifacts, tags=KIND)


def register(params: Params, name: str, why: dict[str, str]) -> str:
    """Register what the pipeline would serve now as a version of a run of its own, tagged with ``why``.

    For a model of which nothing but the level has changed: its results are those of the run before.
    """
    import mlflow

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    experiment = _experiment(client(), registered_name(params, name))
    tags = run_log.tags(params, name) | why
    with mlflow.start_run(
        experiment_id=experiment, run_name=run_log.title(params, name, "level"), tags=tags
    ) as run:
        run_log.record(params, name)
        version = run_log.model(params, name, run.info.run_id)
    state = fingerprint(params.build / name, params.results / name)
    _write(params.build / name, run.info.run_id, version, state)
    return version


def _write(folder: Path, run_id: str, version: str, state: str) -> None:
    write_artifact(folder, Tracked, {"run_id": run_id, "model_version": version, "results": state})
