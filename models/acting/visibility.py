"""What a plan's holdout can show afterwards, how long it takes, and what it costs in answers."""

from dataclasses import replace

import numpy as np

from models.acting import holdout
from models.acting.documents import EffectWait, HoldoutFacts
from models.acting.draft import Draft, compared, seen

PARTS = (1.0, 0.5, 0.25)  # of the effect that is expected: contacts may add less


def smallest_visible(draft: Draft) -> HoldoutFacts:
    """Return the share, who is compared, and which effects would be seen, as plain data."""
    share, rows = float(np.max(draft.chance.hold_out)), compared(draft)
    count, held = int(rows.sum()), int((rows & draft.plan.held_out).sum())
    found: HoldoutFacts = {"share": share, "members": count, "held_out": held}
    if not count:
        return found
    effect, basis = seen(draft)
    found |= {
        "rate_without": effect.rate, "added": effect.added, "basis": basis, "explained": effect.explained,
        "power": holdout.power(effect, count - held, held), "wanted_power": effect.power,
        "smallest_added": holdout.smallest_added(effect, count - held, held),
    }  # fmt: skip
    smallest = _smallest_share(effect, count)
    window = float(draft.inputs.facts["window_days"])
    return found | {
        "smallest_share": smallest,
        "missed_answers": held * effect.added,
        "effects": [
            _waiting(replace(effect, added=part * effect.added), share, count, held, window) for part in PARTS
        ],
    }


def _smallest_share(effect: holdout.Effect, members: int) -> float | None:
    try:
        return holdout.smallest_share(effect, members)
    except holdout.HoldoutTooSmallError:
        return None


def _waiting(effect: holdout.Effect, share: float, members: int, held: int, window: float) -> EffectWait:
    """How surely one campaign shows an effect, and after how many of them it is seen.

    Campaigns follow one another as soon as the answers of the one before are in.
    """
    power = holdout.power(effect, members - held, held)
    if not 0 < share < 1:
        return {
            "added": effect.added, "power": power,
            "campaigns": None, "days": None, "missed": None, "against_half": None,
        }  # fmt: skip
    waits = holdout.waiting(effect, share, members, window, window)
    return {
        "added": effect.added, "power": power,
        "members": waits.members, "campaigns": waits.campaigns, "days": waits.days,
        "against_half": waits.against_half, "missed": waits.campaigns * held * effect.added,
    }  # fmt: skip
