"""Rows of several products as one a product: products beside each other, lists in a cell, JSON."""

import ast
import json
import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from training.sources.mapping.source_spec import Lines, Source
from training.sources.reading.cell_types import as_text
from training.sources.reading.sql import check_present

LIST, MARK = "_lines_", "\x1e"
PAIR = re.compile(r"(?<![^|;])([A-Za-z_]\w*):([^|;]*)")
PAIRS = re.compile(r"[A-Za-z_]\w*:[^|;]*\|[A-Za-z_]\w*:")

# Labels of several words before their values, ``Product ID: 12, Product Qty: 2|Product ID: …``: of one first
# word, so that a comma or a colon in a product's name begins none.
LABELS = re.compile(r"\s*((?P<word>[^\W\d]\w*) [\w ]+): *[^|;\n]*, *(?P=word) [\w ]+:")


def unrolled(frame: pl.LazyFrame, source: Source, place: str) -> pl.LazyFrame:
    """Return ``frame`` with a row a product, in new columns.

    A row without any keeps its place, and they are empty.

    Raises
    ------
    ValueError
        A column that is missing, or a new one whose name is taken.
    """
    rule = source.lines
    if rule is None:
        return frame
    check_present(list(rule.read), frame, place, source.label)
    taken = sorted(set(rule.made) & set(frame.collect_schema().names()))
    if taken:
        raise ValueError(
            f"{place}: {source.label} has a column {taken[0]!r} already; name the new one otherwise"
        )
    listed = _listed(rule, frame)
    full = pl.when(listed.list.len() > 0).then(listed)  # rows of empty lists would be lost
    return frame.with_columns(full.alias(LIST)).explode(LIST).unnest(LIST)


def _listed(rule: Lines, frame: pl.LazyFrame) -> pl.Expr:
    """The lines of each row, as a list of structs of texts."""
    kinds = frame.collect_schema()
    if rule.columns:
        return _beside(rule.columns, kinds)
    if rule.json_:
        return _objects(rule.json_, rule.fields, kinds[rule.json_])
    return _parts(rule, kinds)


def _beside(columns: Mapping[str, tuple[str, ...]], kinds: pl.Schema) -> pl.Expr:
    count = len(next(iter(columns.values())))
    each = [
        pl.struct(as_text(pl.col(names[n]), kinds[names[n]]).alias(new) for new, names in columns.items())
        for n in range(count)
    ]
    is_there = pl.any_horizontal(pl.element().struct.field(new).is_not_null() for new in columns)
    return pl.concat_list(each).list.eval(pl.element().filter(is_there))


def _objects(column: str, fields: Mapping[str, str], kind: pl.DataType) -> pl.Expr:
    kind_made = pl.List(pl.Struct(dict.fromkeys(fields, pl.String())))
    if isinstance(kind, pl.List):
        texts = pl.col(column).list.eval(pl.element().struct.json_encode())
        return texts.map_elements(lambda cells: _records("[" + ",".join(cells) + "]", fields), kind_made)
    return as_text(pl.col(column), kind).map_elements(lambda cell: _records(cell, fields), kind_made)


def _records(text: str, fields: Mapping[str, str]) -> list[dict[str, str | None]] | None:
    """The objects of a cell by their fields; ``None`` where it holds none."""
    found = objects(text)
    return found and [{new: _text(_field(one, name)) for new, name in fields.items()} for one in found]


def objects(text: str) -> list[dict[str, Any]] | None:
    """Read a list of objects, as JSON, Python or ``name:value|name:value;…``, also within another object.

    Examples
    --------
    >>> objects('{"items": [{"sku": "a"}]}'), objects("[{'sku': None}]"), objects("two pieces")
    ([{'sku': 'a'}], [{'sku': None}], None)
    >>> objects("sku:a|quantity:2;sku:b|quantity:1")
    [{'sku': 'a', 'quantity': '2'}, {'sku': 'b', 'quantity': '1'}]
    >>> objects("Item ID: 1, Item Name: Tea, green|Item ID: 2, Item Name: Pot")
    [{'Item ID': '1', 'Item Name': 'Tea, green'}, {'Item ID': '2', 'Item Name': 'Pot'}]
    """
    if labels := LABELS.match(text):
        return _labelled(text, labels[1], labels["word"])
    if PAIRS.match(text):
        return [
            dict(PAIR.findall(one)) for one in re.split(rf";(?={PAIR.pattern})", text) if PAIR.search(one)
        ]
    found: Any = None
    for reader in (json.loads, ast.literal_eval):
        try:
            found = reader(text)
            break
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    if isinstance(found, dict):
        found = next((value for value in found.values() if isinstance(value, list)), [found])
    is_list = isinstance(found, list) and found and all(isinstance(one, dict) for one in found)
    return found if is_list else None


def _labelled(text: str, first: str, word: str) -> list[dict[str, Any]]:
    """A product at each first label, with the texts between the labels that begin with the same word."""
    each = re.split(rf"[|;\n,]\s*(?={re.escape(first)}:)", text.strip())
    parts = [re.split(rf"(?:^|,\s*)({re.escape(word)} [\w ]+): *", one)[1:] for one in each]
    return [dict(zip(part[::2], (value.strip() for value in part[1::2]), strict=True)) for part in parts]


def _field(one: Any, name: str) -> Any:
    """A field, ``product.sku`` that of an object within."""
    for key in [name] if name in one else name.split("."):
        one = one.get(key) if isinstance(one, dict) else None
    return one


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _parts(rule: Lines, kinds: pl.Schema) -> pl.Expr:
    lists = {
        new: _split(as_text(pl.col(name), kinds[name]), rule.between) for new, name in rule.split.items()
    }
    if rule.form is not None:
        (only,) = lists.values()
        return only.list.eval(pl.element().str.extract_groups(rule.form))
    if len(lists) == 1:
        ((new, only),) = lists.items()
        return only.list.eval(pl.struct(pl.element().alias(new)))
    kind = pl.List(pl.Struct(dict.fromkeys(lists, pl.String())))
    return pl.struct(**lists).map_elements(_side_by_side, kind)


def _side_by_side(cells: Mapping[str, list[str] | None]) -> list[dict[str, str]] | None:
    """Lists of one length element by element; of others nothing is known."""
    lists = [cell or [] for cell in cells.values()]
    if len({len(one) for one in lists}) > 1:
        return None
    return [dict(zip(cells, parts, strict=True)) for parts in zip(*lists, strict=True)]


def _split(text: pl.Expr, between: str) -> pl.Expr:
    marked = text
    for sign in between:
        marked = marked.str.replace_all(sign, MARK, literal=True)
    return marked.str.split(MARK).list.eval(
        pl.element().str.strip_chars().filter(pl.element().str.strip_chars() != "")
    )
