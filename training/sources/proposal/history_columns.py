"""Which columns of a history of stages say what, and the conditions of its rows that follow from them."""

import re
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from training.sources.proposal import sql
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, all_of
from training.sources.proposal.message_log import log_words
from training.sources.reading.cell_types import as_text
from training.sources.reading.money_columns import plain_name


@dataclass(frozen=True)
class History:
    """Which columns of a history say whose stage it is, which it was and became, and when.

    Parameters
    ----------
    field
        Of a history of several fields, the column that names them.
    """

    file: File
    lead: Column
    to: Column
    time: Column
    before: Column | None
    field: Column | None

    @cached_property
    def rows(self) -> pl.DataFrame:
        """All rows as texts: ``lead``, ``to``, ``time``, perhaps ``before`` and ``field``."""
        named = {name: getattr(self, name) for name in ("lead", "to", "time", "before", "field")}
        there = {name: column.name for name, column in named.items() if column is not None}
        frame = all_of(self.file, [*dict.fromkeys(there.values())])
        return frame.select(
            as_text(pl.col(column), frame.schema[column]).alias(name) for name, column in there.items()
        )

    @cached_property
    def fields(self) -> list[str]:
        """Names of fields that hold the stage."""
        return [] if self.field is None else matching(self.rows["field"], log_words("stages")["fields"])

    @cached_property
    def stages(self) -> list[str]:
        """The stages that leads came into."""
        rows = self.rows if self.field is None else self.rows.filter(pl.col("field").is_in(self.fields))
        return rows["to"].drop_nulls().unique().sort().to_list()

    @cached_property
    def won(self) -> str | None:
        """The SQL condition of rows by which a lead was won; ``None`` where no word is known to say so."""
        if self.field is not None:
            converted = matching(self.rows["field"], log_words("stages")["converted"])
            if converted:
                return sql.among(self.field.name, converted)
        words = self.won_words
        return " AND ".join([sql.among(self.to.name, words), *self._of_stage]) if words else None

    @property
    def won_words(self) -> list[str]:
        """Stages of leads that were won."""
        words = log_words("stages")
        stages = pl.Series(self.stages, dtype=pl.String)
        return matching(stages, words["won"]) or matching(stages, words["customer"])

    @property
    def lost_words(self) -> list[str]:
        """Stages of leads that were closed without having been won."""
        return matching(pl.Series(self.stages, dtype=pl.String), log_words("stages")["lost"])

    @property
    def _of_stage(self) -> list[str]:
        return [sql.among(self.field.name, self.fields)] if self.field is not None else []

    @cached_property
    def beginning(self) -> tuple[str | None, float]:
        """The SQL condition of rows by which leads began, and the share of leads that have one.

        ``None`` where it is each one's first row.
        """
        leads = self.rows["lead"].n_unique()
        if self.field is not None:
            created = matching(self.rows["field"], log_words("stages")["created"])
            if created:
                began = self.rows.filter(pl.col("field").is_in(created))
                return sql.among(self.field.name, created), began["lead"].n_unique() / leads
        if self.before is None:
            return None, 1.0
        began = self.rows.filter(pl.col("before").is_null())
        empty = [f'"{self.before.name}" IS NULL', *self._of_stage]
        return " AND ".join(empty), began["lead"].n_unique() / leads

    @property
    def open_stages(self) -> str:
        """The SQL condition of rows by which a lead came into a stage, those aside by which it was won."""
        return self._into([word for word in self.stages if word not in self.won_words])

    @property
    def closed(self) -> str | None:
        """The SQL condition of rows by which a lead was closed without having been won."""
        return self._into(self.lost_words) if self.lost_words else None

    @property
    def reopened(self) -> str | None:
        """The SQL condition of rows by which a closed lead came into an open stage.

        Where no column tells the stage before, every row of an open stage says that the lead is not closed.
        """
        closed = {*self.won_words, *self.lost_words}
        words = [word for word in self.stages if word not in closed]
        if not words or not self.lost_words:
            return None
        before = [] if self.before is None else [sql.among(self.before.name, self.lost_words)]
        return " AND ".join([self._into(words), *before])

    def _into(self, stages: list[str]) -> str:
        return " AND ".join([sql.among(self.to.name, stages), *self._of_stage])


def matching(words: pl.Series, form: str) -> list[str]:
    """Return the words that are of a form as a whole, each once, in their order."""
    return [word for word in words.drop_nulls().unique().sort() if re.fullmatch(form, plain_name(word))]
