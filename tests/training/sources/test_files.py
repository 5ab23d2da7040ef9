"""Files as rows: every kind, numbered, and the sentence where one cannot be read."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from training.sources.mapping.source_spec import Source
from training.sources.reading.files import read, readable

ROWS = pl.DataFrame({"id": ["007", "b", "c"], "n": ["1", "2", None]})
JSON = "\n".join(json.dumps(row) for row in ROWS.to_dicts())


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "id,n\n007,1\nb,2\nc,\n"),
        ("a.csv.gz", gzip.compress(b"id,n\n007,1\nb,2\nc,\n", mtime=0)),
        ("a.tsv", "id\tn\n007\t1\nb\t2\nc\t\n"),
        ("a.jsonl", JSON),
        ("a.json.gz", gzip.compress(JSON.encode(), mtime=0)),
    ],
)
def test_every_kind_of_file_gives_the_same_rows(tmp_path: Path, name: str, content: str | bytes) -> None:
    write(tmp_path / name, content)
    found = read(Source(file=name), tmp_path).collect()
    assert found.select("id", "n").equals(ROWS)
    assert found["_row"].to_list() == [1, 2, 3]
    assert set(found["_file"]) == {name}


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": [1, 2], "x": [0.5, None]})
    frame.write_parquet(tmp_path / "a.parquet")
    assert read(Source(file="a.parquet"), tmp_path).collect().select("n", "x").equals(frame)


def test_a_folder_is_its_files_in_order_of_name(tmp_path: Path) -> None:
    write(tmp_path / "days/2.csv", "id\nc\n")
    write(tmp_path / "days/1.csv", "id\na\nb\n")
    write(tmp_path / "days/readme.txt", "no data")
    found = read(Source(file="days"), tmp_path).collect()
    assert found["id"].to_list() == ["a", "b", "c"]
    assert list(found.select("_file", "_row").rows()) == [("1.csv", 1), ("1.csv", 2), ("2.csv", 1)]


def test_a_separator_of_its_own_and_a_format_by_word(tmp_path: Path) -> None:
    write(tmp_path / "export.txt", "id;n\n007;1\n")
    source = Source(file="export.txt", format="csv", sep=";")
    assert read(source, tmp_path).collect()["id"].to_list() == ["007"]


def test_nested_json_is_flat(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", '{"id": 1, "at": {"place": {"city": "X"}, "n": 2}}\n')
    assert read(Source(file="a.jsonl"), tmp_path).collect()["at.place.city"].to_list() == ["X"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.parquet", "no parquet", r"a\.parquet: not readable as parquet: "),
        ("a.csv", "", r"a\.csv: not readable as csv: |a\.csv: no columns"),
        ("a.doc", "x", r"a\.doc: kind of file not known; allowed are \['csv'"),
        ("a/b.txt", "x", "no file in this folder"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, content: str, sentence: str) -> None:
    write(tmp_path / name, content)
    with pytest.raises((ValueError, FileNotFoundError), match=sentence):
        read(Source(file=name.split("/")[0]), tmp_path).collect()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv.gz", gzip.compress(b"id\n" + b"1\n" * 9_000, mtime=0)[:-20], "file ended before the end"),
        ("a.csv", b"id\n\xff\xfe\n", "invalid utf-8"),
        ("a.csv", b"id\n1,2\n", "found more fields"),
        ("a.jsonl", b'{"id":1}\n{"id":\n', "a.jsonl"),
    ],
)
def test_what_breaks_off_while_it_is_read_is_named(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    write(tmp_path / name, content)
    with pytest.raises(ValueError, match=sentence), readable(name, "shop.yaml, line 3"):
        read(Source(file=name), tmp_path).collect()


def test_other_encodings(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "城市,n\n上海,1\n".encode("gb18030"))
    found = read(Source(file="a.csv", encoding="gb18030"), tmp_path).collect()
    assert found["城市"].to_list() == ["上海"]
    with pytest.raises(ValueError, match=r"a\.csv: not readable as csv"):
        read(Source(file="a.csv", encoding="klingon"), tmp_path)


def test_a_missing_file_and_a_file_that_lacks_a_column(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"a\.csv: not found"):
        read(Source(file="a.csv"), tmp_path)
    write(tmp_path / "days/1.csv", "id,n\na,1\n")
    write(tmp_path / "days/2.csv", "id\na\n")
    with pytest.raises(ValueError, match=r"2\.csv: columns \['n'\] are missing, which 1\.csv has"):
        read(Source(file="days"), tmp_path)
