"""Orders with all their products in one row become lines: no product, piece or cent is lost."""

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from training.sources.check import check
from training.sources.mapping.source_spec import Source
from training.sources.proposal.propose import propose
from training.sources.reading.unrolled import unrolled

ORDERS = [
    (
        f"o{n}",
        f"m{n % 7}",
        str(datetime(2024, 1, 1, 9) + timedelta(days=n)),
        [(f"Soap {k}", 1 + k, 1_005 + 100 * n + k) for k in range(1 + n % 3)],
    )
    for n in range(30)
]
LINES = [line for *_, lines in ORDERS for line in lines]
ALL = sum(pieces * price for _, pieces, price in LINES)
HEAD = ("order_id", "customer_id", "order_date", "total")


def total(lines: list[Any]) -> str:
    return f"{sum(pieces * price for _, pieces, price in lines) / 100:.2f}"


def wide(form: str) -> list[list[Any]]:
    names = [form.format(n=n, what=what) for n in (1, 2, 3) for what in ("sku", "qty", "price")]
    return [
        [*HEAD, *names],
        *(
            [
                o,
                m,
                t,
                total(of),
                *[cell for k, q, p in of for cell in (k, q, p / 100)],
                *[""] * (9 - 3 * len(of)),
            ]
            for o, m, t, of in ORDERS
        ),
    ]


def one_cell(name: str, cell: Any, **more: Any) -> list[list[Any]]:
    return [
        [*HEAD, name, *more],
        *([o, m, t, total(of), cell(of), *(one(of) for one in more.values())] for o, m, t, of in ORDERS),
    ]


def as_json(of: list[Any]) -> list[dict[str, Any]]:
    return [{"product": {"sku": k, "brand": "x"}, "quantity": q, "price": p / 100} for k, q, p in of]


SHAPES = {
    "beside": wide("item_{n}_{what}"),
    "counted": wide("{what}_{n}"),
    "lineitems": wide("Lineitem {n} {what}"),
    "json": one_cell("items", lambda of: json.dumps(as_json(of))),
    "within": one_cell("basket", lambda of: json.dumps({"line_items": as_json(of)})),
    "python": one_cell("items", lambda of: str(as_json(of))),
    "pieces": one_cell("bought", lambda of: "; ".join(f"{k} x{q}" for k, q, _ in of)),
    "before": one_cell("item", lambda of: "\n".join(f"{q} × {k}" for k, q, _ in of)),
    "brackets": one_cell("商品信息", lambda of: "，".join(f"{k}（{q}件）" for k, q, _ in of)),
    "parallel": one_cell(
        "skus",
        lambda of: "|".join(k for k, _, _ in of),
        quantities=lambda of: "|".join(str(q) for _, q, _ in of),
    ),
    "names": one_cell("products", lambda of: ", ".join(k for k, _, _ in of), kinds=len),
}
PRICED = {"beside", "counted", "lineitems", "json", "within", "python"}


def bought(folder: Path, shape: list[list[Any]]) -> tuple[pl.DataFrame, str]:
    with (folder / "orders.csv").open("w", newline="") as file:
        csv.writer(file).writerows(shape)
    found = propose([folder / "orders.csv"])
    (folder / "m.yaml").write_text(found.text)
    kept: dict[str, list[pl.DataFrame]] = {}
    check(folder / "m.yaml", keep=lambda name, frames: kept.update({name: list(frames)}))
    return pl.concat(kept["purchases"]), found.text


@pytest.mark.parametrize("shape", SHAPES)
def test_each_product_is_a_line(tmp_path: Path, shape: str) -> None:
    purchases, text = bought(tmp_path, SHAPES[shape])
    assert purchases.height == len(LINES)
    assert sorted(purchases["product_id"]) == sorted(sku for sku, _, _ in LINES)
    assert purchases["amount_cents"].sum() == ALL
    assert purchases["order_id"].n_unique() == 30
    assert "is a line of its own" in text
    if shape in PRICED:
        assert purchases["quantity"].sum() == sum(pieces for _, pieces, _ in LINES)


@pytest.mark.parametrize("name", ["address", "product"])
def test_texts_with_separators_are_no_products(tmp_path: Path, name: str) -> None:
    """A product's name may have a comma: what stands between is never bought alone."""
    texts = one_cell(name, lambda of: f"{len(of)} Main Street, Berlin, Germany")
    purchases, text = bought(tmp_path, texts)
    lacking = check(tmp_path / "m.yaml").lacking
    assert ("product in any purchase" in lacking) == (name == "address")
    assert (purchases.height, purchases["amount_cents"].sum()) == (30, ALL)
    assert "lines:" not in text


def lines_of(frame: pl.DataFrame, **rule: Any) -> list[dict[str, Any]]:
    source = Source.model_validate({"file": "x.csv", "lines": rule})
    return unrolled(frame.lazy(), source, "here").collect().to_dicts()


def test_rows_without_products_keep_their_place() -> None:
    frame = pl.DataFrame({"id": ["a", "b", "c"], "items": ['[{"sku": "s"}]', "[]", None]})
    assert [row["sku"] for row in lines_of(frame, json="items", fields={"sku": "sku"})] == ["s", None, None]


def test_lists_side_by_side_must_be_as_long() -> None:
    frame = pl.DataFrame({"name": ["a;b", "c"], "count": ["1; 2", "3;4"]})
    found = lines_of(frame, split={"sku": "name", "qty": "count"})
    assert [(row["sku"], row["qty"]) for row in found] == [("a", "1"), ("b", "2"), (None, None)]


def test_lists_of_typed_files() -> None:
    frame = pl.DataFrame({"items": [[{"sku": "a", "qty": 2}, {"sku": "b", "qty": 1}]]})
    found = lines_of(frame, json="items", fields={"sku": "sku", "pieces": "qty"})
    assert [(row["sku"], row["pieces"]) for row in found] == [("a", "2"), ("b", "1")]


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"json": "items"}, "belong together"),
        ({"split": {"a": "items"}, "json": "items"}, "exactly one of"),
        ({"columns": {"a": ["x", "y"], "b": ["z"]}}, "as many columns each"),
        ({"split": {"a": "items"}, "form": "^x$"}, "named groups"),
    ],
)
def test_rules_that_cannot_be(rule: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        lines_of(pl.DataFrame({"items": ["a"]}), **rule)


def test_a_name_that_is_taken_is_said() -> None:
    with pytest.raises(ValueError, match=r"here: x\.csv has a column 'items' already"):
        lines_of(pl.DataFrame({"items": ["a;b"]}), split={"items": "items"})
