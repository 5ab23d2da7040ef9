"""What the points programme does to members at its accounts to come, as far as it is known at a moment.

Only one path has to be followed: who orders nothing earns nothing, so that points credited, expired and
expiring at each account to come are known, and with them the chances to order and to begin to fade.
Contacts and what was seen at accounts are among the shocks; see ``presence``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from training.synthetic import answers
from training.synthetic.calendar import DAY, Floats, Ints
from training.synthetic.loyalty import EVERY, LOTS, Log, accounts, pushes, return_chance

DELAY = DAY + 3 * 3_600  # seconds from the account to the order, on average
NAMES = [f"lot_{number}" for number in range(LOTS)]


def recorded(log: Log) -> dict[str, pl.DataFrame]:
    """Return tables of truth:
    ``lots`` (points by account after each account) and ``credits`` (points earned).
    """
    member, time, lots, rewarded = (np.concatenate(part) for part in zip(*log.lots, strict=True))
    state = {"member": member, "time": time, "rewarded": rewarded}
    state |= {name: lots[:, at].astype(np.float32) for at, name in enumerate(NAMES)}
    names = ("member", "time", "points")
    earned = dict(zip(names, (np.concatenate(part) for part in zip(*log.credits, strict=True)), strict=True))
    every = {"lots": pl.DataFrame(state), "credits": pl.DataFrame(earned)}
    return {name: frame.sort("member", "time", maintain_order=True) for name, frame in every.items()}


@dataclass(frozen=True)
class Ahead:
    """Accounts to come, on the path without an order; arrays of shape (rows, accounts).

    Parameters
    ----------
    time
        When (seconds).
    chance
        P(orders then | still there).
    push
        Hazard of beginning to fade then.
    """

    time: Ints
    chance: Floats
    push: Floats

    def of(self, rows: slice) -> "Ahead":
        """Return those of some rows."""
        return Ahead(self.time[rows], self.chance[rows], self.push[rows])

    def nothing(self, fades: Ints, opens: Ints, closes: Ints) -> Floats:
        """Return P(no order in a window at an account) of who fades from ``fades`` on, shape (rows, steps).

        ``opens`` and ``closes`` are of shape (rows,). An order at an account before the window is left out.
        """
        found = np.ones(fades.shape)
        for time, chance in zip(self.time.T, self.chance.T, strict=True):
            inside = (time + DELAY >= opens) & (time + DELAY < closes)
            left = np.where(fades > time[:, None], 1.0, answers.LOST)
            found *= 1 - np.where(inside, chance, 0.0)[:, None] * left
        return found

    def pushed(self, until: Ints) -> Floats:
        """Return the hazard of beginning to fade at accounts before ``until``,
        both of shape (rows, steps).
        """
        found = np.zeros(until.shape)
        for time, push in zip(self.time.T, self.push.T, strict=True):
            found += push[:, None] * (time[:, None] < until)
        return found


def ahead(truth: Mapping[str, pl.DataFrame], member: Ints, moment: Ints, days: Ints) -> Ahead:
    """Return the accounts within ``days`` after ``moment`` of ``member`` (rows), all of shape (rows,)."""
    many = len(member)
    if "lots" not in truth or not many:
        return Ahead(np.zeros((many, 0), dtype=np.int64), np.zeros((many, 0)), np.zeros((many, 0)))
    start = int(truth["calendar"]["start"][0])
    every = accounts(start, int((moment + days * DAY).max()))
    done = np.searchsorted(every, moment)  # accounts before the moment
    lots, rewarded, since = _state(truth, member, moment)
    pending = _earned(truth["credits"], member, np.maximum(since, start), moment, start)
    found = []
    for step in range(1, int(days.max()) // EVERY + 2):
        number = done + step  # the first account is number 1
        row, place = np.arange(many), number % LOTS
        expired = lots[row, place]
        lots[row, place] = pending if step == 1 else 0.0
        chance = return_chance(lots.sum(axis=1), lots[row, (number + 1) % LOTS])
        time = start + number * EVERY * DAY + (int(every[0]) - start - EVERY * DAY)
        found.append((time, chance, pushes(expired, time - rewarded)))
    time, chance, push = (np.stack(part, axis=1) for part in zip(*found, strict=True))
    return Ahead(time, chance, push)


def _keys(member: Ints, time: Ints, start: int) -> Ints:
    return (member << 32) + np.clip(time - start, 0, 2**32 - 1)


def _state(truth: Mapping[str, pl.DataFrame], member: Ints, moment: Ints) -> tuple[Floats, Ints, Ints]:
    """Points after the last account before each moment, when a reward was taken, and when it was."""
    frame, start = truth["lots"], int(truth["calendar"]["start"][0])
    joined = truth["members"]["since"].to_numpy()[member]
    keys = _keys(frame["member"].to_numpy().astype(np.int64), frame["time"].to_numpy(), start)
    place = np.searchsorted(keys, _keys(member, moment, start)) - 1
    known = (place >= 0) & (frame["member"].to_numpy()[place] == member)
    lots = frame.select(NAMES).to_numpy().astype(np.float64)[place] * known[:, None]
    rewarded = np.where(known, frame["rewarded"].to_numpy()[place], joined)
    return lots, rewarded, np.where(known, frame["time"].to_numpy()[place], joined)


def _earned(frame: pl.DataFrame, member: Ints, since: Ints, until: Ints, start: int) -> Floats:
    """Points of orders from ``since`` to ``until``, not credited yet."""
    keys = _keys(frame["member"].to_numpy().astype(np.int64), frame["time"].to_numpy(), start)
    total = np.concatenate([[0.0], np.cumsum(frame["points"].to_numpy())])
    first, last = (np.searchsorted(keys, _keys(member, time, start)) for time in (since, until))
    return total[last] - total[first]
