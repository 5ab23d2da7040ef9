"""What stands on the first line of an order goes to all its lines, and to no other order's."""

from pathlib import Path

import polars as pl
import pytest

from training.sources.mapping.mapping_file import load
from training.sources.reading.table_reader import opened

MAPPING = """about: A shop.
folder: .
sources:
  lines:
    file: lines
    fill_down: {by: no, columns: [state, paid_at]}
    fields:
      off: {column: discount, spread: {by: no, over: CAST(qty AS DOUBLE) * CAST(price AS DOUBLE)}}
tables:
  purchases: [{source: lines, columns: {order_id: no, member_id: no, occurred_at: paid_at, quantity: qty,
               unit_price_cents: {column: price, times: 100}, discount_cents: {column: off, times: 100}}}]
"""
ROWS = [
    "a,void,2024-01-01,1.00,1,9.00",
    "a,,,,2,3.00",
    "b,,2024-01-02,,1,5.00",
    "a,,,,1,0.00",
    "b,,,,1,5.00",
    ",,,7.00,1,5.00",
    "c,paid,2024-01-03,0.10,1,0.00",
    "c, ,,,1,0.00",
    "c,,,,1,0.00",
]


def lines(folder: Path, text: str = MAPPING) -> pl.DataFrame:
    (folder / "lines").mkdir()
    names = "no,state,paid_at,discount,qty,price\n"
    (folder / "lines/one.csv").write_text(names + "\n".join(ROWS) + "\n")
    (folder / "lines/two.csv").write_text(names + "a,,,,1,1.00\n")
    (folder / "shop.yaml").write_text(text)
    mapping = load(folder / "shop.yaml")
    return opened(mapping, mapping.root(), "lines").collect()


def test_fields_of_an_order_reach_its_lines_only(tmp_path: Path) -> None:
    found = lines(tmp_path)
    state = ["void", "void", None, "void", None, None, "paid", "paid", "paid", None]
    assert found["state"].to_list() == state
    assert found["paid_at"].to_list()[4:6] == ["2024-01-02", None]


def test_a_discount_is_spread_to_the_cent(tmp_path: Path) -> None:
    off = lines(tmp_path)["off"].to_list()
    assert off[:2] == [0.6, 0.4]
    assert off[3] == 0.0
    assert off[2] is None
    assert off[5] == 7.0  # a line that names no order keeps what it has
    assert sum(off[6:9]) == pytest.approx(0.10)
    assert sorted(off[6:9]) == [0.03, 0.03, 0.04]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[state,", "[stat,", "column 'stat' is missing"),
        ("spread: {by: no", "spread: {by: nr", "column 'nr' is missing"),
        ("over: CAST(qty AS DOUBLE) * CAST(price AS DOUBLE)", "over: qty", "`over` is to be a number"),
        (
            "{column: off, times: 100}",
            "{column: off, spread: {by: no}}",
            "`spread` is for `fields` of a source",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in MAPPING
    with pytest.raises(ValueError, match=says):
        lines(tmp_path, MAPPING.replace(old, new))
