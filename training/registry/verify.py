"""Make a released model again from its commit, lock and data, and say what comes out different."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import yaml

from models.fitted.model import Model
from models.fitted.release_format import CHAMPION, FOLDER
from models.scorer import MORE, Scorer
from training.data.artifacts import read_artifact
from training.git import UNKNOWN, git
from training.io import read_json, say, sha256
from training.params import Params, parse
from training.registry import release_log, run_log, run_record, tracking
from training.registry.compare import differing
from training.results.evaluated import Metrics
from training.results.run_record import Examples, RunFacts

STAGES = ("dataset", "tune", "fit", "evaluate", "final", "uplift", "value")
BEFORE = ("source", "ingest")
LOCK = "requirements.lock"
SAME = 1e-9  # of a probability


def verify(params: Params, name: str, word: str = CHAMPION) -> list[str]:
    """Return what differs between a version of the registered model and the same made anew; empty if nothing.

    The commit is checked out aside, with the environment of its lock file where that is another
    one; source, ingest and the stages up to ``evaluate`` run there, of a model of Spark its life with as
    many workers; data, model, metrics and the example rows that were released are compared.

    Raises
    ------
    ValueError
        Where the version cannot be made again: its tree was dirty, or its commit is not here.
    """
    registered = tracking.registered_name(params, name)
    tags = tracking.tags(registered, word)
    version, commit = f"{registered} version {tags['version']}", tags["git.commit"]
    if obstacle := _obstacle(tags):
        raise ValueError(f"{version}: {obstacle}")
    stages = _on_spark(registered, tags) if tags.get(run_log.ENGINE) == "spark" else _stages(name)
    broken = release_log.faults(params)
    with (
        tracking.logged(registered, tags["version"]) as kept,
        tracking.logged(registered, tags["version"], FOLDER) as released,
        _checked_out(commit, kept) as folder,
    ):
        say(f"{version}: making it again from {commit[:12]}")
        return [*broken, *_remade(folder, name, stages, kept, released)]


def _obstacle(tags: Mapping[str, str]) -> str | None:
    """Why a version with these tags cannot be made again here, if it cannot."""
    commit = tags["git.commit"]
    if tags["git.dirty"] == UNKNOWN:
        return "made outside any git repository"
    if tags["git.dirty"] == "true":
        return f"made from uncommitted changes on {commit[:12]}"
    if not git("cat-file", "-t", commit):
        return f"commit {commit} is not in this repository"
    return None


def _remade(folder: Path, name: str, stages: list[list[str]], kept: Path, released: Path) -> list[str]:
    """Run the stages in a checkout; what differs from the record and the release, the source's data first."""
    then = parse((kept / "params.yaml").read_text())
    python = _python(folder, kept)
    _run(python, folder, BEFORE[0])
    moved = _source(folder / then.build / "source.json", kept / "source.json")
    if moved:
        return moved
    _run(python, folder, BEFORE[1])
    _alone(folder / "params.yaml", name)
    for words in stages:
        _run(python, folder, *words)
    return [*_made(folder, then, name, kept), *_scores(folder / then.build / name, released)]


def _stages(name: str) -> list[list[str]]:
    """What makes a model of one machine from its tables."""
    return [[stage, name] for stage in STAGES]


def _on_spark(registered: str, tags: Mapping[str, str]) -> list[list[str]]:
    """What makes a model of Spark from its tables: as many buckets and workers, on this machine.

    Raises
    ------
    ValueError
        It is not known of how many workers the trees are, or fits lost one for good and differ.
    """
    workers = [number for number in tags.get(run_log.WORKERS, "?").split(",") if number]
    if len(workers) > 1 or "?" in workers:
        told = "numbers that were not kept" if "?" in workers else " and ".join(workers)
        raise ValueError(
            f"{registered} version {tags['version']}: its trees were learnt on Spark by {told} workers, "
            "and only those of one number can be made again"
        )
    master = f"local[{workers[0] if workers else 1}]"
    words = ["--engine", "spark", "--master", master, "--buckets", tags[run_log.BUCKETS]]
    return [["consent"], ["pipeline", *words]]


def _alone(file: Path, name: str) -> None:
    """Leave one task in ``params.yaml``: a pipeline is of all."""
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"tasks": [name]}))


@contextmanager
def _checked_out(commit: str, kept: Path) -> Iterator[Path]:
    """A clone of this repository at ``commit``, with the parameters of then."""
    with TemporaryDirectory() as parent:
        folder = Path(parent) / "again"
        git("clone", "-q", "--no-checkout", str(Path.cwd()), str(folder))
        git("checkout", "-q", commit, folder=folder)
        shutil.copy(kept / "params.yaml", folder / "params.yaml")
        yield folder


def _python(folder: Path, kept: Path) -> str:
    """The interpreter to use: this one, unless the lock file was another one."""
    if not Path(LOCK).exists() or not (kept / LOCK).exists() or sha256(Path(LOCK)) == sha256(kept / LOCK):
        return sys.executable
    say("the packages were others: making their environment")
    shutil.copy(kept / LOCK, folder / LOCK)
    subprocess.run(["make", ".venv/.runtime"], cwd=folder, check=True, stdout=sys.stderr)
    return str(folder / ".venv" / "bin" / "python")


def _run(python: str, folder: Path, *words: str) -> None:
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONHASHSEED": "0"}
    done = subprocess.run([python, "-m", "training", *words], cwd=folder, env=environment, check=False)
    if done.returncode:
        raise ValueError(f"stage {' '.join(words)} failed when it was run again; see above")


def _source(now: Path, then: Path) -> list[str]:
    found, kept = (run_record.flat(read_json(path)) for path in (now, then))
    return [
        f"source data: {name}: was {old}, is {new}" for name, (old, new) in differing(kept, found).items()
    ]


def _made(folder: Path, params: Params, name: str, kept: Path) -> list[str]:
    """Files that should have the same bytes, and metrics that should be equal."""
    then = read_json(kept / "made.json")
    now = {file: sha256(folder / params.build / name / file) for file in then}
    files = [f"{file}: other bytes" for file in differing(then, now)]
    metrics = read_artifact(RunFacts, kept)["metrics"]
    again = read_artifact(Metrics, folder / params.results / name)
    return files + [f"{key}: was {old}, is {new}" for key, (old, new) in differing(metrics, again).items()]


def _scores(made: Path, released: Path) -> list[str]:
    """The released example rows, scored by what was made anew."""
    examples: Mapping[str, Any] = read_artifact(Examples, released)
    model = Model.load(made / "final")
    columns = model.encoder.columns
    schema = {column.name: pl.Float64 if column.categories is None else pl.String for column in columns}
    rows = pl.DataFrame([{key: row.get(key) for key in schema} for row in examples["rows"]], schema=schema)
    scorer = Scorer.from_parts(model, Scorer.load(released).population, made)
    now = scorer.numbers(rows).with_columns(pl.col(pl.Float64).fill_null(np.nan))
    found = []
    for name in (name for name in ("probability", *MORE) if name in examples):
        if name not in now.columns:
            found.append(f"example rows: {name} is not told any more")
            continue
        then = np.asarray(examples[name], dtype=np.float64)
        wrong = ~np.isclose(now[name].to_numpy(), then, rtol=SAME, atol=SAME, equal_nan=True)
        found += [
            f"example row {at}: {name} was {then[at]:.9f}, is {now[name][int(at)]:.9f}"
            for at in np.flatnonzero(wrong)
        ]
    return found
