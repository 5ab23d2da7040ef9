"""What a contact changes: contacted against held out at random, along the orders that were compared."""

from typing import Any

from training.reporting.source import Source


def uplift(source: Source) -> dict[str, Any]:
    """What the stage ``uplift`` found; ``assessed`` false with its reason where nothing may be called so."""
    found = source.uplift
    if not found["assessed"]:
        return {**found}
    return {**found, "fifths": found["fifths"][found["ranking"]]}
