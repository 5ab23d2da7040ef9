"""Exports of contracts: proposed as such, counted and judged by `check`, asked about by task `lapse`."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from contract_worlds import gym
from exported import taken
from sklearn.metrics import roc_auc_score

from features.compute import compute
from features.feature import DAY
from features.groups.own import own_groups
from features.lifecycle_limits import LifecycleLimits
from models.populations.contracts import ContractSpine, EndingContracts
from models.task import requirements
from training.sources.check import check
from training.sources.mapping.mapping_file import load
from training.sources.proposal.propose import propose
from training.sources.store import Folder

SPINE = ContractSpine()
NAMES = ("people", "memberships", "checkins")
Change = Callable[[pl.DataFrame], pl.DataFrame]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pl.DataFrame]:
    """The export, and the truth of each membership."""
    folder = tmp_path_factory.mktemp("gym")
    return folder, gym(folder, 300, 3)


@pytest.fixture(scope="module")
def export(world: tuple[Path, pl.DataFrame]) -> Path:
    return world[0]


def proposed(export: Path, folder: Path, change: Change, name: str = "memberships") -> dict[str, Any]:
    """The mapping proposed for the export with its contracts changed, in a file of this name."""
    paths = [folder / f"{one}.csv" for one in ("people", name, "checkins")]
    for one, path in zip(NAMES, paths, strict=True):
        frame = pl.read_csv(export / f"{one}.csv")
        (change(frame) if one == "memberships" else frame).write_csv(path)
    text = propose(paths, requirements=requirements()).text
    (folder / "shop.yaml").write_text(text)
    return dict(yaml.safe_load(text))


def same(frame: pl.DataFrame) -> pl.DataFrame:
    return frame


def test_contracts_with_an_end_are_proposed_with_their_cancellations(export: Path, tmp_path: Path) -> None:
    found = proposed(
        export,
        tmp_path,
        lambda frame: frame.with_columns(auto_renew=pl.Series(["yes", "no"] * 500)[: len(frame)]),
    )
    contracts = found["own_tables"]["contracts"]
    assert (contracts["ends_at"], contracts["cancelled_at"]) == ("end_date", "cancelled_on")
    assert set(contracts["columns"]) == {"plan", "fee"}  # how things stand today is left out
    assert found["params"]["tasks"] == ["lapse"]
    assert "lapse" not in found["left_out"]


def test_what_is_asked_of_the_tables_is_what_the_truth_knows(
    world: tuple[Path, pl.DataFrame], tmp_path: Path
) -> None:
    """From the export to labels and features: lapses as often as the truth says, and visits tell of them."""
    proposed(world[0], tmp_path, same)
    folder = tmp_path / "tables"
    folder.mkdir()
    told = check(tmp_path / "shop.yaml", requirements(), Folder(folder, "1GB", 1).store)
    assert told.tasks["lapse"] == ""
    assert [one.kind for one in told.findings] == []
    data = {path.stem: pl.scan_parquet(path) for path in folder.glob("own_*.parquet")}
    end = int(told.extracted.timestamp())
    asked = EndingContracts().past(data, SPINE, LifecycleLimits(), 0, end).filter(pl.col("window_end") <= end)
    asked = asked.with_columns(ends=pl.col("window_end") - SPINE.grace * DAY).with_row_index("row_id")
    known = world[1].select("member_id", "chance", ends=pl.col("end").dt.epoch("s"))
    rows = asked.cast({"row_id": pl.Int64}).join(known, on=["member_id", "ends"], how="left")
    assert rows["chance"].null_count() == 0
    first = rows.filter(pl.col("ends") - pl.col("as_of") == SPINE.days * DAY)
    assert len(first) > 200
    assert abs(first["label"].mean() - first["chance"].mean()) < 0.05
    assert roc_auc_score(rows["label"], rows["chance"]) > 0.75
    visits = compute(rows.lazy(), data, own_groups(told.report.own, ["member_id"])).sort("row_id").collect()
    fading = visits["own_checkins__count_30d"] / visits["own_checkins__count_365d"].clip(1)
    assert roc_auc_score(rows["label"], -fading) > 0.65


def test_subscriptions_without_an_end_renew_themselves(export: Path, tmp_path: Path) -> None:
    def rolling(frame: pl.DataFrame) -> pl.DataFrame:
        interval = pl.when(pl.col("plan") == "year").then(pl.lit("yearly")).otherwise(pl.lit("monthly"))
        return frame.with_columns(billing_period=interval).drop("end_date", "plan")

    found = proposed(export, tmp_path, rolling, "subscriptions")["own_tables"]["contracts"]
    assert found["cancelled_at"] == "cancelled_on"
    assert found["renews_days"] == {
        "column": "billing_period",
        "map": {"monthly": 30, "yearly": 365},
        "other": 30,
    }
    assert "ends_at" not in found
    mapping = load(tmp_path / "shop.yaml")
    assert mapping.own["own_contracts"].is_contracts


def told(export: Path, folder: Path, change: Change) -> list[str]:
    proposed(export, folder, change)
    return [one.name for one in check(folder / "shop.yaml", requirements()).findings]


def test_ends_that_were_written_over_stop_the_pipeline(export: Path, tmp_path: Path) -> None:
    past = (pl.int_range(pl.len()) % 3 == 0) & (pl.col("end_date") < "2025-12-01")
    gone = pl.coalesce("cancelled_on", pl.when(past).then("end_date"))
    over = told(
        export,
        tmp_path,
        lambda frame: frame.with_columns(
            gone.alias("cancelled_on"), pl.coalesce(gone, "end_date").alias("end_date")
        ),
    )
    assert over == ["own_contracts.ends_overwritten"]


def test_contracts_side_by_side_are_said(export: Path, tmp_path: Path) -> None:
    twice = told(
        export, tmp_path, lambda frame: pl.concat([frame, frame.with_columns(pl.lit("pool").alias("plan"))])
    )
    assert "own_contracts.side_by_side" in twice


HEADS = {
    "stripe": "id,Customer ID,Plan,Interval,Amount,Status,Created (UTC),Start (UTC),"
    "Current Period Start (UTC),Current Period End (UTC),Cancel At Period End,Canceled At (UTC),"
    "Ended At (UTC)",
    "recharge": "subscription_id,customer_id,created_at,status,cancelled_at,next_charge_date,"
    "order_interval_unit,price,quantity,product_title,cancellation_reason",
    "chargebee": "Subscription Id,Customer Id,Plan Id,Status,Started At,Current Term Start,Current Term End,"
    "Cancelled At,Cancel Reason,Billing Period,Billing Period Unit,Plan Amount",
}


def alone(shape: str) -> str:
    """Subscriptions as a system writes them, every second one cancelled; nothing says who the members are."""
    last, lines = datetime(2024, 4, 6), [HEADS[shape]]
    for n in range(300):
        at = datetime(2023, 1, 1) + timedelta(hours=37 * n)
        gone = bool(n % 2)
        over = at + timedelta(days=min(30 * (n % 9 + 1) + 3, (last - at).days // 2)) if gone else ""
        end = at + timedelta(days=30 * (n % 9 + 2)) if gone else last + timedelta(days=n % 30)
        who, begun = f"cus_{n % 200:05d}", end - timedelta(days=30)
        state, why = ("cancelled", "too much") if gone else ("active", "")
        cells = {
            "stripe": (n, who, "p", "month", 9.99, state, at, at, begun, end, str(gone).lower(), over, over),
            "recharge": (n, who, at, state.upper(), over, end, "month", 19.5, 1, "Tea", why),
            "chargebee": (f"Az{n}", who, "p", state, at, begun, end, over, why, 1, "month", 19.5),
        }
        lines.append(",".join(map(str, cells[shape])))
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        ("stripe", "subscriptions.csv"),
        ("recharge", "recharge_subscriptions.csv"),
        ("chargebee", "export.csv"),
    ],
)
def test_a_file_of_contracts_alone_says_who_the_members_are(tmp_path: Path, shape: str, name: str) -> None:
    proposal, mapping, rows = taken(tmp_path, {name: alone(shape)})
    assert set(mapping.tables) == {"members"}  # cancelled subscriptions are no orders that were not made
    assert rows["members"]["member_id"].n_unique() == 200
    assert not {"status", "cancellation_reason"} & set(rows["members"].columns)
    found = rows["own_contracts"]
    assert found.height == 300
    assert found["cancelled_at"].count() == 150
    assert set(found["renews_days"]) == {30}
    assert not [
        name for name in found.columns if "cancel" in name and name not in ("cancelled_at", "cancel_time")
    ]
    assert "lapse" in yaml.safe_load(proposal.text)["params"]["tasks"]
    assert any("members are those whom its contracts name" in doubt for doubt in proposal.unsure)
