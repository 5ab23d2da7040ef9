"""Stage ingest: the tables, the quarantine and the count; the same bytes again; nothing half written."""

import json
import os
from pathlib import Path

import polars as pl
import pytest

from features import tables
from training.params import Params, parse
from training.stages import ingest as stage
from training.stages.ingest import ingest, source_fingerprint

PARAMS = Path("params.yaml").read_text()
MAPPING = """about: A shop.
folder: ../data
extracted_at: 2024-03-01
sources:
  orders: {file: orders}
  people: {file: people.csv}
tables:
  members:
    - source: people
      columns: {member_id: id, occurred_at: joined, region: region}
  purchases:
    - source: orders
      where: kind <> 'test'
      columns:
        occurred_at: at
        order_id: id
        member_id: who
        kind: kind
        quantity: n
        unit_price_cents: {column: price, times: 100}
left_out:
  lead: No leads.
"""
PEOPLE = "id,joined,region\na,2024-01-01,north\nb,2024-01-02,south\n"
ORDERS = """id,at,who,kind,n,price
1,2024-02-01 10:00,a,sale,2,9.99
2,2024-02-02 10:00,b,sale,-1,5
3,2024-02-03 10:00,nobody,sale,1,5
4,2024-02-04 10:00,a,return,-1,9.99
5,2025-02-04 10:00,a,sale,1,9.99
6,soon,a,sale,1,9.99
7,2024-02-01 09:00,b,sale,1,2.50
8,2024-02-01 09:00,b,test,1,2.50
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """A project's folder with one mapping; half of its orders are bad."""
    for folder in ("mappings", "data/orders"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "mappings/shop.yaml").write_text(MAPPING)
    (tmp_path / "data/people.csv").write_text(PEOPLE)
    (tmp_path / "data/orders/2024.csv").write_text(ORDERS)
    monkeypatch.chdir(tmp_path)
    params = parse(PARAMS).model_dump() | {"data": "shop", "ingest": {"max_quarantined": 0.6}}
    return Params.model_validate(params)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_tables_quarantine_and_count(shop: Params) -> None:
    ingest(shop)
    lines = pl.read_parquet(shop.build / "tables/purchases.parquet")
    assert lines.select("order_id", "amount_cents").rows() == [("7", 250), ("1", 1998), ("4", -999)]
    aside = pl.read_parquet(shop.build / "quarantine.parquet")
    assert aside.select("file", "row", "column", "reason").rows() == [
        ("2024.csv", 2, "quantity", "negative in a sale"),
        ("2024.csv", 3, "member_id", "not in members"),
        ("2024.csv", 5, "occurred_at", "after the extract"),
        ("2024.csv", 6, "occurred_at", "not a time"),
    ]
    found = json.loads((shop.build / "ingest.json").read_text())
    counts = found["tables"]["purchases"]
    assert [counts[key] for key in ("read", "left_out", "accepted", "quarantined")] == [8, 1, 3, 4]
    assert found["extracted_at"] == "2024-03-01T00:00:00+00:00"
    assert found["left_out"] == {"lead": "No leads."}
    assert {path.stem for path in (shop.build / "tables").iterdir()} == {*tables.TABLES, "outreach"}


def test_a_second_run_writes_the_same_bytes(shop: Params) -> None:
    ingest(shop)
    first = files(shop.build)
    ingest(shop)
    assert files(shop.build) == first


def test_too_many_bad_rows_stop_and_leave_what_was_there(shop: Params) -> None:
    ingest(shop)
    first = files(shop.build)
    strict = shop.model_copy(update={"ingest": shop.ingest.model_copy(update={"max_quarantined": 0.5})})
    with pytest.raises(ValueError, match=r"57\.1% of the 7 rows of purchases are bad: .*allowed is 50\.0%"):
        ingest(strict)
    assert files(shop.build) == first


def test_a_missing_file_stops_and_leaves_what_was_there(shop: Params) -> None:
    ingest(shop)
    first = files(shop.build)
    Path("data/people.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"people\.csv: not found"):
        ingest(shop)
    assert files(shop.build) == first


def test_an_unknown_mapping_names_those_that_are_there(shop: Params) -> None:
    with pytest.raises(FileNotFoundError, match=r"mappings/stall\.yaml: not found; .*\['shop'\]"):
        ingest(shop.model_copy(update={"data": "stall"}))


@pytest.mark.parametrize("path", ["mappings/shop.yaml", "data/people.csv", "data/orders/2024.csv"])
def test_the_fingerprint_changes_with_every_file(shop: Params, path: str) -> None:
    before = source_fingerprint(shop)
    assert source_fingerprint(shop) == before
    Path(path).write_text(Path(path).read_text() + "\n")
    assert source_fingerprint(shop) != before


def test_the_fingerprint_sees_a_new_file_and_misses_a_lost_one(shop: Params) -> None:
    before = source_fingerprint(shop)
    Path("data/orders/2025.csv").write_text(ORDERS)
    assert source_fingerprint(shop) != before
    Path("data/people.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"people\.csv: not found"):
        source_fingerprint(shop)


def test_the_brand_is_read_by_the_same_checks(shop: Params) -> None:
    brand = shop.brand.model_copy(update={"members": 300, "leads": 300})
    params = shop.model_copy(update={"data": "brand", "brand": brand})
    ingest(params)
    found = json.loads((params.build / "ingest.json").read_text())["tables"]
    assert set(found) == set(tables.TABLES)
    assert all(c["read"] == c["accepted"] + c["quarantined"] for c in found.values())
    assert sum(c["quarantined"] for c in found.values()) > 0
    planted = pl.read_parquet(params.build / "truth/planted.parquet")
    assert sum(c["quarantined"] for c in found.values()) == planted["rows"].sum()
    assert source_fingerprint(params) != source_fingerprint(params.model_copy(update={"seed": 8}))


PUBLIC = {
    "online-retail": {"members": (4_388, 0), "purchases": (406_829, 0)},
    "starbucks-rewards": {
        "members": (17_000, 0),
        "campaigns": (60, 0),
        "contacts": (76_277, 0),
        "responses": (91_304, 0),
        "purchases": (138_953, 0),
    },
    "complete-journey-2": {
        "members": (801, 0),
        "products": (92_331, 0),
        "purchases": (99_422, 578),
        "campaigns": (27, 0),
        "contacts": (6_589, 0),
        "responses": (2_102, 0),
    },
    "olist-marketing-funnel": {"leads": (8_000, 0), "responses": (842, 0)},
    "bank-marketing": {"subjects": (41_188, 0)},
    "hillstrom-email": {"subjects": (42_693, 0)},
    "hillstrom-email-men": {"subjects": (42_613, 0)},
}


@pytest.mark.skipif(
    "MEMBERLENS_DATA" not in os.environ, reason="MEMBERLENS_DATA names no folder of public sets"
)
@pytest.mark.parametrize("name", PUBLIC)
def test_public_sets_come_in_as_published(name: str, shop: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Path(__file__).parents[2]
    monkeypatch.setattr(stage, "MAPPINGS", project / "mappings")
    params = shop.model_copy(update={"data": name})
    ingest(params)
    found = json.loads((params.build / "ingest.json").read_text())["tables"]
    assert {key: (c["accepted"], c["quarantined"]) for key, c in found.items()} == PUBLIC[name]


def test_what_a_killed_run_left_behind_changes_nothing(shop: Params) -> None:
    ingest(shop)
    first = files(shop.build)
    for name in ("tables.part/members.parquet", "tables.former/members.parquet", "fetched/orders.parquet"):
        (shop.build / name).parent.mkdir(exist_ok=True)
        (shop.build / name).write_text("half a fi")
    (shop.build / "quarantine.parquet.part").write_text("half a fi")
    ingest(shop)
    assert files(shop.build) == first
