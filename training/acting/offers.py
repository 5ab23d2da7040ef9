"""``memberlens offers``: what every option would bring every member, published for plans on request.

The service plans from it within any budget, as often as asked; only what takes the model and a day's
tables is done here, once a night.
"""

from pathlib import Path

from models.acting import inputs as kept
from models.acting.inputs import Inputs
from training.acting.draft import Request, data_day, inputs
from training.params import Params


def publish(params: Params, options: Path, reach: Path | None = None) -> Inputs:
    """Write ``offers`` below the build folder, as of the day of the data; return what was written.

    Raises
    ------
    ValueError, FileNotFoundError
        As ``training.acting.draft.inputs``.
    """
    found = inputs(params, Request("offers", options, reach=reach), data_day(params))
    kept.save(params.build / kept.FOLDER, found)
    return found


def text(found: Inputs) -> str:
    """Return what was published, in one line."""
    return (
        f"offers of {found.facts['day']}: {len(found.options.options)} options for "
        f"{len(found.people.subjects):,} members, {found.effects.unit}; plans on request start from them"
    )
