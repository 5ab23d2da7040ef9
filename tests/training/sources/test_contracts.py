"""Exports of contracts: proposed as such, counted and judged by `check`, asked about by task `lapse`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from contract_worlds import gym

from models.task import requirements
from training.sources.check import check
from training.sources.mapping.mapping_file import load
from training.sources.proposal.propose import propose
from training.sources.store import Folder

NAMES = ("people", "memberships", "checkins")
Change = Callable[[pl.DataFrame], pl.DataFrame]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gym")
    gym(folder, 40, 3)
    return folder


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
    folder = tmp_path / "tables"
    folder.mkdir()
    told = check(tmp_path / "shop.yaml", requirements(), Folder(folder, "1GB", 1).store)
    assert told.tasks["lapse"] == ""
    assert [one.kind for one in told.findings] == []
    assert "start_time" in pl.read_parquet_schema(folder / "own_contracts.parquet")


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
