"""From files to rows: joins, filters, attributes, fewer rows; nothing is lost or doubled."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from training.sources.mapping.mapping_file import Mapping, load
from training.sources.reading.read_tables import newest, read_tables
from training.sources.source_rows import REASON, SourceRows, together


def mapped(folder: Path, tables: dict[str, Any], **files: pl.DataFrame) -> Mapping:
    """A mapping over Parquet files."""
    for name, frame in files.items():
        frame.write_parquet(folder / f"{name}.parquet")
    sources = {name: {"file": f"{name}.parquet"} for name in files}
    content = {"about": "A shop.", "folder": ".", "sources": sources, "tables": tables}
    (folder / "shop.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return load(folder / "shop.yaml")


def rows(mapping: Mapping, table: str, chunk: int = 1_000) -> SourceRows:
    return together(list(read_tables(mapping, mapping.root(), chunk)[table]))


WHO = pl.DataFrame({"who": ["a", "b", "a", "a"], "at": [3, 1, 1, 2], "city": ["X", "Y", "X", "Z"]})
MEMBER = {"member_id": "who", "occurred_at": {"column": "at", "since": "2024-01-01", "unit": "days"}}


@pytest.mark.parametrize(
    ("keep", "expected"), [("all", [1, 2, 3, 4]), ("first", [2, 3]), ("changes", [1, 2, 3, 4])]
)
def test_keep(tmp_path: Path, keep: str, expected: list[int]) -> None:
    part = {"source": "who", "keep": keep, "columns": MEMBER | {"region": "city"}}
    found = rows(mapped(tmp_path, {"members": [part]}, who=WHO), "members")
    assert found.frame["_row"].to_list() == expected
    assert found.left_out == 4 - len(expected)


def test_changes_keep_no_row_that_says_nothing_new(tmp_path: Path) -> None:
    part = {"source": "who", "keep": "changes", "columns": MEMBER | {"region": {"value": "X"}}}
    assert rows(mapped(tmp_path, {"members": [part]}, who=WHO), "members").frame["_row"].to_list() == [2, 3]


def test_where_counts_what_it_leaves_out(tmp_path: Path) -> None:
    part = {"source": "who", "where": "city = 'X'", "columns": MEMBER}
    found = rows(mapped(tmp_path, {"members": [part]}, who=WHO), "members")
    assert (found.read, found.left_out, found.frame.height) == (4, 2, 2)


def test_a_join_brings_columns_and_no_rows(tmp_path: Path) -> None:
    cities = pl.DataFrame({"name": ["X", "Y"], "tier": [1, 2]})
    part = {
        "source": "who",
        "join": [{"source": "cities", "on": {"city": "name"}}],
        "columns": MEMBER | {"city_tier": "cities_tier"},
    }
    found = rows(mapped(tmp_path, {"members": [part]}, who=WHO, cities=cities), "members")
    assert found.frame["city_tier"].to_list() == ["1", "2", "1", None]


def test_a_join_that_would_double_rows_is_refused(tmp_path: Path) -> None:
    cities = pl.DataFrame({"name": ["X", "X"], "tier": [1, 2]})
    part = {"source": "who", "join": [{"source": "cities", "on": {"city": "name"}}], "columns": MEMBER}
    with pytest.raises(ValueError, match=r"join\.0: 2 rows of cities share their \['name'\]"):
        rows(mapped(tmp_path, {"members": [part]}, who=WHO, cities=cities), "members")


def test_a_join_on_the_latest_row_never_looks_ahead(tmp_path: Path) -> None:
    sent = pl.DataFrame({"who": ["a", "a", "b"], "day": [1, 3, 2], "offer": ["p", "q", "r"]})
    join = {"source": "sent", "on": {"who": "who"}, "latest": {"at": "day"}}
    part = {"source": "who", "join": [join], "columns": MEMBER | {"source": "sent_offer"}}
    found = rows(mapped(tmp_path, {"members": [part]}, who=WHO, sent=sent), "members")
    assert found.frame["source"].to_list() == ["q", None, "p", "p"]


def test_attributes_by_name_and_pattern_are_typed_by_themselves(tmp_path: Path) -> None:
    frame = pl.DataFrame({
        "who": ["a", "b"], "score.one": ["1", "2.5"], "club": ["gold", None], "is_vip": ["true", "false"],
        "since": ["2024-01-01", None], "code": [7, 8], "secret": ["x", "y"],
    })  # fmt: skip
    part = {
        "source": "who",
        "columns": {"member_id": "who", "occurred_at": {"value": "2024-01-01"}},
        "attributes": ["*", "-secret"],
        "exclude": {"code": "of no use"},
    }
    found = rows(mapped(tmp_path, {"members": [part]}, who=frame), "members").frame
    assert [name for name in found.columns if name.startswith("x_")] == [
        "x_score_one",
        "x_club",
        "x_is_vip",
        "x_since",
    ]
    assert found["x_score_one"].to_list() == [1.0, 2.5]
    assert found["x_club"].to_list() == ["gold", None]
    assert found["x_is_vip"].to_list() == [1.0, 0.0]
    assert found["x_since"].to_list() == [19_723.0, None]  # days since 1970-01-01


def test_a_pattern_that_finds_nothing_is_refused(tmp_path: Path) -> None:
    part = {"source": "who", "columns": MEMBER, "attributes": ["taste_*"]}
    with pytest.raises(ValueError, match=r"no column is named 'taste_\*'; there are \['at', 'city', 'who'\]"):
        rows(mapped(tmp_path, {"members": [part]}, who=WHO), "members")


def test_single_bad_cells_are_faults_of_their_rows(tmp_path: Path) -> None:
    frame = WHO.with_columns(price=pl.Series(["1990", "x", None, "1985"]))
    part = {"source": "who", "columns": {"product_id": "who", "list_price_cents": "price"}}
    found = rows(mapped(tmp_path, {"products": [part]}, who=frame), "products").frame
    assert found[REASON].to_list() == [None, "not a whole number", None, None]
    assert found["_column"].to_list() == [None, "list_price_cents", None, None]


def test_bad_cells_of_people_are_emptied_and_their_rows_stay(tmp_path: Path) -> None:
    frame = WHO.with_columns(
        year=pl.Series(["1990", "x", None, "1985"]), dead=pl.Series(["false", "?", "true", None])
    )
    part = {"source": "who", "columns": MEMBER | {"birth_year": "year", "deceased": "dead"}}
    found = rows(mapped(tmp_path, {"members": [part]}, who=frame), "members").frame
    assert found[REASON].to_list() == [None] * 4
    assert found["deceased"].to_list() == [False, True, True, None]
    said = ["birth_year: not a whole number", "deceased: not true or false"]
    assert found["_emptied"].to_list() == [[], said, [], []]


@pytest.mark.parametrize("chunk", [1, 3, 7, 100])
def test_chunks_hold_the_same_rows_in_the_same_order(tmp_path: Path, chunk: int) -> None:
    lines = pl.DataFrame({"n": range(50), "who": ["a", "b"] * 25})
    part = {
        "source": "lines",
        "where": "n % 3 > 0",
        "columns": {
            "occurred_at": {"column": "n", "since": "2024-01-01", "unit": "hours"},
            "order_id": "n",
            "member_id": "who",
            "quantity": {"value": 1},
            "unit_price_cents": {"value": 100},
        },
    }
    mapping = mapped(tmp_path, {"purchases": [part]}, lines=lines)
    chunks = list(read_tables(mapping, tmp_path, chunk)["purchases"])
    assert max(part.frame.height for part in chunks) <= chunk
    whole = together(chunks)
    assert (whole.read, whole.left_out) == (50, 17)
    assert whole.frame["_row"].to_list() == [n + 1 for n in range(50) if n % 3]


def test_newest_is_the_extract_and_looks_past_the_future(tmp_path: Path) -> None:
    frame = pl.DataFrame({"who": ["a", "b"], "at": ["2024-05-01 10:00", "2999-01-01"]})
    part = {"source": "who", "columns": {"member_id": "who", "occurred_at": "at"}}
    mapping = mapped(tmp_path, {"members": [part]}, who=frame)
    assert newest(mapping, tmp_path).isoformat() == "2024-05-01T10:00:00+00:00"
