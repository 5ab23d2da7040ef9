"""Files that no contract knows become tables of the brand's own, with their doubts, and can be checked."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from training.sources.check import Check, check
from training.sources.mapping.mapping_file import load
from training.sources.proposal.propose import propose

MEMBERS = [f"c{n:03d}" for n in range(30)]
COUNT = 240


def at(number: int, days: float = 0.0) -> str:
    """A moment of row ``number``: one row each half day of 2024, early in the night."""
    return str(datetime(2024, 1, 1, 1) + timedelta(days=number / 2 + days))


def who(number: int) -> str:
    return MEMBERS[number * 7 % 30]


ORDERS = {
    "order_no": [f"o{n}" for n in range(COUNT)],
    "customer_id": [who(n) for n in range(COUNT)],
    "ordered_at": [at(n) for n in range(COUNT)],
    "sku": [f"art-{n % 25}" for n in range(COUNT)],
    "qty": [1 + n % 3 for n in range(COUNT)],
    "unit_price": [9.5 + n % 4 for n in range(COUNT)],
}
LEDGER = {
    "entry_id": list(range(COUNT)),
    "customer_id": [who(n + 1) for n in range(COUNT)],
    "day": [at(n) for n in range(COUNT)],
    "booked_at": [at(n, 2) for n in range(COUNT)],
    "points": [10 if n % 3 else -5 for n in range(COUNT)],
    "reason": ["earned" if n % 3 else "spent" for n in range(COUNT)],
    "store_id": [f"s{n % 8}" for n in range(COUNT)],
    "status": ["posted", "open"] * 120,
    "customer_name": [f"Name {who(n + 1)}" for n in range(COUNT)],
}
COUPONS = {
    "coupon_code": [f"k{n}" for n in range(COUNT)],
    "customer_id": [who(n) for n in range(COUNT)],
    "issued_at": [at(n) for n in range(COUNT)],
    "redeemed_at": [at(n, 1) if n % 4 == 0 and n < 230 else None for n in range(COUNT)],
    "redeemed_value": [4.5 + n % 3 if n % 4 == 0 and n < 230 else None for n in range(COUNT)],
    "expires_at": [at(n, 30) for n in range(COUNT)],
    "face_value": [5.0 + n % 3 / 2 for n in range(COUNT)],
}
TRAFFIC = {
    "store_id": [f"s{n % 8}" for n in range(COUNT)],
    "day": [at(n)[:10] for n in range(COUNT)],
    "visitors": [20 + n % 60 for n in range(COUNT)],
}
FILES: dict[str, dict[str, list[Any]]] = {
    "orders.csv": ORDERS,
    "points_ledger.csv": LEDGER,
    "coupons.csv": COUPONS,
    "store_traffic.csv": TRAFFIC,
    "store_sizes.csv": {"customer_id": MEMBERS, "size": [n % 7 for n in range(30)]},
    "weather.csv": {"at": [at(n)[:10] for n in range(COUNT)], "wind": [n % 9 for n in range(COUNT)]},
    "花名册.csv": {
        "会员编号": [who(n) for n in range(COUNT)],
        "入群时间": [at(n) for n in range(COUNT)],
        "等级分": [n % 11 for n in range(COUNT)],
    },
}


def proposed(folder: Path, *names: str, **changed: dict[str, list[Any]]) -> tuple[dict[str, Any], list[str]]:
    """The mapping that is proposed for files, and its doubts."""
    for name in names:
        pl.DataFrame(FILES[name] | changed.get(name.split(".")[0], {})).write_csv(folder / name)
    found = propose([folder / name for name in names])
    (folder / "m.yaml").write_text(found.text)
    return yaml.safe_load(found.text), found.unsure


def checked(folder: Path) -> tuple[Check, str]:
    found = check(folder / "m.yaml")
    return found, "\n".join(found.lines())


def test_a_ledger_becomes_a_table_by_the_ids_it_shares(tmp_path: Path) -> None:
    content, unsure = proposed(tmp_path, "orders.csv", "points_ledger.csv")
    table = content["own_tables"]["points_ledger"]
    assert (table["key"], table["occurred_at"], table["recorded_at"]) == (
        {"member_id": "customer_id"},
        "day",
        "booked_at",
    )
    assert {name: column["unit"] for name, column in table["columns"].items()} == {
        "points": "points",
        "reason": "category",
        "store": "id",
    }
    assert (table["en"], table["zh"], table["columns"]["points"]["zh"]) == (
        "points entries",
        "积分流水",
        "积分",
    )
    said = " ".join(unsure)
    assert "own table by customer_id: 30 of its 30 ids are among those of member_id" in said
    assert "left out is status: how things stand today, which is a leak" in said
    assert "left out is customer_name: personal data" in said
    found, lines = checked(tmp_path)
    assert found.report.tables["own_points_ledger"]["accepted"] == COUNT
    assert "own table points_ledger: can be used" in lines
    assert "those of 30 different member_id" in lines


def test_what_happened_to_a_row_later_is_a_table_of_its_own(tmp_path: Path) -> None:
    content, unsure = proposed(tmp_path, "orders.csv", "coupons.csv")
    own = content["own_tables"]
    assert (own["coupons"]["occurred_at"], own["coupons"]["ends_at"]) == ("issued_at", "expires_at")
    assert set(own["coupons"]["columns"]) == {"face_value"}  # what redeeming brought is not known before
    redeemed = own["coupons_redeemed"]
    assert (redeemed["occurred_at"], redeemed["where"]) == ("redeemed_at", '"redeemed_at" IS NOT NULL')
    assert redeemed["columns"]["redeemed_value"]["cell"] == {"column": "redeemed_value", "times": 100}
    assert any("redeemed_at is filled later" in said for said in unsure)
    found, _ = checked(tmp_path)
    rows = found.report.tables
    assert (rows["own_coupons"]["accepted"], rows["own_coupons_redeemed"]["accepted"]) == (COUNT, 58)


def test_an_end_that_is_written_when_it_comes_is_no_end(tmp_path: Path) -> None:
    gone = {
        "expires_at": COUPONS["redeemed_at"],
        "redeemed_at": [None] * COUNT,
        "redeemed_value": [None] * COUNT,
    }
    content, _ = proposed(tmp_path, "orders.csv", "coupons.csv", coupons=gone)
    assert "ends_at" not in content["own_tables"]["coupons"]
    assert content["own_tables"]["coupons_expired"]["occurred_at"] == "expires_at"


def test_a_second_hop_goes_through_what_another_own_table_names(tmp_path: Path) -> None:
    content, unsure = proposed(tmp_path, "store_traffic.csv", "points_ledger.csv", "orders.csv")
    table = content["own_tables"]["store_traffic"]
    assert (table["key"], table["through"]) == ({"store_id": "store_id"}, {"points_ledger": "store"})
    assert any("8 of its 8 ids are among those of store in points_ledger" in said for said in unsure)
    _, lines = checked(tmp_path)
    assert "those of 8 different store_id, which own_points_ledger.x_store leads to" in lines


def test_a_hop_that_leads_nowhere_stops(tmp_path: Path) -> None:
    proposed(tmp_path, "store_traffic.csv", "points_ledger.csv", "orders.csv")
    text = (tmp_path / "m.yaml").read_text()
    (tmp_path / "m.yaml").write_text(
        text.replace("store_id: store_id", "store_id: {sql: \"CONCAT('x', store_id)\"}")
    )
    found, _ = checked(tmp_path)
    (finding,) = [one for one in found.findings if one.name == "own_store_traffic.keys_apart"]
    assert finding.is_fatal
    assert "0 of 8 ids in own_points_ledger.x_store lead to rows" in finding.says


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("store_sizes.csv", "customer_id says whose rows these are, but no column holds a time"),
        ("weather.csv", "weather.csv: resembles no table of the contract, and stands as a comment"),
    ],
)
def test_what_has_no_key_or_no_time_stays_a_comment(tmp_path: Path, name: str, says: str) -> None:
    content, unsure = proposed(tmp_path, "orders.csv", name)
    assert "own_tables" not in content
    assert set(content["sources"]) == {"orders"}
    assert any(says in said for said in unsure), unsure
    assert f"# {name}: resembles no table. Its columns" in (tmp_path / "m.yaml").read_text()


def test_ids_that_do_not_meet_are_no_key(tmp_path: Path) -> None:
    other = {"customer_id": [f"0{n % 30}" for n in range(COUNT)]}
    content, unsure = proposed(tmp_path, "orders.csv", "points_ledger.csv", points_ledger=other)
    assert "own_tables" not in content
    assert any("only 0 of its 30 ids are known; mend the keys" in said for said in unsure), unsure


def test_small_numbers_meet_by_chance_and_are_no_key(tmp_path: Path) -> None:
    orders = {"customer_id": [n % 30 for n in range(COUNT)]}
    scores = {"at": TRAFFIC["day"], "wind": [n % 30 for n in range(COUNT)]}
    content, _ = proposed(tmp_path, "orders.csv", "weather.csv", orders=orders, weather=scores)
    assert "own_tables" not in content


def test_words_that_nothing_tells_are_the_columns_own_names(tmp_path: Path) -> None:
    content, unsure = proposed(tmp_path, "orders.csv", "花名册.csv")
    ((name, table),) = content["own_tables"].items()
    assert name == "table_1"
    assert list(table["columns"].values()) == [
        {"cell": "等级分", "unit": "units", "en": "等级分", "zh": "等级分"}
    ]
    assert any("the words (`en`, `zh`) and units of 等级分, the table itself" in said for said in unsure)
    found, lines = checked(tmp_path)
    assert found.report.tables["own_table_1"]["accepted"] == COUNT
    assert "own table table_1: can be used" in lines


def test_ids_of_e_mail_addresses_are_made_as_in_the_preset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMBERLENS_ID_KEY", "k" * 32)
    head = "Name,Email,Financial Status,Currency,Subtotal,Total,Discount Amount,Created at,Lineitem quantity"
    text = [f"{head},Lineitem price,Lineitem sku,Cancelled at,Refunded Amount"]
    text += [f"#{n},{who(n)}@x.example,paid,EUR,9.50,9.50,0,{at(n)} +0000,1,9.50,s1,," for n in range(COUNT)]
    (tmp_path / "shop.csv").write_text("\n".join(text))
    mails = {"customer_id": [f" {who(n + 1).upper()}@x.example" for n in range(COUNT)]}
    pl.DataFrame(LEDGER | mails).rename({"customer_id": "mail"}).write_csv(tmp_path / "points_ledger.csv")
    found = propose([tmp_path / "shop.csv", tmp_path / "points_ledger.csv"])
    (tmp_path / "m.yaml").write_text(found.text)
    own = yaml.safe_load(found.text)["own_tables"]["points_ledger"]
    assert own["key"] == {"member_id": {"column": "mail", "hash": "email"}}
    assert check(tmp_path / "m.yaml").report.tables["members"]["added"] == 30  # the same thirty in both


def test_files_of_one_kind_are_one_table(tmp_path: Path) -> None:
    pl.DataFrame(ORDERS).write_csv(tmp_path / "orders.csv")
    for name, rows in (("points_01", slice(0, 100)), ("points_02", slice(100, None))):
        pl.DataFrame({key: cells[rows] for key, cells in LEDGER.items()}).write_csv(tmp_path / f"{name}.csv")
    found = propose(sorted(tmp_path.glob("*.csv")))
    (tmp_path / "m.yaml").write_text(found.text)
    (table,) = yaml.safe_load(found.text)["own_tables"]
    assert check(tmp_path / "m.yaml").report.tables[f"own_{table}"]["accepted"] == COUNT


def test_rows_that_stand_in_two_files_count_once(tmp_path: Path) -> None:
    pl.DataFrame(ORDERS).write_csv(tmp_path / "orders.csv")
    for name, rows in (("points_01", slice(0, 150)), ("points_02", slice(100, None))):
        pl.DataFrame({key: cells[rows] for key, cells in LEDGER.items()}).write_csv(tmp_path / f"{name}.csv")
    (tmp_path / "m.yaml").write_text(propose(sorted(tmp_path.glob("*.csv"))).text)
    found = check(tmp_path / "m.yaml")
    assert found.findings == ()
    assert found.report.tables["own_points_01"]["left_out"] == 50


def test_a_hop_through_a_column_that_the_contract_lacks(tmp_path: Path) -> None:
    """The store of an order is no column of purchases: an own table leads to what happens there."""
    days = [datetime(2024, 1, 1) + timedelta(days=n) for n in range(60)]
    pl.DataFrame(ORDERS).with_columns(store="S" + (pl.int_range(pl.len()) % 4).cast(pl.String)).write_csv(
        tmp_path / "orders.csv"
    )
    visits = {"store": [f"S{n % 4}" for n in range(60)], "day": days, "visitors": list(range(60))}
    pl.DataFrame(visits).write_csv(tmp_path / "footfall.csv")
    (tmp_path / "m.yaml").write_text(propose(sorted(tmp_path.glob("*.csv"))).text)
    own = load(tmp_path / "m.yaml").own_tables
    assert own["footfall"].through == {"orders_store": "store"}
    found = check(tmp_path / "m.yaml")
    assert found.report.tables["own_footfall"]["accepted"] == 60
    assert found.findings == ()
