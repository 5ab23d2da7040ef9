"""What a contact changes: contacted against held out at random, along the orders that were compared."""

from typing import cast

from training.reporting.source import Source
from training.results.report_money import ShownEffect


def uplift(source: Source) -> ShownEffect:
    """Return what the stage ``uplift`` found.

    ``assessed`` false with its reason where nothing may be called so.
    """
    found = source.uplift
    if not found["assessed"]:
        return cast(ShownEffect, found)
    return {**found, "fifths": found["fifths"][found["ranking"]]}
