"""What is logged of an execution beside its numbers: the released files, and the record to make it again."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import polars as pl
import yaml

from models.fitted import release_format
from models.scorer import MORE, Scorer
from training.data.artifacts import write_artifact
from training.git import UNKNOWN, git, is_repository
from training.io import sha256, write_json
from training.params import Params
from training.registry import run_record
from training.results.run_record import Examples, Release
from training.review.signoff import digest

MAKING = ("params.yaml", "dvc.lock", "requirements.lock")  # with the commit and the data all that made it
EXAMPLES = 10


def released(params: Params, name: str, run_id: str, folder: Path) -> None:
    """Write what the service copies: model, population, examples and where they come from."""
    source = params.build / name
    shutil.copytree(source / "final", folder)
    shutil.copytree(source / "model", folder / release_format.JUDGED)
    for file in (release_format.POPULATION, release_format.TESTED):
        shutil.copy(source / file, folder)
    for part in release_format.BESIDE:  # empty folders where none was released
        shutil.copytree(source / part, folder / part)
    test, rows = pl.read_parquet(source / "test.parquet"), pl.read_parquet(source / "dataset.parquet")
    write_artifact(folder, Examples, examples(Scorer.load(folder), rows, test))
    write_artifact(folder, Release, _facts(params, name, run_id))


def recorded(params: Params, name: str, folder: Path) -> None:
    """Write what comparing and making again need; see ``training.registry.run_record``."""
    settings = yaml.safe_dump(params.model_dump(mode="json"), sort_keys=False)  # what ran, defaults told

    def here(path: str) -> bytes:
        return settings.encode() if path == "params.yaml" else Path(path).read_bytes()

    run_record.write(run_record.gather(here, name, name), folder)
    (folder / "params.yaml").write_text(settings)
    for path in (*map(Path, MAKING[1:]), params.build / "source.json"):
        if path.exists():
            shutil.copy(path, folder / path.name)
    made = {file: sha256(params.build / name / file) for file in run_record.MADE}
    write_json(folder / "made.json", made)


def changed(params: Params) -> bool | None:
    """Tell whether code or mapping differ from the commit; None outside a repository.

    The parameters may differ, for they are recorded.
    """
    if not is_repository():
        return None
    kept = [f":!{name}" for name in (*MAKING, "experiments")]
    mapping = f"mappings/{params.data}.yaml"
    code = git("status", "--porcelain", "--untracked-files=no", "--", ".", *kept)
    return bool(code or git("status", "--porcelain", "--", mapping))


def examples(scorer: Scorer, rows: pl.DataFrame, test: pl.DataFrame) -> Examples:
    """Return features and numbers of a few test rows, from the lowest score to the highest, without ids."""
    ranked = test.sort("probability", "row_id")["row_id"]
    places = sorted({round(at * (len(ranked) - 1) / (EXAMPLES - 1)) for at in range(EXAMPLES)})
    chosen = rows.join(pl.DataFrame({"row_id": ranked[places]}), on="row_id", maintain_order="right")
    chosen = chosen.select(scorer.model.reads)
    numbers = scorer.numbers(chosen)
    told = {name: numbers[name].to_list() for name in ("probability", *MORE) if name in numbers.columns}
    return cast(Examples, {"rows": chosen.to_dicts(), **told})


def _facts(params: Params, name: str, run_id: str) -> Release:
    return {
        "task": name,
        "data": params.data,
        "run_id": run_id,
        "report_sha256": digest(params, name),  # what signatures name, too
        "trained_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": git("rev-parse", "HEAD") or UNKNOWN,
    }
