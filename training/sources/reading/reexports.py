"""Rows that stand in several exports: those of the newest export count, with the state that it knew."""

import polars as pl

from features.yaml_lines import Keys, Place
from training.sources.mapping.mapping_file import Mapping
from training.sources.mapping.source_spec import Newest
from training.sources.reading.cell_types import TIME, as_text, typed
from training.sources.reading.files import FILE
from training.sources.reading.sql import check_present, kind, origin

KEY, EXPORT = "_reexport_", "_export"


def newest_only(frame: pl.LazyFrame, mapping: Mapping, name: str) -> pl.LazyFrame:
    """Return ``frame`` without rows that a newer file has again, as the source's ``newest`` says.

    A file is newer that reaches further in time; of files that reach as far, the last by name. All rows of a
    key stay that are in its newest file: the same line twice in one export may be right.

    Raises
    ------
    ValueError
        A column that is missing, a time that cannot be read.
    """
    source = mapping.sources[name]
    if source.newest is None:
        return frame
    keys: Keys = ("sources", name, "newest")
    return of_newest(frame, source.newest, mapping.place, keys, source.label, mapping.time_zone)


def of_newest(
    frame: pl.LazyFrame, rule: Newest, place: Place, keys: Keys, label: str, zone: str = "UTC"
) -> pl.LazyFrame:
    """Return ``frame`` without rows that a newer file has again; see ``newest_only``."""
    check_present(list(rule.by), frame, place.at(*keys, "by"), label)
    raw = origin(rule.time, frame, place, (*keys, "time"), label)
    try:
        time = typed(rule.time, raw, kind(raw, frame), TIME, zone).value
    except ValueError as error:
        raise ValueError(f"{label}: {error} ({place.at(*keys, 'time')})") from None
    kinds = frame.collect_schema()
    told = [as_text(pl.col(column), kinds[column]).alias(f"{KEY}{n}") for n, column in enumerate(rule.by)]
    reach = time.max().over(FILE).dt.epoch("us").cast(pl.String).str.zfill(20)
    marked = frame.with_columns(*told, pl.concat_str(reach.fill_null(""), pl.lit(" "), FILE).alias(EXPORT))
    names = [f"{KEY}{n}" for n in range(len(told))]
    is_newest = pl.col(EXPORT) == pl.col(EXPORT).max().over(names)
    unnamed = pl.all_horizontal(pl.col(names).is_null())
    return marked.filter(is_newest | unnamed).drop(EXPORT, *names)
