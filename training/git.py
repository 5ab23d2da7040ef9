"""The git repository of the working folder."""

import subprocess
from pathlib import Path


def git(*words: str, folder: Path = Path()) -> str:
    """What git answers; empty outside a repository, or where it refuses."""
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip()
