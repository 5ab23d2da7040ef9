"""Published plans: the list and what is told of it, a folder a plan; one form for pipeline and service."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from features.replacing import replacing
from models.acting.documents import PlanFacts

FOLDER = "plans"
LIST, FACTS, APPROVAL = "list.parquet", "plan.json", "approval.json"


def write(folder: Path, name: str, rows: pl.DataFrame, told: PlanFacts) -> None:
    """Write list and facts of a plan below ``folder``; the facts come last and make it be there."""
    own = folder / name
    own.mkdir(parents=True, exist_ok=True)
    (own / FACTS).unlink(missing_ok=True)
    rows.write_parquet(own / LIST, compression="zstd")
    with replacing(own / FACTS) as aside:
        aside.write_text(json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def names(folder: Path) -> list[str]:
    """Return the plans that are there, in order of name."""
    return sorted(path.parent.name for path in folder.glob(f"*/{FACTS}"))


def stamp(folder: Path, name: str) -> int:
    """Return when a plan was published, in nanoseconds."""
    return (folder / name / FACTS).stat().st_mtime_ns


def read(folder: Path, name: str) -> tuple[pl.DataFrame, PlanFacts]:
    """Read list and facts; ``FileNotFoundError`` where there is no such plan."""
    told = json.loads((folder / name / FACTS).read_text())
    return pl.read_parquet(folder / name / LIST), told


def write_approval(folder: Path, name: str, told: Mapping[str, Any]) -> None:
    """Write what ``models.acting.plan_approval.require`` reads of a plan."""
    with replacing(folder / name / APPROVAL) as aside:
        aside.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def approval(folder: Path, name: str) -> dict[str, Any] | None:
    """Read the approval of a plan; None where nobody was asked and nobody signed."""
    path = folder / name / APPROVAL
    found: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
    return found
