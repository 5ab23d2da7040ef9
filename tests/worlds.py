"""Small random worlds: member data in the contract's shape, with no meaning but every trap."""

from datetime import UTC, datetime

import numpy as np
import polars as pl

from features import tables
from features.feature import DAY
from features.outreach import enrich

START = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
DAYS = 500
CATEGORIES = ("care", "colour", "scent", None)


def times(rng: np.random.Generator, n: int) -> dict[str, pl.Series]:
    """Return times on the second, often equal; some rows recorded late."""
    at = START + rng.integers(0, DAYS * 24, n) * 3600
    late = np.where(rng.random(n) < 0.2, rng.integers(0, 60 * DAY, n), 0)
    utc = pl.Datetime("us", "UTC")
    return {
        "occurred_at": pl.Series(at * 1_000_000).cast(utc),
        "recorded_at": pl.Series((at + late) * 1_000_000).cast(utc),
    }


def _pick(rng: np.random.Generator, n: int, *values: str | None) -> pl.Series:
    return pl.Series([values[i] for i in rng.integers(0, len(values), n)], dtype=pl.String)


def raw_world(seed: int, members: int = 12, rows: int = 400) -> dict[str, pl.DataFrame]:
    """Every table of the contract, before ``complete`` and ``enrich``."""
    rng = np.random.default_rng(seed)
    member, lead = ([f"{letter}{i}" for i in range(members)] for letter in "ml")
    sale = rng.random(rows) < 0.9
    return {
        **_people(rng, member, lead),
        **_trade(rng, member, sale),
        **_touches(rng, member, lead, rows),
        **_outreach(rng, member, lead, rows),
        **_care(rng, member, rows),
        **_closures(np.random.default_rng(seed), lead),
    }


def _people(rng: np.random.Generator, member: list[str], lead: list[str]) -> dict[str, pl.DataFrame]:
    members = len(member)
    return {
        "members": _table(rng, 2 * members, member_id=member + [member[i] for i in rng.integers(0, members, members)], region=_pick(rng, 2 * members, "north", "south", None),
                         city_tier=_pick(rng, 2 * members, "1", "2"), source=_pick(rng, 2 * members, "store", "app"),
                         x_income=rng.integers(1, 9, 2 * members), x_club=_pick(rng, 2 * members, "gold", None)),
        "leads": _table(rng, members, lead_id=lead, source=_pick(rng, members, "search", "video"),
                       landing_page=_pick(rng, members, "a", "b"), interest=_pick(rng, members, "care", "scent"),
                       region=_pick(rng, members, "north", "south"), city_tier=_pick(rng, members, "1", "2"), cost_cents=rng.integers(0, 5000, members),
                       member_id=_pick(rng, members, "m1", None)),
    }  # fmt: skip


def _trade(rng: np.random.Generator, member: list[str], sale: np.ndarray) -> dict[str, pl.DataFrame]:
    members, rows = len(member), len(sale)
    return {
        "products": pl.DataFrame({"product_id": ["p0", "p1", "p2"], "category": CATEGORIES[:3]}),
        "purchases": _table(rng, rows, order_id=[f"o{i}" for i in rng.integers(0, rows // 2, rows)],
                           member_id=[member[i] for i in rng.integers(0, members, rows)],
                           kind=pl.Series(np.where(sale, "sale", "return")), product_id=_pick(rng, rows, "p0", "p1", "p2", None),
                           channel=_pick(rng, rows, "store", "app", None),
                           quantity=np.where(sale, 1, -1) * rng.integers(1, 4, rows),
                           unit_price_cents=rng.integers(0, 9999, rows), discount_cents=rng.integers(0, 100, rows)),
    }  # fmt: skip


def _touches(
    rng: np.random.Generator, member: list[str], lead: list[str], rows: int
) -> dict[str, pl.DataFrame]:
    return {
        "events": _table(rng, rows, **_whose(rng, rows, member, lead), channel=_pick(rng, rows, *tables.EVENT_CHANNELS),
                        kind=_pick(rng, rows, "view", "cart", "reply"), category=_pick(rng, rows, *CATEGORIES),
                        minutes=rng.integers(0, 500, rows)),
    }  # fmt: skip


def _outreach(
    rng: np.random.Generator, member: list[str], lead: list[str], rows: int
) -> dict[str, pl.DataFrame]:
    members = len(member)
    return {
        "campaigns": _table(rng, 5, campaign_id=[f"c{i}" for i in range(5)], channel=_pick(rng, 5, "sms", "push"),
                           content_type=_pick(rng, 5, "discount", "sample"), offer=_pick(rng, 5, "10%", None),
                           category=_pick(rng, 5, *CATEGORIES), discount_percent=rng.integers(0, 50, 5),
                           cost_cents=rng.integers(1, 50, 5), window_days=[7, 14, 14, 14, 30], x_reward=rng.integers(1, 9, 5)),
        "contacts": _table(rng, rows, contact_id=[f"k{i}" for i in range(rows)], campaign_id=_pick(rng, rows, *(f"c{i}" for i in range(5))),
                          member_id=[member[i] for i in rng.integers(0, members, rows)], arm=_pick(rng, rows, "treat", "treat", "control")),
        "responses": _table(rng, rows, **_whose(rng, rows, member, lead), campaign_id=_pick(rng, rows, "c0", "c1", "c2", None),
                           kind=_pick(rng, rows, *tables.RESPONSE_KINDS)),
    }  # fmt: skip


def _care(rng: np.random.Generator, member: list[str], rows: int) -> dict[str, pl.DataFrame]:
    members = len(member)
    return {
        "care": _table(rng, rows, ticket_id=[f"t{i}" for i in rng.integers(0, 50, rows)],
                      member_id=[member[i] for i in rng.integers(0, members, rows)], kind=_pick(rng, rows, *tables.CARE_KINDS),
                      topic=_pick(rng, rows, "delivery", "price", "quality", "service", "availability", None), satisfaction=rng.integers(1, 6, rows), minutes=rng.integers(0, 90, rows)),
    }  # fmt: skip


def _closures(rng: np.random.Generator, lead: list[str]) -> dict[str, pl.DataFrame]:
    """Of a stream of its own, so that the other tables are what they were."""
    rows = 4 * len(lead)
    ids = pl.Series([lead[at] for at in rng.integers(0, len(lead), rows)])
    return {"closures": _table(rng, rows, lead_id=ids, kind=_pick(rng, rows, *tables.CLOSURE_KINDS, None))}


def _whose(rng: np.random.Generator, rows: int, member: list[str], lead: list[str]) -> dict[str, pl.Series]:
    """A member's or a lead's id in each row, never both."""
    is_lead = rng.random(rows) < 0.3
    ids = rng.integers(0, len(member), rows)
    members = [None if b else member[i] for b, i in zip(is_lead, ids, strict=True)]
    leads = [lead[i] if b else None for b, i in zip(is_lead, ids, strict=True)]
    return {"member_id": pl.Series(members, dtype=pl.String), "lead_id": pl.Series(leads, dtype=pl.String)}


def _table(rng: np.random.Generator, rows: int, **columns: object) -> pl.DataFrame:
    return pl.DataFrame({**columns, **times(rng, rows)})


def finished(raw: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """As ingest writes them."""
    return enrich({name: tables.complete(name, frame) for name, frame in raw.items()})


def spine_of(world: dict[str, pl.DataFrame], seed: int, n: int = 30) -> pl.DataFrame:
    """Random moments for random subjects, with a content asked about."""
    rng = np.random.default_rng(seed)
    campaign = world["campaigns"][rng.integers(0, len(world["campaigns"]), n)]
    asked = {f"asked_{name}": campaign[name] for name in (*tables.CONTENT, "x_reward")}
    return pl.DataFrame(
        {
            "row_id": np.arange(n),
            "as_of": START + rng.integers(0, DAYS, n) * DAY,
            "member_id": world["members"]["member_id"][rng.integers(0, len(world["members"]), n)],
            "lead_id": world["leads"]["lead_id"][rng.integers(0, len(world["leads"]), n)],
            **asked,
        }
    )
