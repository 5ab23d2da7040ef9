"""What is kept of an execution so that it can be compared and made again, wherever it was made.

A record is read through one function from path to bytes: of this folder, of a git revision or of
what was logged. Predictions keep neither ids nor features: a row is named by a hash of what was
asked.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from training.data.artifacts import Json, read_artifact, write_artifact
from training.params import params_of, parse
from training.results.run_record import RunFacts

ASKED = ("lead_id", "member_id", "subject_id", "campaign_id", "as_of")
MODELS = tuple(f"{folder}/{file}" for folder in ("model", "final") for file in ("model.ubj", "card.json"))
MADE = ("dataset.parquet", "tune.json", *MODELS)  # the same bytes each time
Reader = Callable[[str], bytes]


@dataclass(frozen=True)
class Record:
    """One execution of one task.

    Parameters
    ----------
    params
        Those of params.yaml that bear on the task, and the best of the search, by dotted name.
    data
        Facts of the data set, by dotted name.
    metrics
        The flat numbers of ``metrics.json``.
    predictions
        Test rows: ``row`` and ``subject`` (hashes), ``label`` (0 or 1), ``probability``.
    """

    name: str
    params: Json
    data: Json
    metrics: dict[str, float | None]
    predictions: pl.DataFrame


def gather(read: Reader, task: str, name: str) -> Record:
    """Return the record of ``task`` from the pipeline's files.

    What is not there raises ``FileNotFoundError``.
    """
    settings = _settings(read("params.yaml").decode())
    folder, out = (f"{top}/{settings['data']}/{task}" for top in ("build", "experiments"))
    facts = json.loads(read(f"{folder}/dataset.json"))
    best = json.loads(read(f"{folder}/tune.json"))["best"]
    test = pl.read_parquet(BytesIO(read(f"{folder}/test.parquet")))
    return Record(
        name,
        flat(params_of(settings, task)) | flat({"best": best["params"] | {"rounds": best["rounds"]}}),
        _data(facts),
        json.loads(read(f"{out}/metrics.json")),
        predictions(test, facts["subject"]),
    )


def write(record: Record, folder: Path) -> None:
    """Write ``record.json`` and ``predictions.parquet`` to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    content: RunFacts = {"params": record.params, "data": record.data, "metrics": record.metrics}
    write_artifact(folder, RunFacts, content)
    record.predictions.write_parquet(folder / "predictions.parquet")


def read(folder: Path, name: str) -> Record:
    """Return what ``write`` wrote."""
    content = read_artifact(RunFacts, folder)
    rows = pl.read_parquet(folder / "predictions.parquet")
    return Record(name, content["params"], content["data"], content["metrics"], rows)


def predictions(test: pl.DataFrame, subject: str) -> pl.DataFrame:
    """Return ``test.parquet`` without ids:
    rows of two executions about the same question have the same hash.
    """
    keys = [key for key in ASKED if key in test.columns]
    return test.select(
        row=pl.concat_str(*keys, separator="|", ignore_nulls=True).map_elements(_hash, pl.Int64),
        subject=pl.col(subject).cast(pl.String).map_elements(_hash, pl.Int64),
        label="label",
        probability="probability",
    ).sort("row")


def flat(tree: Mapping[str, Any], above: str = "") -> Json:
    """Return leaves by dotted name; lists count as leaves.

    >>> flat({"tune": {"churn": {"trials": 8}}, "seed": 7})
    {'tune.churn.trials': 8, 'seed': 7}
    """
    found: Json = {}
    for key, value in tree.items():
        found |= flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return found


def _settings(text: str) -> dict[str, Any]:
    """With every default filled in; as they stand where they are of another time's shape."""
    try:
        return parse(text).model_dump(mode="json")
    except ValueError:
        return yaml.safe_load(text)


def _data(facts: Mapping[str, Any]) -> Json:
    parts = {name: {key: part[key] for key in part} for name, part in facts["splits"].items()}
    rest = {key: facts[key] for key in ("extracted_at", "test_start", "fingerprint")}
    return flat(rest | {"splits": parts}) | {"features": sorted(row["name"] for row in facts["features"])}


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)
