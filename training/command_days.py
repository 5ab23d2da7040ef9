"""Days of the calendar as commands take them."""

from datetime import date, datetime

import typer


def day_of(text: str) -> date:
    """Return a day; what is none is named, with what one looks like."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day; allowed is YYYY-MM-DD, as in 2027-06-30") from None
