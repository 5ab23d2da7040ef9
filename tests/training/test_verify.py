"""A released model is made again from its commit and data; a changed byte of the data is told."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import stages
import yaml
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import TEMPORARILY_UNAVAILABLE

from training import params as settings
from training.registry import release, release_files, release_log, tracking
from training.registry import verify as again
from training.registry.verify import verify
from training.stages.consent import consent
from training.stages.ingest import ingest

ROOT = Path(__file__).parents[2]
CODE = ("features", "models", "training", "mappings", "experiments/model_info.yaml", "params.yaml")
MAPPING = {
    "about": "Made up.",
    "licence": "none",
    "published": "nowhere",
    "folder": "tiny",
    "sources": {"rows": {"file": "rows.csv"}},
    "tables": {
        "subjects": [
            {
                "source": "rows",
                "columns": {
                    "occurred_at": {"column": "_row", "since": "2024-01-01", "unit": "hours"},
                    "subject_id": "_row",
                    "label": "label",
                },
                "attributes": ["*"],
            }
        ]
    },
    "left_out": dict.fromkeys(("lead", "response", "churn"), "No such rows."),
}


def git(*words: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@localhost"]
    subprocess.run(["git", *who, *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory):
    """A repository with the present code, a small source, and a released model of it."""
    folder, data = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("MEMBERLENS_DATA", str(data))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        for name in CODE:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, target)
        rng = np.random.default_rng(0)
        a, b = rng.normal(size=(2, 4000))
        label = rng.random(4000) < 1 / (1 + np.exp(-a - 0.5 * b))
        (data / "tiny").mkdir()
        pl.DataFrame({"a": a, "b": b, "label": label}).write_csv(data / "tiny" / "rows.csv")
        (folder / "mappings/tiny.yaml").write_text(yaml.safe_dump(MAPPING))
        given = yaml.safe_load((ROOT / "params.yaml").read_text())
        given |= {"data": "tiny", "tasks": ["given"], "evaluate": {"resamples": 40}}
        given["tune"]["given"] = {"trials": 2, "rows": 2000}
        given["spine"]["given"] = {"days": 1}
        (folder / "params.yaml").write_text(yaml.safe_dump(given))
        (folder / ".gitignore").write_text("build/\nmlruns/\nmlflow.db\n__pycache__/\n/experiments/tiny/\n")
        git("init", "-q")
        git("add", "-A")
        git("commit", "-qm", "all")
        params = settings.parse(yaml.safe_dump(given))
        subprocess.run([sys.executable, "-m", "training", "source"], check=True)
        ingest(params)
        consent(params)
        for stage in stages.EVERY:
            stage(params, "given")
        patch.setattr(release, "release_gates", lambda params, name: [])
        tracking.track(params, "given")
        release.release(params, "given", by="A. Tester", why="first")
        yield params


def test_the_released_model_is_made_again(project):
    assert verify(project, "given") == []


def test_an_edited_log_is_found(project):
    path = project.results / release_log.LOG
    before = path.read_text()
    assert release_log.faults(project) == []
    path.write_text(before.replace("A. Tester", "A. Nother"))  # the last line, of which no other one tells
    edited = release_log.faults(project)
    path.unlink()
    lost = release_log.faults(project)
    path.write_text(before)
    assert edited == ["log of releases, line 1: was edited, it does not have the hash that it names"]
    assert len(lost) == 1
    assert lost[0].startswith("log of releases: the newest line about tiny-given version 1 has the hash none")


def test_a_changed_byte_of_the_data_and_of_the_log_is_told(project):
    path = Path(os.environ["MEMBERLENS_DATA"]) / "tiny" / "rows.csv"
    before = path.read_bytes()
    log = project.results / release_log.LOG
    kept = log.read_text()
    path.write_bytes(before[:-2] + b"X\n")
    log.write_text(kept.replace("A. Tester", "A. Nother"))
    found = verify(project, "given")
    path.write_bytes(before)
    log.write_text(kept)
    assert len(found) == 2
    assert found[0].startswith("log of releases, line 1: was edited")
    assert found[1].startswith("source data: files.rows.csv: was ")


def test_uncommitted_code_cannot_be_made_again(project):
    path = Path("models/tasks/given.py")
    before = path.read_text()
    path.write_text(before + "\n# changed\n")
    (project.build / "given" / "tracked.json").unlink()
    tracking.track(project, "given")
    path.write_text(before)
    with pytest.raises(ValueError, match="version 2: made from uncommitted changes"):
        verify(project, "given", "2")


def test_a_model_made_outside_any_repository_is_not_called_clean(project, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(project.build / "nowhere"))
    assert release_files.changed(project) is None
    (project.build / "given" / "tracked.json").unlink()
    tracking.track(project, "given")
    monkeypatch.delenv("GIT_DIR")
    assert tracking.tags("tiny-given", "3")["git.commit"] == "unknown"
    with pytest.raises(ValueError, match="version 3: made outside any git repository"):
        verify(project, "given", "3")


def test_a_registry_that_is_down_is_not_one_without_a_champion(project, monkeypatch):
    assert tracking.holder("tiny-given", "previous") is None
    assert tracking.holder("nobody", "champion") is None

    class Down:
        def get_model_version_by_alias(self, *_: str) -> None:
            raise MlflowException("the store is away", TEMPORARILY_UNAVAILABLE)

    monkeypatch.setattr(tracking, "client", Down)
    for call in (tracking.holder, tracking.tags):
        with pytest.raises(ConnectionError, match="cannot be asked: the store is away"):
            call("tiny-given", "champion")
    with pytest.raises(ConnectionError), tracking.logged("tiny-given", "champion"):
        pass


@pytest.mark.parametrize(("workers", "master"), [("2", "local[2]"), ("", "local[1]")])
def test_a_model_of_spark_is_made_again_by_as_many_workers(project, monkeypatch, workers, master):
    told, run = tracking.tags("tiny-given", "1"), []
    told |= {"engine": "spark", "spark.buckets": "6", "spark.workers": workers}
    monkeypatch.setattr(tracking, "tags", lambda *_: told)
    monkeypatch.setattr(again, "_run", lambda python, folder, *words: run.append((folder, words)))
    monkeypatch.setattr(again, "_source", lambda *_: [])
    monkeypatch.setattr(again, "_made", lambda folder, *_: [(folder / "params.yaml").read_text()])
    monkeypatch.setattr(again, "_scores", lambda *_: [])
    (asked,) = verify(project, "given", "1")
    assert yaml.safe_load(asked)["tasks"] == ["given"]
    pipeline = ("pipeline", "--engine", "spark", "--master", master, "--buckets", "6")
    assert [words for _, words in run] == [("source",), ("ingest",), ("consent",), pipeline]


@pytest.mark.parametrize(("workers", "told"), [("1,2", "1 and 2 workers"), (None, "not kept")])
def test_trees_of_several_numbers_of_workers_are_not_made_again(project, monkeypatch, workers, told):
    tags = tracking.tags("tiny-given", "1") | {"engine": "spark"}
    tags |= {} if workers is None else {"spark.workers": workers}
    monkeypatch.setattr(tracking, "tags", lambda *_: tags)
    with pytest.raises(ValueError, match=f"version 1: its trees were learnt on Spark by .*{told}"):
        verify(project, "given", "1")


def test_an_unknown_version_is_named(project):
    with pytest.raises(ValueError, match="tiny-given: no version or alias 'nobody'"):
        verify(project, "given", "nobody")
