"""What free texts of members are about: rows by topic with their tone, and how far that can be trusted."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from features.own_tables import OwnTable, load
from features.texts import OTHER, TextModel
from features.timestamps import iso
from training.results.dissatisfaction import TextColumn


@dataclass(frozen=True)
class Texts:
    """Texts of one column of an own table.

    Parameters
    ----------
    rows
        ``member_id``, ``event_time``, ``known_time`` (seconds), ``topic`` and ``tone`` of each text.
    """

    table: OwnTable
    model: TextModel
    rows: pl.DataFrame


def texts(tables: Path) -> list[Texts]:
    """Return the free texts of members that have topics, from the folder of stored tables."""
    return [found for table in load(tables) if table.key == "member_id" for found in _of(table, tables)]


def _of(table: OwnTable, tables: Path) -> Iterator[Texts]:
    path = tables / f"{table.stored}.parquet"
    for model in table.texts:
        if model.names and path.exists():
            read = {word: f"x_{model.column}_{word}" for word in ("topic", "tone")}
            rows = pl.read_parquet(path, columns=["member_id", "event_time", "known_time", *read.values()])
            named = rows.rename({stored: word for word, stored in read.items()})
            yield Texts(table, model, named.drop_nulls("topic"))


def text_facts(found: Texts) -> TextColumn:
    """Return how many texts there are, how stable their topics are, and how right their tone is."""
    table, model = found.table, found.model
    shares = found.rows["topic"].value_counts()
    counts = dict(shares.iter_rows())
    return {
        "table": {"en": table.en, "zh": table.zh},
        "column": {"en": model.en, "zh": model.zh},
        "texts": len(found.rows),
        "members": found.rows["member_id"].n_unique(),
        "learnt_from": model.texts,
        "learnt_until": str(iso(model.learnt_until)),
        "other": counts.get(OTHER, 0) / max(len(found.rows), 1),
        "same_topic": model.same_topic,
        "tone_from": None if model.tone_from == "words" else model.tone_from,
        "tone_auc": model.tone_auc,
        "topics": [
            {
                "name": one.name,
                "texts": counts.get(one.name, 0),
                "found_again": one.found_again,
                "tone": found.rows.filter(pl.col("topic") == one.name)["tone"].mean(),
            }
            for one in model.topics
            if one.words
        ],
    }
