"""What differs between two executions of a task, and nothing else."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, TypedDict

import numpy as np
import polars as pl
from pydantic import JsonValue

from training.evaluation.bootstrap import interval, resampled
from training.evaluation.metrics import COMPARED, estimates, integer_codes, top_changes
from training.git import git
from training.registry.run_record import Record, gather, read
from training.results.compared import Comparison, Differing, MetricCompared, MoneyCompared
from training.results.estimate import Estimate, FiniteEstimate, Swapped

DRAWS, SEED = 500, 7
BASE = 10_000  # profits are told for so many rows
HERE = "workspace"
Side = Literal["first", "second"]
SIDES: tuple[tuple[Side, str], ...] = (("first", "probability_first"), ("second", "probability"))


class Judged(TypedDict):
    """Metrics and the highest tenth of both, on the same rows."""

    metrics: dict[str, MetricCompared]
    top: list[Swapped]


def open_record(word: str, task: str) -> Record:
    """Return the record that ``word`` names.

    ``workspace`` is this folder; a git revision or a DVC experiment is read from git and DVC's
    cache; anything else is asked of MLflow: a run id, a version of the registered model, an alias.
    """
    if word == HERE:
        return gather(lambda path: Path(path).read_bytes(), task, word)
    if _is_revision(word):
        return gather(_at(word), task, word)
    from training.params import load
    from training.registry import tracking

    with tracking.logged(tracking.registered_name(load(), task), word) as folder:
        if not (folder / "record.json").exists():
            raise FileNotFoundError(f"{word}: the run keeps no record of predictions; track it again")
        return read(folder, word)


def compare(first: Record, second: Record) -> Comparison:
    """Return params, data and metrics that differ, on the rows that both were tested on.

    Returns
    -------
    ``params`` and ``data``: name to both values. ``rows``: how many test rows both have, and each.
    ``money``: what acting on the stated capacity brings by each. ``metrics``: both values with 95 %
    intervals and the paired difference, second minus first.
    ``top``: rows that enter, leave and stay in the highest tenth, with their observed rates.
    """
    both = second.predictions.join(first.predictions, on=["row", "subject"], suffix="_first")
    moved = int((both["label"] != both["label_first"]).sum())
    same = both.filter(pl.col("label") == pl.col("label_first"))
    found: Comparison = {
        "params": differing(first.params, second.params),
        "data": differing(first.data, second.data),
        "rows": {
            "first": len(first.predictions), "second": len(second.predictions),
            "both": len(same), "other_label": moved,
        },
    }  # fmt: skip
    if 0 < same["label"].sum() < len(same):
        return {**found, **_judged(same), "money": _money(same, second.params)}
    return found


def _judged(same: pl.DataFrame) -> Judged:
    label = same["label"].to_numpy()
    scores = {"second": same["probability"].to_numpy(), "first": same["probability_first"].to_numpy()}
    subject = integer_codes(same["subject"].to_numpy())
    values, differences = estimates(label, scores, subject, DRAWS, SEED)
    metrics: dict[str, MetricCompared] = {
        name: {
            "second": values["second"][name],
            "first": values["first"][name],
            "difference": differences["first"][name],
        }
        for name in COMPARED
    }
    return {"metrics": metrics, "top": top_changes(label, scores["second"], scores["first"], subject)}


def _money(same: pl.DataFrame, params: Mapping[str, JsonValue]) -> MoneyCompared | None:
    """What acting on the stated capacity brings by each side's order, and the paired difference.

    On the assumptions of the second side, for ``BASE`` rows asked, over all events: predictions keep no arm,
    so that what would have happened anyhow is in it. None where nothing is stated.
    """
    keys = {key.rsplit(".", 1)[-1]: key for key in params if key.startswith("economics.")}
    if not {"value", "cost", "capacity"} <= set(keys):
        return None
    value, cost, capacity = (_number(params[keys[key]]) for key in ("value", "cost", "capacity"))
    worth = value * _number(params.get(keys.get("success", "")) or 1.0)
    label, subject = same["label"].to_numpy(), integer_codes(same["subject"].to_numpy())
    gains = {side: _gains(same[column].to_numpy(), label, worth, cost, capacity) for side, column in SIDES}
    apart = gains["second"] - gains["first"]
    drawn = resampled(lambda weight: np.average(apart, weights=weight), subject, DRAWS, SEED)
    low, high = interval(BASE * drawn)
    old, new = (BASE * float(gains[side].mean()) for side, _ in SIDES)
    return {
        "worth": worth, "cost": cost, "capacity": capacity,
        "first": {"value": old}, "second": {"value": new},
        "difference": {"value": new - old, "low": low, "high": high},
    }  # fmt: skip


def _number(stated: JsonValue) -> float:
    return float(str(stated))


def _gains(score: np.ndarray, label: np.ndarray, worth: float, cost: float, capacity: float) -> np.ndarray:
    """What each row brings: those in the highest share ``capacity`` are acted on, shape (rows,)."""
    acted = np.zeros(len(score), dtype=bool)
    acted[np.argsort(-score, kind="stable")[: round(capacity * len(score))]] = True
    return np.where(acted, worth * label - cost, 0.0)


def differing(first: Mapping[str, object], second: Mapping[str, object]) -> Differing:
    """Return what has another value, or is on one side only; of lists of words what came and what went.

    >>> differing({"a": 1, "b": 2, "c": ["x", "y"]}, {"a": 1, "b": 3, "c": ["y", "z"]})
    {'b': (2, 3), 'c': (['x'], ['z'])}
    """
    found: Differing = {}
    for name in dict.fromkeys((*first, *second)):
        old, new = first.get(name), second.get(name)
        if old == new:
            continue
        if isinstance(old, list) and isinstance(new, list):
            old, new = [x for x in old if x not in new], [x for x in new if x not in old]
        found[name] = (old, new)
    return found


def table(found: Comparison, first: str, second: str) -> str:
    """Return the comparison as text."""
    rows = found["rows"]
    lines = [f"{first} -> {second}"]
    lines += [
        f"  {part:8}{name}: {old} -> {new}"
        for part, changed in (("params", found["params"]), ("data", found["data"]))
        for name, (old, new) in changed.items()
    ]
    lines.append(f"  rows    {rows['both']:,} tested in both ({rows['first']:,} and {rows['second']:,})")
    if rows["other_label"]:
        lines.append(f"          {rows['other_label']:,} have another label and are left out")
    if "metrics" not in found:
        return "\n".join([*lines, "  metrics nothing to compare: no common rows of both classes"])
    if money := found.get("money"):
        lines.append(f"  money   {_told(money)}")
    moved = {name: row for name, row in found["metrics"].items() if row["first"] != row["second"]}
    lines += [f"  metrics {_metric(name, row)}" for name, row in moved.items()]
    lines += [f"  top 10% {_part(part)}" for part in found["top"]] if moved else ["  metrics all equal"]
    return "\n".join(lines)


def _told(money: MoneyCompared) -> str:
    gap = money["difference"]
    return (
        f"of {BASE:,} asked, the best {money['capacity']:.0%} acted on, {money['worth']:g} an event, "
        f"{money['cost']:g} a row: {money['first']['value']:,.0f} -> {money['second']['value']:,.0f}, "
        f"difference {gap['value']:+,.0f} [{gap['low']:+,.0f}, {gap['high']:+,.0f}]"
        f"{_star(gap)}; all events counted"
    )


def _star(gap: Estimate | FiniteEstimate) -> str:
    """A mark where a difference is surely one."""
    low, high = gap["low"], gap["high"]
    return "" if low is None or high is None or low <= 0 <= high else " *"


def _metric(name: str, row: MetricCompared) -> str:
    gap = row["difference"]
    bounds = "" if gap["low"] is None else f" [{gap['low']:+.4f}, {gap['high']:+.4f}]"
    values = f"{row['first']['value']:.4f} -> {row['second']['value']:.4f}"
    return f"{name}: {values}, difference {gap['value']:+.4f}{bounds}{_star(gap)}"


def _part(part: Swapped) -> str:
    if part["value"] is None:
        return f"{part['part']}: none"
    bounds = f"[{part['low']:.1%}-{part['high']:.1%}]"
    return f"{part['part']}: {part['n']:,} rows, {part['value']:.1%} {bounds} positive"


def _is_revision(word: str) -> bool:
    return bool(git("rev-parse", "--verify", "--quiet", f"{word}^{{commit}}")) or word in _experiments()


def _experiments() -> dict[str, str]:
    """Names of DVC's experiments, and their commits."""
    rows = (line.split() for line in git("show-ref").splitlines() if " refs/exps/" in line)
    return {ref.rsplit("/", 1)[1]: commit for commit, ref in rows}


def _at(word: str) -> Callable[[str], bytes]:
    from dvc.api import DVCFileSystem

    there = DVCFileSystem(".", rev=_experiments().get(word, word))

    def read_there(path: str) -> bytes:
        try:
            return there.read_bytes(path)
        except FileNotFoundError:
            raise FileNotFoundError(
                f"{path} at {word}: not there; is dvc.lock committed, and are its outputs in the cache?"
            ) from None

    return read_there
