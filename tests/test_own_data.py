"""Own files, from the first look to a search: what `check` calls trainable runs through DVC itself."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("features", "models", "training", "serving")
FILES = ("memberlens.py", "dvc.yaml", "params.yaml", "Makefile")


@pytest.fixture
def project(tmp_path):
    """A copy of the project without data; its parts are links."""
    for part in (*PARTS, *FILES):
        (tmp_path / part).symlink_to(ROOT / part) if part in PARTS else (tmp_path / part).write_bytes(
            (ROOT / part).read_bytes()
        )
    for folder in ("mappings", "experiments", ".dvc"):
        (tmp_path / folder).mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    no_scm = true\n    analytics = false\n")
    return tmp_path


def run(project, *words):
    """Standard output and error of a command, and how it ended."""
    paths = {"PYTHONPATH": str(project), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(words, cwd=project, env=os.environ | paths, capture_output=True, text=True)


def memberlens(project, *words):
    done = run(project, sys.executable, "-m", "memberlens", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def flat(folder):
    rng, n = np.random.default_rng(0), 600
    x = rng.normal(size=n)
    label = (rng.random(n) < 1 / (1 + np.exp(-x))).astype(int)
    pl.DataFrame({"age": (40 + 10 * x).round(0), "churned": label}).write_csv(folder / "flat.csv")
    return ["flat.csv"]


def events(folder):
    rng, members = np.random.default_rng(0), 200
    who = np.repeat(np.arange(members), 15)
    days = rng.random(len(who)) * np.where(rng.random(members) < 0.5, 500, 900)[who]
    when = pl.Series((days * 86_400).astype(int) + 1_640_995_200)
    orders = {"order_id": np.arange(len(who)), "customer_id": who, "order_date": pl.from_epoch(when)}
    pl.DataFrame(orders | {"price": rng.gamma(2, 10, len(who)).round(2)}).write_csv(folder / "orders.csv")
    people = {"customer_id": np.arange(members), "gender": rng.choice(["m", "f"], members)}
    pl.DataFrame(people).write_csv(folder / "customers.csv")
    return ["orders.csv", "customers.csv"]


@pytest.mark.parametrize(("make", "task"), [(flat, "given"), (events, "churn")])
def test_what_check_calls_trainable_runs(project, make, task):
    memberlens(project, "init", *make(project), "--name", "my_shop")
    assert f"task {task}: can be trained" in memberlens(project, "check", "my_shop")
    memberlens(project, "use", "my_shop")
    done = run(project, "dvc", "repro", f"dataset@{task}")
    assert done.returncode == 0, done.stderr
    assert (project / f"build/my_shop/{task}/dataset.parquet").exists()


def test_check_tells_what_would_not_train(project):
    memberlens(project, "init", *flat(project), "--name", "short")
    with (project / "mappings/short.yaml").open("a") as mapping:
        mapping.write("  spine: {given: {days: 400}}\n")
    assert "task given: cannot be trained with these settings" in memberlens(project, "check", "short")


def test_dvc_says_why_it_stopped(project):
    (project / "params.yaml").write_text("data: brand\n")
    done = run(project, "dvc", "repro")
    assert done.returncode != 0
    assert "ERROR" in done.stderr
    assert "dvc repro -q" not in (ROOT / "Makefile").read_text()
