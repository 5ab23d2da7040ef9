"""Lists on the command line: of a published plan, or of an audience that was asked of the service."""

from datetime import date, datetime
from pathlib import Path

import polars as pl

from features.replacing import replacing
from models.acting import plan_approval, published_plans
from models.acting.documents import PlanFacts
from serving.acting import audience_rows
from serving.consent.consents import Consents

DUE = "due"  # everybody who is to get something, whatever arm: what the system that sends is given
FORMS = {".csv": "csv", ".parquet": "parquet"}


def named(
    published: Path, name: str, audience: tuple[Path, PlanFacts] | None, today: date
) -> tuple[pl.DataFrame, PlanFacts]:
    """Return list and facts of the plan ``name``, or of an ``audience`` by its file and facts.

    ``ValueError`` where neither is there, or the plan is not signed as the brand asks.
    """
    folder = published / published_plans.FOLDER
    if name in (there := published_plans.names(folder)):
        plan_approval.require(published_plans.approval(folder, name), today)
        return published_plans.read(folder, name)
    if audience is not None:
        return pl.read_parquet(audience[0]), audience[1]
    known = ", ".join(there) or "none; make one with `memberlens plan NAME`"
    raise ValueError(f"audience {name}: no such plan, nor an audience that has its list; plans: {known}")


def may_be_told(consents: Consents, rows: pl.DataFrame, arm: str | None, now: datetime) -> pl.DataFrame:
    """Return the rows of an arm, of who is due to get something, or all,
    without those who have withdrawn since.
    """
    if arm not in (None, DUE, *audience_rows.ARMS):
        raise ValueError(f"arm {arm!r}: allowed are {DUE}, {', '.join(audience_rows.ARMS)}")
    if arm == DUE:
        rows = rows.filter(pl.col("option").is_not_null())
    elif arm is not None:
        rows = rows.filter(pl.col("arm") == arm)
    return audience_rows.allowed(consents, rows, now)


def write(rows: pl.DataFrame, out: Path) -> None:
    """Write the rows as the file's name ends; ``ValueError`` for another ending."""
    if out.suffix not in FORMS:
        raise ValueError(f"{out}: allowed are names that end in {' or '.join(FORMS)}")
    with replacing(out) as aside:
        aside.write_bytes(audience_rows.packed(rows, FORMS[out.suffix]))


def keep(rows: pl.DataFrame, told: PlanFacts, published: Path, results: Path) -> Path:
    """Make a plan of an audience's list, as ``memberlens plan`` leaves one; return where it is.

    ``ValueError`` where a plan of its name is there already.
    """
    name = told["name"]
    target = results / published_plans.FOLDER / name
    if target.exists():
        raise ValueError(f"plan {name}: {target} exists already, and its readout needs it as it was")
    published_plans.write(target.parent, name, rows, told)
    rows.write_csv(target / "list.csv")
    published_plans.write(published / published_plans.FOLDER, name, rows, told)
    return target
