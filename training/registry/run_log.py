"""What one execution leaves in MLflow: tags by which runs compare, numbers, trials, data, and the model.

A run says in words what it is; trials are its children, with the times at which they were tried.
"""

import hashlib
import inspect
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import polars as pl

from features.feature import Feature
from models.fitted import release_format
from models.fitted.release_format import FOLDER
from models.learners.encoder import Encoder
from models.scorer import Scorer
from training.data.artifacts import Dataset, Tuned, read_artifact
from training.git import UNKNOWN, git
from training.io import read_json, sha256
from training.params import Params
from training.registry import release_files, search_plots
from training.results.backtested import MODES, Backtest
from training.results.estimate import Estimate
from training.results.evaluated import MONTHLY, Detail, Metrics
from training.results.run_record import Examples
from training.results.whole import Whole

RECORD = "record"  # folder of a run
TUNED = "valid.average_precision"  # of each trial, and of the one that was chosen
# What a released model needs where it is loaded: `models` and what of `features` it reads.
NEEDED = ("mlflow", "narwhals", "numpy", "pandas", "polars", "pyarrow", "pyyaml", "scipy", "xgboost-cpu")
ENGINE, BUCKETS, WORKERS = "engine", "spark.buckets", "spark.workers"  # tags: on what the model learnt
PARENT, NOTE = "mlflow.parentRunId", "mlflow.note.content"  # MLflow's own tags


def title(params: Params, name: str, what: str = "") -> str:
    """Return a run's name: data, task, moment, commit and DVC's experiment, by which runs are told apart."""
    commit, experiment = git("rev-parse", "--short", "HEAD"), os.environ.get("DVC_EXP_NAME", "")
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    return " ".join(part for part in (f"{params.data}-{name}", what, moment, commit, experiment) if part)


def tags(params: Params, name: str) -> dict[str, str]:
    """Return what tells a run from another: code, data, catalogue, test; and what it is in words."""
    dataset, changed = read_artifact(Dataset, params.build / name), release_files.changed(params)
    return {
        "git.commit": git("rev-parse", "HEAD") or UNKNOWN,
        "git.dirty": UNKNOWN if changed is None else str(changed).lower(),
        "dvc.exp": os.environ.get("DVC_EXP_NAME", ""),
        "dvc.stages": json.dumps(stage_hashes(name), sort_keys=True),
        "data": params.data,
        "data.sha256": sha256(params.build / name / "dataset.parquet"),
        "catalogue": dataset["fingerprint"],
        "task": name,
        **engine(params, name, dataset),
        "test_start": str(dataset["test_start"]),
        "data_as_of": dataset["extracted_at"],
        NOTE: note(params, name),
    }


def engine(params: Params, name: str, dataset: Dataset) -> dict[str, str]:
    """Return on what was learnt; of Spark by how many buckets and workers, by which it is made again."""
    if "sample" not in dataset:
        return {ENGINE: "one machine"}
    dealt = read_artifact(Whole, params.results / name)["dealt"]
    workers = ",".join(map(str, dealt["workers"]))
    return {ENGINE: "spark", BUCKETS: str(dealt["buckets"]), WORKERS: workers}


def note(params: Params, name: str) -> str:
    """Return in words what a run or a version is: the question, its data, how good it is on later rows."""
    card = read_json(params.build / name / "final" / "card.json")
    found = read_artifact(Metrics, params.results / name)
    return (
        f"{card['question']['en']} Data `{params.data}` as of {card['extracted_at'][:10]}. "
        f"Out of time: average precision {found['average_precision']:.3f} "
        f"[{found['average_precision_low']:.3f}, {found['average_precision_high']:.3f}], "
        f"AUC {found['auc']:.3f}, base rate {found['base_rate']:.1%}; {card['estimator']}."
        f"{' ' + card['sample']['en'] if 'sample' in card else ''}"
    )


def version_tags(params: Params, name: str) -> dict[str, str]:
    """Return by what versions compare: average precision and AUC, data as of, the report's hash."""
    found = read_artifact(Metrics, params.results / name)
    dataset = read_artifact(Dataset, params.build / name)
    return {
        "average_precision": f"{found['average_precision']:.4f}",
        "auc": f"{found['auc']:.4f}",
        "data_as_of": dataset["extracted_at"],
        "report.sha256": sha256(params.results / name / "report.json"),
    }


def stage_hashes(name: str) -> dict[str, str]:
    """Return the hash of the outputs of each stage of the task in ``dvc.lock``."""
    import yaml

    path = Path("dvc.lock")
    stages = yaml.safe_load(path.read_text())["stages"] if path.exists() else {}
    return {
        stage: hashlib.sha256(json.dumps(entry.get("outs", []), sort_keys=True).encode()).hexdigest()[:12]
        for stage, entry in stages.items()
        if "@" not in stage or stage.endswith(f"@{name}")
    }


def results(api: Any, run: str, params: Params, name: str) -> None:
    """Log params, metrics and every file of the results."""
    import mlflow

    out = params.results / name
    best = read_artifact(Tuned, params.build / name)["best"]
    spine = read_artifact(Dataset, params.build / name)["spine"]
    mlflow.log_params({f"spine.{key}": value for key, value in spine.items()} | {"seed": params.seed})
    mlflow.log_params(
        {f"best.{key}": value for key, value in (best["params"] | {"rounds": best["rounds"]}).items()}
    )
    headline = cast(dict[str, float | None], read_artifact(Metrics, out))
    mlflow.log_metrics({f"test.{key}": value for key, value in headline.items() if value is not None})
    mlflow.log_metric(TUNED, best["value"])
    for key, value, step, moment in (*_periods(out), *_origins(out)):
        if value is not None:
            api.log_metric(run, key, value, timestamp=moment, step=step)
    for path in sorted(out.rglob("*")):
        if path.is_file():
            mlflow.log_artifact(str(path), str(Path("results") / path.parent.relative_to(out)))


def _periods(out: Path) -> Iterator[tuple[str, float | None, int, int]]:
    """Name, value, step and moment (ms) of each measure of a period of the test."""
    for step, period in enumerate(read_artifact(Detail, out)["periods"]):
        for key in MONTHLY:
            yield (
                f"period.{key}",
                period[key]["value"] if key in period else None,
                step,
                _moment(f"{period['period']}-01"),
            )


def _origins(out: Path) -> Iterator[tuple[str, float | None, int, int]]:
    """The same of each rolling origin."""
    for step, row in enumerate(read_artifact(Backtest, out).get("origins", [])):
        for mode in MODES:
            for key, measure in cast(dict[str, Estimate], row[mode]).items():
                yield f"backtest.{mode}.{key}", measure["value"], step, _moment(row["origin"])


def _moment(text: str) -> int:
    """Milliseconds since 1970 of a day or a moment; UTC where no zone is told."""
    found = datetime.fromisoformat(text)
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def record(params: Params, name: str) -> None:
    """Log the record to compare and to make again, and pictures of the search."""
    import mlflow

    with TemporaryDirectory() as parent:
        release_files.recorded(params, name, Path(parent) / RECORD)
        search_plots.pictures(read_artifact(Tuned, params.build / name), Path(parent) / "search")
        mlflow.log_artifacts(parent)


def trials(api: Any, experiment: str, parent: str, folder: Path, name: str) -> None:
    """Log every trial as a child of the run ``parent``, from when to when it was tried."""
    from mlflow.entities import Metric, Param

    found, times = read_artifact(Tuned, folder), _times(folder)
    for trial in found["trials"]:
        start, end = times.get(trial["number"], (None, None))
        told = {PARENT: parent, "task": name, "study": found["study"]}
        told |= {"trial": str(trial["number"]), "state": trial["state"]}
        child = api.create_run(
            experiment, start_time=start, tags=told, run_name=f"{name} trial {trial['number']}"
        )
        value = [] if trial["value"] is None else [Metric(TUNED, trial["value"], end or 0, 0)]
        params = [Param(key, str(found)) for key, found in trial["params"].items()]
        api.log_batch(child.info.run_id, metrics=value, params=params)
        api.set_terminated(child.info.run_id, "FINISHED", end)  # that of a pruned one, too, went as meant


def _times(folder: Path) -> dict[int, tuple[int, int]]:
    """Begin and end (ms) of each trial of the study's journal, where it is still there."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    path, study = folder / "study.journal", read_artifact(Tuned, folder)["study"]
    if not path.exists():
        return {}
    storage = JournalStorage(JournalFileBackend(str(path)))
    ids = {found.study_name: found._study_id for found in storage.get_all_studies()}
    rows = storage.get_all_trials(ids[study]) if study in ids else []
    return {
        row.number: (_milliseconds(row.datetime_start), _milliseconds(row.datetime_complete))
        for row in rows
        if row.datetime_start and row.datetime_complete
    }


def _milliseconds(moment: datetime | None) -> int:
    """Of Optuna's local time without a zone."""
    return round(moment.timestamp() * 1000) if moment else 0


def dataset(folder: Path, params: Params, name: str) -> None:
    """Name what was learnt from and tested on, with its hash."""
    import mlflow
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    facts = read_artifact(Dataset, folder)
    digest = sha256(folder / "dataset.parquet")[:32]
    for part, summary in facts["splits"].items():
        source = CodeDatasetSource(tags={"path": f"build/{params.data}/{name}/dataset.parquet"})
        logged = MetaDataset(source, f"{params.data}-{name}-{part}", digest)  # type: ignore[abstract]
        mlflow.log_input(logged, context=part)
        mlflow.log_metrics({f"{part}.{key}": summary[key] for key in ("rows", "positives")})


def model(params: Params, name: str, run_id: str) -> str:
    """Log the release as one model that says what the service says; return the registered version."""
    import mlflow

    with TemporaryDirectory() as parent:
        folder = Path(parent) / Path(FOLDER).name
        release_files.released(params, name, run_id, folder)
        scorer = Scorer.load(folder)
        example = pl.DataFrame(read_artifact(Examples, folder)["rows"][:2])
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(Path(__file__).with_name("served_model.py")),
            artifacts={folder.name: str(folder)},
            code_paths=[str(Path(inspect.getfile(kind)).parent) for kind in (Feature, Scorer)],
            signature=_signature(scorer.model.encoder),
            input_example=example.to_pandas(),
            pip_requirements=[f"{package}=={metadata.version(package)}" for package in NEEDED],
        )
    registered = release_format.registered_name(params.data, name)
    told = version_tags(params, name)
    version = str(mlflow.register_model(info.model_uri, registered, tags=told).version)
    api, card = mlflow.MlflowClient(), read_json(params.build / name / "final" / "card.json")
    api.update_registered_model(registered, card["question"]["en"])
    api.update_model_version(registered, version, note(params, name))
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
