"""``make bench-own-tables``: what points and coupons of the simulated brand are worth to its models.

A smaller brand with a loyalty programme (``brand: {loyalty: true}``) is simulated; its ledger and its coupons
move the members, and the truth knows how. Response, churn and recall are then learnt twice by the same stages
and settings, with the two tables under ``own_tables`` and without them, and the same test rows are held
against the truth. Nothing is chosen here; the test rows are looked at once a task.
"""

import argparse
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from features.own_tables import FILE, PREFIX
from training.evaluation.bootstrap import estimate, resampled
from training.evaluation.metrics import integer_codes
from training.evaluation.truth import Ceiling, Known, answerers, leavers, returners
from training.params import Params, load
from training.stages.consent import consent
from training.stages.dataset import dataset
from training.stages.fit import fit
from training.stages.ingest import ingest
from training.stages.tune import tune

TASKS = ("churn", "recall", "response")
CEILINGS = {
    "churn": lambda known: leavers(known, known.facts["spine"]["gap"]),
    "recall": returners,
    "response": answerers,
}
WITHOUT = "without"  # the data set that lacks the two tables
DRAWS, SEED = 1_000, 7


def settings(members: int) -> Params:
    """Those of the project, over a smaller brand with a programme."""
    given = load(Path("params.yaml"))
    brand = given.brand.model_copy(
        update={"members": members, "leads": max(200, members // 4), "loyalty": True}
    )
    return given.model_copy(update={"data": "brand", "tasks": TASKS, "brand": brand})


def without(params: Params) -> Params:
    """The same brand, but for its own tables."""
    other = params.model_copy(update={"data": WITHOUT})
    names = shutil.ignore_patterns(FILE, f"{PREFIX}*")
    shutil.copytree(params.build, other.build, ignore=names)
    return other


def learnt(params: Params, task: str) -> Ceiling:
    """The task's test rows beside the truth, by a model that is made anew."""
    for stage in (dataset, tune, fit):
        stage(params, task)
    return CEILINGS[task](Known(params, task))


def compared(with_: Ceiling, less: Ceiling, task: str) -> dict[str, Any]:
    """The share of the truth's lift with and without, and their difference, with intervals by member."""
    key = "contact_id" if task == "response" else "row_id"
    order = with_.rows.select(key).join(less.rows.select(key, "probability"), on=key, maintain_order="left")
    if not (len(order) == len(with_.rows) == len(less.rows)):
        raise ValueError(f"{task}: {len(with_.rows)} test rows with, {len(less.rows)} without own tables")
    scores = [with_.rows["probability"].to_numpy(), order["probability"].to_numpy()]

    def shares(weight: np.ndarray) -> np.ndarray:
        both = [with_.share(score, weight) for score in scores]
        return np.array([*both, both[0] - both[1]])

    subject = integer_codes(with_.rows["member_id"].to_numpy())
    drawn, value = resampled(shares, subject, DRAWS, SEED), shares(np.ones(len(subject)))
    names = ("with", "without", "difference")
    found = {name: estimate(value[at], drawn[:, at]) for at, name in enumerate(names)}
    return {
        "rows": len(subject),
        "members": int(subject.max()) + 1,
        "positives": int(with_.label.sum()),
        **found,
    }


def run(members: int, tasks: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each task with its figures; in a folder of its own, which is the working folder."""
    params = settings(members)
    ingest(params)
    consent(params)
    other = without(params)
    for task in tasks:
        begun = time.monotonic()
        with_, less = learnt(params, task), learnt(other, task)
        own = [name for name in Known(params, task).model.encoder.names if name.startswith(PREFIX)]
        told = compared(with_, Ceiling(less.rows, less.label, with_.truth), task)
        yield task, {**told, "own inputs": len(own), "minutes": (time.monotonic() - begun) / 60}


def line(task: str, found: dict[str, Any]) -> str:
    """One task as text."""
    shown = ", ".join(
        f"{name} {found[name]['value']:+.1%} [{found[name]['low']:+.1%}, {found[name]['high']:+.1%}]"
        for name in ("with", "without", "difference")
    )
    asked = f"{found['positives']:,} of {found['rows']:,} test rows, {found['members']:,} members"
    read = f"{found['own inputs']} inputs of own tables, {found['minutes']:.0f} min"
    return f"{task}: share of the truth's lift {shown} ({asked}, {read})"


def main() -> None:
    """Print every task, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", default=list(TASKS), help=", ".join(TASKS))
    parser.add_argument("--members", type=int, default=8_000)
    parser.add_argument("--out", type=Path, default=Path("experiments/bench-own-tables.json"))
    asked = parser.parse_args()
    kept: dict[str, Any] = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    out, home = asked.out.resolve(), Path.cwd()
    with TemporaryDirectory() as place:
        shutil.copy(home / "params.yaml", place)
        os.chdir(place)
        try:
            for task, found in run(asked.members, asked.tasks):
                kept[task] = {"brand": asked.members, **found}
                print(line(task, found), flush=True)
                out.write_text(json.dumps(kept, indent=1) + "\n")
        finally:
            os.chdir(home)


if __name__ == "__main__":
    main()
