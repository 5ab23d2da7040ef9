"""``memberlens plan``: who gets what, who is left in peace, and what it should bring.

Writes one folder and sends nothing: the list is for the system that sends.
"""

import hashlib
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from models.acting import plan
from models.acting.knapsack import NOTHING
from training.acting import pages
from training.acting.brief import facts
from training.acting.draft import Draft, Request, data_day, drafted
from training.acting.groups import groups, kept
from training.acting.words import reasons
from training.io import write_json
from training.params import NAME, Params

LIST, FACTS, PAGE = "list.parquet", "plan.json", "brief.html"


def folder(params: Params, name: str) -> Path:
    """Return where a plan is kept; ``ValueError`` says what a name may be."""
    if not re.fullmatch(NAME, name):
        raise ValueError(f"plan {name!r}: allowed are small letters, digits, - and _, such as spring-2027")
    return params.results / "plans" / name


def make(params: Params, request: Request) -> dict[str, Any]:
    """Write ``list.parquet``, ``list.csv``, ``plan.json`` and its page; return what ``plan.json`` says.

    Raises
    ------
    ValueError
        One sentence that says what to change: a name that exists, options, a budget that buys nothing,
        a holdout in which nothing would be seen.
    FileNotFoundError
        A stage of the night run is missing.
    """
    target = folder(params, request.name)
    if target.exists():
        raise ValueError(
            f"plan {request.name}: {target} exists already, and its readout needs it as it was; "
            "choose another name"
        )
    day = _day(params, request.day)
    draft = drafted(params, request, day)
    layers = groups(params, draft.people.subjects)
    told = facts(params, request, draft, day, layers)
    aside = target.with_name(f"{target.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    rows = listed(draft)
    rows.write_parquet(aside / LIST, compression="zstd")
    rows.write_csv(aside / "list.csv")
    told["list_sha256"] = hashlib.sha256((aside / "list.csv").read_bytes()).hexdigest()
    write_json(aside / FACTS, told)
    (aside / PAGE).write_text(pages.brief(told, params.report.language))
    kept(params, request.name).parent.mkdir(parents=True, exist_ok=True)
    layers.write_parquet(kept(params, request.name))
    aside.rename(target)
    return told


def _day(params: Params, stated: date | None) -> date:
    """The plan's day, which the scores do not lie after."""
    known = data_day(params)
    if stated is not None and stated < known:
        raise ValueError(f"day {stated}: the scores are of {known}; a plan is for that day or a later one")
    return stated or known


def listed(draft: Draft) -> pl.DataFrame:
    """Return the list: subjects and codes, what is expected, and why; a row a member."""
    made, options = draft.plan, draft.options
    names = np.array([*(option.name for option in options.options), ""])  # -1 is the last
    each = np.arange(len(made.choice))

    def of(table: np.ndarray, choice: np.ndarray) -> np.ndarray:
        return np.where(choice == NOTHING, 0.0, table[each, np.maximum(choice, 0)])

    def named(choice: np.ndarray) -> pl.Series:
        return pl.Series(names[choice].tolist()).replace("", None)

    codes = pl.Series([plan.REASONS[code] for code in made.reason])
    return pl.DataFrame(
        {
            "subject": draft.people.subjects,
            "option": named(made.choice),
            "arm": pl.Series(_arms(draft).tolist()),
            "probability": made.probability,
            "expected_gain": made.gain,
            "expected_answers": of(draft.effects.effect, made.choice),
            "cost": made.cost,
            "reason": codes,
            **{
                f"reason_{word}": codes.replace_strict(reasons(word), return_dtype=pl.String)
                for word in ("en", "zh")
            },
            "planned": named(made.planned),
            "planned_answers": of(draft.effects.effect, made.planned),
            "score": of(draft.effects.probability, made.planned),
        }
    )


def _arms(draft: Draft) -> np.ndarray:
    made = draft.plan
    given = made.choice != NOTHING
    conditions = [made.held_out, draft.plan.explores, draft.people.audience.complaint & given, given]
    return np.select(conditions, ["held_out", "explore", "care", "contact"], "none")
