"""Facts of members and leads that scenes ask about, as of the extract: from tables, portraits and scores.

Of who is suppressed only what they asked of the service is known; what a source does not have is null.
"""

from pathlib import Path

import polars as pl

from features.consent import REASON
from features.feature import DAY
from models.acting.facts import BOOLEAN, CATEGORY, LEAD, MEMBER, facts
from models.acting.repurchase import empty_packs
from models.acting_model import require_acting_scores
from models.populations.leads import OpenLeads
from models.scorer import OK
from models.task import task_names
from training.acting.audience import open_tickets
from training.data.consents import with_reasons
from training.params import Params
from training.stages.portrait import everyone

TAGS = ("stage", "value_tier", "rhythm", "risk")
SEEN = ("visit", "view", "search", "cart", "favourite", "talk")
AGAIN = 0.5  # share of sales that repeat a product, from which products and not categories are packs
TYPES = {BOOLEAN: pl.Boolean, CATEGORY: pl.String}
KEYS = ("subject", "kind", REASON)


def known_facts(params: Params, moment: int) -> pl.DataFrame:
    """Return a row a member and lead: ``subject``, ``kind``, ``suppression_reason`` and every fact.

    Parameters
    ----------
    moment
        Seconds; what was known before it counts.
    """
    tables = params.build / "tables"
    people = _everybody(params, tables, moment)
    parts = [_orders(tables, moment), _packs(tables, moment), _visits(tables, moment), _care(tables, moment)]
    parts += [_portraits(params), _leads(tables, moment), *(_scores(params, name) for name in task_names())]
    for part in parts:
        if part is not None:
            people = people.join(part, on=["subject", "kind"], how="left", maintain_order="left")
    return _masked(people)


def _everybody(params: Params, tables: Path, moment: int) -> pl.DataFrame:
    """Members and leads with why they are suppressed, in order of kind and id."""
    ids = {MEMBER: everyone(tables).select(subject_id="member_id")}
    leads = _rows(tables, "leads", moment)
    if leads is not None:
        ids[LEAD] = leads.select(subject_id=pl.col("lead_id")).drop_nulls().unique().sort("subject_id")
    parts = [
        with_reasons(rows, kind, params, moment).select(
            REASON, subject=pl.col("subject_id"), kind=pl.lit(kind)
        )
        for kind, rows in sorted(ids.items())
    ]
    return pl.concat(parts).select(KEYS)


def _masked(people: pl.DataFrame) -> pl.DataFrame:
    """Every fact as its own kind; of who is suppressed only those of service."""
    columns = []
    for name, fact in facts().items():
        kind = TYPES.get(fact.kind, pl.Float64)
        own = pl.col(name).cast(kind) if name in people.columns else pl.lit(None, kind)
        shown = own if fact.of_service else pl.when(pl.col(REASON).is_null()).then(own)
        columns.append(shown.alias(name))
    return people.select(*KEYS, *columns)


def _rows(tables: Path, name: str, moment: int) -> pl.DataFrame | None:
    path = tables / f"{name}.parquet"
    return pl.read_parquet(path).filter(pl.col("known_time") < moment) if path.exists() else None


def _of_members(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(kind=pl.lit(MEMBER)).rename({"member_id": "subject"})


def _since(moment: int, name: str = "event_time") -> pl.Expr:
    return (moment - pl.col(name)) / DAY


def _orders(tables: Path, moment: int) -> pl.DataFrame | None:
    """How many days with orders, and how long ago the last and the first was."""
    sales = _sales(tables, moment)
    if sales is None:
        return None
    days = sales.group_by("member_id").agg(
        orders=(pl.col("event_time") // DAY).n_unique(),
        days_since_order=(moment - pl.col("event_time").max()) / DAY,
        days_since_first_order=(moment - pl.col("event_time").min()) / DAY,
    )
    return _of_members(days)


def _sales(tables: Path, moment: int) -> pl.DataFrame | None:
    rows = _rows(tables, "purchases", moment)
    return None if rows is None else rows.filter(pl.col("kind") == "sale", pl.col("member_id").is_not_null())


def _packs(tables: Path, moment: int) -> pl.DataFrame | None:
    """The pack that became empty last; products are packs where members buy the same one again."""
    sales = _sales(tables, moment)
    if sales is None or "category" not in sales.columns:
        return None
    named = sales.drop_nulls("category").with_columns(item="category")
    if "product_id" in sales.columns and len(named):
        own = named.filter(pl.col("product_id").is_not_null()).with_columns(item="product_id")
        again = own.select(pl.struct("member_id", "item").is_duplicated().mean()).item() if len(own) else 0.0
        named = own if again is not None and again >= AGAIN else named
    quantity = pl.col("quantity").fill_null(1) if "quantity" in named.columns else pl.lit(1)
    return _of_members(empty_packs(named.with_columns(quantity=quantity), moment))


def _visits(tables: Path, moment: int) -> pl.DataFrame | None:
    """When each was last seen, and since when a cart waits that no order came after."""
    events = _rows(tables, "events", moment)
    if events is None or "member_id" not in events.columns:
        return None
    last = (
        events.filter(pl.col("member_id").is_not_null(), pl.col("kind").is_in(SEEN))
        .group_by("member_id")
        .agg(
            days_since_seen=(moment - pl.col("event_time").max()) / DAY,
            cart=pl.col("event_time").filter(pl.col("kind") == "cart").max(),
        )
    )
    sales = _sales(tables, moment)
    bought = None if sales is None else sales.group_by("member_id").agg(bought=pl.col("event_time").max())
    if bought is None:
        return _of_members(last.drop("cart"))
    waits = pl.when(pl.col("bought").fill_null(0) < pl.col("cart")).then(_since(moment, "cart"))
    joined = last.join(bought, on="member_id", how="left").with_columns(cart_days=waits)
    return _of_members(joined.select("member_id", "days_since_seen", "cart_days"))


def _care(tables: Path, moment: int) -> pl.DataFrame | None:
    rows = _rows(tables, "care", moment)
    if rows is None:
        return None
    whose = rows.filter(pl.col("member_id").is_not_null())
    still = open_tickets(whose)
    opened = still.group_by("member_id").agg(complaint_days=(moment - pl.col("event_time").min()) / DAY)
    found = whose.select("member_id").unique().join(opened, on="member_id", how="left")
    found = found.with_columns(open_complaint=pl.col("complaint_days").is_not_null())
    if "satisfaction" in whose.columns:
        rated = whose.drop_nulls("satisfaction").sort("event_time").group_by("member_id").last()
        told = rated.select("member_id", "satisfaction", days_since_rating=_since(moment))
        found = found.join(told, on="member_id", how="left")
    return _of_members(found)


def _portraits(params: Params) -> pl.DataFrame | None:
    path = params.build / "portrait" / "portrait.parquet"
    return _of_members(pl.read_parquet(path, columns=["member_id", *TAGS])) if path.exists() else None


def _leads(tables: Path, moment: int) -> pl.DataFrame | None:
    """Age of open leads, and since when the brand has done nothing: from its last talk, or the beginning."""
    leads = _rows(tables, "leads", moment)
    if leads is None:
        return None
    begun = leads.drop_nulls("lead_id").group_by("lead_id").agg(begun=pl.col("event_time").min())
    closures = _rows(tables, "closures", moment)
    known = {} if closures is None else {"closures": closures.lazy()}
    begun = OpenLeads.not_closed(begun.with_columns(as_of=pl.lit(moment, pl.Int64)), known)
    events = _rows(tables, "events", moment)
    talks = pl.DataFrame(schema={"lead_id": pl.String, "talked": pl.Int64})
    if events is not None and "lead_id" in events.columns:
        own = events.filter(pl.col("lead_id").is_not_null(), pl.col("kind").is_in(["talk", "reply"]))
        talks = own.group_by("lead_id").agg(talked=pl.col("event_time").max())
    return begun.join(talks, on="lead_id", how="left").select(
        subject="lead_id", kind=pl.lit(LEAD),
        lead_age_days=_since(moment, "begun"),
        lead_waits_days=(moment - pl.max_horizontal("begun", "talked")) / DAY,
    )  # fmt: skip


def _scores(params: Params, name: str) -> pl.DataFrame | None:
    """Band and probability of who was scored; of several campaigns the highest."""
    path = params.build / name / "scores.parquet"
    if not path.exists():
        return None
    require_acting_scores(path.parent)
    rows = pl.read_parquet(path, columns=["subject_id", "status", "probability", "band"])
    best = rows.filter(pl.col("status") == OK).sort("probability").unique("subject_id", keep="last")
    kind = next(fact.about for key, fact in facts().items() if key == f"{name}_band")
    return best.select(
        subject="subject_id", kind=pl.lit(kind),
        **{f"{name}_band": pl.col("band"), f"{name}_probability": pl.col("probability")},
    )  # fmt: skip
