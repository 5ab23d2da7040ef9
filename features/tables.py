"""The member-data contract: which tables there are, and what each column means.

One pandera class a table, one line a column. Conventions that hold for all of them:

- **Time** is UTC. ``occurred_at`` is when a row happened, ``recorded_at`` when it became known
  (the event time where it is missing). Ingest writes both once more as integer seconds,
  ``event_time`` and ``known_time``; features use only these, so that windows are integer
  arithmetic, the same on every engine.
- **Money** is an integer of cents: sums are exact, whatever the engine and the order of rows.
- A fact that is learned later is a row of its own (a ticket is opened, resolved, rated), never
  a column that is filled in afterwards.
- ``x_<name>`` columns of members, leads and campaigns are attributes of the brand's own;
  numbers, truth values and texts become features without further code.
"""

from collections.abc import Mapping

import narwhals as nw
import polars as pl

from features.carried_attributes import carried
from features.contract_columns import Column, DataFrameModel, Dated, Time, column, optional
from features.own_tables import CONTRACTS, PREFIX, is_own

ARMS = ("treat", "control")
CONSENTS = ("granted", "withdrawn", "unknown")
EVENT_CHANNELS = ("web", "app", "mini_program", "message", "store", "consultant", "call")
RESPONSE_KINDS = ("opened", "clicked", "answered", "converted", "blocked")
CARE_KINDS = ("opened", "contact", "resolved", "feedback")
CLOSURE_KINDS = ("closed", "reopened")


class Members(Dated):
    """Attributes of a member from ``occurred_at`` on; a change is a new row."""

    member_id: str = column("pseudonymous id of the person")
    joined_at: Time = optional("start of the relation; the first known row's time where empty")
    region: str = optional("sales region")
    city_tier: str = optional("tier of the city")
    source: str = optional("where the member came from")
    birth_year: int = optional("for minors and group checks only, never a feature", "year", ge=1900, le=2100)
    gender: str = optional("for group checks only, never a feature")
    consent_profiling: str = optional("may we score?", isin=CONSENTS)
    consent_marketing: str = optional("may we send?", isin=CONSENTS)
    deceased: bool = optional("no score and no contact")


class Leads(Dated):
    """A contact with possible interest, from the moment of its creation."""

    lead_id: str = column("pseudonymous id of the lead")
    member_id: str = optional("the member, where already known at creation")
    source: str = optional("short video, search, store code, referral, event, ...")
    landing_page: str = optional("page or form on which the lead arrived")
    region: str = optional("sales region")
    city_tier: str = optional("tier of the city")
    interest: str = optional("product category asked for")
    cost_cents: int = optional("what the lead cost", "cents", ge=0)
    birth_year: int = optional("for minors only, never a feature", "year", ge=1900, le=2100)
    consent_profiling: str = optional("may we score? as said in the form", isin=CONSENTS)
    consent_marketing: str = optional("may we send? as said in the form", isin=CONSENTS)


class Identities(Dated):
    """From ``occurred_at`` on, an account on a platform belongs to a member."""

    platform: str = column("mini_program, shop, store_card, phone_hash, ...")
    account_id: str = column("id on that platform, pseudonymous")
    member_id: str = column("the member, or another account that is itself bound")


class Products(DataFrameModel):
    """What is sold."""

    product_id: str = column("id of the product", unique=True)
    category: str = optional("product category")
    brand: str = optional("brand or maker")
    list_price_cents: int = optional("price without discount", "cents", ge=0)


class Purchases(Dated):
    """One line of an order, or of a return."""

    order_id: str = column("id of the order")
    member_id: str = column("who bought")
    kind: str = optional("sale or return; sale where empty", isin=("sale", "return"))
    product_id: str = optional("what was bought")
    category: str = optional("its category; filled from products where empty")
    channel: str = optional("store, shop, mini_program, app, ...")
    quantity: int = column("pieces; negative for returns only", "pieces", ne=0)
    unit_price_cents: int = column("price of one piece", "cents", ge=0)
    discount_cents: int = optional("taken off the whole line", "cents", ge=0)


class Events(Dated):
    """A touch that is no purchase: visits, messages read, talks with a consultant."""

    member_id: str = optional("the member (or lead_id)")
    lead_id: str = optional("the lead (or member_id)")
    channel: str = column("where", isin=EVENT_CHANNELS)
    kind: str = column("visit, view, search, cart, favourite, open, click, talk, reply, ...")
    category: str = optional("product category it was about")
    minutes: int = optional("how long it took: a consultant's delay before the reply", "minutes", ge=0)


class Campaigns(Dated):
    """A content with its offer; known from ``occurred_at`` on."""

    campaign_id: str = column("id of the campaign", unique=True)
    channel: str = optional("sms, wecom, push, call, mail, ...")
    content_type: str = optional("new_product, discount, sample, event, care_tip, ...")
    offer: str = optional("what is offered")
    category: str = optional("product category it is about")
    discount_percent: int = optional("depth of the discount", "percent", ge=0, le=100)
    cost_cents: int = optional("cost of one contact", "cents", ge=0)
    window_days: int = optional("answers count within so many days", "days", ge=1)


class Contacts(Dated):
    """Who was sent what, when, in which arm; control: chosen, but held out."""

    contact_id: str = column("id of the contact", unique=True)
    campaign_id: str = column("the campaign")
    member_id: str = column("the member")
    arm: str = optional("treat or control; treat where empty", isin=ARMS)


class Responses(Dated):
    """What a member or lead did in answer."""

    member_id: str = optional("the member (or lead_id)")
    lead_id: str = optional("the lead (or member_id)")
    campaign_id: str = optional("the campaign answered, where known")
    kind: str = column(
        "opened, clicked, answered (the aim), converted (a lead), blocked", isin=RESPONSE_KINDS
    )


class Care(Dated):
    """Steps of a service ticket: opened, contact, resolved, feedback."""

    ticket_id: str = column("id of the ticket")
    member_id: str = column("who complained")
    kind: str = column("which step", isin=CARE_KINDS)
    topic: str = optional("delivery, quality, service, price, ...")
    subtopic: str = optional("finer cause")
    satisfaction: int = optional("1 (bad) to 5, on feedback", "stars", ge=1, le=5)
    minutes: int = optional("the member's own time spent in this step", "minutes", ge=0)


class Closures(Dated):
    """When a lead was closed without converting, and when it was opened again."""

    lead_id: str = column("the lead")
    kind: str = optional("closed or reopened; closed where empty", isin=CLOSURE_KINDS)


class Subjects(Dated):
    """A question with its answer, one row each: attributes as they were at ``occurred_at``, and the outcome.

    For flat sources, which have no events to compute features and outcomes from.
    """

    subject_id: str = column("id of the subject", unique=True)
    label: bool = optional("the outcome; empty where it is still to come")
    arm: str = optional("treat or control, where one was held out", isin=ARMS)
    content: str = optional("what was sent")
    value_cents: int = optional("what the outcome was worth", "cents")


class OwnRows(Dated):
    """What every table of a brand's own has, beside its key and its columns (``x_<name>``)."""

    ends_at: Time = optional("when the row ends, known beforehand")


class OwnContracts(OwnRows):
    """What the table of contracts has beside: when each begins, is cancelled, and what it follows."""

    starts_at: Time = optional("when it begins, where that is later than when it was concluded")
    cancelled_at: Time = optional("when it was cancelled; known from then on")
    renews_days: int = optional("of one without an end: it goes on for so many days, again and again", ge=1)
    line: str = optional("which contracts follow each other: an insured car, a phone number")


TABLES: Mapping[str, type[DataFrameModel]] = {
    "members": Members,
    "leads": Leads,
    "identities": Identities,
    "products": Products,
    "purchases": Purchases,
    "events": Events,
    "campaigns": Campaigns,
    "contacts": Contacts,
    "responses": Responses,
    "care": Care,
}
FURTHER: Mapping[str, type[DataFrameModel]] = {"closures": Closures}  # stored where a source has them
SCHEMAS: Mapping[str, type[DataFrameModel]] = {**TABLES, **FURTHER, "subjects": Subjects}
EXTENSIBLE = ("members", "leads", "campaigns", "subjects")  # tables that take x_<name> attributes
CONTENT = ("channel", "content_type", "offer", "category", "discount_percent", "cost_cents", "window_days")


def schema(table: str) -> type[DataFrameModel]:
    """Return the contract of one table."""
    if table == PREFIX + CONTRACTS:
        return OwnContracts
    return OwnRows if is_own(table) else SCHEMAS[table]


def columns(table: str) -> dict[str, Column]:
    """Return the columns of one table, by name, in the order of the contract."""
    return schema(table).to_schema().columns


def empty(table: str) -> pl.DataFrame:
    """Return a frame with all columns of ``table`` and no row."""
    return pl.DataFrame(schema={name: spec.dtype.type for name, spec in columns(table).items()})


def complete(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Shape a frame as ``shaped`` does, and fill a member's empty cells with what was known before."""
    frame = shaped(table, frame)
    return carried(frame) if table == "members" else frame


def shaped(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return ``frame`` with every column of the contract, in its order and type, and the integer times.

    Missing optional columns come in empty. Adds ``event_time`` and ``known_time`` (seconds since
    the epoch, UTC) to dated tables, and to purchases ``amount_cents`` (net of discount, negative
    for a return). Looks at each row alone, so that a lazy frame will do.
    """
    specs = columns(table)
    extra = [name for name in frame.columns if name.startswith("x_")] if table in EXTENSIBLE else []
    if is_own(table):
        extra = [name for name in frame.columns if name not in specs]
    frame = frame.select(
        *(
            (pl.col(name) if name in frame.columns else pl.lit(None)).cast(spec.dtype.type).alias(name)
            for name, spec in specs.items()
        ),
        *extra,
    )
    added = made(table)
    return nw.from_native(frame).with_columns(**added).to_native() if added else frame


def made(table: str) -> dict[str, nw.Expr]:
    """Return what ``shaped`` makes of the columns of one row, by name."""
    added: dict[str, nw.Expr] = {}
    if "occurred_at" in columns(table):
        added |= {
            "recorded_at": nw.coalesce("recorded_at", "occurred_at"),
            "event_time": _seconds(nw.col("occurred_at")),
            "known_time": _seconds(nw.max_horizontal("occurred_at", "recorded_at")),
        }
    if is_own(table):
        added["end_time"] = _seconds(nw.col("ends_at"))
    if table == PREFIX + CONTRACTS:
        added |= {
            "start_time": _seconds(nw.coalesce("starts_at", "occurred_at")),
            "cancel_time": _seconds(nw.col("cancelled_at")),
        }
    if table == "members":
        added["joined_time"] = _seconds(nw.col("joined_at"))
    if table == "purchases":
        pieces, discount = nw.col("quantity"), nw.col("discount_cents").fill_null(0)
        taken_off = nw.when(pieces < 0).then(0 - discount).otherwise(discount)
        added |= {
            "kind": nw.col("kind").fill_null("sale"),
            "discount_cents": discount,
            "amount_cents": pieces * nw.col("unit_price_cents") - taken_off,
        }
    if table == "contacts":
        added["arm"] = nw.col("arm").fill_null(ARMS[0])
    if table == "closures":
        added["kind"] = nw.col("kind").fill_null(CLOSURE_KINDS[0])
    return added


def _seconds(moment: nw.Expr) -> nw.Expr:
    return moment.dt.timestamp("us") // 1_000_000
