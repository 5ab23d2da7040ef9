"""Workbooks: titles, groups of names, several sheets, numbers for dates."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from exported import taken

from training.sources.mapping.source_spec import Source
from training.sources.reading.files import read

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
