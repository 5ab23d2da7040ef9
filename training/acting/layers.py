"""Who gets what by layer of members, and by channel and content: what a campaign manager reads it by."""

import numpy as np
import polars as pl

from models.acting.draft import Draft
from models.acting.intervals import answers
from models.acting.programme import NOTHING
from training.acting.groups import UNKNOWN
from training.acting.readout_words import in_order
from training.results.campaign import LayerSums, Rows, Sums, SumsByName

LAYERS = ("stage", "value_tier", "region", "city_tier")
SMALL = 10  # members of a layer below which nothing is told of it


def by_layer(draft: Draft, layers: pl.DataFrame) -> dict[str, Rows[LayerSums]]:
    """Return by kind of layer its ``rows`` and how many members are in layers too ``small`` to be told.

    Parameters
    ----------
    layers
        The columns of ``LAYERS``, a row a member of the draft; one of ``unknown`` alone is left out.
    """
    kinds = [kind for kind in LAYERS if (layers[kind] != UNKNOWN).any()]
    return {kind: _told([_layer(draft, *part) for part in parts(kind, layers[kind])]) for kind in kinds}


def by_means(draft: Draft) -> dict[str, Rows[SumsByName]]:
    """Return the same by ``channel`` and ``content`` of what is sent, care apart."""
    options, sold = draft.inputs.options.options, ~draft.inputs.options.care
    found: dict[str, Rows[SumsByName]] = {}
    for kind in ("channel", "content"):
        of = np.array([getattr(option, kind) for option in options])
        rows: list[SumsByName] = [
            {
                **_sums(draft, np.isin(draft.plan.choice, np.flatnonzero((of == name) & sold))),
                "name": str(name),
            }
            for name in dict.fromkeys(of.tolist())
        ]
        found[kind] = {"rows": [row for row in rows if row["contacted"]], "small": 0}
    return found


def parts(kind: str, of: pl.Series) -> list[tuple[str, np.ndarray]]:
    """Return each value's name and who has it, in the order of the kind or the most frequent first."""
    values = of.to_numpy().astype(str)
    names, count = np.unique(values, return_counts=True)
    most = names[np.argsort(-count, kind="stable")].tolist()
    return [(name, values == name) for name in in_order(kind, most)]


def _told(rows: list[LayerSums]) -> Rows[LayerSums]:
    small = [row["members"] for row in rows if row["members"] < SMALL]
    return {"rows": [row for row in rows if row["members"] >= SMALL], "small": sum(small)}


def _layer(draft: Draft, name: str, own: np.ndarray) -> LayerSums:
    made = draft.plan
    held = int((own & made.held_out).sum())
    sums = _sums(draft, own & (made.choice != NOTHING))
    return {"name": name, "members": int(own.sum()), "held_out": held, **sums}


def _sums(draft: Draft, given: np.ndarray) -> Sums:
    """Contacts, cost and expected answers; care of complaints is expected to bring none."""
    at = np.flatnonzero(given)
    choice = draft.plan.choice[at]
    by_option = np.bincount(
        choice, draft.inputs.effects.effect[at, choice], minlength=len(draft.inputs.options.options)
    )
    return {
        "contacted": len(at),
        "cost": float(draft.plan.cost[at].sum()),
        "answers": answers(by_option, draft.inputs.effects.levels),
    }
