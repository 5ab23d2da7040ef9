"""Sheets of a workbook (``.xlsx``, ``.xls``, ``.xlsb``, ``.ods``) as rows of text."""

from pathlib import Path

import polars as pl


def sheets(path: Path) -> list[str]:
    """Name the visible sheets that hold more than one cell.

    Raises
    ------
    ValueError
        A file that is no workbook, or one that is locked by a password.
    """
    return [name for name, cells in _loaded(path, None).items() if cells.height > 1 or cells.width > 1]


def cells(path: Path, sheet: str | None = None) -> pl.DataFrame:
    """Read all cells of a sheet, else of the first, as text; times are ISO.

    Raises
    ------
    ValueError
        A file that is no workbook, or has no such sheet.
    """
    return next(iter(_loaded(path, sheet or 0).values()))


def _loaded(path: Path, sheet: str | int | None) -> dict[str, pl.DataFrame]:
    import fastexcel  # takes a moment, and few sources are workbooks

    try:
        book = fastexcel.read_excel(path)
        if isinstance(sheet, str) and sheet not in book.sheet_names:
            raise ValueError(f"no sheet {sheet!r}; there are {book.sheet_names}")
        wanted = book.sheet_names if sheet is None else [sheet]
        loaded = [book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string") for name in wanted]
        visible = [found for found in loaded if found.visible == "visible" or sheet is not None]
        return {found.name: found.to_polars() for found in visible}
    except fastexcel.FastExcelError as error:
        raise ValueError(" ".join(str(error).split())) from None
