"""Stage ``dataset``: questions, labels, splits and features of one task, in one file."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, cast

import polars as pl

from features import catalog, engines
from features.fingerprint import described
from features.meaning import combined, meanings
from features.own_tables import OwnTable, is_own
from features.tables import FURTHER
from features.timestamps import extract_moment, iso, seconds
from models.population import Spine, Tables
from models.task import Task
from models.task import task as task_named
from training.data import spine as spines
from training.data import sufficiency
from training.data.artifacts import (
    ASKED,
    DRAWN,
    Dataset,
    Ingest,
    Part,
    SpineParams,
    Step,
    Sufficiency,
    read_artifact,
    write_artifact,
)
from training.data.draw import at_most
from training.data.feature_groups import of_task
from training.data.refusals import refusing_ids
from training.data.rows import GAP, informative_features, is_contacted
from training.data.rows import tables as scanned
from training.data.split import Split, split_in_time
from training.data.stale_copies import with_stale
from training.evaluation.useful_columns import useful
from training.io import say
from training.params import Params

PARTS = ("train", "valid", "test")


class Summary(NamedTuple):
    """Rows of one part, subjects and positives among them, and its first and last moment (seconds).

    ``by_chance`` is how many positives unchanged rhythms would give; None where the label is no fall.
    """

    rows: int
    subjects: int
    positives: int
    first: int | None
    last: int | None
    by_chance: float | None = None


def dataset(params: Params, name: str) -> None:
    """Write ``dataset.parquet`` and ``dataset.json`` of one task."""
    task, spine = task_named(name), getattr(params.spine, name)
    folder, tables = params.build / name, params.build / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    ingest = read_artifact(Ingest, params.build)
    end = extract_moment(ingest)
    without = refusing_ids(params, task.subject, end + 1)
    kept, split, steps = split_spine(task, tables, spine, params, end, without)
    splits = {part: summary(kept.filter(pl.col("split") == part), task) for part in PARTS}
    with_stale(kept, spine.stale, params.seed).write_parquet(folder / "spine.parquet")
    groups = of_task(params, task)
    if spines.dated(spine):
        own = [group.described for group in groups if group.described]
        require_earlier_texts(name, own, split.test_start)
    say(f"{name}: {len(kept):,} questions, {len(catalog.features(groups))} features")
    engines.to_parquet(
        folder / "spine.parquet",
        tables,
        groups,
        folder / "dataset.parquet",
        params.engine.memory,
        params.engine.threads,
    )
    short = sufficiency.assessed(enough(folder / "dataset.parquet"))
    say_short(name, short)
    facts = facts_of(task, spine, splits, split, groups, steps, ingest, short)
    facts["dropped"] = useless(folder, name, facts, split, params)
    write_artifact(folder, Dataset, facts)


def split_spine(
    task: Task, tables: Path, spine: Spine, params: Params, end: int, without: pl.Series | None = None
) -> tuple[pl.DataFrame, Split, list[Step]]:
    """Return the labelled questions of a task, split in time; the split; how many were left at each step.

    Rows of the gap are between the parts: no stage but ``final`` reads them.

    ``without`` are the subjects whose past is not learnt from.

    Raises
    ------
    ValueError
        Nothing asked, too short a period, or a part with outcomes of one kind only.
    """
    data = scanned(tables)
    rows, steps = labelled_spine(task, data, spine, params, end, without, tables.parent)
    if rows.is_empty():
        raise ValueError(nothing(task, spine))
    split = split_in_time(rows, spine)
    every = split.assign(rows)
    kept = every.filter(pl.col("split") != GAP)
    steps.append(_step(how_split(spine), kept, task))
    _require_labels(kept, task.name)
    if not split.blocks or kept.filter(pl.col("split") == "train").is_empty():
        raise ValueError(f"{task.name}: no rows to learn from before the first validation block")
    return every, split, steps


def require_earlier_texts(name: str, own: Iterable[OwnTable], test_start: int) -> None:
    """Refuse a test of questions whose own texts, or later ones, taught what texts are about.

    Parameters
    ----------
    name
        Of the task.
    own
        The brand's own tables that the task reads.
    test_start
        Second at which its test begins.

    Raises
    ------
    ValueError
        Names the table, its column and the day that ``learn_until`` may name at the latest.
    """
    begins = str(iso(test_start))[:10]
    for table in own:
        for model in table.texts:
            if model.learnt_until > test_start:
                raise ValueError(
                    f"{name}: {table.name}.{model.column} is read by what its texts until "
                    f"{str(iso(model.learnt_until))[:10]} told, and the test begins at {begins}; say "
                    f"`learn_until: {begins}` or earlier in own_tables.{table.name} of the mapping"
                )


def by_chance(parts: Iterable[Summary]) -> float | None:
    """Return the share of positives that unchanged rhythms would give; None where the label is no fall."""
    parts = list(parts)
    told = [part.by_chance for part in parts if part.by_chance is not None]
    return round(sum(told) / max(sum(part.positives for part in parts), 1), 6) if told else None


def how_split(spine: Spine) -> str:
    """Return the last step of the waterfall."""
    return "split in time, gap rows left out" if spines.dated(spine) else "split at random by subject"


def useless(folder: Path, name: str, facts: Dataset, split: Split, params: Params) -> list[str]:
    """Return the columns of own tables that bring nothing on the validation blocks; say how many."""
    own = {row["name"] for row in facts["features"] if is_own(row["group"])}
    if not own:
        return []
    rows = pl.read_parquet(folder / "dataset.parquet")
    rows = rows.filter(is_contacted(rows) & ~pl.col("split").is_in([GAP, "test"]))
    every = range(len(split.blocks))
    folds = [(rows.filter(split.training(at)), rows.filter(pl.col("fold") == at)) for at in every]
    try:
        kept = useful(folds, informative_features(rows, facts), params.seed, params.engine.threads)
    except ValueError:
        return []
    dropped = sorted(own - set(kept))
    say(f"{name}: {len(dropped):,} of {len(own):,} columns of own tables bring nothing out of fold")
    return dropped


def enough(path: Path) -> pl.DataFrame:
    """Return what ``sufficiency`` counts of the rows of a data set's file, without those of the gap."""
    asked = ("as_of", "window_end", "label", "split")
    there = [column for column in sufficiency.SEGMENTS if column in pl.read_parquet_schema(path)]
    rows = pl.read_parquet(path, columns=[*asked, *there])
    return sufficiency.counted(rows.filter(pl.col("split") != GAP))


def say_short(name: str, found: Iterable[Sufficiency]) -> None:
    """Say of a task what is short, of all rows and by segment."""
    for one in found:
        place = "" if one["column"] is None else f" with {one['column']} {one['segment']}"
        for lack in one["short"]:
            say(f"{name}: too few data{place}: {lack}")


def labelled_spine(
    task: Task,
    data: Tables,
    spine: Spine,
    params: Params,
    end: int,
    without: pl.Series | None,
    beside: Path | None = None,
) -> tuple[pl.DataFrame, list[Step]]:
    """Return labelled rows with closed windows, and how many were left at each step.

    ``beside`` is the folder in which the rows of drawn subjects lie as long as they are read.
    """
    with TemporaryDirectory(dir=beside) as folder:
        asked = at_most(task, data, spine, Path(folder))
        task, data = asked.task, asked.tables
        rows = spines.subjects(task, data, spine, params.lifecycle, params.seed, end)
        steps = [_step(ASKED if asked.drawn_from is None else f"{DRAWN}{asked.drawn_from:,}", rows, task)]
        if without is not None:
            rows = rows.filter(~pl.col(task.subject).is_in(without.implode()))
            steps.append(_step("without who refused profiling, died or is a minor", rows, task))
        if spine.since is not None:
            rows = rows.filter(pl.col("as_of") >= seconds(spine.since))
            steps.append(_step(f"since {spine.since}", rows, task))
        rows = spines.labelled(task, rows, data, spine)
        if spines.dated(spine):
            rows = rows.filter(pl.col("window_end") <= end)
            steps.append(_step("outcome window closed at the extract", rows, task))
        return rows, steps


def nothing(task: Task, spine: Spine) -> str:
    """Return what is said where no question can be learnt from."""
    return f"{task.name}: no question has a closed outcome window of {spine.days} days"


def _require_labels(rows: pl.DataFrame, name: str) -> None:
    for (part,), group in rows.group_by("split"):
        if group["label"].n_unique() < 2:
            raise ValueError(
                f"{name}: the {part} part has {len(group):,} rows and only one class; a model needs both"
            )


def _step(step: str, rows: pl.DataFrame, task: Task) -> Step:
    return {"step": step, "rows": len(rows), "subjects": rows[task.subject].n_unique()}


def facts_of(
    task: Task,
    spine: Spine,
    splits: Mapping[str, Summary],
    split: Split,
    groups: tuple[Any, ...],
    steps: list[Step],
    ingest: Ingest,
    enough: list[Sufficiency],
) -> Dataset:
    """Return what ``dataset.json`` says; ``splits`` has the ``summary`` of each part."""
    found, features = {group.name for group in groups}, described(groups)
    dated = spines.dated(spine)
    return {
        "task": task.name,
        "subject": task.subject,
        "spine": cast(SpineParams, spine.told()),
        "dated": dated,
        "extracted_at": ingest["extracted_at"],
        "waterfall": steps,
        "splits": {part: _told(one, dated) for part, one in splits.items()},
        "test_start": iso(split.test_start) if dated else None,
        "blocks": list(split.blocks),
        "test_start_time": split.test_start,
        "groups": [group.name for group in groups],
        "own_tables": [group.described.model_dump(mode="json") for group in groups if group.described],
        "features": features,
        "fingerprint": combined(meanings(features)),
        "left_out": {
            g.name: f"the source has no table {g.table}"
            for g in task.groups
            if g.name not in found and g.table not in FURTHER
        },
        "enough": enough,
        "dropped": [],
        "by_chance": by_chance(splits.values()),
    }


def summary(rows: pl.DataFrame, task: Task) -> Summary:
    """Return what is said of one part of the split."""
    first, last = rows["as_of"].min(), rows["as_of"].max()
    subjects, positives = rows[task.subject].n_unique(), int(rows["label"].sum())
    chance = float(rows["by_chance"].sum()) if "by_chance" in rows.columns else None
    return Summary(len(rows), subjects, positives, cast(int | None, first), cast(int | None, last), chance)


def _told(one: Summary, dated: bool) -> Part:
    first, last = (iso(moment) if dated else None for moment in (one.first, one.last))
    return {
        "rows": one.rows,
        "subjects": one.subjects,
        "positives": one.positives,
        "from": first,
        "to": last,
    }
