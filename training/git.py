"""The git repository of the working folder."""

import subprocess
from pathlib import Path

UNKNOWN = "unknown"  # the state of code outside any repository


def git(*words: str, folder: Path = Path()) -> str:
    """Return what git answers; empty outside a repository, or where it refuses."""
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def is_repository(folder: Path = Path()) -> bool:
    """Tell whether git knows the state of the files in ``folder``: with a commit, and not ignored."""
    return bool(git("rev-parse", "--verify", "--quiet", "HEAD", folder=folder))
