"""Orders with all their products in one row: in columns that count, as a list in a cell, as JSON."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import polars as pl

from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, head
from training.sources.proposal.mapping_keys import LinesKeys
from training.sources.proposal.name_patterns import means
from training.sources.reading.cell_types import as_text
from training.sources.reading.money_columns import meaning, plain_name
from training.sources.reading.unrolled import LABELS, PAIRS, objects

ENOUGH = 0.9  # of the cells, or of their parts, are written so
FEW = 3  # rows of several products
ALONE = 0.5  # of the products that are bought together are also bought alone
SEVERAL = 0.02  # of the rows, where no count says how many products they have
LINE = ("product_id", "quantity", "unit_price_cents", "line_total", "discount_cents")
OTHERWISE = {  # names of new columns, where theirs are taken
    "product_id": ("item", "product", "sku", "article"),
    "quantity": ("pieces", "units", "qty"),
    "unit_price_cents": ("unit_price", "item_price", "piece_price"),
    "line_total": ("line_total", "line_amount"),
    "discount_cents": ("line_discount", "item_discount"),
}
ITEM = (
    r"(line_?item|item|product|produkt|artikel|article|articulo|producto|produit|position|pos|line|商品|宝贝)"
)
COUNTED = r"^(.*?)_?(\d{1,2})_?(\D*)$"  # item_1_sku, sku_1, 商品1单价
NAMES = (
    r"(line_?)?items?(_?names?)?|products?(_?names?)?|produkte?|artikel|articles?|produits?|productos?"
    + (r"|.*(商品|宝贝)(名称|标题|信息|明细).*|(商品|宝贝)")
)
SEPARATORS = (";；", "|", "\n", "、", "，", ",，", "/")
AMOUNT = r"amount|value|centAmount|cents|gross|net"  # what a field of a price is called
PIECES = r"\s*[x×X✕*＊]\s*(?<pieces>\d+)"
FORMS = (
    rf"^(?<item>.+?){PIECES}$",
    r"^(?<item>.+?)\s*[(（\[]\s*[x×X*]?\s*(?<pieces>\d+)\s*(?:件|个|pcs|Stk\.?|St\.)?\s*[)）\]]$",
    r"^(?<pieces>\d+)\s*[x×X✕*＊]\s*(?<item>.+)$",
)


def a_product_a_row(file: File) -> tuple[File, list[str]]:
    """Look at a file with a row a product, where its rows have several; and say so."""
    found = next(_rules(file), None)
    if found is None:
        return file, []
    rule, how = found
    made = file.as_lines(rule)
    of_order = [c for c in made.columns if c.name in made.of_orders and _is(c.name, "quantity")]
    made = replace(made, columns=tuple(c for c in made.columns if c not in of_order))
    said = f"{file.label}: {how}; each is a line of its own, and what the order has once is split over them"
    return made, [said]


def _rules(file: File) -> Iterator[tuple[LinesKeys, str]]:
    wide = _counted(file)
    if wide:
        names = ", ".join(name for columns in wide.values() for name in columns)
        yield {"columns": wide}, f"{names} are products beside each other"
    texts = [column for column in file.columns if column.kind == "text" and column.filled]
    if not texts or "lines" in file.written:
        return
    frame = head(file)
    for column in texts:
        if frame.schema[column.name].is_nested():
            yield from _nested(file, column.name, frame.schema[column.name])
            continue
        cells = frame.select(as_text(pl.col(column.name), frame.schema[column.name])).to_series().drop_nulls()
        fields = _fields(file, cells) if len(cells) else {}
        if fields:
            yield {"json": column.name, "fields": fields}, f"{column.name} holds lists of products"
    if any(c.is_unique and _is(c.name, "order_id") for c in file.columns):
        plain = [column for column in texts if not frame.schema[column.name].is_nested()]
        yield from _lists(file, plain, frame)


def _counted(file: File) -> dict[str, list[str]]:
    """Columns by what they are of a product, where their names count products."""
    groups: dict[tuple[str, str], dict[int, str]] = {}
    for column in file.columns:
        found = re.fullmatch(COUNTED, plain_name(column.name))
        if found:
            groups.setdefault((found[1], found[3]), {})[int(found[2])] = column.name
    told = {ends: counted for ends, counted in groups.items() if len(counted) > 1 and _concept(*ends)}
    most = max((sorted(counted) for counted in told.values()), key=len, default=[])
    same = {ends: counted for ends, counted in told.items() if sorted(counted) == most}
    if len(same) < 2 or not any(_concept(*ends) == "product_id" for ends in same):
        return {}
    return {_called(file, ends): [counted[n] for n in most] for ends, counted in same.items()}


def _concept(before: str, behind: str) -> str | None:
    """What of a line a name tells, without its number and the word for a product."""
    name = behind or before
    bare = re.sub(rf"^{ITEM}_", "", name)
    whole = f"{before}_{behind}".strip("_")
    named = [concept for one in (whole, bare, name) for concept in LINE if means(one, concept)]
    if not named and re.fullmatch(rf"{ITEM}(_?(name|title))?|(name|title)", name):
        return "product_id"
    return named[0] if named else None


def _called(file: File, ends: tuple[str, str]) -> str:
    name = re.sub(rf"^{ITEM}_(?=.)", "", ends[1] or ends[0])
    named = (name,) if means(name, str(_concept(*ends))) else ()
    return _free(file, *named, *OTHERWISE[str(_concept(*ends))])


def _free(file: File, *names: str) -> str:
    """The first of several names that no column of the file has."""
    taken = {column.name for column in file.columns}
    return next(name for name in (*names, *(f"{names[0]}_of_line{n}" for n in range(9))) if name not in taken)


def _fields(file: File, cells: pl.Series) -> dict[str, str]:
    """Fields of the products in cells that hold lists of objects, by their names in the file."""
    some = cells.head(200)
    found = [
        objects(cell) for cell in some if cell.lstrip()[:1] in "[{" or PAIRS.match(cell) or LABELS.match(cell)
    ]
    lists = [one for one in found if one]
    if len(lists) < ENOUGH * len(some) or not any(len(one) > 1 for one in lists):
        return {}
    return _of_line(
        file, dict.fromkeys(name for one in lists for product in one for name in _leaves(product))
    )


def _nested(file: File, column: str, kind: pl.DataType) -> Iterator[tuple[LinesKeys, str]]:
    """Lists of products as typed files have them."""
    inner = kind.inner if isinstance(kind, pl.List) else None
    fields = _of_line(file, _typed_leaves(inner)) if isinstance(inner, pl.Struct) else {}
    if fields:
        yield {"json": column, "fields": fields}, f"{column} holds lists of products"


def _typed_leaves(kind: pl.Struct, within: str = "") -> Iterator[str]:
    for one in kind.fields:
        if isinstance(one.dtype, pl.Struct):
            yield from _typed_leaves(one.dtype, f"{within}{one.name}.")
        else:
            yield f"{within}{one.name}"


def _of_line(file: File, names: Iterable[str]) -> dict[str, str]:
    """New columns by the fields of products that tell something of a line."""
    names = [*names]
    told = {
        name: next((c for c in LINE if _is(_named(name), c) or _is(_bare(name), c)), None) for name in names
    }
    kept = {name: concept for name, concept in told.items() if concept}
    if not {"product_id", "quantity"} & set(kept.values()):
        return {}
    inner = [name for name in kept if "sub" in name.lower()]  # a subtotal is of before discounts
    first = {kept[name]: name for name in reversed([*(n for n in kept if n not in inner), *inner])}
    called = {name: [_named(name)] * _is(_named(name), c) for c, name in first.items()}
    made = {_free(file, *called[name], *OTHERWISE[c]): name for c, name in first.items()}
    return made | {called: name for new, field in made.items() for called, name in _coded(new, field, names)}


def _coded(new: str, field: str, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The currency beside an amount, under a name that tells whose it is."""
    above, _, last = field.rpartition(".")
    if above and re.fullmatch(AMOUNT, last):
        codes = (
            f for f in names if f.rpartition(".")[0] == above and meaning(f.rpartition(".")[2]) == "currency"
        )
        yield from ((f"{new.rpartition('_')[0] or new}_currency", name) for name in codes)


def _bare(field: str) -> str:
    """A field's name without the word for a product: ``Product Unit Price`` is a unit price."""
    return re.sub(rf"^{ITEM}_(?=.)", "", plain_name(_named(field)))


def _named(field: str) -> str:
    """A field's name; ``unitPrice.amount`` as ``unitPrice_amount``, since an amount alone tells nothing."""
    *above, last = field.split(".")
    telling = [part for part in above if not re.fullmatch(AMOUNT, part)]
    return f"{telling[-1]}_{last}" if telling and re.fullmatch(AMOUNT, last) else last


def _leaves(product: Mapping[str, object], within: str = "") -> Iterator[str]:
    for name, value in product.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{within}{name}.")
        elif not isinstance(value, list):
            yield f"{within}{name}"


def _lists(file: File, texts: Iterable[Column], frame: pl.DataFrame) -> Iterator[tuple[LinesKeys, str]]:
    """Cells that list products, with pieces or without."""
    item, pieces = (_free(file, *OTHERWISE[concept]) for concept in ("product_id", "quantity"))
    yield from _side_by_side(file, texts, frame)
    for column in texts:
        cells = as_text(pl.col(column.name), frame.schema[column.name])
        for between in SEPARATORS:
            listed = _split(cells, between)
            rows = frame.select(parts=listed).with_row_index("row").filter(pl.col("parts").is_not_null())
            several = int((rows["parts"].list.len() > 1).sum())
            if several < FEW:
                continue
            parts = rows["parts"].explode().drop_nulls()
            form = next((one for one in FORMS if _share(parts, one) >= ENOUGH), None)
            rule: LinesKeys = {"split": {item: column.name}, "between": between}
            if form is not None:
                form = form.replace("<item>", f"<{item}>").replace("<pieces>", f"<{pieces}>")
                yield {**rule, "form": form}, f"{column.name} lists products with their pieces"
                return
            named = re.fullmatch(NAMES, plain_name(column.name)) is not None
            if named and several >= SEVERAL * rows.height and _are_products(frame, rows, parts):
                yield rule, f"{column.name} lists products, each taken as one piece"
                return


def _side_by_side(
    file: File, texts: Iterable[Column], frame: pl.DataFrame
) -> Iterator[tuple[LinesKeys, str]]:
    """Several columns of lists, as of products and of their pieces, that are as long in each row."""
    singular = {c.name: re.sub(r"ies$", "y", c.name.rstrip()).removesuffix("s") for c in texts}
    told = {
        c.name: next((k for k in LINE if means(c.name, k) or means(singular[c.name], k)), None) for c in texts
    }
    named = {concept: name for name, concept in reversed(told.items()) if concept}
    if "product_id" not in named or len(named) < 2:
        return
    for between in SEPARATORS:
        counts = frame.select(
            _split(as_text(pl.col(name), frame.schema[name]), between).list.len().alias(name)
            for name in named.values()
        )
        same = counts.filter(pl.all_horizontal(pl.col(named["product_id"]) == pl.col(list(named.values()))))
        if (counts[named["product_id"]] > 1).sum() >= FEW and same.height >= ENOUGH * counts.height:
            rule = {_free(file, *OTHERWISE[concept]): name for concept, name in named.items()}
            yield {"split": rule, "between": between}, f"{', '.join(named.values())} are lists side by side"
            return


def _split(cells: pl.Expr, between: str) -> pl.Expr:
    marked = cells
    for sign in between:
        marked = marked.str.replace_all(sign, between[0], literal=True)
    return marked.str.strip_chars().str.split(between[0]).list.eval(pl.element().str.strip_chars())


def _share(parts: pl.Series, form: str) -> float:
    return float(parts.str.contains(form).sum()) / max(len(parts), 1)


def _are_products(frame: pl.DataFrame, rows: pl.DataFrame, parts: pl.Series) -> bool:
    """Whether a column counts the parts of each row, or most of them are also bought alone."""
    count = rows["parts"].list.len().cast(pl.Float64)
    for name, kind in frame.schema.items():
        if kind.is_nested():
            continue
        told = frame[name].cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
        if (told.gather(rows["row"]) == count).sum() >= ENOUGH * rows.height:
            return True
    alone = rows.filter(pl.col("parts").list.len() == 1)["parts"].explode().unique()
    different = parts.unique()
    return int(different.is_in(alone.implode()).sum()) >= ALONE * len(different)


def _is(name: str, concept: str) -> bool:
    is_total = concept == "line_total" and meaning(name) == "total"
    return is_total or means(name, concept)
