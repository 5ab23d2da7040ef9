"""Days that a command is told, held against those that can be meant."""

from datetime import date, timedelta

Bound = tuple[date, str]  # a day, and what it is


def require_day(told: str, day: date, first: Bound, last: Bound) -> date:
    """Return ``day`` where it lies between ``first`` and ``last``, both included.

    Parameters
    ----------
    told
        The option and what was given, as the sentence begins: ``--day 2062-07-01``.

    Raises
    ------
    ValueError
        It lies outside; the sentence names what is allowed, and what the ends are.
    """
    if not first[0] <= day <= last[0]:
        ends = " to ".join(f"{end} ({what})" for end, what in (first, last))
        raise ValueError(f"{told}: allowed is {ends}")
    return day


def today_or(known: date, more: int = 0) -> Bound:
    """Return the last day of what has happened, ``more`` days on.

    That is today; the day of the data where a simulated brand lies ahead of the clock.
    """
    today = date.today()
    what = "today" if known <= today else "the day of the data"
    after = f"{more} days after " if more > 1 else "the day after " if more else ""
    return max(today, known) + timedelta(days=more), f"{after}{what}"
