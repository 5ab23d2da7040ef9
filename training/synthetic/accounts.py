"""Duplicate identities: some people first come under a platform account that is bound to them later."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from training.synthetic.calendar import DAY, Calendar, Flags, Ints
from training.synthetic.frames import Ids, stamps
from training.synthetic.people import People

PLATFORMS = ("shop", "mini_program")
SHARE = 0.12  # people with a second account
UNBOUND_DAYS = 25.0  # mean time until it is bound
CHAINED = 0.08  # accounts bound to a phone number first, which is bound to the member


@dataclass(frozen=True)
class Accounts:
    """Second accounts, arrays of shape (members,): platform (-1: none) and when it is bound."""

    platform: Ints
    bound: Ints
    names: pl.Series  # "platform:account_id" by member; empty where there is none
    members: pl.Series  # member ids


def draw(
    people: People, members: pl.Series, calendar: Calendar, number: Ids, rng: np.random.Generator
) -> Accounts:
    """Return who has a second account, where, and until when it is not bound."""
    count = len(people)
    platform = np.where(rng.random(count) < SHARE, rng.integers(0, len(PLATFORMS), count), -1)
    bound = people.since + (rng.exponential(UNBOUND_DAYS, count) * DAY).astype(np.int64)
    platform = np.where(bound < calendar.end - DAY, platform, -1)
    chosen = pl.Series(PLATFORMS).gather(np.maximum(platform, 0))
    names = pl.select(pl.when(pl.Series(platform >= 0)).then(chosen + ":" + number("a", count))).to_series()
    return Accounts(platform, bound, names, members)


def owner(accounts: Accounts, member: Ints, time: Ints, platform: Ints) -> pl.Series:
    """Return the id under which rows arrive: the account where it is on its platform and not yet bound."""
    unbound = (platform >= 0) & (accounts.platform[member] == platform) & (time < accounts.bound[member])
    own, account = accounts.members.gather(member), accounts.names.gather(member)
    return pl.select(pl.when(pl.Series(unbound)).then(account).otherwise(own)).to_series()


def identities(
    accounts: Accounts,
    people: People,
    lead_ids: pl.Series,
    calendar: Calendar,
    number: Ids,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Return bindings of second accounts, of chains over a phone number, and of leads that became members."""
    have = np.flatnonzero(accounts.platform >= 0)
    chained: Flags = rng.random(len(have)) < CHAINED
    phones = number("p", len(have))
    target = pl.select(
        pl.when(pl.Series(chained)).then("phone_hash:" + phones).otherwise(accounts.members.gather(have))
    ).to_series()
    came = np.flatnonzero(people.lead >= 0)
    parts = [
        _bindings(accounts.names.gather(have), target, accounts.bound[have]),
        _bindings(
            "phone_hash:" + phones.filter(pl.Series(chained)),
            accounts.members.gather(have[chained]),
            accounts.bound[have[chained]],
        ),
        _bindings(
            "lead:" + lead_ids.gather(people.lead[came]), accounts.members.gather(came), people.joined[came]
        ),
    ]
    return pl.concat(parts).filter(pl.col("occurred_at") < stamps(np.array([calendar.end]))[0])


def _bindings(accounts: pl.Series, members: pl.Series, time: Ints) -> pl.DataFrame:
    parts = (
        accounts.alias("account")
        .to_frame()
        .select(
            platform=pl.col("account").str.split(":").list.get(0),
            account_id=pl.col("account").str.split(":").list.get(1),
        )
    )
    return pl.DataFrame({"occurred_at": stamps(time)}).hstack(parts).with_columns(member_id=members)
