"""Tables in a zip and in a database file, as they lie there."""

import gzip
import io
import json
import sqlite3
import zipfile
from pathlib import Path

import polars as pl
import pytest
from exported import NAMES, orders, taken

from training.sources.check import check
from training.sources.mapping.mapping_file import load
from training.sources.mapping.source_spec import Source
from training.sources.proposal.propose import propose
from training.sources.reading import containers
from training.sources.reading.files import FILE, read

ORDERS = orders(lambda day: f"{day:%d.%m.%Y}").replace(",", ";").replace(".5", ",5")
PEOPLE = "customer_id;joined_at;Ort\n" + "".join(f"c{n};2024-01-0{n + 1};Köln\n" for n in range(4))
REVENUE = sum(100 * n + 50 for n in range(30))


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def revenue(rows: dict[str, pl.DataFrame]) -> int:
    bought = rows["purchases"]
    return int((bought["quantity"] * bought["unit_price_cents"]).sum())


def test_a_zip_is_read_as_the_files_in_it(tmp_path: Path) -> None:
    files = {
        "shop/orders.csv": ORDERS.encode(),
        "shop/kunden.csv.gz": gzip.compress(PEOPLE.encode("cp1252")),
        "__MACOSX/shop/._orders.csv": b"\0\1",
        "README.txt": b"An export.",
    }
    _, mapping, rows = taken(tmp_path, {"export.zip": packed(files)})
    assert {source.file for source in mapping.sources.values()} == {
        "export.zip/shop/orders.csv",
        "export.zip/shop/kunden.csv.gz",
    }
    assert revenue(rows) == REVENUE
    assert set(rows["members"]["region"]) == {"Köln"}


def test_files_of_one_kind_in_a_zip_are_put_together_and_the_newer_counts(tmp_path: Path) -> None:
    lines = ORDERS.splitlines()
    halves = {"a.csv": "\n".join(lines[:20]).encode(), "b.csv": "\n".join([lines[0], *lines[15:]]).encode()}
    _, mapping, rows = taken(tmp_path, {"orders.zip": packed(halves)})
    assert revenue(rows) == REVENUE
    assert next(iter(mapping.sources.values())).newest is not None


def test_a_zip_stands_for_its_files_in_a_mapping_and_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.zip").write_bytes(packed({"x/one.csv": b"id\n1\n", "two.csv": b"id\n2\n"}))
    (tmp_path / "out" / "three.csv").write_bytes(b"id\n3\n")
    for place, names in {
        "out/a.zip": ["two.csv", "one.csv"],
        "out": ["two.csv", "one.csv", "three.csv"],
    }.items():
        found = read(Source(file=place), tmp_path).collect()
        assert found[FILE].to_list() == names
        assert found["id"].to_list() == ["2", "1", "3"][: len(names)]


def test_what_keeps_a_zip_from_being_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = bytearray(packed({"orders.csv": ORDERS.encode()}))
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # the bit that says so, in both headers
        locked[locked.index(mark) + place] |= 1
    monkeypatch.setattr(containers, "ENOUGH", 1000)
    faults = {
        "locked.zip": (bytes(locked), "orders.csv is packed with a password"),
        "none.zip": (packed({"logo.png": b"\x89PNG"}), "no table in this zip; it holds logo.png"),
        "bomb.zip": (packed({"orders.csv": b"0" * 2**20}), "bomb.zip: orders.csv unpacks to more than"),
        "orders.csv.gz": (gzip.compress(b"0" * 2**20), "orders.csv.gz unpacks to more than"),
        "torn.csv.gz": (gzip.compress(ORDERS.encode())[:100], "torn.csv.gz cannot be unpacked"),
        "torn.zip": (packed({"orders.csv": ORDERS.encode()})[:200], "not readable as a zip"),
    }
    for name, (content, _) in faults.items():
        (tmp_path / name).write_bytes(content)
    found = propose([tmp_path / name for name in faults])
    for _, sentence in faults.values():
        assert sum(sentence in said for said in found.unsure) == 1


@pytest.mark.parametrize("name", ["orders.csv.gz", "orders.jsonl.gz", "orders.zip"])
def test_a_file_that_grew_since_it_was_proposed_is_held_to_the_same_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    lines = [dict(zip(NAMES.split(","), row.split(";"), strict=True))
             for row in ORDERS.splitlines()[1:]]  # fmt: skip
    text = (
        ORDERS.encode()
        if "csv" in name or "zip" in name
        else b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    )
    content = packed({"orders.csv": text}) if "zip" in name else gzip.compress(text)
    _, _, rows = taken(tmp_path, {name: content})
    assert rows["purchases"].height == 30
    bomb = text + 2**20 * (b" " if "json" in name else b"0")
    (tmp_path / name).write_bytes(packed({"orders.csv": bomb}) if "zip" in name else gzip.compress(bomb))
    monkeypatch.setattr(containers, "ENOUGH", 1000)
    with pytest.raises(ValueError, match="unpacks to more than"):
        check(tmp_path / "proposed.yaml")


def test_a_gz_is_unpacked_once_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(ORDERS.encode()))
    first = containers.plain(path)
    assert containers.plain(path) == first != path
    assert read(Source(file=path.name, sep=";"), tmp_path).collect()[FILE].unique().to_list() == [path.name]
    path.write_bytes(gzip.compress(ORDERS.encode() * 2))
    assert containers.plain(path).read_bytes() == 2 * ORDERS.encode()
    assert containers.plain(tmp_path / "orders.csv") == tmp_path / "orders.csv"


def test_a_file_that_a_zip_does_not_have_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(packed({"one.csv": b"id\n1\n"}))
    with pytest.raises(
        FileNotFoundError, match=r"a\.zip: no 'two\.csv' in this zip; there are \['one\.csv'\]"
    ):
        read(Source(file="a.zip/two.csv"), tmp_path)


def test_the_tables_of_an_sqlite_file_are_proposed_as_files_are(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    lines = [line.split(";") for line in ORDERS.splitlines()[1:]]
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id TEXT, customer_id TEXT, ordered_at TEXT)")
        connection.execute(
            "CREATE TABLE order_items (order_id TEXT, sku TEXT, quantity INTEGER, unit_price REAL)"
        )
        for customer, order, day, pieces, price in lines:
            when = "-".join(reversed(day.split(".")))
            connection.execute("INSERT INTO orders VALUES (?, ?, ?)", (order, customer, when))
            worth = float(price.replace(",", "."))
            for sku in ("s1", "s2"):
                line = (order, sku, int(pieces), worth)
                connection.execute("INSERT INTO order_items VALUES (?, ?, ?, ?)", line)
    connection.close()
    found = propose([path])
    (tmp_path / "proposed.yaml").write_text(found.text)
    sources = load(tmp_path / "proposed.yaml").sources
    assert {source.table for source in sources.values()} == {"orders", "order_items"}
    assert {source.url for source in sources.values()} == {"sqlite:///shop.db"}
    (tmp_path / "away").mkdir()  # the file elsewhere: `folder` alone is said anew
    path.rename(tmp_path / "away" / "shop.db")
    moved = found.text.replace(f"folder: {tmp_path}\n", "folder: ./away\n")
    (tmp_path / "proposed.yaml").write_text(moved)
    assert check(tmp_path / "proposed.yaml").report.tables["purchases"]["accepted"] == 60
    (tmp_path / "away" / "shop.db").rename(tmp_path / "other.db")
    _, _, rows = taken(tmp_path, {"shop.db": (tmp_path / "other.db").read_bytes()})
    assert revenue(rows) == 2 * REVENUE
    assert rows["purchases"]["member_id"].n_unique() == 4
