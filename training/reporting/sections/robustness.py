"""What the stress runs found: seeds, lost sources, shaken values, less data."""

from typing import Any

from training.reporting.source import Source, group_words


def robustness(source: Source) -> dict[str, Any]:
    """The stress runs with the words of their groups, weakest source first."""
    found = source.stressed
    blanked = sorted(found["blanked"], key=lambda row: row["value"])
    return {
        "assessed": True,
        **{key: found[key] for key in ("n", "positives", "fit_rows", "model", "seeds", "learning")},
        **{key: found[key] for key in ("noise", "unseen", "without_top", "bytes", "trees")},
        "blanked": [{**row, "group": group_words(row["group"])} for row in blanked],
    }
