"""What a plan's holdout can show afterwards, how long it takes, and what it costs in answers."""

from dataclasses import replace
from typing import Any

import numpy as np

from models.acting import holdout
from models.acting.draft import Draft, compared, seen

PARTS = (1.0, 0.5, 0.25)  # of the effect that is expected: contacts may add less


def smallest_visible(draft: Draft) -> dict[str, Any]:
    """Return the share, who is compared, and which effects would be seen, as plain data."""
    share, rows = float(np.max(draft.chance.hold_out)), compared(draft)
    count, held = int(rows.sum()), int((rows & draft.plan.held_out).sum())
    found: dict[str, Any] = {"share": share, "members": count, "held_out": held}
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


def _waiting(effect: holdout.Effect, share: float, members: int, held: int, window: float) -> dict[str, Any]:
    """How surely one campaign shows an effect, and after how many of them it is seen.

    Campaigns follow one another as soon as the answers of the one before are in.
    """
    found = {"added": effect.added, "power": holdout.power(effect, members - held, held)}
    if not 0 < share < 1:
        return found | dict.fromkeys(("campaigns", "days", "missed", "against_half"))
    waits = holdout.waiting(effect, share, members, window, window)
    missed = waits.campaigns * held * effect.added
    return found | vars(waits) | {"missed": missed}
