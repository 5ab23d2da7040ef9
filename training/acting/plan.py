"""``memberlens plan``: who gets what, who is left in peace, and what it should bring.

Writes one folder and sends nothing: the list is for the system that sends.
"""

import hashlib
import re
from datetime import date
from pathlib import Path

import polars as pl

from features.replacing import replacing, replacing_folder
from models.acting import published_plans
from models.acting.brief import facts
from models.acting.draft import listed
from training.acting import pages
from training.acting.draft import Request, data_day, plan_draft
from training.acting.groups import groups, groups_path
from training.acting.page_facts import page_facts
from training.days import require_day, today_or
from training.io import read_json, write_json
from training.params import NAME, Params
from training.results.campaign import BriefFacts
from training.stages.report import AnotherPageError

LIST, FACTS, PAGE = published_plans.LIST, published_plans.FACTS, "brief.html"
AHEAD = 90  # days, after which nothing is known of what a plan counts back: contacts, complaints, peace


def folder(params: Params, name: str) -> Path:
    """Return where a plan is kept; ``ValueError`` says what a name may be."""
    if not re.fullmatch(NAME, name):
        raise ValueError(f"plan {name!r}: allowed are small letters, digits, - and _, such as spring-2027")
    return params.results / "plans" / name


def make(params: Params, request: Request) -> BriefFacts:
    """Write ``list.parquet``, ``list.csv``, ``plan.json`` and its page; return what ``plan.json`` says.

    Raises
    ------
    ValueError
        One sentence that says what to change: a name that exists, options, a budget that buys nothing,
        a holdout in which nothing would be seen.
    FileNotFoundError
        A stage of the pipeline is missing.
    """
    target = folder(params, request.name)
    if target.exists():
        raise ValueError(
            f"plan {request.name}: {target} exists already, and its readout needs it as it was; "
            "choose another name"
        )
    day = _day(params, request.day)
    draft = plan_draft(params, request, day)
    layers = groups(params, draft.inputs.people.subjects)
    told = facts(request.plan_request, draft)
    rows = listed(draft)
    with replacing_folder(target) as aside:
        rows.write_parquet(aside / LIST, compression="zstd")
        rows.write_csv(aside / "list.csv")
        sha256 = hashlib.sha256((aside / "list.csv").read_bytes()).hexdigest()
        paged: BriefFacts = {**told, **page_facts(params, draft, layers), "list_sha256": sha256}
        write_json(aside / FACTS, paged)
        (aside / PAGE).write_text(pages.brief(paged, params.report.language))
        with replacing(groups_path(params, request.name)) as part:
            layers.write_parquet(part)
    published_plans.write(params.build / published_plans.FOLDER, request.name, rows, told)
    return paged


def read_list(target: Path) -> pl.DataFrame:
    """Read the list of the plan in ``target``.

    Raises
    ------
    AnotherPageError
        It is not the one that ``plan.json`` names. One that was kept from an audience names none.
    """
    named = read_json(target / FACTS).get("list_sha256")
    try:
        rows = pl.read_parquet(target / LIST)
    except pl.exceptions.ComputeError:
        rows = None
    if rows is None or (named and hashlib.sha256(rows.write_csv().encode()).hexdigest() != named):
        raise AnotherPageError(
            f"{target / LIST}: the list is not the one that {FACTS} names; bring it back as it was, or make "
            "another plan"
        )
    return rows


def _day(params: Params, stated: date | None) -> date:
    """The plan's day, which the scores do not lie after."""
    known = data_day(params)
    if stated is None:
        return known
    return require_day(f"--day {stated}", stated, (known, "the day of the data"), today_or(known, AHEAD))
