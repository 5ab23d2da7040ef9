"""From which code, data and settings the report was made, and how to make it again."""

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path

from training.git import git, is_repository
from training.io import sha256
from training.params import params_of
from training.reporting.source import Source
from training.results.report_duties import Lineage

CODE = ("features", "models", "training", "dvc.yaml", "requirements.lock")
PACKAGES = ("xgboost-cpu", "optuna", "polars", "duckdb", "narwhals", "scikit-learn", "shap", "numpy")


def lineage(source: Source) -> Lineage:
    """Return the newest commit of the code, hashes of inputs, versions.

    A commit that touches no code, such as a signature, does not change the report.
    """
    lock = Path("requirements.lock")
    return {
        "assessed": True,
        "commit": git("log", "-1", "--format=%H", "--", *CODE) or None,
        "dirty": _dirty(),
        "data": source.params.data,
        "params": _params(source),
        "task": source.task,
        "fingerprint": source.facts["fingerprint"],
        "extracted_at": source.facts["extracted_at"],
        "seed": source.seed,
        "files": {
            name: sha256(source.folder / name)
            for name in ("dataset.parquet", "model/model.ubj", "model/card.json")
        },
        "lock": sha256(lock) if lock.exists() else None,
        "study": source.tuned["study"],
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _params(source: Source) -> str:
    """Hash of the params that bear on the task: those of another one change nothing here."""
    told = params_of(source.params.model_dump(mode="json"), source.task)
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _dirty() -> bool | None:
    """Whether code differs from the commit; None outside a repository."""
    if not is_repository():
        return None
    return bool(git("status", "--porcelain", "--untracked-files=no", "--", *CODE))
