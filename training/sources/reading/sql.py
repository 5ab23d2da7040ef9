"""SQL expressions of a mapping, checked against the columns that are there."""

import polars as pl

from features.yaml_lines import Keys, Place
from training.sources.mapping.cell_spec import Cell
from training.sources.reading.files import FILE, ROW, first_line


def expression(text: str, frame: pl.LazyFrame, place: str, file: str) -> pl.Expr:
    """Return a SQL expression over the columns of ``frame``.

    Raises
    ------
    ValueError
        No SQL, an unknown column, or types that do not go together; place and file are named.
    """
    try:
        made = pl.sql_expr(text)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{place}: not read as SQL: {first_line(error)} (found {text!r})") from None
    check_present(made.meta.root_names(), frame, place, file)
    try:
        pl.DataFrame(schema=frame.collect_schema()).select(made.alias("_made"))  # no row, but every type
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{place}: {first_line(error)} (found {text!r})") from None
    return made


def check_present(names: list[str], frame: pl.LazyFrame, place: str, file: str) -> None:
    """Raise ``ValueError`` where ``frame`` lacks a column."""
    there = frame.collect_schema().names()
    missing = sorted(set(names) - set(there))
    if missing:
        found = [name for name in there if name not in (ROW, FILE)]
        raise ValueError(f"{file}: column {missing[0]!r} is missing ({place}); found are {found}")


def origin(cell: Cell, frame: pl.LazyFrame, place: Place, keys: Keys, file: str) -> pl.Expr:
    """Return the raw values of a cell: a column, a constant or an expression, and the JSON field in it."""
    if cell.sql is not None:
        raw = expression(cell.sql, frame, place.at(*keys, "sql"), file)
    elif cell.column is not None:
        check_present([cell.column], frame, place.at(*keys), file)
        raw = pl.col(cell.column)
    else:
        raw = pl.lit(cell.value)
    if cell.entry is not None:
        return _entry(raw, kind(raw, frame), cell.entry, place.at(*keys, "entry"), file)
    if cell.json_ is None:
        return raw
    fields = (cell.json_,) if isinstance(cell.json_, str) else cell.json_
    return pl.coalesce(raw.cast(pl.String).str.json_path_match(f"$['{name}']") for name in fields)


def _entry(raw: pl.Expr, found: pl.DataType, name: str, place: str, file: str) -> pl.Expr:
    """The value of one key in a list of records, as text; of several kinds of value the one that is given."""
    records = found.inner if isinstance(found, pl.List) else None
    fields = dict(records.to_schema()) if isinstance(records, pl.Struct) else {}
    if not {"key", "value"} <= set(fields):
        raise ValueError(
            f"{file}: `entry` needs a list of records with key and value, found {found} ({place})"
        )
    value = pl.element().struct.field("value")
    kinds = fields["value"]
    inner = (
        [value.struct.field(one.name) for one in kinds.fields] if isinstance(kinds, pl.Struct) else [value]
    )
    texts = pl.coalesce(one.cast(pl.String) for one in inner)
    wanted = pl.element().struct.field("key") == name
    return raw.list.eval(pl.when(wanted).then(texts)).list.drop_nulls().list.first()


def kind(raw: pl.Expr, frame: pl.LazyFrame) -> pl.DataType:
    """Return the type of ``raw`` over ``frame``."""
    return frame.select(raw.alias("_raw")).collect_schema()["_raw"]
