"""What one file is taken to be."""

from dataclasses import dataclass, field

from features import tables
from training.sources.proposal.file_profile import File
from training.sources.proposal.mapping_keys import Cells, NewestKeys, OwnTables, Tables
from training.sources.proposal.presets import Preset


@dataclass(frozen=True)
class TableProposal:
    """One file as one table.

    Parameters
    ----------
    cells
        Column of the contract: how it is made, as in a mapping file.
    unsure
        What a human should look at, one sentence each.
    score
        How well the file fits.
    dated
        Whether a column holds a time.
    fields
        Further columns of the source.
    further
        Parts of other tables that are made of the same file.
    own
        Tables of the brand's own that are made of it.
    newest
        Which rows that stand in several files count, as a key of the source.
    apart
        Columns in which rows differ that are one by what names a row of the table.
    """

    file: File
    table: str
    cells: Cells
    where: str | None = None
    attributes: tuple[str, ...] = ()
    unsure: list[str] = field(default_factory=list)
    score: float = 0.0
    dated: bool = True
    preset: Preset | None = None
    fields: Cells = field(default_factory=dict)
    further: Tables = field(default_factory=dict)
    own: OwnTables = field(default_factory=dict)
    newest: NewestKeys | None = None
    apart: tuple[str, ...] = ()

    @property
    def needs_all(self) -> bool:
        """Tell whether its files are one log, as of several months or with a kind of rows each."""
        return bool(self.apart and self.file.also)


def in_order(table: str, cells: Cells) -> Cells:
    """Put cells into the order of the contract's columns."""
    return {name: cells[name] for name in tables.columns(table) if name in cells}
