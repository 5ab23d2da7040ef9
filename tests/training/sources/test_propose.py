"""Proposed mappings load, read, and say what they are unsure of."""

from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import yaml

from models.task import requirements
from training.sources.check import check
from training.sources.mapping.mapping_file import Mapping, load
from training.sources.proposal.hints import Hints
from training.sources.proposal.propose import Proposal, propose


def day(number: int) -> datetime:
    return datetime(2024, 1, 1, 9) + timedelta(days=number)


ORDERS = pl.DataFrame({
    "OrderNo": [f"o{n // 2}" for n in range(40)],
    "CustomerID": [None if n == 7 else f"c{n % 5}" for n in range(40)],
    "order_date": [f"{day(n):%d/%m/%Y}" for n in range(40)],
    "SKU": ["p1", "p2"] * 20,
    "Qty": [-1 if n == 9 else 2 for n in range(40)],
    "UnitPrice": [2.5] * 40,
})  # fmt: skip
CUSTOMERS = pl.DataFrame({
    "customer_id": [f"c{n}" for n in range(5)],
    "registered_on": ["2023-05-01"] * 5,
    "country": ["DE"] * 5,
    "club": ["gold", "none", "none", "gold", "none"],
})  # fmt: skip
LEADS = pl.DataFrame({
    "lead_id": [f"l{n}" for n in range(30)],
    "created_at": [str(day(n)) for n in range(30)],
    "utm_source": ["search"] * 30,
})  # fmt: skip
DEALS = pl.DataFrame({"lead_id": ["l1", "l2"], "won_at": [str(day(40))] * 2, "seller": ["a", "b"]})
SENT = pl.DataFrame({
    "message_id": [f"k{n}" for n in range(9)],
    "campaign_id": ["s1"] * 9,
    "customer_id": ["c1", "c2", "c3"] * 3,
    "sent_at": [day(n) for n in range(9)],
})  # fmt: skip
CALLS = pl.DataFrame({"age": [30, 40], "job": ["a", "b"], "duration": [3, 9], "y": ["yes", "no"]})
FILES = {
    "orders.csv": ORDERS,
    "short_orders.csv": ORDERS.head(10),  # no day after the twelfth
    "customers.csv": CUSTOMERS,
    "profiles.csv": CUSTOMERS.drop("registered_on"),
    "leads.jsonl": LEADS,
    "won_deals.csv": DEALS,
    "campaign_sent.parquet": SENT,
    "calls.csv": CALLS,
    "weather.csv": pl.DataFrame({"wind": [1.5, 2.5], "at": [date(2024, 1, 1)] * 2}),
}


def proposed(folder: Path, *names: str) -> tuple[Proposal, Mapping]:
    """A proposal for files, and its mapping as it is read from its text."""
    for name in names:
        frame, path = FILES[name], folder / name
        write = {".csv": frame.write_csv, ".jsonl": frame.write_ndjson, ".parquet": frame.write_parquet}
        write[path.suffix](path)
    found = propose([folder / name for name in names], requirements=requirements())
    (folder / "proposed.yaml").write_text(found.text)
    return found, load(folder / "proposed.yaml")


@pytest.mark.parametrize(
    ("name", "table", "columns"),
    [
        ("customers.csv", "members", {"member_id": "customer_id", "occurred_at": "registered_on"}),
        ("leads.jsonl", "leads", {"lead_id": "lead_id", "occurred_at": "created_at", "source": "utm_source"}),
        ("campaign_sent.parquet", "contacts", {"contact_id": "message_id", "member_id": "customer_id"}),
        ("won_deals.csv", "responses", {"lead_id": "lead_id", "occurred_at": "won_at"}),
        ("orders.csv", "purchases", {"order_id": "OrderNo", "member_id": "CustomerID", "product_id": "SKU"}),
        ("calls.csv", "subjects", {"label": "y"}),
    ],
)
def test_files_are_recognised(tmp_path: Path, name: str, table: str, columns: dict[str, str]) -> None:
    _, mapping = proposed(tmp_path, name)
    ((found, (part,)),) = mapping.tables.items()
    assert found == table
    assert {key: part.columns[key].column for key in columns} == columns


def test_all_files_together_can_be_checked_at_once(tmp_path: Path) -> None:
    found, _ = proposed(tmp_path, "orders.csv", "customers.csv", "leads.jsonl", "won_deals.csv")
    result = check(tmp_path / "proposed.yaml", requirements())
    counts = result.report.tables
    assert {name: c["quarantined"] for name, c in counts.items()} == dict.fromkeys(counts, 0)
    assert counts["purchases"]["left_out"] == 1  # the line that names no customer
    assert result.kinds == {"converted": 2}
    assert result.tasks["lead"] == result.tasks["churn"] == ""
    assert "no contacts" in result.tasks["response"]
    assert all(f"# - {sentence}" in found.text for sentence in found.unsure)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("short_orders.csv", "02/01/2024 is taken as 2 January 2024, and may be 1 February 2024"),
        ("orders.csv", "3% of the rows have no CustomerID"),
        ("orders.csv", "lines with a negative Qty are taken as returns"),
        ("orders.csv", "UnitPrice is taken as whole money units"),
        ("won_deals.csv", "made up as {'value': 'converted'}"),
        ("calls.csv", "no time was found"),
        ("calls.csv", "must go to `exclude:`"),
        ("leads.jsonl", "taken as UTC"),
    ],
)
def test_what_is_guessed_is_said(tmp_path: Path, name: str, sentence: str) -> None:
    found, _ = proposed(tmp_path, name)
    assert any(sentence in said for said in found.unsure), found.unsure


def test_a_semicolon_file_of_another_language(tmp_path: Path) -> None:
    text = (
        "订单号;会员ID;下单时间;数量;单价\n1;a;2024-01-05 10:00:00;2;9.90\n2;b;2024-01-06 10:00:00;1;5.00\n"
    )
    (tmp_path / "订单.csv").write_text(text)
    found = propose([tmp_path / "订单.csv"])
    (tmp_path / "m.yaml").write_text(found.text)
    mapping = load(tmp_path / "m.yaml")
    assert {name: cell.column for name, cell in mapping.tables["purchases"][0].columns.items()} == {
        "occurred_at": "下单时间",
        "order_id": "订单号",
        "member_id": "会员ID",
        "quantity": "数量",
        "unit_price_cents": "单价",
    }
    assert check(tmp_path / "m.yaml").report.tables["purchases"]["accepted"] == 2


def test_a_profile_without_a_time_is_known_from_the_start(tmp_path: Path) -> None:
    found, mapping = proposed(tmp_path, "profiles.csv")
    assert mapping.tables["members"][0].columns["occurred_at"].value == "1970-01-01"
    assert any("known from the start" in said for said in found.unsure)


def test_what_resembles_nothing_is_left_out_or_refused(tmp_path: Path) -> None:
    found, mapping = proposed(tmp_path, "leads.jsonl", "weather.csv")
    assert set(mapping.sources) == {"leads"}
    assert any(said.startswith("weather.csv: resembles no table") for said in found.unsure)
    text = propose([tmp_path / "weather.csv"]).text
    assert "# weather.csv: resembles no table. Its columns: " in text
    assert "#   purchases: " in text
    with pytest.raises(ValueError, match="no file given"):
        propose([])
    with pytest.raises(FileNotFoundError, match=r"none\.csv: not found"):
        propose([tmp_path / "none.csv"])


def test_a_lone_table_whose_outcome_has_a_name_of_its_own(tmp_path: Path) -> None:
    """One column of yes and no is the outcome, with a doubt; of several the user says which."""
    rows = {
        "no": [f"k{n}" for n in range(20)],
        "plan": ["basic", "plus"] * 10,
        "fee": [9.5 + n for n in range(20)],
    }
    gone = pl.DataFrame(rows | {"terminated": ["yes", "no"] * 10})
    gone.drop("plan").write_csv(tmp_path / "one.csv")
    gone.with_columns(paperless=pl.Series(["no", "yes"] * 10)).write_csv(tmp_path / "two.csv")
    found = propose([tmp_path / "one.csv"], requirements=requirements())
    (tmp_path / "one.yaml").write_text(found.text)
    mapping = load(tmp_path / "one.yaml")
    assert mapping.tables["subjects"][0].columns["label"].column == "terminated"
    assert any("terminated is taken as the outcome" in said for said in found.unsure)
    several = propose([tmp_path / "two.csv"])
    assert any(said.endswith("`--label` plan or terminated or paperless") for said in several.unsure)
    (tmp_path / "two.yaml").write_text(several.text)
    with pytest.raises(ValueError, match=r"two\.yaml, line \d+, tables: .*no file is placed yet"):
        load(tmp_path / "two.yaml")


def test_members_alone_with_an_outcome_are_a_flat_table(tmp_path: Path) -> None:
    rows = {
        "customer_id": [f"c{n:03}" for n in range(60)],
        "signup_date": [f"2025-{n % 9 + 1:02}-{n % 28 + 1:02}" for n in range(60)],
        "region": ["east", "west"] * 30,
        "visits": list(range(60)),
    }
    for name, other in (("renewed", "subjects"), ("newsletter_consent", "members")):
        file = tmp_path / f"{name}.csv"
        pl.DataFrame(rows | {name: ["yes", "no", "no"] * 20}).write_csv(file)
        file.with_suffix(".yaml").write_text(propose([file], requirements=requirements()).text)
        assert list(load(file.with_suffix(".yaml")).tables) == [other]


def test_one_unreadable_file_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    (tmp_path / "orders.csv").write_text(
        "DAY,customer_id,order_id,price,date\n7,a,1,2.5,2024-01-02\n9,b,2,3.5,2024-02-02\n"
    )
    found = propose([tmp_path / "broken.parquet", tmp_path / "orders.csv"])
    said = " ".join(found.unsure)
    assert "broken.parquet: could not be read" in said
    assert "orders.csv: date is taken as the time" in said
    assert "DAY is a number" in said


def frame(path, **columns):
    pl.DataFrame(columns).write_csv(path)
    return path


def test_consent_is_the_first_doubt_where_no_file_tells_it(tmp_path):
    orders = {"customer_id": [1, 2, 1], "order_date": ["2024-01-03"] * 3, "price": [1.5, 2.5, 3.5]}
    found = propose([frame(tmp_path / "orders.csv", **orders)])
    assert found.unsure[0].startswith("consent: no column says who may be scored")
    assert yaml.safe_load(found.text)["params"]["consent"]["unknown"]["profiling"] == "suppress"
    flat = frame(tmp_path / "flat.csv", age=[30, 40, 50, 60], churned=[0, 1, 0, 1])
    assert not any(said.startswith("consent") for said in propose([flat]).unsure)


@pytest.mark.parametrize("table", ["customers", "products", "campaigns"])
def test_a_table_without_time_is_a_leak_until_shown_otherwise(tmp_path, table):
    key = {"customers": "customer_id", "products": "product_id", "campaigns": "campaign_id"}[table]
    more = {"products": {"category": ["a", "b"]}, "campaigns": {"channel": ["mail", "app"]}}
    path = frame(tmp_path / f"{table}.csv", **{key: ["x", "y"]}, **more.get(table, {"gender": ["m", "f"]}))
    assert any("a leak until shown otherwise" in said for said in propose([path]).unsure)


def test_a_user_names_outcome_time_and_format(tmp_path):
    path = frame(
        tmp_path / "table.csv",
        seen=["03.04.2024", "05.04.2024", "13.04.2024"],
        made=["2024-01-01", "2024-01-02", "2024-01-03"],
        state=["stays", "stays", "gone"],
        size=[1.5, 2.5, 9.5],
    )
    found = propose([path], Hints("state", "seen", "%d.%m.%Y"))
    columns = yaml.safe_load(found.text)["tables"]["subjects"][0]["columns"]
    assert columns["label"] == {"column": "state", "map": {"stays": 0, "gone": 1}}
    assert columns["occurred_at"] == {"column": "seen", "format": "%d.%m.%Y"}
    assert any("state is taken to have happened where it is 'gone'" in said for said in found.unsure)


@pytest.mark.parametrize(
    ("hints", "says"),
    [
        (Hints(label="lost"), r"--label 'lost': no file has such a column; there are t.csv: day, size, kind"),
        (Hints(label="size"), r"--label 'size': has 3 different values; an outcome has two"),
        (Hints(time="kind"), r"--time 'kind': its values do not read as times; say their --format"),
        (Hints(time="day", format="%m/%d/%Y"), r"--format '%m/%d/%Y': column 'day' reads by it in every row"),
        (Hints(format="%H"), r"--format '%H': no column of any file reads by it"),
    ],
)
def test_what_no_file_bears_out_is_refused_with_what_is_there(tmp_path, hints, says):
    path = frame(tmp_path / "t.csv", day=["30.01.2024"] * 3, size=[1.0, 2.0, 3.5], kind=["a", "b", "a"])
    with pytest.raises(ValueError, match=says):
        propose([path], hints)


@pytest.mark.parametrize(
    ("name", "words", "column", "meant"),
    [
        ("email_opt_in", ("TRUE", "FALSE"), "consent_marketing", ("granted", "withdrawn")),
        ("do_not_mail", ("yes", "no"), "consent_marketing", ("withdrawn", "granted")),
        ("profiling_consent", ("granted", "withdrawn"), "consent_profiling", ("granted", "withdrawn")),
        ("个性化授权", ("同意", "拒绝"), "consent_profiling", ("granted", "withdrawn")),
    ],
)
def test_consents_are_proposed(
    tmp_path: Path, name: str, words: tuple[str, str], column: str, meant: tuple[str, str]
) -> None:
    rows = [f"c{n},2024-01-0{n + 1},{(*words, 'pending')[n % 3]}" for n in range(9)]
    (tmp_path / "customers.csv").write_text(f"customer_id,joined_at,{name}\n" + "\n".join(rows) + "\n")
    found = propose([tmp_path / "customers.csv"])
    (tmp_path / "m.yaml").write_text(found.text)
    members: list[pl.DataFrame] = []
    check(
        tmp_path / "m.yaml", keep=lambda table, frames: members.extend(frames) if table == "members" else None
    )
    told = pl.concat(members).sort("member_id")[column].to_list()
    assert told[:3] == [*meant, "unknown"]
    assert any(f"{name} is taken as consent to" in doubt for doubt in found.unsure)
