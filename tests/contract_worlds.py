"""A gym that sells memberships with an end: who fades before it comes mostly lets it lapse."""

from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

BEGIN, END = datetime(2023, 1, 1), datetime(2026, 1, 1)
PLANS = {"half a year": 182, "year": 365}  # days


def chance(fades: bool, plan: str, fee: int, number: int) -> float:
    """The true probability that a membership lapses, of the number-th of a member; ``fee`` a month."""
    odds = -1.9 + 3.2 * fades + 0.6 * (plan == "half a year") + 0.05 * (fee - 39) - 0.5 * min(number, 3)
    return float(1 / (1 + np.exp(-odds)))


def gym(folder: Path, members: int, seed: int) -> pl.DataFrame:
    """Write the export (people, memberships, check-ins); return the truth of each membership.

    The truth has ``member_id``, ``end`` and ``chance``. Who fades visits a fifth as often from 40 to 90 days
    before the end on; one in eight of those who lapse gives notice before.
    """
    rng = np.random.default_rng(seed)
    people, contracts, visits, truth = [], [], [], []
    for at in range(members):
        name, rate = f"p{at:05}", rng.gamma(3, 0.6)  # visits a week
        start = BEGIN + timedelta(days=int(rng.integers(0, 800)))
        people.append((name, start.date(), ("m", "f")[rng.integers(2)]))
        number = 0
        while start < END:
            plan, fee = list(PLANS)[rng.integers(2)], int(rng.integers(29, 50))
            end, fades = start + timedelta(days=PLANS[plan]), rng.random() < 0.3
            fading = end - timedelta(days=int(rng.integers(40, 90))) if fades else end
            visits += [(name, time) for time in _visits(rng, start, fading, end, rate)]
            truth.append((name, end, chance(fades, plan, fee, number)))
            lapses = rng.random() < truth[-1][2]
            notice = (
                end - timedelta(days=int(rng.integers(3, 40))) if lapses and rng.random() < 0.125 else None
            )
            told = None if notice is None or notice >= END else notice.date()
            contracts.append((f"k{len(contracts):06}", name, start.date(), end.date(), told, plan, fee))
            if lapses:
                break
            start, number = end + timedelta(days=int(rng.integers(0, 5))), number + 1
    _written(folder, people, contracts, visits)
    schema = {"member_id": pl.String, "end": pl.Datetime("us"), "chance": pl.Float64}
    return pl.DataFrame(truth, schema=schema, orient="row")


def _visits(
    rng: np.random.Generator, start: datetime, fading: datetime, end: datetime, rate: float
) -> list[datetime]:
    """Moments of visits; a fifth as many once somebody fades."""
    found = []
    for first, last, often in ((start, fading, rate), (fading, end, rate / 5)):
        days = (min(last, END) - first).days
        count = rng.poisson(max(days, 0) * often / 7)
        found += [first + timedelta(days=float(day)) for day in rng.uniform(0, max(days, 1), count)]
    return found


def _written(folder: Path, people: list[tuple[str, date, str]], contracts: list, visits: list) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "people": (people, ["member_no", "joined_on", "gender"]),
        "memberships": (
            contracts,
            ["membership_no", "member_no", "start_date", "end_date", "cancelled_on", "plan", "monthly_fee"],
        ),
        "checkins": (visits, ["member_no", "checked_in_at"]),
    }
    for name, (rows, columns) in tables.items():
        frame = pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)
        times = pl.selectors.datetime()
        frame.with_columns(times.dt.strftime("%Y-%m-%d %H:%M:%S")).write_csv(folder / f"{name}.csv")
