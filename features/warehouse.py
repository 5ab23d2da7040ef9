"""Features as one SELECT for a warehouse: the statement that DuckDB runs here, in the warehouse's own words.

narwhals writes the expressions as DuckDB's SQL; what only DuckDB says that way is put in words that every
warehouse has, and sqlglot writes the dialect.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb

from features.compute import compute
from features.feature import Group

try:
    import sqlglot
    from sqlglot import exp
except ImportError:
    raise ValueError("features as SQL: sqlglot is not installed; `make warehouse` installs it") from None

DIALECTS = ("bigquery", "duckdb", "snowflake")
PLAIN = re.compile("[a-z_][a-z0-9_]*")
ARITHMETIC = {"add": exp.Add, "subtract": exp.Sub}


def select(spine: Path, tables: Path, groups: Iterable[Group], dialect: str) -> str:
    """Write the features of every row of a table ``spine`` as one SELECT.

    Parameters
    ----------
    spine, tables
        Parquet as ``engines.to_parquet`` reads them; only the names and types of columns are read. The
        warehouse's tables have the same names and columns, ``event_time`` and ``known_time`` in seconds.
    groups
        What to compute.
    dialect
        One of ``DIALECTS``. Snowflake's names are left without quotes where they can be, since it holds
        names that were written without in capitals.

    Returns
    -------
    The statement: ``row_id`` and one column a feature, one row a row of the spine.

    Raises
    ------
    ValueError
        An unknown dialect, or an expression that has no counterpart in it.
    FileNotFoundError
        No questions or tables there: the stage ``dataset`` writes them.
    """
    if dialect not in DIALECTS:
        raise ValueError(f"dialect {dialect!r}: one of {', '.join(DIALECTS)}")
    tree = portable(_statement(spine, tables, tuple(groups)))
    if dialect == "snowflake":
        _unquote(tree)
    try:
        return tree.sql(dialect=dialect, pretty=True, unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.UnsupportedError as error:
        raise ValueError(f"features as SQL for {dialect}: {error}") from None


def _statement(spine: Path, tables: Path, groups: tuple[Group, ...]) -> str:
    """Return what DuckDB would run, over tables that have columns and no rows."""
    names = sorted({name for group in groups for name in group.reads})
    files = {"spine": spine} | {name: tables / f"{name}.parquet" for name in names}
    for path in files.values():
        if not path.exists():
            raise FileNotFoundError(f"{path}: not there; the stage `dataset` of the task writes it")
    with duckdb.connect() as connection:
        for name, path in files.items():
            rows = connection.read_parquet(str(path)).limit(0)
            rows.create(name)
        made: str = compute(
            connection.table("spine"), {name: connection.table(name) for name in names}, groups
        ).sql_query()
    return made


def portable(statement: str) -> exp.Expression:
    """Parse DuckDB's statement into one that means the same in every warehouse.

    Raises
    ------
    ValueError
        A function that is not known to mean the same everywhere.
    """
    tree = sqlglot.parse_one(statement, read="duckdb")
    while kind := tree.find(exp.Typeof):
        _floor(kind)
    tree = tree.transform(_rewritten, copy=False)
    for unknown in tree.find_all(exp.Anonymous):
        raise ValueError(f"features as SQL: {unknown.name}(…) has no counterpart in every warehouse")
    return tree


def _floor(kind: Any) -> None:
    """Put a floor in the place of narwhals' ``//``, which asks for the type and corrects what was cut off."""
    correction = kind.find_ancestor(exp.Case)
    quotient, whole = kind.this.unnest(), correction and correction.find_ancestor(exp.Case)
    if whole is None or not isinstance(quotient, exp.IntDiv):
        raise ValueError("features as SQL: typeof(…) has no counterpart in every warehouse")
    real = exp.Div(this=exp.cast(_held(quotient.this), "double"), expression=_held(quotient.expression))
    whole.replace(exp.cast(exp.Floor(this=real), "bigint"))


def _rewritten(node: Any) -> Any:
    return RULES.get(type(node), lambda same: same)(node)


def _cte(node: Any) -> Any:
    """Leave out whether a part is kept: a hint of DuckDB's."""
    node.set("materialized", None)
    return node


def _called(node: Any) -> Any:
    """Write ``add(a, b)`` with its sign, and ``mean`` as every warehouse calls it."""
    name = node.name.lower()
    if name == "mean":
        return exp.Avg(this=node.expressions[0])
    if name not in ARITHMETIC:
        return node
    left, right = map(_held, node.expressions)
    return exp.Paren(this=ARITHMETIC[name](this=left, expression=right))


def _contains(node: Any) -> Any:
    """Write a search in a fixed list as IN."""
    if not isinstance(node.this, exp.Array):
        raise ValueError("features as SQL: contains(…) of a column has no counterpart in every warehouse")
    return exp.In(this=_held(node.expression), expressions=node.this.expressions)


def _extreme(node: Any) -> Any:
    """Pass over empty values, as DuckDB's greatest and least do: elsewhere one of them empties the result."""
    values = [node.this, *node.expressions]
    filled = [
        exp.Coalesce(this=value.copy(), expressions=[v.copy() for v in values if v is not value])
        for value in values
    ]
    return type(node)(this=filled[0], expressions=filled[1:])


def _real_division(node: Any) -> Any:
    """Divide as floats: Snowflake keeps six digits of a quotient of whole numbers."""
    if not (isinstance(node.this, exp.Cast) and node.this.is_type("double")):
        node.set("this", exp.cast(_held(node.this), "double"))
    return node


def _cast(node: Any) -> Any:
    """Make a truth value a float by way of a whole number: BigQuery has no other way."""
    if node.is_type("double") and isinstance(node.this.unnest(), exp.Predicate | exp.Not):
        node.set("this", exp.cast(node.this.copy(), "bigint"))
    return node


def _most(node: Any) -> Any:
    """Take the greatest truth value as a number: Snowflake has none of truth values."""
    value = node.this.unnest()
    if isinstance(value, exp.Predicate | exp.Not):
        node.set("this", exp.Case(ifs=[exp.If(this=value.copy(), true=_one(1))], default=_one(0)))
    return node


def _one(value: int) -> Any:
    return exp.Literal.number(value)


def _held(value: Any) -> Any:
    """Return a copy that binds as it did, wherever it is put."""
    return exp.Paren(this=value.copy()) if isinstance(value, exp.Binary | exp.Not) else value.copy()


def _unquote(tree: Any) -> None:
    for name in tree.find_all(exp.Identifier):
        name.set("quoted", not PLAIN.fullmatch(name.this))


RULES: dict[type, Callable[[Any], Any]] = {
    exp.Anonymous: _called,
    exp.CTE: _cte,
    exp.Cast: _cast,
    exp.Contains: _contains,
    exp.Div: _real_division,
    exp.Greatest: _extreme,
    exp.Least: _extreme,
    exp.Max: _most,
    exp.Min: _most,
}
