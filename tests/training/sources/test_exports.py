"""Exports as real systems write them: what is found out, stated in the proposal, and read by it."""

import gzip
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import polars as pl
import pytest

from models.task import requirements
from training.sources.check import check
from training.sources.mapping.mapping_file import Mapping, load
from training.sources.mapping.source_spec import Source
from training.sources.proposal.propose import Proposal, propose
from training.sources.reading.attribute_types import typed_by_itself
from training.sources.reading.dialect import dialect_of
from training.sources.reading.files import read
from training.sources.reading.header import header_of, names_of
from training.sources.reading.number_format import decimal_mark, read_number

NAMES = "customer_id,order_id,order_date,quantity,unit_price"
START = datetime(2024, 3, 1, 10, 30)


def orders(
    date: Callable[[datetime], str], price: Callable[[int], str] = lambda n: f"{n}.5", rows: int = 30
) -> str:
    """Lines of orders, every eleventh day one."""
    days = [START + timedelta(days=11 * n, hours=n) for n in range(rows)]
    return (
        "\n".join([NAMES, *(f"c{n % 4},o{n},{date(day)},1,{price(n)}" for n, day in enumerate(days))]) + "\n"
    )


def taken(folder: Path, files: dict[str, str | bytes]) -> tuple[Proposal, Mapping, dict[str, pl.DataFrame]]:
    """A proposal for files, its mapping, and the tables that it yields."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    found = propose([folder / name for name in files], requirements=requirements())
    (folder / "proposed.yaml").write_text(found.text)
    rows: dict[str, pl.DataFrame] = {}
    check(
        folder / "proposed.yaml",
        keep=lambda name, frames: rows.update({name: pl.concat(list(frames), how="diagonal_relaxed")}),
    )
    return found, load(folder / "proposed.yaml"), rows


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


@pytest.mark.parametrize(
    ("cells", "mark", "guessed", "values"),
    [
        (["1.488,69", "1.000"], ",", False, [1488.69, 1000.0]),
        (["1,299.00", "3.5"], ".", False, [1299.0, 3.5]),
        (["1 299,00 €", "2,5 €"], ",", False, [1299.0, 2.5]),
        (["CHF 1'299.00", "(12.50)", "7.00-"], ".", False, [1299.0, -12.5, -7.0]),
        (["₹1,00,000.00", "-₹5.25"], ".", False, [100_000.0, -5.25]),
        (["1.500", "2.250"], ".", True, [1.5, 2.25]),
        (["a", "1.5"], None, False, []),
        (["10.0.0.1", "192.168.1.1"], None, False, []),
    ],
)
def test_one_number_format_for_a_column(
    cells: list[str], mark: str | None, guessed: bool, values: list[float]
) -> None:
    text = pl.Series("v", cells)
    assert decimal_mark(text) == (mark, guessed)
    if mark:
        assert text.to_frame().select(read_number(pl.col("v"), mark)).to_series().to_list() == values


def test_a_thousands_mark_on_large_amounts_only(tmp_path: Path) -> None:
    content = orders(lambda day: str(day), lambda n: '"2,500.00"' if n == 7 else f"{n}.00", rows=60)
    _, _, rows = taken(tmp_path, {"orders.csv": content})
    assert rows["purchases"].sort("occurred_at")["unit_price_cents"][7] == 250_000
    assert rows["purchases"].height == 60


@pytest.mark.parametrize(
    "form",
    [
        "%m/%d/%Y %I:%M %p",
        "%d.%m.%y %H:%M",
        "%Y年%m月%d日 %H:%M",
        "%d %b %Y %H:%M",
        "%Y-%m-%dT%H:%M:%S+00:00",
    ],
)
def test_times_in_many_formats(tmp_path: Path, form: str) -> None:
    _, _, rows = taken(tmp_path, {"orders.csv": orders(lambda day: f"{day:{form}}")})
    assert rows["purchases"]["occurred_at"][0] == START.replace(tzinfo=UTC)
    assert rows["purchases"].height == 30


@pytest.mark.parametrize(
    ("unit", "count"),
    [
        ("seconds", lambda day: f"{day.replace(tzinfo=UTC).timestamp():.0f}"),
        ("milliseconds", lambda day: f"{day.replace(tzinfo=UTC).timestamp() * 1e3:.0f}"),
        ("microseconds", lambda day: f"{day.replace(tzinfo=UTC).timestamp() * 1e6:.0f}"),
        ("days", lambda day: f"{(day - datetime(1899, 12, 30)) / timedelta(days=1):.6f}"),
    ],
)
def test_times_that_are_counted(tmp_path: Path, unit: str, count: Callable[[datetime], str]) -> None:
    found, _, rows = taken(tmp_path, {"orders.csv": orders(count)})
    assert abs(rows["purchases"]["occurred_at"][0] - START.replace(tzinfo=UTC)) < timedelta(seconds=1)
    assert any(f"is taken as {unit} since" in doubt for doubt in found.unsure)


def test_midnight_without_a_clock_beside_times_with_one(tmp_path: Path) -> None:
    content = orders(lambda day: f"{day:%d/%m/%Y}" if day.month == 3 else f"{day:%d/%m/%Y %H:%M}")
    _, _, rows = taken(tmp_path, {"orders.csv": content})
    assert rows["purchases"].height == 30


def test_the_last_row_tells_day_from_month(tmp_path: Path) -> None:
    """The first rows fit both readings, and are more than are looked at."""
    first = "".join(f"c{n % 9},o{n},0{n % 9 + 1}/02/2024,1,2.50\n" for n in range(45_000))
    content = f"{NAMES}\n{first}c1,last,02/28/2024,1,2.50\n"
    found, mapping, rows = taken(tmp_path, {"orders.csv": content})
    assert mapping.tables["purchases"][0].columns["occurred_at"].format == "%m/%d/%Y"
    assert rows["purchases"].height == 45_001
    assert not any("ways" in doubt for doubt in found.unsure)


def test_both_readings_of_a_date_are_put_to_the_user(tmp_path: Path) -> None:
    lines = "".join(f"c{n},o{n},0{n + 1}/0{n % 3 + 5}/2024,1,2.50\n" for n in range(9))
    found, _, _ = taken(tmp_path, {"orders.csv": f"{NAMES}\n{lines}"})
    (doubt,) = (doubt for doubt in found.unsure if "can be read in 2 ways" in doubt)
    assert "01/05/2024 is taken as 5 January 2024, and may be 1 May 2024" in doubt
    assert '`format: "%d/%m/%Y"`' in doubt


def test_words_for_empty(tmp_path: Path) -> None:
    content = (
        orders(lambda day: f"{day:%Y-%m-%d}")
        + "N/A,x1,2024-03-05,1,1\n(blank),x2,-,1,无\nc1,x3,2024-03-05,1,none\n"
    )
    found, mapping, rows = taken(tmp_path, {"orders.csv": content})
    assert set(next(iter(mapping.sources.values())).empty) == {"N/A", "(blank)", "-", "无"}
    assert set(rows["purchases"]["member_id"]) == {"c0", "c1", "c2", "c3"}
    assert rows["purchases"].height == 30  # the row whose price is none is quarantined
    assert any("have no customer_id" in doubt for doubt in found.unsure)


@pytest.mark.parametrize("words", [("Ja", "nein"), ("oui", "non"), ("Sí", "No"), ("是", "否"), ("yes", "no")])
def test_a_proposal_states_what_yes_and_no_mean(tmp_path: Path, words: tuple[str, str]) -> None:
    lines = "".join(f'c{n},2024-01-0{n + 1},{words[n % 2]},"1,20{n}.50"\n' for n in range(8))
    _, mapping, rows = taken(tmp_path, {"customers.csv": f"customer_id,joined_at,club,limit\n{lines}"})
    (source,) = mapping.sources.values()
    assert source.fields["club"].map == {words[0]: 1, words[1]: 0}
    assert rows["members"]["x_club"].to_list() == [1.0, 0.0] * 4
    assert rows["members"]["x_limit"][0] == 1200.5


def test_yes_and_no_stay_words_where_a_mapping_does_not_ask() -> None:
    assert typed_by_itself(pl.Series("x_club", ["yes", "no", None])).to_list() == ["yes", "no", None]
    assert typed_by_itself(pl.Series("x_limit", ["1,200.50", "3"])).to_list() == ["1,200.50", "3"]


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


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'


def workbook(path: Path, tables: dict[str, list[list[str | float | None]]]) -> None:
    """A workbook of the least parts that there can be."""
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    names = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(tables, 1))
    links = "".join(
        f'<Relationship Id="r{n}" Type="{relation}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(tables) + 1)
    )
    main = SHEET.partition('"')[2].partition('"')[0]
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("[Content_Types].xml", f'<Types xmlns="{package}/content-types"/>')
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" '
            f'Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{relation}"><sheets>{names}</sheets></workbook>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships">{links}</Relationships>',
        )
        for n, rows in enumerate(tables.values(), 1):
            book.writestr(f"xl/worksheets/sheet{n}.xml", SHEET.format("".join(map(_row, rows))))


def _row(cells: list[str | float | None]) -> str:
    return "<row>" + "".join(map(_cell, cells)) + "</row>"


def _cell(cell: str | float | None) -> str:
    if cell is None:
        return "<c/>"
    return (
        f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
        if isinstance(cell, str)
        else f"<c><v>{cell}</v></c>"
    )


def test_a_workbook_with_a_title_groups_and_two_sheets(tmp_path: Path) -> None:
    head = [["Sales 2024", None, None, None, None], ["Customer", "Order", None, "Line", None]]
    names = ["No", "No", "Date", "Qty", "Price"]
    lines = [[f"00{n}", f"o{n}", 45_352 + n, 1, 9.5] for n in range(12)]
    people = [["customer_id", "joined_at"], *([f"00{n}", "2023-05-01"] for n in range(12))]
    path = tmp_path / "export.xlsx"
    workbook(path, {"Orders": [*head, names, *lines], "Customers": people, "Notes": [["internal"]]})
    _, mapping, rows = taken(tmp_path, {"export.xlsx": path.read_bytes()})
    assert {s.sheet: s.header_lines for s in mapping.sources.values()} == {
        "Orders": (2, 3),
        "Customers": (1,),
    }
    assert rows["purchases"]["occurred_at"][0] == datetime(2024, 3, 1, tzinfo=UTC)
    assert rows["purchases"]["unit_price_cents"].sum() == 12 * 950
    assert rows["members"]["member_id"][0] == "000"
    with pytest.raises(ValueError, match=r"no sheet 'Sold'; there are \['Orders'"):
        read(Source(file="export.xlsx", sheet="Sold"), tmp_path)
