"""What the stress runs found: seeds, lost sources, shaken values, less data."""

from training.reporting.source import Source, group_words
from training.results.report_figures import Robustness


def robustness(source: Source) -> Robustness:
    """Return the stress runs with the words of their groups, weakest source first."""
    found = source.stressed
    blanked = sorted(found["blanked"], key=lambda row: row["value"])
    return {
        "assessed": True,
        "n": found["n"],
        "positives": found["positives"],
        "fit_rows": found["fit_rows"],
        "model": found["model"],
        "seeds": found["seeds"],
        "learning": found["learning"],
        "noise": found["noise"],
        "unseen": found["unseen"],
        "without_top": found["without_top"],
        "bytes": found["bytes"],
        "trees": found["trees"],
        "blanked": [{**row, "group": group_words(row["group"])} for row in blanked],
    }
