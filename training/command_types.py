"""What several commands take: tasks, days of the calendar, the parts of a signature."""

from datetime import date, datetime
from typing import Annotated

import typer


def day_of(text: str) -> date:
    """Return a day; what is none is named, with what one looks like."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day; allowed is YYYY-MM-DD, as in 2027-06-30") from None


def name_of(text: str) -> str:
    """Return who decides; nobody is no name."""
    if not text.strip():
        raise typer.BadParameter("is empty; allowed is the name of who decides")
    return text


Task = Annotated[str, typer.Argument(help="one of `tasks` in params.yaml")]
Decision = Annotated[str, typer.Option(help="approve, approve_with_conditions or reject")]
Signer = Annotated[str, typer.Option(callback=name_of, help="who signs")]
By = Annotated[str, typer.Option(callback=name_of, help="who decides, kept in the log")]
Conditions = Annotated[list[str] | None, typer.Option(help="one condition; may stand several times")]
Expires = Annotated[
    date | None,
    typer.Option(parser=day_of, metavar="YYYY-MM-DD", help="last valid day; a year by default"),
]
