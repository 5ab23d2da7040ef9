"""How stages write: aside and renamed, the same bytes for the same content."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from features.replacing import replacing


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON file; ``FileNotFoundError`` names the stage's missing input, ``ValueError`` no JSON."""
    if not path.exists():
        raise FileNotFoundError(f"{path}: not found; run the stages before this one (`dvc repro`)")
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path}: not readable as JSON: {error}") from None


def write_json(path: Path, content: Any) -> None:
    """Write aside and rename, so that a stage killed half way leaves no half file."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text, such as a page, as ``write_json`` writes."""
    with replacing(path) as aside:
        aside.write_text(text)


def sha256(path: Path) -> str:
    """Return the hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def say(line: str) -> None:
    """Print one line of progress to stderr."""
    print(line, file=sys.stderr, flush=True)
