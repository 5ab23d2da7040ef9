"""Stage ``audit``: a leak stops the build, named, before anything is learnt from it."""

import re
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import polars as pl

from features import catalog
from models.learners.encoder import Encoder
from models.task import task as task_named
from training.data.artifacts import Dataset, Ingest, read_artifact, write_artifact
from training.data.feature_groups import of_task
from training.data.rows import informative_features, read_contacted
from training.evaluation import late_columns, target_leakage
from training.evaluation.metrics import auc_alone
from training.evaluation.recompute import recompute
from training.io import say
from training.params import Params
from training.results.audited import Audit, Check, DecidingColumn, LoneColumn, Looked, TogetherColumns

ALONE = 0.95  # AUC of one feature
ROWS, QUESTIONS = 10_000, 200  # looked at for single features; computed anew
TOLERANCE = 1e-9
FLAT = "subjects"  # the table whose rows do not say when each value was known
CONTENT = "campaigns"  # the table behind the attributes of what is asked about
OWN = ("x_", "content_x_")  # how attributes of the source's own are named
TODO = ": looks recorded after the outcome; name it in the mapping under exclude or accept, with why"
UNSEEN = "a column that is written after the outcome but looks like any other is not seen; only dates tell"


def audit(params: Params, name: str) -> None:
    """Write ``audit.json``.

    Raises
    ------
    ValueError
        A check has failed; the sentence names the feature or column, and what to do.
    """
    found = examine(params, name)
    write_artifact(params.results / name, Audit, found)
    if found["columns"]:
        for line in lines(found):
            say(f"{name}: {line}")
    failed = [check for check in found["checks"] if check["result"] == "bad"]
    if failed:
        raise ValueError(f"audit of {name}: " + "; ".join(check["says"] for check in failed))
    unsure = f", {len(found['suspects'])} signs of suspects" if found["suspects"] else ""
    say(f"{name}: no leak found by {len(found['checks'])} checks{unsure}; {UNSEEN}")


def examine(params: Params, name: str) -> Audit:
    """Return every check with result (good, bad, warn, unrun), value, threshold and,
    if not good, a sentence.
    """
    folder = params.build / name
    rows, facts = read_contacted(folder)
    notes = read_artifact(Ingest, params.build)
    past = rows.filter(pl.col("split") != "test")
    flat = any(row["table"] == FLAT for row in facts["features"])
    checks = [_windows(rows), _twice(rows), _apart(rows, facts, flat), _recomputed(params, name, rows)]
    if not flat:
        checks.append(_alone(past, informative_features(rows, facts), params.seed))
    encoder = Encoder.fit(past, informative_features(rows, facts))
    looked: Looked = {"columns": [], "suspects": [], "checks": []}
    if undated := _undated(facts, notes, encoder.names):
        accepted = {_plain(column): why for column, why in notes.get("accepted", {}).items()}
        looked = columns(past, encoder, facts["subject"], undated, accepted, params.seed)
    return {
        "task": name,
        "data": params.data,
        "excluded": notes.get("excluded", {}),
        "accepted": notes.get("accepted", {}),
        "columns": looked["columns"],
        "suspects": looked["suspects"],
        "unseen": UNSEEN,
        "checks": checks + looked["checks"],
    }


def _undated(facts: Dataset, notes: Ingest, names: list[str]) -> list[str]:
    """Columns of which no row says when its value was known: all of a flat table, attributes of others."""
    unrecorded = {FLAT, *notes.get("unrecorded", [])}
    tables = {row["name"]: row["table"] or CONTENT for row in facts["features"]}
    return [
        name
        for name in names
        if tables[name] in unrecorded and (tables[name] == FLAT or name.startswith(OWN))
    ]


def columns(
    past: pl.DataFrame, encoder: Encoder, key: str, names: list[str], accepted: dict[str, str], seed: int
) -> Looked:
    """Return columns, suspects and checks of values of which nobody says when they were known."""
    halves = target_leakage.SplitHalves.of(past, encoder, key, seed)
    once = past.sample(fraction=1, shuffle=True, seed=seed).unique(key, keep="first", maintain_order=True)
    columns = target_leakage.outranking(halves, names)
    decided = target_leakage.deciding(once, encoder, names, seed)
    found = late_columns.suspects(once, halves, columns, decided)
    new = [one for one in found if _plain(one.column) not in accepted]
    late = list(dict.fromkeys(one.column for one in new if one.sign in late_columns.LATE))
    group = target_leakage.together(halves, late)
    return {
        "columns": columns,
        "suspects": [{"column": one.column, "sign": one.sign, **one.figures} for one in found],
        "checks": [
            _outranks(columns, accepted),
            _decides([line for line in decided if line["sure"]], accepted),
            _together(group),
            _suspects(new),
        ],
    }


def _check(name: str, passed: bool, value: float, threshold: float, says: str = "", **more: Any) -> Check:
    line = {"check": name, "result": "good" if passed else "bad", "value": value, "threshold": threshold}
    return cast(Check, line | ({} if passed else {"says": says}) | more)


def _warned(line: Check, says: str) -> Check:
    """The check with a warning, where there is one to say."""
    return {**line, "result": "warn", "says": says} if says else line


def _windows(rows: pl.DataFrame) -> Check:
    """No outcome window of a development row ends after the first test moment."""
    first = rows.filter(pl.col("split") == "test")["as_of"].min()
    late = rows.filter((pl.col("split") != "test") & (pl.col("window_end") > first)).height
    return _check("windows", late == 0, late, 0, f"{late:,} outcomes of development rows lie in the test")


def _twice(rows: pl.DataFrame) -> Check:
    """No subject is asked twice about the same moment and content."""
    keys = [
        key for key in ("lead_id", "member_id", "contact_id", "subject_id", "as_of") if key in rows.columns
    ]
    twice = len(rows) - rows.select(keys).n_unique()
    return _check("twice", twice == 0, twice, 0, f"{twice:,} questions stand twice")


def _apart(rows: pl.DataFrame, facts: Dataset, flat: bool) -> Check:
    """A subject in both parts only at another moment, whose outcome was open then; of flat sources never."""
    key, test = facts["subject"], pl.col("split") == "test"
    before = rows.filter(~test).group_by(key).agg(closed=pl.col("window_end").max())
    both = rows.filter(test).group_by(key).agg(asked=pl.col("as_of").min()).join(before, on=key)
    shared = both.height if flat else both.filter(pl.col("closed") > pl.col("asked")).height
    says = f"{shared:,} subjects stand in development and test with the same outcome"
    return _check("apart", shared == 0, shared, 0, says, in_both=both.height)


def _recomputed(params: Params, name: str, rows: pl.DataFrame) -> Check:
    """Features computed anew from what was known before each question, with later rows planted, are equal."""
    tables = params.build / "tables"
    if not tables.is_dir():
        return {"check": "recomputed", "result": "unrun", "value": None, "threshold": 0}
    groups = of_task(params, task_named(name))
    names = [feature.name for feature in catalog.features(groups)]
    asked = rows.sample(min(QUESTIONS, len(rows)), seed=params.seed).sort("row_id")
    again = recompute(asked.drop(names), tables, groups).sort("row_id")
    changed = [column for column in names if not _equal(asked[column], again[column])]
    says = f"features {changed[:3]} hang on rows that were not known at the moment asked"
    return _check("recomputed", not changed, len(changed), 0, says, rows=len(asked), features=len(names))


def _equal(first: pl.Series, second: pl.Series) -> bool:
    if first.dtype == pl.String:
        return first.equals(second.alias(first.name))
    a, b = (column.cast(pl.Float64).fill_null(np.nan).to_numpy() for column in (first, second))
    return bool(np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True))


def _alone(past: pl.DataFrame, features: list[Any], seed: int) -> Check:
    """No single feature separates the classes by itself."""
    rows = past.sample(min(ROWS, len(past)), seed=seed)
    label = rows["label"].to_numpy()
    learnt = np.random.default_rng(seed).random(len(rows)) < 0.5
    found = []
    for feature in features:
        values = rows[feature.name]
        if feature.is_category:
            rates = _rates(values, label, learnt)
            found.append((auc_alone(pl.Series(rates[~learnt]), label[~learnt]), feature.name))
        else:
            found.append((auc_alone(values, label), feature.name))
    value, name = max(found, default=(0.5, ""))
    says = f"feature {name} alone separates the classes (AUC {value:.3f}, allowed is {ALONE})"
    return _check("alone", value <= ALONE, value, ALONE, says, feature=name)


def _rates(values: pl.Series, label: np.ndarray, learnt: np.ndarray) -> np.ndarray:
    """Of each row the rate of its category among the ``learnt`` rows, shape (rows,)."""
    frame = pl.DataFrame({"value": values, "label": label, "learnt": learnt})
    known = frame.filter("learnt").group_by("value").agg(rate=pl.col("label").mean())
    joined = frame.join(known, on="value", how="left", nulls_equal=True, maintain_order="left")
    return joined["rate"].fill_null(float(label.mean())).to_numpy()


def _outranks(columns: list[LoneColumn], accepted: dict[str, str]) -> Check:
    """No column alone says more than all others together."""
    found = [line for line in columns if target_leakage.proven(line, line["alone"])]
    said = {
        line[
            "column"
        ]: f"column {_shown(line['column'])} alone ranks the outcome (AUC {line['alone']:.3f} inside short "
        f"times) better than all others together ({line['others']:.3f})"
        for line in found
    }
    return _judged("outranks", said, accepted)


def _decides(decided: list[DecidingColumn], accepted: dict[str, str]) -> Check:
    """No value of a column decides the outcome."""
    said = {
        line["column"]: f"{line['rows']:,} rows with a value of column {_shown(line['column'])} all have the "
        f"outcome {'yes' if line['outcome'] else 'no'}, which nothing else explains"
        for line in decided
    }
    return _judged("decides", said, accepted)


def _together(group: TogetherColumns | None) -> Check:
    """Columns that look filled in later do not together say more than all others."""
    if group is None:
        return _check("together", True, 0, 0)
    names = ", ".join(map(_shown, group["columns"]))
    says = (
        f"columns that look filled in later ({names}) together rank the outcome (AUC {group['auc']:.3f}) "
        f"better than all others together ({group.get('others', 0):.3f}){TODO}"
    )
    return _check(
        "together",
        not target_leakage.proven(group, group["auc"]),
        len(group["columns"]),
        0,
        says,
        feature=names,
        **{"auc": group["auc"]} | ({"others": group["others"]} if "others" in group else {}),
    )


def _suspects(found: list[late_columns.Suspect]) -> Check:
    """Columns with signs of having been filled in later, which prove nothing: a warning."""
    named: dict[str, list[str]] = {}
    for one in found:
        named.setdefault(_shown(one.column), []).append(_sign(one))
    line = _check("suspects", True, len(named), 0, feature=", ".join(named))
    says = "; ".join(f"{name} ({', '.join(signs)})" for name, signs in named.items())
    asked = ": ask when they are filled in; if after the outcome, name them under exclude"
    return _warned(line, says + asked if named else "")


def _sign(one: late_columns.Suspect) -> str:
    told = one.figures
    if one.sign == "empty":
        return f"{told['share']:.0%} empty, which alone ranks the outcome with AUC {told['auc']:.2f}"
    if one.sign == "group":
        return f"empty in the same rows as {len(told['columns']) - 1} others, together AUC {told['auc']:.2f}"
    if one.sign == "value":
        return f"{told['rate']:.0%} of {told['rows']:,} rows with {told['value']} have the outcome"
    if one.sign == "step":
        return (
            f"{told['rows']:,} rows with one value all have the outcome {'yes' if told['outcome'] else 'no'}"
        )
    return f"alone AUC {told['auc']:.2f}"


def _judged(name: str, said: dict[str, str], accepted: dict[str, str]) -> Check:
    """Bad where a column is named that nobody accepted; a warning with the reason where all were."""
    new = {column: line for column, line in said.items() if _plain(column) not in accepted}
    if new:
        return _check(
            name, False, len(new), 0, "; ".join(new.values()) + TODO, feature=", ".join(map(_shown, new))
        )
    line = _check(name, True, 0, 0, feature=", ".join(map(_shown, said)))
    kept = [f"{_shown(column)} is accepted: {accepted[_plain(column)]}" for column in said]
    return _warned(line, "; ".join(kept))


def _shown(column: str) -> str:
    return column.removeprefix("content_").removeprefix("x_")


def _plain(column: str) -> str:
    """A column's name as a mapping or as the catalogue writes it."""
    return re.sub("[^0-9a-z]+", "_", _shown(column.lower())).strip("_")


def lines(found: Audit) -> Iterator[str]:
    """Yield the audit as text."""
    for check in found["checks"]:
        yield f"{check['result']:6}{check['check']:12}{check.get('says', '')}"
    for kind, named in (("excluded", found["excluded"]), ("accepted", found["accepted"])):
        yield from (f"{kind} {column}: {why}" for column, why in named.items())
    for line in found["columns"][:5]:
        others = f", all others together {line['others']:.3f}" if "others" in line else ""
        yield f"column {_shown(line['column'])}: alone {line['alone']:.3f}{others}"
