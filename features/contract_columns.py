"""What columns of the contract are made of: pandera's fields, with what each means and its unit."""

import warnings
from typing import Annotated, Any

import polars as pl

with warnings.catch_warnings():  # Pandera imports PySpark where it is installed, and that warns of pandas 3
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    from pandera.polars import Column as Column
    from pandera.polars import DataFrameModel as DataFrameModel
    from pandera.polars import Field

Time = Annotated[pl.Datetime, "us", "UTC"]


def column(about: str, unit: str = "", **checks: Any) -> Any:
    """Return one required column; ``checks`` are pandera's (``ge``, ``isin``, ...)."""
    return Field(description=about, metadata={"unit": unit}, **checks)


def optional(about: str, unit: str = "", **checks: Any) -> Any:
    """Return one column that may be missing from a source or empty in a row."""
    return column(about, unit, nullable=True, **checks)


class Dated(DataFrameModel):
    """What every dated table has."""

    occurred_at: Time = column("when it happened")
    recorded_at: Time = optional("when the row became known; the event time where empty")
