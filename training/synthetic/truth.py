"""What really drives the simulated brand, written beside the data and never into it."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from training.synthetic import answers, care, leads, option_truth, people
from training.synthetic.calendar import CHANGE_FACTOR, DAY, FADE, Calendar, Ints
from training.synthetic.contacts import ORDERS_AFTER, Contacts
from training.synthetic.fading import FADING, LOOKS_LEFT, ORDERS_LEFT
from training.synthetic.orders import FULL_PRICE_PUSH, Visits, full_price_push
from training.synthetic.people import TYPES, People
from training.synthetic.presence import History, still_there
from training.synthetic.world import World


def member_truth(crowd: People, member_ids: pl.Series, fades: Ints, withdrawn: Ints) -> pl.DataFrame:
    """Return the type, own rate, hazard, from when each member fades and when each has left.

    ``scale`` is the rate that is readable.
    """
    return pl.DataFrame(
        {
            "member_id": member_ids,
            "segment": pl.Series(TYPES).gather(crowd.type),
            "rate": crowd.rate,
            "scale": crowd.scale,
            "hazard": crowd.hazard,
            "since": crowd.since,
            "fades": fades,
            "left": fades + FADING * DAY,
            "consents": np.where(crowd.marketing, crowd.since, crowd.renewed),
            "withdraws": withdrawn,
        }
    )


def shock_truth(world: World, accounts: bool = True) -> pl.DataFrame:
    """Return what pushed members to fade, and what told an observer whether they did.

    ``accounts``: those of the points programme, too, where there is one.
    """
    tickets, bought, sent = world.tickets, world.orders, world.sent
    log = None if world.programme is None else world.programme.log
    parts = [
        (tickets.member, tickets.resolved, tickets.push, np.zeros(len(tickets.push))),
        (bought.member, bought.time, full_price_push(bought, world.lines), np.zeros(len(bought.time))),
        (sent.member, sent.time, sent.push, sent.known),
        *(() if log is None or not accounts else log.shocks),
    ]
    names = ("member", "time", "push", "known")
    frames = [pl.DataFrame(dict(zip(names, part, strict=True))) for part in parts]
    return pl.concat(frames).sort("member", "time", maintain_order=True)


def visit_truth(seen: Visits) -> pl.DataFrame:
    """Return the signs of life: member (row of the members), time, and whether an order follows."""
    frame = pl.DataFrame({"member": seen.member, "time": seen.time, "ordered": seen.order >= 0})
    return frame.sort("member", "time", maintain_order=True)


def calendar_truth(clock: Calendar) -> pl.DataFrame:
    """Return the cumulative intensity of visits and orders by hour since the start."""
    fixed = {name: pl.lit(getattr(clock, name), pl.Int64) for name in ("start", "end", "change")}
    return pl.DataFrame({"visits": clock.visits, "orders": clock.orders}).with_columns(**fixed)


def response_truth(history: History, sent: Contacts, contact_ids: pl.Series) -> pl.DataFrame:
    """Return P(answered within the window) of each contact if sent and if held out,
    all seen before it given.
    """
    turn = np.lexsort((sent.time, sent.member))
    still = np.empty(len(turn))
    still[turn] = still_there(history, sent.member[turn], sent.time[turn])
    there = still + (1 - still) * answers.LOST
    return pl.DataFrame(
        {
            "contact_id": contact_ids,
            "probability_treated": there * sent.if_sent,
            "probability_control": there * sent.if_not,
        }
    )


def state_truth(history: History, world: World, ids: pl.Series) -> pl.DataFrame:
    """Return what follows from a contact at the end of the period; see ``option_truth.chances``."""
    found = option_truth.state(world.mailing, ids, world.orders.time, world.orders.member)
    end = np.full(len(ids), world.calendar.end)
    return found.with_columns(still=still_there(history, np.arange(len(ids)), end))


def totals(world: World) -> dict[str, float]:
    """Return sums over members from which mean effects follow: days, pushes, orders that answers led to."""
    clock, crowd, fades, answered = world.calendar, world.people, world.fades, world.answered
    days = np.clip(np.minimum(fades, clock.end) - crowd.since, 0, None) / DAY
    gone = np.clip(clock.end - np.maximum(fades, crowd.since), 0, None) / DAY
    shocks = shock_truth(world, accounts=False)  # what accounts bring is known beforehand
    there = shocks["time"].to_numpy() <= fades[shocks["member"].to_numpy()]
    lost = answered.time > fades[answered.member]
    return {
        "days": float(days.sum()),
        "reachable_days": float(days[crowd.marketing].sum()),
        "reachable_days_lost": float(gone[crowd.marketing].sum()),
        "push": float(shocks["push"].to_numpy()[there].sum()),
        "orders": float((~lost).sum()),
        "orders_lost": float(lost.sum()),
    }


def effect_truth(clock: Calendar, sums: Mapping[str, float]) -> pl.DataFrame:
    """Return the true effects by name; ``sums`` are the totals of all members."""
    values = {
        "base_rate_change_at": float(clock.change),
        "base_rate_change_factor": CHANGE_FACTOR,
        "push_per_day": sums["push"] / sums["days"],
        "orders_from_answers_per_day": sums["orders"] / max(sums["reachable_days"], 1),
        "orders_from_answers_per_day_when_lost": sums["orders_lost"] / max(sums["reachable_days_lost"], 1),
        "orders_after_answer": ORDERS_AFTER,
        "fatigue_log_odds_per_message": answers.FATIGUE,
        "answers_left_when_lost": answers.LOST,
        "days_of_fading": float(FADING),
        "fade_days": FADE,
        "looks_left_when_lost": LOOKS_LEFT,
        "orders_left_when_lost": ORDERS_LEFT,
        "full_price_push": FULL_PRICE_PUSH,
        "weak_hazard_factor": people.WEAK_HAZARD,
        "lead_programme_factor": leads.PROGRAMME_FACTOR,
    }
    names = ("fast", "slow", "late", "never")
    values |= {f"lead_reply_factor_{name}": float(leads.REPLY_FACTOR[i]) for i, name in enumerate(names)}
    values |= {f"ticket_push_{name}": float(care.TOPIC_PUSH[i]) for i, name in enumerate(care.TOPICS)}
    weak = f"{people.REGIONS[people.WEAK_REGION]} x {people.TIERS[people.WEAK_TIER]}"
    notes = [weak if name == "weak_hazard_factor" else "" for name in values]
    return pl.DataFrame({"name": list(values), "value": list(values.values()), "note": notes})
