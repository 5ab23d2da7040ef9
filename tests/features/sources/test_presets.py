"""Exports of known systems are read by their presets, without a line written by hand."""

from pathlib import Path

import polars as pl
import pytest
import yaml

from features.sources.check import check
from features.sources.proposal.hints import Hints
from features.sources.proposal.presets import presets
from features.sources.proposal.propose import propose

ORDERS = """Name,Email,Financial Status,Currency,Subtotal,Total,Discount Amount,Created at,Lineitem quantity,Lineitem price,Lineitem sku,Cancelled at,Refunded Amount
#7,a@x.example,paid,EUR,37.00,41.90,3.00,2024-05-01 09:00:00 +0200,2,15.00,s1,,0.00
#7,a@x.example,,,,,,2024-05-01 09:00:00 +0200,1,10.00,s2,,
#8,b@x.example,voided,EUR,20.00,20.00,0.00,2024-05-02 09:00:00 +0200,1,10.00,s1,2024-05-03 09:00:00 +0200,0.00
#8,b@x.example,,,,,,2024-05-02 09:00:00 +0200,1,10.00,s3,,
#9,b@x.example,partially_refunded,EUR,30.00,30.00,0.00,2024-05-04 09:00:00 +0200,1,20.00,s1,,15.00
#9,b@x.example,,,,,,2024-05-04 09:00:00 +0200,1,10.00,s2,,
"""  # fmt: skip  # noqa: E501
CONTACTS = """Record ID,Create Date,Original Source,Lifecycle Stage,Lead Status,Became a Customer Date
1,2024-05-01 08:00,Search,Customer,Closed,2024-05-01
2,2024-05-01 09:00,Mail,Lead,New,
3,2024-05-02 09:00,Mail,Customer,Closed,2024-05-09
"""


def read(folder: Path, name: str, text: str) -> tuple[str, list[str], dict[str, pl.DataFrame]]:
    (folder / name).write_text(text)
    found = propose([folder / name])
    (folder / "found.yaml").write_text(found.text)
    rows: dict[str, pl.DataFrame] = {}
    check(
        folder / "found.yaml",
        keep=lambda table, frames: rows.update({table: pl.concat(list(frames), how="diagonal_relaxed")}),
    )
    return found.text, found.unsure, rows


def test_orders_of_shopify(tmp_path: Path) -> None:
    _, unsure, rows = read(tmp_path, "orders_export.csv", ORDERS)
    lines = rows["purchases"]
    assert any("taken as Shopify orders" in said and "--no-presets" in said for said in unsure)
    sold, back = lines.filter(kind="sale"), lines.filter(kind="return")
    assert sold["order_id"].to_list() == ["#7", "#7", "#9", "#9"]
    assert sold["discount_cents"].to_list() == [225, 75, 0, 0]
    assert sold["amount_cents"].sum() == 3700 + 3000
    assert back["amount_cents"].to_list() == [-1000, -500]
    assert str(lines["occurred_at"].min()) == "2024-05-01 07:00:00+00:00"


def test_contacts_of_hubspot(tmp_path: Path) -> None:
    text, unsure, rows = read(tmp_path, "all-contacts.csv", CONTACTS)
    assert "attributes" not in text.partition("tables:")[2]
    assert any("written after the outcome" in said for said in unsure)
    assert rows["leads"].height == 3
    assert rows["responses"]["lead_id"].to_list() == ["1", "3"]
    assert str(rows["responses"]["occurred_at"][0]) == "2024-05-01 23:59:59+00:00"


def test_a_preset_can_be_left_and_other_files_have_none(tmp_path: Path) -> None:
    path = tmp_path / "orders_export.csv"
    path.write_text(ORDERS)
    assert "taken as Shopify" not in propose([path], Hints(presets=False)).text
    path.write_text(ORDERS.replace("Lineitem price", "price"))
    assert "taken as Shopify" not in propose([path]).text


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.system)
def test_a_preset_names_its_makers_and_no_source(preset) -> None:
    assert preset.documented_at.startswith("https://")
    assert all("source" not in part for parts in preset.tables.values() for part in parts)
    yaml.safe_dump(preset.source)


def event(n: int, name: str, user: str | None, **more: object) -> dict[str, object]:
    """One event of GA4, as BigQuery writes it."""
    params = [{"key": "value", "value": {"string_value": None, "double_value": 7.25 if n == 3 else None}}]
    base = {"event_timestamp": str(1_717_200_000_000_000 + n * 60_000_000), "event_date": "20240601"}
    return base | {
        "event_name": name, "user_id": user, "user_pseudo_id": f"d{n % 2}", "event_params": params, **more
    }  # fmt: skip


def ga4(revenue: float | None = 12.5) -> list[dict[str, object]]:
    bought = {"ecommerce": {"transaction_id": "T1", "purchase_revenue": revenue}}
    empty = {"ecommerce": {"transaction_id": None, "purchase_revenue": None}}
    return [
        event(0, "page_view", None, **empty),
        event(1, "page_view", None, **empty),
        event(2, "login", "u1", **empty),
        event(3, "purchase", None, **bought),
        event(4, "purchase", None, **bought),
    ]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_events_of_ga4(tmp_path: Path, kind: str) -> None:
    frame = pl.DataFrame(ga4())
    path = tmp_path / f"events_20240601.{kind}"
    frame.write_parquet(path) if kind == "parquet" else frame.write_ndjson(path)
    found = propose([path])
    (tmp_path / "found.yaml").write_text(found.text)
    rows: dict[str, pl.DataFrame] = {}
    check(
        tmp_path / "found.yaml",
        keep=lambda table, frames: rows.update({table: pl.concat(list(frames), how="diagonal_relaxed")}),
    )
    events, bought = rows["events"].sort("event_time"), rows["purchases"].sort("event_time")
    assert events["member_id"].to_list() == ["u1", "ga:d1", "u1", "ga:d1", "u1"]
    assert str(events["recorded_at"][0]) == "2024-06-01 00:02:00+00:00"  # when the log-in bound the device
    assert bought["member_id"].to_list() == ["ga:d1", "u1"]
    assert bought["amount_cents"].to_list() == [1250, 1250]


def test_a_purchase_of_ga4_without_the_record_of_commerce(tmp_path: Path) -> None:
    plain = [{key: value for key, value in one.items() if key != "ecommerce"} for one in ga4()]
    plain[3]["event_params"].append(  # type: ignore[attr-defined]
        {"key": "transaction_id", "value": {"string_value": "T9", "double_value": None}}
    )
    pl.DataFrame(plain[:4]).write_ndjson(tmp_path / "events.jsonl")
    found = propose([tmp_path / "events.jsonl"])
    (tmp_path / "found.yaml").write_text(found.text)
    rows: list[pl.DataFrame] = []
    check(
        tmp_path / "found.yaml",
        keep=lambda name, frames: rows.extend(frames) if name == "purchases" else None,
    )
    assert pl.concat(rows).select("order_id", "amount_cents").rows() == [("T9", 725)]
