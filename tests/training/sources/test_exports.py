"""How exports are written - encodings, separators, lines of names - is found out, stated and read."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from exported import orders, taken

from training.sources.mapping.source_spec import Source
from training.sources.reading.dialect import dialect_of
from training.sources.reading.files import read
from training.sources.reading.header import header_of, names_of

GERMAN = "Kundennummer;Auftragsnummer;Bestelldatum;Menge;Einzelpreis;Größe\n" + "".join(
    f"{n:05};b{n};{n + 1:02}.03.2024 18:05;1;{price} €;groß\n"
    for n, price in enumerate(["1.488,69", "1.000", "4,50", "19,99", "-3,00"] * 5)
)


CHINESE = "订单编号,买家会员名,买家实际支付金额,订单创建时间,收货地址\n" + "".join(
    f'"=""9000{n}""",买家{n % 3},"¥1,{n:03}.50",2024/3/{n + 1} 9:03,上海市静安区\t\n' for n in range(20)
)


@pytest.mark.parametrize(
    ("encoding", "stated"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("cp1252", "cp1252"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
    ],
)
def test_a_shop_with_decimal_commas(tmp_path: Path, encoding: str, stated: str) -> None:
    _, mapping, rows = taken(tmp_path, {"bestellungen.csv": GERMAN.encode(encoding)})
    (source,) = mapping.sources.values()
    assert (source.encoding, source.sep) == (stated, ";")
    assert rows["purchases"]["unit_price_cents"][:4].to_list() == [148_869, 100_000, 450, 1_999]
    assert rows["purchases"]["member_id"][0] == "00000"
    assert rows["purchases"]["occurred_at"][0] == datetime(2024, 3, 1, 18, 5, tzinfo=UTC)


def test_a_shop_with_text_marks_and_gb18030(tmp_path: Path) -> None:
    _, mapping, rows = taken(tmp_path, {"ExportOrders.csv": CHINESE.encode("gb18030")})
    (source,) = mapping.sources.values()
    assert (source.encoding, source.text_marks) == ("gb18030", True)
    assert rows["purchases"]["order_id"].to_list()[:2] == ["90000", "90001"]
    assert rows["purchases"]["unit_price_cents"][3] == 100_350
    assert rows["purchases"].height == 20


@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
def test_quoted_line_breaks_and_separators_in_texts(tmp_path: Path, sep: str) -> None:
    lines = [
        sep.join(["id", "note", "n"]),
        *(sep.join([f"a{n}", f'"x, y;\n""{n}"" | z"', str(n)]) for n in range(40)),
    ]
    (tmp_path / "a.csv").write_bytes("\n".join(lines).encode())
    assert dialect_of(tmp_path / "a.csv").sep == sep
    assert read(Source(file="a.csv", sep=sep), tmp_path).collect().height == 40


def test_what_only_the_end_of_a_file_shows(tmp_path: Path) -> None:
    text = "id,name\n" + "1,plain\n" * 400_000
    (tmp_path / "a.csv").write_bytes(text.encode() + "2,Müller\n".encode("cp1252"))
    assert dialect_of(tmp_path / "a.csv").encoding == "cp1252"
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode() + "2,Müller\n".encode()))
    assert dialect_of(tmp_path / "a.csv.gz").encoding == "utf-8"


@pytest.mark.parametrize(
    ("above", "header"),
    [
        ("Report of sales\n\n", (3,)),
        ("Report of sales,,,,\nfrom,2024-01-01,,,\n", (3,)),
        ("who,order,,,\n", (1, 2)),
        ("Report of sales\nwho,order,,,\n", (2, 3)),
    ],
)
def test_lines_above_the_names(tmp_path: Path, above: str, header: tuple[int, ...]) -> None:
    content = above + orders(lambda day: f"{day:%Y-%m-%d}")
    _, mapping, rows = taken(tmp_path, {"orders.csv": content})
    assert next(iter(mapping.sources.values())).header_lines == header
    assert rows["purchases"].height == 30


def test_names_of_groups_and_lines_without_names() -> None:
    assert names_of([["Order", "", "Line"], ["No", "Date", "No"]], 3) == ["Order No", "Order Date", "Line No"]
    assert names_of([["id", "price"], ["text", "EUR"]], 2) == ["id", "price"]
    assert names_of([["id", "", "id"]], 3) == ["id", "column_2", "id_2"]
    assert header_of([["7", "2024-01-01"], ["8", "2024-01-02"]]) == ()


def test_separators_at_the_end_of_lines(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id;n\na;1;;\nb;2;;\n")
    found = read(Source(file="a.csv", sep=";"), tmp_path).collect()
    assert found.select("id", "n").rows() == [("a", "1"), ("b", "2")]
    assert found.columns == ["_row", "id", "n", "_file"]


def test_files_of_like_names_are_each_read_once(tmp_path: Path) -> None:
    def content(year: int) -> str:
        return "customer_id,order_date,unit_price\n" + "".join(
            f"c{n},{year}-02-0{n},1.5\n" for n in range(1, 9)
        )

    names = {
        "orders.2024.csv": content(2024),
        "orders.2025.csv": content(2025),
        "old/orders.csv": content(2023),
    }
    _, mapping, rows = taken(tmp_path, names)
    assert sorted(source.file for source in mapping.sources.values()) == sorted(names)
    assert rows["purchases"].height == rows["purchases"]["order_id"].n_unique() == 24


def test_what_cannot_be_read_stops_no_other_file(tmp_path: Path) -> None:
    bad = {
        "a.csv": b"\x00\x01\x02" * 99,
        "b.csv": b"",
        "c.xlsx": b"no workbook",
        "d.csv.gz": b"not packed",
        "e.parquet": b"x",
    }
    found, _, rows = taken(tmp_path, {**bad, "orders.csv": orders(str)})
    for name in bad:
        assert sum(doubt.startswith(f"{name}: could not be read") for doubt in found.unsure) == 1, name
    assert rows["purchases"].height == 30


def test_a_list_of_objects_is_json_too(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"id": 1, "at": {"city": "X"}}, {"id": 2, "at": {"city": null}}]')
    assert read(Source(file="a.json"), tmp_path).collect()["at.city"].to_list() == ["X", None]
