"""Stage ``audit``: a leak stops the build, named, before anything is learnt from it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from features import catalog
from features.compute import compute
from features.feature import DAY, Group
from models.encoder import Encoder
from models.task import task as task_named
from training.data.feature_groups import available
from training.data.rows import inputs, load
from training.evaluation import target_leakage
from training.evaluation.metrics import auc_alone
from training.io import read_json, say, write_json
from training.params import Params

ALONE = 0.95  # AUC of one feature
ROWS, QUESTIONS = 10_000, 200  # looked at for single features; computed anew
TOLERANCE = 1e-9
FLAT = "subjects"  # the table whose rows do not say when each value was known


def audit(params: Params, name: str) -> None:
    """Write ``audit.json``.

    Raises
    ------
    ValueError
        A check has failed; the sentence names the feature or column, and what to do.
    """
    found = examine(params, name)
    write_json(params.results / name / "audit.json", found)
    if found["columns"]:
        for line in lines(found):
            say(f"{name}: {line}")
    failed = [check for check in found["checks"] if check["result"] == "bad"]
    if failed:
        raise ValueError(f"audit of {name}: " + "; ".join(check["says"] for check in failed))
    say(f"{name}: no leak found by {len(found['checks'])} checks")


def examine(params: Params, name: str) -> dict[str, Any]:
    """Every check with result (good, bad, warn, unrun), value, threshold and, if not good, a sentence."""
    folder = params.build / name
    rows, facts = load(folder)
    notes = read_json(params.build / "ingest.json")
    past = rows.filter(pl.col("split") != "test")
    flat = any(row["table"] == FLAT for row in facts["features"])
    found = {
        "task": name,
        "data": params.data,
        "excluded": notes.get("excluded", {}),
        "accepted": notes.get("accepted", {}),
        "columns": [],
    }
    checks = [_windows(rows), _twice(rows), _apart(rows, facts, flat), _recomputed(params, name, rows)]
    if flat:
        encoder = Encoder.fit(past, inputs(rows, facts))
        found["columns"] = target_leakage.outranking(target_leakage.Halves.of(past, encoder, params.seed))
        accepted = {_plain(column): why for column, why in found["accepted"].items()}
        checks += [_outranks(found["columns"], accepted), _decides(past, encoder.names, accepted)]
    else:
        checks.append(_alone(past, inputs(rows, facts), params.seed))
    return found | {"checks": checks}


def _check(
    name: str, passed: bool, value: Any, threshold: Any, says: str = "", **more: Any
) -> dict[str, Any]:
    line = {"check": name, "result": "good" if passed else "bad", "value": value, "threshold": threshold}
    return line | ({} if passed else {"says": says}) | more


def _windows(rows: pl.DataFrame) -> dict[str, Any]:
    """No outcome window of a development row ends after the first test moment."""
    first = rows.filter(pl.col("split") == "test")["as_of"].min()
    late = rows.filter((pl.col("split") != "test") & (pl.col("window_end") > first)).height
    return _check("windows", late == 0, late, 0, f"{late:,} outcomes of development rows lie in the test")


def _twice(rows: pl.DataFrame) -> dict[str, Any]:
    """No subject is asked twice about the same moment and content."""
    keys = [
        key for key in ("lead_id", "member_id", "contact_id", "subject_id", "as_of") if key in rows.columns
    ]
    twice = len(rows) - rows.select(keys).n_unique()
    return _check("twice", twice == 0, twice, 0, f"{twice:,} questions stand twice")


def _apart(rows: pl.DataFrame, facts: dict[str, Any], flat: bool) -> dict[str, Any]:
    """A subject in both parts only at another moment, whose outcome was open then; of flat sources never."""
    key, test = facts["subject"], pl.col("split") == "test"
    before = rows.filter(~test).group_by(key).agg(closed=pl.col("window_end").max())
    both = rows.filter(test).group_by(key).agg(asked=pl.col("as_of").min()).join(before, on=key)
    shared = both.height if flat else both.filter(pl.col("closed") > pl.col("asked")).height
    says = f"{shared:,} subjects stand in development and test with the same outcome"
    return _check("apart", shared == 0, shared, 0, says, in_both=both.height)


def _recomputed(params: Params, name: str, rows: pl.DataFrame) -> dict[str, Any]:
    """Features computed anew from what was known before each question, with later rows planted, are equal."""
    tables = params.build / "tables"
    if not tables.is_dir():
        return {"check": "recomputed", "result": "unrun", "value": None, "threshold": 0}
    groups = available(params, task_named(name).groups)
    names = [feature.name for feature in catalog.features(groups)]
    asked = rows.sample(min(QUESTIONS, len(rows)), seed=params.seed).sort("row_id")
    again = recompute(asked.drop(names), tables, groups).sort("row_id")
    changed = [column for column in names if not _equal(asked[column], again[column])]
    says = f"features {changed[:3]} hang on rows that were not known at the moment asked"
    return _check("recomputed", not changed, len(changed), 0, says, rows=len(asked), features=len(names))


def recompute(asked: pl.DataFrame, tables: Path, groups: tuple[Group, ...]) -> pl.DataFrame:
    """Features of each question from a world of its own: rows known before, and planted later ones.

    Parameters
    ----------
    asked
        Questions, ``row_id`` unique; a sample, since every question gets copies of its subject's rows.
    """
    worlds: dict[str, pl.DataFrame] = {}
    own = pl.col("row_id").cast(pl.String)
    keys = {group.table: group.key for group in groups if group.table}
    for table, key in keys.items():
        there = pl.scan_parquet(tables / f"{table}.parquet")
        mine = asked.lazy().select(key, at="row_id", moment="as_of")
        rows = there.join(mine, on=key).with_columns(pl.col("at").cast(pl.String).alias(key)).collect()
        known = rows.filter(pl.col("known_time") < pl.col("moment"))
        later = known.with_columns(event_time=pl.col("moment"), known_time=pl.col("moment"))
        recorded = known.with_columns(known_time=pl.col("moment") + DAY)
        worlds[table] = pl.concat([known, later, recorded]).drop("at", "moment")
    spine = asked.with_columns(own.alias(key) for key in dict.fromkeys(keys.values()))
    return compute(spine, worlds, groups)


def _equal(first: pl.Series, second: pl.Series) -> bool:
    if first.dtype == pl.String:
        return first.equals(second.alias(first.name))
    a, b = (column.cast(pl.Float64).fill_null(np.nan).to_numpy() for column in (first, second))
    return bool(np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True))


def _alone(past: pl.DataFrame, features: list[Any], seed: int) -> dict[str, Any]:
    """No single number separates the classes by itself."""
    rows = past.sample(min(ROWS, len(past)), seed=seed)
    label = rows["label"].to_numpy()
    numbers = [feature.name for feature in features if not feature.is_category]
    value, name = max(((auc_alone(rows[n], label), n) for n in numbers), default=(0.5, ""))
    says = f"feature {name} alone separates the classes (AUC {value:.3f}, allowed is {ALONE})"
    return _check("alone", value <= ALONE, value, ALONE, says, feature=name)


def _outranks(columns: list[dict[str, Any]], accepted: dict[str, str]) -> dict[str, Any]:
    """No column alone says more than all others together."""
    found = [line for line in columns if line.get("low", 0) > 0]
    said = {
        line[
            "column"
        ]: f"column {_shown(line['column'])} alone ranks the outcome (AUC {line['alone']:.3f} inside short "
        f"times) better than all others together ({line['others']:.3f})"
        for line in found
    }
    return _judged("outranks", said, accepted)


def _decides(past: pl.DataFrame, names: list[str], accepted: dict[str, str]) -> dict[str, Any]:
    """No value of a column decides the outcome."""
    said = {
        line[
            "column"
        ]: f"{line['rows']:,} rows with a value of column {_shown(line['column'])} all have the outcome "
        f"{'yes' if line['outcome'] else 'no'}"
        for line in target_leakage.deciding(past, names)
    }
    return _judged("decides", said, accepted)


def _judged(name: str, said: dict[str, str], accepted: dict[str, str]) -> dict[str, Any]:
    """Bad where a column is named that nobody accepted; a warning with the reason where all were."""
    new = {column: line for column, line in said.items() if _plain(column) not in accepted}
    todo = ": looks recorded after the outcome; name it in the mapping under exclude or accept, with why"
    if new:
        return _check(
            name, False, len(new), 0, "; ".join(new.values()) + todo, feature=", ".join(map(_shown, new))
        )
    line = _check(name, True, 0, 0, feature=", ".join(map(_shown, said)))
    kept = [f"{_shown(column)} is accepted: {accepted[_plain(column)]}" for column in said]
    return line | ({"result": "warn", "says": "; ".join(kept)} if kept else {})


def _shown(column: str) -> str:
    return column.removeprefix("x_")


def _plain(column: str) -> str:
    """A column's name as a mapping or as the catalogue writes it."""
    return re.sub("[^0-9a-z]+", "_", column.lower().removeprefix("x_")).strip("_")


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The audit as text."""
    for check in found["checks"]:
        yield f"{check['result']:6}{check['check']:12}{check.get('says', '')}"
    for kind in ("excluded", "accepted"):
        yield from (f"{kind} {column}: {why}" for column, why in found[kind].items())
    for line in found["columns"][:5]:
        others = f", all others together {line['others']:.3f}" if "others" in line else ""
        yield f"column {_shown(line['column'])}: alone {line['alone']:.3f}{others}"
