"""Questions in buckets of subjects, one after another, so that a bucket is all that is held."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from features.cumulative import CumulativeGroup
from features.feature import Group

Joined = Callable[[Any, Mapping[str, Any]], Any]


def bucketed(
    connection: Any, asked: Any, tables: Mapping[str, Any], keys: Mapping[str, set[str]],
    key: str, number: int, folder: Path, joined: Joined,
) -> Any:  # fmt: skip
    """Answer the questions bucket by bucket, each written aside.

    Parameters
    ----------
    connection
        DuckDB's, to which ``asked`` and ``tables`` belong.
    keys
        By which columns each table is joined; see ``keys_of``. A table that is joined by ``key`` alone is
        split once and each bucket reads its part; others are read whole by every bucket.
    key, number
        The column of the subjects, and how many buckets.
    folder
        Where parts are written; the caller removes it.
    joined
        From questions and tables to the relation that is kept.

    Returns
    -------
    All rows of all buckets, in no order.
    """
    bucket = f'hash("{key}") % {number}'
    split = {name for name in tables if keys[name] == {key}}
    for name in split:
        _write_split(tables[name], asked, key, bucket, folder / name)
    answers = folder / "answers"
    answers.mkdir(parents=True)
    for at in range(number):
        parts = {name: folder / name / f"bucket={at}" for name in split}
        mine = {name: _part(connection, part, tables[name]) for name, part in parts.items()}
        found = joined(asked.filter(f"{bucket} = {at}"), {**tables, **mine})
        found.write_parquet(str(answers / f"{at}.parquet"))
        for part in parts.values():
            shutil.rmtree(part, ignore_errors=True)
    return connection.read_parquet(str(answers / "*.parquet"))


def keys_of(groups: Iterable[Group]) -> dict[str, set[str]]:
    """Return the columns by which each table is joined; ``""`` where it is summed up in order of time."""
    found: dict[str, set[str]] = {}
    for group in groups:
        for name in group.reads:
            found.setdefault(name, set()).add("" if isinstance(group, CumulativeGroup) else group.key)
    return found


def _write_split(rows: Any, asked: Any, key: str, bucket: str, folder: Path) -> None:
    """Write the rows of subjects that are asked about, a folder a bucket."""
    folder.mkdir(parents=True)
    mine = rows.set_alias("mine").join(
        asked.select(f'"{key}"').distinct().set_alias("asked"), f'"{key}"', "semi"
    )
    mine.select(f"*, {bucket} AS bucket").write_parquet(str(folder), partition_by=["bucket"])


def _part(connection: Any, part: Path, rows: Any) -> Any:
    """Return the rows of one bucket; a bucket without any has no folder."""
    if not part.exists():
        return rows.limit(0)
    return connection.read_parquet(str(part / "*.parquet"), hive_partitioning=False)
