"""Points and coupons of the simulated brand: asked for only, adding up, moving members as the truth knows."""

import hashlib
from datetime import date
from functools import cache
from pathlib import Path

import brand_outcomes as outcomes
import numpy as np
import polars as pl
import pytest
from brand_outcomes import DAY

from features import own_tables
from training.params import load
from training.stages.ingest import ingest, source_fingerprint
from training.synthetic import loyalty
from training.synthetic.brand import Brand, simulate

PERIOD = (date(2024, 1, 1), date(2024, 7, 1))
# Rows of the brand without a programme, as they were before there was one: published figures rest on them.
BEFORE = "4aa4a5d5803ce1e9bffae1e59fc0c759da679e778ecead6748a30c634e358c2a"


@cache
def brand() -> Brand:
    return simulate(1_200, 200, date(2023, 7, 1), date(2026, 7, 1), 1, loyalty=True)


@cache
def asked() -> pl.DataFrame:
    return outcomes.churn_of(brand())


def ledger() -> pl.DataFrame:
    return brand().own["points"].with_columns(time=pl.col("day").dt.epoch("s"))


def test_without_a_programme_every_row_is_as_it_was() -> None:
    plain, digest = simulate(300, 600, *PERIOD, 7), hashlib.sha256()
    for name in sorted(plain.tables):
        digest.update(name.encode() + plain.tables[name].write_csv().encode())
    assert digest.hexdigest() == BEFORE
    assert not plain.own
    assert not {"lots", "credits"} & set(plain.truth)
    assert "liking" not in plain.truth["state"].columns


def test_the_source_is_another_one_only_with_a_programme() -> None:
    params = load()
    assert not params.brand.loyalty
    assert set(source_fingerprint(params)) == {"data", "seed", "members", "leads", "start", "end"}
    asked = params.model_copy(update={"brand": params.brand.model_copy(update={"loyalty": True})})
    assert source_fingerprint(asked)["loyalty"] is True


def test_the_ledger_adds_up() -> None:
    rows = ledger().sort("account", "time", maintain_order=True)
    before = pl.col("balance").shift(1).over("account").fill_null(0)
    late = rows.filter(pl.col("balance") != before + pl.col("points"), pl.col("booked").is_null())
    # An entry is out where one before it is known after the end only.
    assert late.height < 0.01 * rows.height
    signs = rows.group_by("entry").agg(low=pl.col("points").min(), high=pl.col("points").max())
    ends = {entry: (low, high) for entry, low, high in signs.iter_rows()}
    assert ends["earned"][0] > 0
    assert max(ends["redeemed"][1], ends["expired"][1]) < 0
    assert rows["balance"].min() == 0


def test_coupons_are_used_or_expire() -> None:
    steps = dict(brand().own["coupons"]["step"].value_counts().iter_rows())
    assert steps["used"] > 300
    assert 0.8 * steps["issued"] < steps["used"] + steps["expired"] <= steps["issued"]


@pytest.mark.parametrize("name", ["orders", "leaving", "answers"])
def test_the_truth_knows_what_points_and_coupons_do(name: str) -> None:
    found = {
        "orders": asked,
        "leaving": lambda: outcomes.leaving(brand(), asked()),
        "answers": lambda: outcomes.contacts_of(brand()),
    }[name]()
    assert np.abs(outcomes.deviations(found, 5)).max() < 4
    assert np.abs(outcomes.deviations(found, 1)).max() < 3.5


def test_points_that_expire_drive_members_away_and_rewards_bring_orders() -> None:
    fades = brand().truth["members"].select(account="member_id", fades="fades")
    rows = ledger().join(fades, on="account").filter(pl.col("fades") >= pl.col("time"))
    goes = (pl.col("fades") - pl.col("time") <= 1).alias("goes")
    lost = rows.filter(pl.col("entry") == "expired", pl.col("points") < -loyalty.LITTLE).select(goes)["goes"]
    assert lost.mean() == pytest.approx(-np.expm1(-loyalty.EXPIRED_PUSH), abs=4 * (0.25 / len(lost)) ** 0.5)
    full = rows.filter(pl.col("entry") == "earned", pl.col("balance") >= loyalty.REWARD)
    orders = outcomes.bound(brand(), "purchases").filter(pl.col("kind") == "sale")
    orders = orders.select(account="member_id", ordered="time").unique()
    soon = full.join(orders, on="account").filter((pl.col("ordered") - pl.col("time")).is_between(0, 2 * DAY))
    few = rows.filter(pl.col("entry") == "earned", pl.col("balance") < loyalty.NEAR * loyalty.REWARD)
    rare = few.join(orders, on="account").filter((pl.col("ordered") - pl.col("time")).is_between(0, 2 * DAY))
    assert soon.height / full.height > 2 * rare.height / few.height


def test_an_unused_coupon_near_its_end_raises_answers() -> None:
    issued = brand().own["coupons"].filter(pl.col("step") == "issued")
    issued = issued.select(
        member_id="account", issued=pl.col("day").dt.epoch("s"), ends=pl.col("until").dt.epoch("s")
    )
    sent = outcomes.contacts_of(brand()).filter("sent").sort("time")
    near = sent.join_asof(issued.sort("issued"), left_on="time", right_on="issued", by="member_id")
    near = near.filter(pl.col("ends") - pl.col("time") < loyalty.SOON, pl.col("ends") > pl.col("time"))
    assert 0.01 * sent.height < near.height < 0.3 * sent.height
    assert near["label"].mean() > 1.3 * sent["label"].mean()


def test_both_tables_come_in_as_any_brands_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = load()
    small = params.brand.model_copy(
        update={"members": 200, "leads": 200, "start": PERIOD[0], "end": PERIOD[1], "loyalty": True}
    )
    monkeypatch.chdir(tmp_path)
    ingest(params.model_copy(update={"data": "brand", "brand": small}))
    described = {one.name: one for one in own_tables.load(Path("build/brand/tables"))}
    assert described.keys() == {"points", "coupons"}
    for name, one in described.items():
        rows = pl.read_parquet(f"build/brand/tables/{one.stored}.parquet")
        assert rows.height > 50
        assert {f"x_{column.name}" for column in one.columns} < set(rows.columns), name
