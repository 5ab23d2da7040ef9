"""MLflow around the pipeline: one parent run a task, its trials as children, the model registered.

The stages know nothing of MLflow. ``track`` reads what they wrote, so that a stage that DVC
skipped still leads to the run that made its output, and a killed stage leaves no half run.
"""

import hashlib
import inspect
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from features.feature import Feature
from models import release_format
from models.encoder import Encoder
from models.release_format import ABSENT, FOLDER
from models.scorer import Scorer
from training.evaluation.looks import LOG as LOOKS
from training.git import UNKNOWN, git
from training.io import read_json, say, sha256, write_json
from training.params import Params
from training.registry import release_files, search_plots
from training.reporting.beside import CHALLENGER
from training.stages.report import require_page

RECORD = "record"  # folder of a run
BESIDE = ("report.html", CHALLENGER, LOOKS)
# What a released model needs where it is loaded: `models` and what of `features` it reads.
NEEDED = ("mlflow", "narwhals", "numpy", "pandas", "polars", "pyarrow", "pyyaml", "scipy", "xgboost-cpu")


def store_uri() -> str:
    """A server by ``MLFLOW_TRACKING_URI``, else SQLite in the project's folder."""
    return os.environ.get("MLFLOW_TRACKING_URI", f"sqlite:///{Path('mlflow.db').absolute()}")


def client() -> Any:
    """An MLflow client on the store."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow

    mlflow.set_tracking_uri(store_uri())
    mlflow.set_registry_uri(store_uri())
    return mlflow.MlflowClient()


def registered_name(params: Params, task: str) -> str:
    """Return the task's name in the registry, with this data set."""
    return release_format.registered_name(params.data, task)


def holder(registered: str, alias: str) -> str | None:
    """The number of the version that has an alias, if one has."""
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
    """Number and tags of every version of a registered model; ``ConnectionError`` where nobody can say."""
    from mlflow.exceptions import MlflowException

    try:
        found = client().search_model_versions(f"name = '{registered}'")
    except MlflowException as error:
        raise _away(error) from error
    yield from ((str(one.version), dict(one.tags)) for one in found)


def _away(error: Exception) -> ConnectionError:
    return ConnectionError(f"the model registry cannot be asked: {str(error).splitlines()[0]}")


@contextmanager
def logged(registered: str, word: str, what: str = RECORD) -> Iterator[Path]:
    """A folder with what a run logged, or with the files of a registered model (``FOLDER``).

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
                f"{registered}: no git revision, run, version or alias {word!r} with a {what}"
            ) from None
        yield folder / FOLDER if models else folder


def tags(registered: str, word: str) -> dict[str, str]:
    """The version that ``word`` names, and the tags of the run that made it."""
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
    before = read_json(folder / "tracked.json") if (folder / "tracked.json").exists() else {}
    if before.get("results") == state and version_of(registered, str(before["model_version"])):
        say(f"{name}: unchanged, logged as MLflow run {before['run_id']}")
        return
    import mlflow

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    api = client()
    experiment = _experiment(api, registered)
    with mlflow.start_run(
        experiment_id=experiment, run_name=f"{params.data}-{name}", tags=_tags(params, name)
    ) as run:
        _log_results(params, name, out)
        _log_record(params, name)
        _log_trials(api, experiment, run.info.run_id, folder, name)
        _log_dataset(folder, params, name)
        version = _log_model(params, name, run.info.run_id)
    write_json(
        folder / "tracked.json", {"run_id": run.info.run_id, "model_version": version, "results": state}
    )
    say(f"{name}: MLflow run {run.info.run_id}, model {registered} version {version}")


def fingerprint(folder: Path, out: Path) -> str:
    """Of everything that is logged and made here: the model, the search and the results.

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
    return api.create_experiment(name, artifact_location=artifacts)


def _tags(params: Params, name: str) -> dict[str, str]:
    dataset, changed = read_json(params.build / name / "dataset.json"), release_files.changed(params)
    return {
        "git.commit": git("rev-parse", "HEAD") or UNKNOWN,
        "git.dirty": UNKNOWN if changed is None else str(changed).lower(),
        "dvc.exp": os.environ.get("DVC_EXP_NAME", ""),
        "dvc.stages": json.dumps(stage_hashes(name), sort_keys=True),
        "data": params.data,
        "data.sha256": sha256(params.build / name / "dataset.parquet"),
        "catalogue": dataset["fingerprint"],
        "task": name,
        "test_start": dataset["test_start"],
    }


def stage_hashes(name: str) -> dict[str, str]:
    """Of each stage of the task in ``dvc.lock`` the hash of its outputs."""
    import yaml

    path = Path("dvc.lock")
    stages = yaml.safe_load(path.read_text())["stages"] if path.exists() else {}
    return {
        stage: hashlib.sha256(json.dumps(entry.get("outs", []), sort_keys=True).encode()).hexdigest()[:12]
        for stage, entry in stages.items()
        if "@" not in stage or stage.endswith(f"@{name}")
    }


def _log_results(params: Params, name: str, out: Path) -> None:
    import mlflow

    best = read_json(params.build / name / "tune.json")["best"]
    spine = read_json(params.build / name / "dataset.json")["spine"]
    mlflow.log_params({f"spine.{key}": value for key, value in spine.items()} | {"seed": params.seed})
    mlflow.log_params(
        {f"best.{key}": value for key, value in (best["params"] | {"rounds": best["rounds"]}).items()}
    )
    mlflow.log_metrics(
        {f"test.{key}": value for key, value in read_json(out / "metrics.json").items() if value is not None}
    )
    for key, value, step in (*_periods(out), *_origins(out)):
        if value is not None:
            mlflow.log_metric(key, value, step=step)
    for path in sorted(out.rglob("*")):
        if path.is_file():
            mlflow.log_artifact(str(path), str(Path("results") / path.parent.relative_to(out)))


def _periods(out: Path) -> Iterator[tuple[str, float | None, int]]:
    """Name, value and step of each measure of a period of the test."""
    for step, period in enumerate(read_json(out / "detail.json")["periods"]):
        for key in ("auc", "lift_10", "expected_over_observed"):
            yield f"period.{key}", (period.get(key) or {}).get("value"), step


def _origins(out: Path) -> Iterator[tuple[str, float | None, int]]:
    """The same of each rolling origin; its step is the cut-off as a number, 20260131."""
    for row in read_json(out / "backtest.json").get("origins", []):
        step = int(row["origin"][:10].replace("-", ""))
        for mode in ("refitted", "frozen"):
            for key, measure in row[mode].items():
                yield f"backtest.{mode}.{key}", measure["value"], step


def _log_record(params: Params, name: str) -> None:
    """The record to compare and to make again, and pictures of the search."""
    import mlflow

    with TemporaryDirectory() as parent:
        release_files.recorded(params, name, Path(parent) / RECORD)
        search_plots.pictures(read_json(params.build / name / "tune.json"), Path(parent) / "search")
        mlflow.log_artifacts(parent)


def _log_trials(api: Any, experiment: str, parent: str, folder: Path, name: str) -> None:
    from mlflow.entities import Metric, Param, RunTag

    for trial in read_json(folder / "tune.json")["trials"]:
        child = api.create_run(
            experiment,
            tags={
                "mlflow.parentRunId": parent,
                "task": name,
                "trial": str(trial["number"]),
                "state": trial["state"],
            },
            run_name=f"trial {trial['number']}",
        )
        value = [] if trial["value"] is None else [Metric("valid.average_precision", trial["value"], 0, 0)]
        params = [Param(key, str(found)) for key, found in trial["params"].items()]
        api.log_batch(child.info.run_id, metrics=value, params=params, tags=[RunTag("study", name)])
        api.set_terminated(child.info.run_id, "FINISHED" if trial["state"] == "COMPLETE" else "KILLED")


def _log_dataset(folder: Path, params: Params, name: str) -> None:
    import mlflow
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    facts = read_json(folder / "dataset.json")
    digest = sha256(folder / "dataset.parquet")[:32]
    for part, summary in facts["splits"].items():
        source = CodeDatasetSource(tags={"path": f"build/{params.data}/{name}/dataset.parquet"})
        logged = MetaDataset(source, f"{params.data}-{name}-{part}", digest)  # type: ignore[abstract]
        mlflow.log_input(logged, context=part)
        mlflow.log_metrics({f"{part}.{key}": summary[key] for key in ("rows", "positives")})


def _log_model(params: Params, name: str, run_id: str) -> str:
    """Log the release as one model that says what the service says; return the registered version."""
    import mlflow

    with TemporaryDirectory() as parent:
        folder = Path(parent) / Path(FOLDER).name
        release_files.released(params, name, run_id, folder)
        scorer = Scorer.load(folder)
        example = pl.DataFrame(read_json(folder / release_format.EXAMPLES)["rows"][:2])
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(Path(__file__).with_name("served_model.py")),
            artifacts={folder.name: str(folder)},
            code_paths=[str(Path(inspect.getfile(kind)).parent) for kind in (Feature, Scorer)],
            signature=_signature(scorer.model.encoder),
            input_example=example.to_pandas(),
            pip_requirements=[f"{package}=={metadata.version(package)}" for package in NEEDED],
        )
    return str(mlflow.register_model(info.model_uri, registered_name(params, name)).version)


def register(params: Params, name: str, why: dict[str, str]) -> str:
    """Register what the pipeline would serve now as a version of a run of its own, tagged with ``why``.

    For a model of which nothing but the level has changed: its results are those of the run before.
    """
    import mlflow

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    path = params.build / name / "tracked.json"
    experiment = _experiment(client(), registered_name(params, name))
    tags = _tags(params, name) | why
    with mlflow.start_run(experiment_id=experiment, run_name=f"{params.data}-{name}-level", tags=tags) as run:
        _log_record(params, name)
        version = _log_model(params, name, run.info.run_id)
    state = fingerprint(params.build / name, params.results / name)
    write_json(path, {"run_id": run.info.run_id, "model_version": version, "results": state})
    return version


def _signature(encoder: Encoder) -> Any:
    """Inputs in the catalogue's names and types, each of which may be missing; out comes a probability."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    kinds = {False: "double", True: "string"}
    columns: list[Any] = [
        ColSpec(kinds[c.categories is not None], c.name, required=False) for c in encoder.columns
    ]
    return ModelSignature(Schema(columns), Schema([ColSpec("double", "probability")]))
