"""The true probability that an open lead converts, given what can be seen of it at an age.

A finite mixture over what is hidden: warm or cold, the class of a reply that has not come yet, and the
programme before its first touch. Its weights are the chances at creation times the likelihood of
the pages seen and of still being open.
"""

import numpy as np
import polars as pl

from training.synthetic import leads as model
from training.synthetic.calendar import DAY, Calendar, Floats, Ints
from training.synthetic.leads import Leads, Touches

AGES = (0, 1, 3, 7, 14, 21, 30)  # days
HORIZON = 30  # days
FAR = 1e6  # days: a step that never comes


def pages_seen(leads: Leads, touches: Touches, age: int) -> Ints:
    """Return pages each lead saw before ``age`` (days), shape (leads,)."""
    seen = (touches.kind == 0) & (touches.time - leads.created[touches.lead] < age * DAY)
    return np.bincount(touches.lead[seen], minlength=len(leads)).astype(np.int64)


def _replies(leads: Leads, age: int) -> list[tuple[Floats, Floats, Floats]]:
    """For each reply class: its chance as seen at ``age``, its gain, and the age of the reply."""
    odds = model.reply_odds(leads.created, leads.region)
    seen = leads.reply_age < age
    cases = []
    for kind, (low, high) in enumerate(model.REPLY_HOURS):
        open_until = np.clip(np.log(high / max(age * 24, low)) / np.log(high / low), 0, 1)
        chance = np.where(seen, leads.reply == kind, odds[:, kind] * open_until)
        middle = np.full(len(leads), np.sqrt(max(low, age * 24) * max(high, age * 24)) / 24)
        cases.append(
            (chance, np.full(len(leads), model.REPLY_FACTOR[kind]), np.where(seen, leads.reply_age, middle))
        )
    return cases


def _programmes(leads: Leads, age: int) -> list[tuple[Floats, float, float]]:
    """With and without the programme: its chance as seen at ``age``, its gain, and its first touch."""
    known = age > model.TOUCH_DAYS[0]
    with_it = leads.programme.astype(float) if known else np.full(len(leads), model.PROGRAMME_SHARE)
    return [(with_it, model.PROGRAMME_FACTOR, model.TOUCH_DAYS[0]), (1 - with_it, 1.0, FAR)]


def at_age(leads: Leads, touches: Touches, age: int) -> Floats:
    """Return P(converts within ``HORIZON`` days from ``age`` | open at ``age``, all seen until then)."""
    seen, now, later = pages_seen(leads, touches, age), float(age), float(age + HORIZON)
    total, hit = np.zeros(len(leads)), np.zeros(len(leads))
    watched = model.VIEW_FADE * model.faded(now, model.VIEW_FADE)
    for prior, warmth, views in zip(
        (1 - model.WARM_SHARE, model.WARM_SHARE), model.WARMTH, model.VIEWS, strict=True
    ):
        likelihood = prior * (views / model.VIEWS[0]) ** seen * np.exp(-views * watched)
        for reply_chance, reply_gain, reply in _replies(leads, age):
            for chance, gain, first in _programmes(leads, age):
                steps = (reply, reply_gain, first, gain)
                hazard = leads.quality * warmth
                still_open = np.exp(-hazard * model.mass(0.0, now, *steps))
                weight = likelihood * reply_chance * chance * still_open
                total += weight
                hit += weight * -np.expm1(-hazard * model.mass(now, later, *steps))
    return hit / total


def lead_truth(leads: Leads, touches: Touches, ids: pl.Series, calendar: Calendar) -> pl.DataFrame:
    """Return ``lead_id``, ``age_days`` and ``probability`` of every lead and age at which it is open."""
    frames = []
    for age in AGES:
        moment = leads.created + age * DAY
        rows = np.flatnonzero((leads.converted > moment) & (moment < calendar.end))
        values = at_age(leads, touches, age)[rows]
        frames.append(pl.DataFrame({"lead_id": ids.gather(rows), "age_days": age, "probability": values}))
    return pl.concat(frames)
