"""Copies of the project, for tests that run its commands as a user does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("features", "models", "training", "serving")
FILES = ("memberlens.py", "dvc.yaml", ".dvcignore", "params.yaml", "Makefile", "requirements.lock")
NO_SCM = "[core]\n    no_scm = true\n    analytics = false\n"


def copied(folder: Path, links: bool = True) -> Path:
    """The project without data below ``folder``; its parts are links, or copies that a test may change."""
    for part in PARTS:
        if links:
            (folder / part).symlink_to(ROOT / part)
        else:
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in FILES:
        shutil.copy(ROOT / file, folder / file)
    for name in ("mappings", "experiments", ".dvc"):
        (folder / name).mkdir()
    for file in (ROOT / "experiments").glob("*.yaml"):  # who owns a model and what may be signed
        shutil.copy(file, folder / "experiments")
    (folder / ".dvc/config").write_text(NO_SCM)
    return folder


def run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Standard output and error of a command, and how it ended."""
    paths = {"PYTHONPATH": str(project), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    # MLflow writes the store of a test that ran before in this process into the environment.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    return subprocess.run(words, cwd=project, env=clean | paths, capture_output=True, text=True)


def memberlens(project: Path, *words: str) -> str:
    """Standard output of a command of ours that must succeed."""
    done = run(project, sys.executable, "-m", "memberlens", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout
