"""Stage ``score``: everybody as of the extract, for the campaign systems and the service.

Writes the feature snapshot that the service reads by reference, the scores, and the population
against which a percentile is stated.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from features import consent, engines
from features.feature import Group
from features.fingerprint import described
from features.meaning import differences, meanings
from features.replacing import replacing
from features.timestamps import extract_moment
from models.fitted.model import Model
from models.fitted.release_format import POPULATION
from models.population import OUTSIDE, outside
from models.score_ids import fingerprint, score_ids
from models.scorer import ELSEWHERE, Population, Scorer
from models.task import Task
from models.task import task as task_named
from training.data.artifacts import Ingest, read_artifact
from training.data.consents import warn, with_reasons
from training.data.feature_groups import of_task
from training.data.rows import tables as scanned
from training.io import say, sha256, write_json
from training.params import Params

CHUNK = 20_000
ASKED = (pl.col(consent.REASON).is_null(), pl.col(OUTSIDE).is_null())
MANY = 10  # parts from which several processes are worth their start


def score(params: Params, name: str, served: Path | None = None) -> None:
    """Write ``snapshot/``, ``scores.parquet`` and ``population.json``.

    ``served`` is a released folder whose model scores; without it the pipeline's own does.

    Raises
    ------
    ValueError
        The model of ``served`` reads features that this code does not have, or means otherwise.
    """
    folder, tables, task = params.build / name, params.build / "tables", task_named(name)
    ingest = read_artifact(Ingest, params.build)
    moment = extract_moment(ingest) + 1  # what was recorded at the last second counts
    model = Model.load(served or folder / "final")
    if served:
        _require_same_features(model, of_task(params, task))
    rows = task.population.now(scanned(tables), getattr(params.spine, name), moment)
    snapshot = _features(rows.with_row_index("row_id"), folder, task, params)
    if kind := consent.KINDS.get(task.subject):  # the contract has no consent of a flat table's subjects
        snapshot = with_reasons(snapshot, kind, params, moment)
    keys = ["subject_id", *(["campaign_id"] if "campaign_id" in snapshot.columns else [])]
    also = _there(snapshot, (*consent.FACTS, consent.REASON))
    snapshot = snapshot.select(*keys, "as_of", *model.reads, *also).sort(keys)
    _publish(snapshot.select(pl.exclude(consent.REASON)), model, folder / "snapshot")
    snapshot = snapshot.with_columns(outside(snapshot, model.boundaries))
    asked = _scored(name, snapshot)
    population = _population(folder, model, asked, ingest["extracted_at"])
    scorer = Scorer.from_parts(model, population, served or folder)
    write_scores(scorer, snapshot, keys, folder / "scores.parquet", params.engine.threads)
    write_json(folder / POPULATION, population.to_json())
    say(f"{name}: scored {len(asked):,} of {len(snapshot):,}{outside_told(outside_counts(snapshot))}")


def outside_counts(snapshot: pl.DataFrame) -> Counter[str]:
    """Return how many are outside of the task, by reason."""
    return Counter(dict(snapshot[OUTSIDE].drop_nulls().value_counts().rows()))


def outside_told(counts: Counter[str]) -> str:
    """Say whom the task is not about, as the end of a sentence."""
    why = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return "; outside: " + ", ".join(f"{reason} {count:,}" for reason, count in why) if why else ""


def about_nobody(name: str, counts: Counter[str]) -> str:
    """Say that a task is about nobody: a finished run, since the model and its report stand."""
    return f"WARNING {name}: the task is about nobody who is there{outside_told(counts)}"


def _scored(name: str, snapshot: pl.DataFrame) -> pl.DataFrame:
    """Those who get a score; where all of them are suppressed, those that the task is about."""
    inside = snapshot.filter(pl.col(OUTSIDE).is_null())
    if inside.is_empty():
        say(about_nobody(name, outside_counts(snapshot)))
    if consent.REASON not in snapshot.columns:
        return inside
    warn(name, inside)
    found = inside.filter(pl.col(consent.REASON).is_null())
    return inside if found.is_empty() else found


def _population(folder: Path, model: Model, asked: pl.DataFrame, extracted_at: str) -> Population:
    """Whom percentiles and bands are stated against: who is asked about, else the rows of the test.

    An extract may have nobody to score, of leads that were all won or lost long ago, say; the model and
    its report stand all the same.
    """
    shares = [band["share"] for band in model.card["bands"]]
    if len(asked):
        return Population.of(model.probability(asked), extracted_at, shares)
    test = pl.read_parquet(folder / "test.parquet", columns=["as_of", "probability"])
    newest = datetime.fromtimestamp(test["as_of"].sort()[-1], UTC)
    return Population.of(test["probability"], newest.isoformat(), shares)


def write_scores(
    scorer: Scorer, snapshot: pl.DataFrame, keys: list[str], path: Path, processes: int = 1
) -> None:
    """Write numbers and reasons of everybody, a part at a time: reasons in words take the most memory.

    Each row has a ``status``; one that is ``suppressed`` (by its ``suppression_reason``) or
    ``outside_population`` (by its ``outside_reason``) is not computed and has no numbers. The same bytes
    however many ``processes`` compute the parts.
    """
    missing = [name for name in (consent.REASON, OUTSIDE) if name not in snapshot.columns]
    snapshot = snapshot.with_columns(pl.lit(None, pl.String).alias(name) for name in missing)
    ids = score_ids(snapshot.select(keys), fingerprint(scorer.model), int(snapshot["as_of"].max() or 0))
    snapshot = snapshot.with_columns(pl.Series("score_id", ids, pl.String))
    parts = [snapshot[start : start + CHUNK] for start in range(0, max(len(snapshot), 1), CHUNK)]
    asked = [part.filter(*ASKED) for part in parts]
    told = (
        _with_status(part, table, keys).to_arrow()
        for part, table in zip(parts, _tables(scorer, asked, processes), strict=True)
    )
    first = next(told)
    with replacing(path) as aside, pq.ParquetWriter(aside, first.schema, compression="zstd") as writer:
        for table in chain([first], told):
            writer.write_table(table.cast(writer.schema))


def _with_status(part: pl.DataFrame, table: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """All rows of ``part``; what was computed stands beside those that may be scored."""
    rows = part.select(*keys, "as_of", "score_id", consent.REASON, OUTSIDE).with_row_index("row")
    computed = table.drop(OUTSIDE, strict=False).with_columns(row=rows.filter(*ASKED)["row"])
    found = rows.join(computed, on="row", how="left", maintain_order="left").drop("row")
    refused = pl.col(consent.REASON).is_not_null()
    why = pl.when(refused).then(pl.lit("suppressed")).otherwise(pl.lit(ELSEWHERE))
    return found.with_columns(pl.coalesce("status", why).alias("status"))


def _tables(scorer: Scorer, parts: list[pl.DataFrame], processes: int) -> Iterator[pl.DataFrame]:
    """The scorer's table of each part, in order.

    What explains a row holds the interpreter's lock most of the time, so it is processes that
    work side by side; below ``MANY`` parts their start costs more than they bring.
    """
    if processes < 2 or len(parts) < MANY:
        yield from map(scorer.table, parts)
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        yield from pool.map(scorer.table, parts)


def _features(rows: pl.DataFrame, folder: Path, task: Task, params: Params) -> pl.DataFrame:
    tables = params.build / "tables"
    groups = of_task(params, task)
    asked, out = folder / "asked.parquet", folder / "features.parquet"
    rows.with_columns(pl.col("row_id").cast(pl.Int64)).write_parquet(asked)
    engines.to_parquet(asked, tables, groups, out, params.engine.memory, params.engine.threads)
    frame = pl.read_parquet(out).rename({task.subject: "subject_id"})
    asked.unlink()
    out.unlink()
    return frame


def _require_same_features(model: Model, groups: Sequence[Group]) -> None:
    """A model that was released by other code may read what is not there, or what means otherwise now."""
    if told := differences(model.fingerprints, meanings(described(groups))):
        raise ValueError(
            f"{model.card['task']}: the champion cannot score with this code: {told}; run the pipeline and "
            f"`memberlens release {model.card['task']}`"
        )


def _there(frame: pl.DataFrame, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if name in frame.columns]


def _publish(snapshot: pl.DataFrame, model: Model, folder: Path) -> None:
    """The snapshot with what the service checks: what its columns mean, and its hash."""
    folder.mkdir(parents=True, exist_ok=True)
    snapshot.write_parquet(folder / "snapshot.parquet")
    tell_snapshot(folder, model, len(snapshot), int(snapshot["as_of"].max() or 0))


def tell_snapshot(folder: Path, model: Model, rows: int, moment: int) -> None:
    """Write what the service checks of the snapshot in ``folder``; ``moment`` in seconds."""
    digest = sha256(folder / "snapshot.parquet")
    told = {"as_of": moment, "features": model.fingerprints, "rows": rows, "sha256": digest}
    write_json(folder / "snapshot.json", told)
