"""A brand's own tables as a mapping describes them, and small worlds of their rows with every trap."""

from pathlib import Path

import numpy as np
import polars as pl
from worlds import START, times

from features import tables
from features.feature import Group
from features.groups.own import own_groups
from features.own_tables import OwnTable
from training.sources.mapping.mapping_file import load

MAPPING = """about: A shop with a points ledger, contracts, and stores.
folder: .
sources:
  people: {file: people.csv}
  ledger: {file: ledger.csv}
  contracts: {file: contracts.csv}
  footfall: {file: footfall.csv}
  sales: {file: sales.csv}
tables:
  members:
    - source: people
      columns: {member_id: id, occurred_at: since}
own_tables:
  points:
    en: points entries
    zh: 积分流水
    source: ledger
    where: state <> 'test'
    key: {member_id: who}
    occurred_at: day
    recorded_at: booked
    windows: [30, 180]
    latest: [2, 5]
    columns:
      points: {cell: points, unit: points, en: points, zh: 积分}
      cost: {cell: {column: cost, times: 100}, unit: cents, en: cost, zh: 成本}
      card: {cell: card, unit: 'yes', en: the card, zh: 使用会员卡}
      reason: {cell: reason, unit: category, en: reason, zh: 原因}
      store: {cell: store, unit: id, en: store, zh: 门店}
  contracts:
    en: contracts
    zh: 合约
    source: contracts
    key: {member_id: who}
    occurred_at: day
    ends_at: until
  footfall:
    en: events of the member's store
    zh: 所属门店事件
    source: footfall
    key: {store_id: store}
    through: {points: store}
    occurred_at: day
    columns:
      visitors: {cell: visitors, unit: visits, en: visitors, zh: 客流}
      open: {cell: open, unit: 'yes', en: an open door, zh: 营业}
  sales:
    en: till sales
    zh: 收银交易
    source: sales
    key: everybody
    occurred_at: day
    columns:
      amount: {cell: amount, unit: points, en: amount, zh: 金额}
"""


def mapping(folder: Path, text: str = MAPPING) -> Path:
    """Write the mapping; its files are the test's."""
    path = folder / "shop.yaml"
    path.write_text(text)
    return path


def described(folder: Path) -> tuple[OwnTable, ...]:
    """Return the tables of ``MAPPING``, with the values that its categories have in ``rows``."""
    counts = {"reason": pl.DataFrame({"value": ["earned", "spent"], "rows": [2, 1]})}
    return tuple(one.with_values(counts) for one in load(mapping(folder)).own.values())


def groups(folder: Path) -> tuple[Group, ...]:
    """Return the feature groups of ``MAPPING``."""
    return own_groups(described(folder), ["member_id"])


def rows(seed: int, members: int = 8, size: int = 300) -> dict[str, pl.DataFrame]:
    """Rows of every own table, as ingest finishes them: some late, many at equal times, some cells empty."""
    rng = np.random.default_rng(seed)

    def one_of(*values: object, n: int = size) -> list[object]:
        return [values[at] for at in rng.integers(0, len(values), n)]

    def table(name: str, **columns: object) -> pl.DataFrame:
        return tables.complete(name, pl.DataFrame({**columns, **times(rng, size)}, strict=False))

    who = [f"m{at}" for at in range(members)]

    def later(days: int) -> pl.Expr:
        lasts = pl.Series(rng.integers(1, days, size) * 86_400_000_000).cast(pl.Duration("us"))
        return pl.col("occurred_at") + lasts

    contracts = pl.DataFrame(
        {
            "member_id": one_of(*who),
            **times(rng, size),
            "renews_days": one_of(None, None, 30, 365),
            "line": one_of("a", None),
        },
        strict=False,
    ).with_columns(
        ends_at=pl.when(pl.col("renews_days").is_null()).then(later(400)),
        starts_at=pl.when(pl.col("line") == "a").then(later(40)),
        cancelled_at=pl.when(pl.Series(one_of(True, False, False))).then(later(300)),
    )
    return {
        "own_points": table(
            "own_points", member_id=one_of(*who), x_points=one_of(-20.0, 0.0, 5.0, 10.0, None),
            x_cost=one_of(1, 50, 900), x_card=one_of(0, 1, None), x_reason=one_of("earned", "spent", "gift", None),
            x_store=one_of("s1", "s2", "s3", None),
        ),
        "own_contracts": tables.complete("own_contracts", contracts),
        "own_footfall": table("own_footfall", store_id=one_of("s1", "s2"), x_visitors=one_of(1.0, 7.0, 30.0, None), x_open=one_of(0, 1)),
        "own_sales": table("own_sales", x_amount=one_of(1.0, 2.0, 40.0)),
    }  # fmt: skip


def spine(seed: int, n: int = 40, members: int = 8) -> pl.DataFrame:
    """Random moments of members, of one too that has no rows."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "row_id": np.arange(n),
            "as_of": START + rng.integers(0, 500, n) * 86_400,
            "member_id": [f"m{at}" for at in rng.integers(0, members + 1, n)],
        }
    )
