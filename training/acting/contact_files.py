"""Files that another system hands over: Parquet or CSV with the columns that are asked for."""

from pathlib import Path

import polars as pl


def read_table(path: Path, needed: tuple[str, ...], error: type[ValueError] = ValueError) -> pl.DataFrame:
    """Read a table.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        Of the kind ``error``: a file that is no table, or lacks a column of ``needed``.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file; allowed are Parquet and CSV with {', '.join(needed)}")
    try:
        # The whole column says its type: amounts are often whole numbers for hundreds of rows.
        found = (
            pl.read_parquet(path)
            if path.suffix == ".parquet"
            else pl.read_csv(path, infer_schema_length=None)
        )
    except pl.exceptions.PolarsError as cause:
        raise error(
            f"{path}: neither Parquet nor CSV in UTF-8 with a header; needed are {', '.join(needed)}"
        ) from cause
    absent = [name for name in needed if name not in found.columns]
    if absent:
        raise error(f"{path}: column {absent[0]} is missing; needed are {', '.join(needed)}")
    return found
