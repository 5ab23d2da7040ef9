"""A brand's own tables, from files through the mapping to what is stored beside the other tables."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from own_worlds import MAPPING, mapping

from features import own_tables
from training.data.artifacts import Ingest, read_artifact, write_artifact
from training.sources.check import check
from training.sources.intake import Report, intake
from training.sources.mapping.mapping_file import load
from training.sources.reading.read_tables import newest, read_tables
from training.sources.store import Folder

FILES = {
    "people": "id,since\nm1,2024-01-01\nm2,2024-01-01\n",
    "ledger": "who,day,booked,points,cost,card,reason,store,state\n"
    "m1,2024-02-01,2024-02-03,10,1.25,yes,earned,s1,ok\n"
    "m1,2024-02-02,,-5,,no,spent,s1,ok\n"
    "m2,2024-02-04,,7,2,,earned,s2,ok\n"
    "m2,2024-02-04,,7,2,,earned,s2,test\n"
    "m9,2024-02-04,,7,2,,earned,s2,ok\n"
    ",2024-02-04,,7,2,,earned,s2,ok\n"
    "m1,2024-02-05,,many,2,,earned,s2,ok\n"
    "m1,2030-01-01,,1,2,,earned,s2,ok\n",
    "contracts": "who,day,until\nm1,2024-01-05,2025-01-05\nm2,2024-01-06,\n",
    "footfall": "store,day,visitors,open\ns1,2024-02-01,12,yes\ns1,2024-02-02,,no\n",
    "sales": "day,amount\n2024-02-01,3\n2024-02-02,4.5\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The mapping beside its files."""
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return mapping(tmp_path)


def taken(path: Path) -> tuple[Path, Report]:
    """The folder of stored tables, and the report."""
    found, folder = load(path), path.parent / "tables"
    folder.mkdir()
    extracted = datetime(2024, 3, 1, tzinfo=UTC)
    rows = read_tables(found, found.root(), chunk=3)
    report = intake(rows, extracted, Folder(folder).store, own=found.own)
    own_tables.save(report.own, folder)
    return folder, report


def test_rows_are_accepted_or_quarantined_with_the_reason(shop: Path) -> None:
    folder, report = taken(shop)
    counts = report.tables["own_points"]
    assert (counts["read"], counts["left_out"], counts["accepted"], counts["quarantined"]) == (8, 1, 3, 4)
    assert set(counts["reasons"]) == {
        "member_id: not in members", "member_id: empty", "x_points: not a number",
        "occurred_at: after the extract",
    }  # fmt: skip
    points = pl.read_parquet(folder / "own_points.parquet")
    assert points.select("member_id", "x_points", "x_cost", "x_card", "x_reason", "x_store").rows() == [
        ("m1", 10.0, 125, 1, "earned", "s1"),
        ("m1", -5.0, None, 0, "spent", "s1"),
        ("m2", 7.0, 200, None, "earned", "s2"),
    ]
    late = points.row(0, named=True)
    assert late["known_time"] - late["event_time"] == 2 * 86_400


def test_how_many_have_rows_of_an_own_table_is_written_with_the_counts(shop: Path, tmp_path: Path) -> None:
    _, report = taken(shop)
    found: Ingest = {
        "data": "shop", "extracted_at": "2024-03-01", "tables": report.tables, "conflicts": 0,
        "accounts_in_conflict": [], "findings": [], "left_out": {},
    }  # fmt: skip
    write_artifact(tmp_path, Ingest, found)
    counts = read_artifact(Ingest, tmp_path)["tables"]
    assert {name: counts[name]["owners"] for name in counts if name.startswith("own_")} == {
        "own_points": 2, "own_contracts": 2, "own_footfall": 1, "own_sales": None,
    }  # fmt: skip


def test_what_is_stored_says_what_it_is(shop: Path) -> None:
    folder, _ = taken(shop)
    points, contracts, footfall, sales = own_tables.load(folder)
    assert points.columns[3].values == ("earned", "spent")
    assert (contracts.has_end, sales.key) == (True, "everybody")
    assert footfall.through == own_tables.Hop(table="own_points", column="x_store", key="member_id")
    ends = pl.read_parquet(folder / "own_contracts.parquet")["end_time"]
    assert ends.to_list() == [int(datetime(2025, 1, 5, tzinfo=UTC).timestamp()), None]


def test_the_newest_row_of_an_own_table_counts_for_the_extract(shop: Path) -> None:
    found = load(shop)
    moment = newest(found, found.root(), datetime(2024, 3, 1, tzinfo=UTC))
    assert moment == datetime(2024, 2, 5, tzinfo=UTC)


def test_check_counts_them(shop: Path) -> None:
    shop.write_text(MAPPING.replace("folder: .", "folder: .\nextracted_at: '2024-03-01'"))
    lines = [line for line in check(shop).lines() if line.startswith("own_points")]
    assert "3 accepted, 4 quarantined" in lines[0]


HOP = "through: {points: store}"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (HOP, "through: {point: store}", "footfall.through: no table 'point'; there are ['care'"),
        (HOP, "through: {points: shop}", "has no column 'shop' of unit id; there are ['store']"),
        (HOP, "through: {purchases: colour}", "purchases has no id 'colour' beside its subject's; there are"),
        (HOP, "windows: [30]", "`through` is for a key other than member_id, lead_id"),
        ("key: everybody", "key: all", "own_tables.sales.key: Input should be"),
        ("key: everybody", "key: {a: day, b: day}", "own_tables.sales: `key` is one id, or everybody"),
        ("  sales:\n    en", "  Sales:\n    en", "own_tables.Sales: String should match pattern"),
        ("source: footfall", "source: feet", "own_tables.footfall.source: no source 'feet'; there are ["),
        ("    zh: 收银交易\n", "", "own_tables.sales.zh: this key is needed"),
        ("unit: id,", "unit: id, values: [a],", "columns.store: `values` belong to a column of unit"),
        ("{cell: reason,", "{from: reason,", "columns.reason.from: no such key"),
        ("en: till sales", "en: till sales\n    line: day", "sales.line: belongs to the own table"),
        ("    ends_at: until\n", "    line: who\n", "contracts.line: needs `ends_at` or `renews_days`"),
        (
            "    ends_at: until\n",
            "    ends_at: until\n    columns: {line: {cell: who, unit: id, en: a, zh: b}}\n",
            "contracts.columns.line: a key of contracts, and no column",
        ),
        ("occurred_at: day\n    ends_at", "occurred: day\n    ends_at", "contracts.occurred: no such key"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in MAPPING
    with pytest.raises(ValueError, match="own_tables") as caught:
        load(mapping(tmp_path, MAPPING.replace(old, new, 1)))
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("{member_id: who}", "{member_id: whom}", "own_tables.points.key.member_id"),
        ("recorded_at: booked", "recorded_at: reason", "own_tables.points.recorded_at"),
        ("{cell: points,", "{cell: reason,", "own_tables.points.columns.points.cell"),
    ],
)
def test_a_column_that_cannot_be_read_is_named_with_its_place(
    shop: Path, old: str, new: str, sentence: str
) -> None:
    shop.write_text(MAPPING.replace(old, new, 1))
    with pytest.raises(ValueError, match=r"ledger\.csv") as caught:
        taken(shop)
    assert sentence in str(caught.value)
