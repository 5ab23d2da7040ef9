"""One part of one table: its source opened, joined, filtered and typed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl

from features.own_tables import EVERYBODY, PREFIX
from features.yaml_lines import Keys
from training.sources.mapping.mapping_file import Mapping, Part
from training.sources.reading.attribute_types import chosen, typed_by_itself
from training.sources.reading.cell_types import ALLOWED, TIME, Made, moment, typed
from training.sources.reading.deduplicate import check_rule, deduplicate
from training.sources.reading.files import FILE, ROW, read, readable
from training.sources.reading.join import joined
from training.sources.reading.money_marks import marks
from training.sources.reading.order_lines import filled, spread_over_lines
from training.sources.reading.reexports import newest_only
from training.sources.reading.sql import check_present, expression, kind, origin
from training.sources.reading.unrolled import unrolled
from training.sources.source_rows import (
    COLUMN,
    EMPTIED,
    REASON,
    WHOLE_DAY,
    SourceRows,
    can_be_emptied,
    check_columns,
    column_type,
)

FAULT = "_fault_"
ENDS = ("responses", "closures")  # a day counts from its end, lest it lie before what it answers or ends
NOTHING = pl.lit(None, pl.String)


def opened(mapping: Mapping, root: Path, name: str) -> pl.LazyFrame:
    """Return a named source with its further fields."""
    source = mapping.sources[name]
    frame = filled(read(source, root), source, mapping.place.at("sources", name, "fill_down"))
    frame = unrolled(frame, source, mapping.place.at("sources", name, "lines"))
    for number, join in enumerate(source.join):
        there = newest_only(opened(mapping, root, join.source), mapping, join.source)
        frame = joined(
            frame, there, join, mapping.place.at("sources", name, "join", number), source.label, as_own=True
        )
    for field, cell in source.fields.items():
        keys: Keys = ("sources", name, "fields", field)
        raw = origin(cell, frame, mapping.place, keys, source.label)
        if cell.map or cell.decimal or cell.spread or cell.hash:
            wanted = pl.Float64() if cell.decimal or cell.spread else pl.String()
            raw = typed(cell, raw, kind(raw, frame), wanted, mapping.time_zone).value
        if cell.spread:
            place = mapping.place.at(*keys, "spread")
            raw = spread_over_lines(raw, cell.spread, frame, place, source.label)
        frame = frame.with_columns(raw.alias(field))
    return frame


class PartRows:
    """Rows of one table from one source, whole or in chunks.

    Raises
    ------
    FileNotFoundError, ValueError
        See ``shape.shape``.
    """

    def __init__(self, mapping: Mapping, root: Path, table: str, index: int) -> None:
        self.mapping, self.table = mapping, table
        self.keys, self.part = self._described(index)
        self.file = mapping.sources[self.part.source].label
        self.source = opened(mapping, root, self.part.source)
        self.frame = self._joined(root)
        self.own = self._attributes()
        self._check_columns()

    def _described(self, index: int) -> tuple[Keys, Part]:
        """Where the part stands in the mapping, and the part."""
        return ("tables", self.table, index), self.mapping.tables[self.table][index]  # type: ignore[index]

    def _check_columns(self) -> None:
        check_columns(self.table, [*self.part.columns, *self.own], self.at("columns"))
        check_rule(self.table, self.part.keep, self.at("keep"))

    def _type(self, name: str) -> pl.DataType:
        """The type that a column is read as."""
        return column_type(self.table, name)

    def _keys(self, name: str) -> Keys:
        """Where in the mapping a column stands."""
        return (*self.keys, "columns", name)

    def at(self, *keys: str | int) -> str:
        """Name a place in the mapping file, for errors."""
        return self.mapping.place.at(*self.keys, *keys)

    def whole(self) -> SourceRows:
        """Return all rows at once."""
        with readable(self.file, self.at()):
            frame = self.typed().collect()
        rows = deduplicate(self._marked(frame), self.table, self.part.keep)
        count = self._count()
        return SourceRows(rows, count, count - rows.height)

    def chunks(self, size: int) -> Iterator[SourceRows]:
        """Yield rows in the source's order, ``size`` at a time; the last chunk counts what is left out."""
        count, done, held = self._count(), 0, None
        with readable(self.file, self.at()):
            for batch in self.typed().collect_batches(chunk_size=size, maintain_order=True):
                if held is not None:
                    yield SourceRows(self._marked(held), held.height, 0)
                held, done = batch, done + batch.height
            held = self.typed().head(0).collect() if held is None else held
        yield SourceRows(self._marked(held), held.height + count - done, count - done)

    def typed(self) -> pl.LazyFrame:
        """Return values, and beside each column whether something was there that could not be read."""
        cells = {name: self._cell(name) for name in self.part.columns}
        return self.frame.select(
            ROW,
            FILE,
            *(cell.value.alias(name) for name, cell in cells.items()),
            *(cell.fault.alias(f"{FAULT}{name}") for name, cell in cells.items()),
            *(pl.col(column).alias(name) for name, column in self.own.items()),
            *self._beside(cells),
        )

    def _beside(self, cells: dict[str, Made]) -> Iterator[pl.Expr]:
        if self.table == "responses" and "occurred_at" in cells:
            yield cells["occurred_at"].whole_day.alias(WHOLE_DAY)
        if self.table == "purchases":
            yield from marks(self.part, self.mapping.sources[self.part.source], self.frame)

    def _joined(self, root: Path) -> pl.LazyFrame:
        frame = newest_only(self.source, self.mapping, self.part.source)
        for number, join in enumerate(self.part.join):
            there = newest_only(opened(self.mapping, root, join.source), self.mapping, join.source)
            frame = joined(frame, there, join, self.at("join", number), self.file)
        if self.part.where is None:
            return frame
        return frame.filter(expression(self.part.where, frame, self.at("where"), self.file))

    def _attributes(self) -> dict[str, str]:
        names = [name for name in self.frame.collect_schema().names() if name not in (ROW, FILE)]
        check_present(list(self.part.exclude), self.frame, self.at("exclude"), self.file)
        names = [name for name in names if name not in self.part.exclude]
        taken = {cell.column for cell in self.part.columns.values() if cell.column}
        try:
            return chosen(self.part.attributes, names, taken) if self.part.attributes else {}
        except ValueError as error:
            raise ValueError(f"{self.file}: {error} ({self.at('attributes')})") from None

    def _count(self) -> int:
        with readable(self.file, self.at()):
            return int(self.source.select(pl.len()).collect().item())

    def _cell(self, name: str) -> Made:
        cell, keys = self.part.columns[name], self._keys(name)
        if self.table in ENDS and name == "occurred_at" and cell.day is None:
            cell = cell.model_copy(update={"day": "end"})
        raw = origin(cell, self.frame, self.mapping.place, keys, self.file)
        try:
            made = typed(cell, raw, kind(raw, self.frame), self._type(name), self.mapping.time_zone)
            return self._not_after_extract(made) if cell.day == "end" else made
        except ValueError as error:
            raise ValueError(f"{self.file}: {error} ({self.mapping.place.at(*keys)})") from None

    def _not_after_extract(self, made: Made) -> Made:
        """The end of the day of the extract is still to come: what happened on it happened before."""
        if self.mapping.extracted_at is None:
            return made
        end = pl.lit(moment(self.mapping.extracted_at, self.mapping.time_zone)).cast(TIME)
        same_day = made.whole_day & (made.value > end) & (made.value - pl.duration(days=1) < end)
        return replace(made, value=pl.when(same_day).then(end).otherwise(made.value))

    def _marked(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Cells that could not be read become the row's fault; attributes get their types."""
        self._refuse_wrong_types(frame)
        faults = {name: pl.col(f"{FAULT}{name}") for name in self.part.columns}
        emptied = {name: bad for name, bad in faults.items() if can_be_emptied(self.table, name)}
        frame = self._emptied(frame, emptied)
        grave = {name: bad for name, bad in faults.items() if name not in emptied}
        column = [pl.when(bad).then(pl.lit(name)) for name, bad in grave.items()] or [NOTHING]
        reason = [pl.when(bad).then(pl.lit(f"not {self._allowed(name)}")) for name, bad in grave.items()] or [
            NOTHING
        ]
        own = self._own_types(frame)
        marked = frame.with_columns(pl.coalesce(column).alias(COLUMN), pl.coalesce(reason).alias(REASON))
        return marked.drop([f"{FAULT}{name}" for name in faults]).with_columns(own)

    def _own_types(self, frame: pl.DataFrame) -> list[pl.Series]:
        """Attributes of the brand's own, each in the type that its values tell."""
        return [typed_by_itself(frame[name]) for name in frame.columns if name.startswith("x_")]

    def _emptied(self, frame: pl.DataFrame, faults: dict[str, pl.Expr]) -> pl.DataFrame:
        """Cells of people that could not be read, named; of the dead, what cannot be read is no denial."""
        if not faults:
            return frame
        said = [
            pl.when(bad).then(pl.lit(f"{name}: not {self._allowed(name)}")) for name, bad in faults.items()
        ]
        frame = frame.with_columns(pl.concat_list(said).list.drop_nulls().alias(EMPTIED))
        dead = faults.get("deceased")
        return frame if dead is None else frame.with_columns(deceased=dead | pl.col("deceased"))

    def _allowed(self, name: str) -> str:
        return ALLOWED[type(self._type(name))]

    def _refuse_wrong_types(self, frame: pl.DataFrame) -> None:
        """Stop where no cell of a column can be read: that is not a bad row, but a wrong column."""
        for name in self.part.columns:
            faults = int(frame[f"{FAULT}{name}"].sum())
            if faults and frame[name].null_count() == frame.height:
                raise ValueError(
                    f"{self.file}: none of the {faults} cells for {self.table}.{name} is "
                    f"{self._allowed(name)} ({self.mapping.place.at(*self._keys(name))})"
                )


class OwnTableRows(PartRows):
    """Rows of a table of the brand's own: its types and its places in the mapping are the mapping's."""

    def _described(self, index: int) -> tuple[Keys, Part]:
        name = self.table.removeprefix(PREFIX)
        spec = self.mapping.own_tables[name]
        cells = {column: cell for column, (cell, _) in spec.cells.items()}
        part = Part.model_validate(
            {"source": spec.source, "join": spec.join, "where": spec.where, "columns": cells}
        )
        return ("own_tables", name), part

    def _check_columns(self) -> None:
        """Every column is one that the mapping describes."""

    def _type(self, name: str) -> pl.DataType:
        described = {column.stored: column for column in self.mapping.own[self.table].columns}
        if name not in described:
            return column_type(self.table, name)
        return pl.Boolean() if described[name].kind == "yes" else described[name].dtype

    def _keys(self, name: str) -> Keys:
        return (*self.keys, *self.mapping.own_tables[self.keys[1]].cells[name][1])  # type: ignore[index]

    def _own_types(self, frame: pl.DataFrame) -> list[pl.Series]:
        """Truth values as 1 and 0, so that they can be counted."""
        return [
            frame[name].cast(pl.Int64)
            for name, kind in frame.schema.items()
            if kind == pl.Boolean and name.startswith("x_")
        ]

    def _marked(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A row that is nobody's is a fault."""
        marked, key = super()._marked(frame), self.mapping.own[self.table].key
        if key == EVERYBODY:
            return marked
        bad = pl.col(key).is_null() & pl.col(REASON).is_null()
        faults = {COLUMN: key, REASON: "empty"}
        return marked.with_columns(
            pl.when(bad).then(pl.lit(word)).otherwise(name).alias(name) for name, word in faults.items()
        )
