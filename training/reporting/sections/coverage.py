"""Whether the like of those on a list were tested, by parts of the population.

A report holds the list of the day against the test of its own model; a night holds it against what the
champion was tested on, which is not what the pipeline has built since.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from polars.dataframe.group_by import GroupBy

from features.meaning import FeatureRow
from training.reporting.sections.factors import Factor, factors, of_list, parts_of, tiers
from training.reporting.source import Source
from training.reporting.words import joined, said
from training.results.section import Words
from training.results.tested import Tested

UNKNOWN = "unknown"
SMALL = 10  # fewer are not told
THIN = 0.1  # of its share of the list a segment must have among the tested rows


def tested(source: Source) -> Tested:
    """Return how many rows of the test lie in each part of each factor."""
    found = {
        factor.name: _counts(factor) for factor in (*factors(source, source.test), *of_list(source.test))
    }
    told = {name: {part: n for part, n in parts.items() if n >= SMALL} for name, parts in found.items()}
    return {"rows": len(source.test), "tiers": tiers(source), "parts": told}


def on_list(features: Mapping[str, FeatureRow], rows: pl.DataFrame, tested: Tested) -> list[Factor]:
    """Return the factors of the rows of a list that are known of the test, too."""
    found = (*parts_of(features, rows, tested["tiers"]), *of_list(rows))
    return [factor for factor in found if factor.name in tested["parts"]]


def hardly_tested(factor: Factor, tested: Tested) -> list[str]:
    """Return the parts on a list that the test hardly had, the most frequent first.

    They are those of fewer than ``SMALL`` tested rows, or of less than ``THIN`` of their share of the list.
    """
    then, listed = tested["parts"][factor.name], len(factor.values)
    least = THIN * tested["rows"] / listed if listed else 0.0
    return [part for part, n in _counts(factor).items() if then.get(part, 0) < max(SMALL, least * n)]


def uncovered(found: Sequence[Factor], tested: Tested) -> tuple[float, Words]:
    """Return the share of a list in parts that the test hardly had, and which these are.

    A part of fewer than ``SMALL`` on the list counts, and is not named.
    """
    outside = np.zeros(len(found[0].values) if found else 0, dtype=bool)
    names = []
    for factor in found:
        far, counts = hardly_tested(factor, tested), _counts(factor)
        outside |= parts(factor).is_in(far).to_numpy()
        told = sorted((part for part in far if counts[part] >= SMALL), key=factor.place)
        names += [named(factor, part) for part in told]
    return float(outside.mean()) if len(outside) else 0.0, joined(names)


def parts(factor: Factor) -> pl.Series:
    """Return the part of each row as text; what is not known is a part of its own."""
    return factor.values.cast(pl.String).fill_null(UNKNOWN)


def part_label(factor: Factor, part: str) -> Words:
    """Return what a part is called in each language."""
    return said("part.unknown") if part == UNKNOWN else factor.label(part)


def named(factor: Factor, part: str) -> Words:
    """Return a part with the name of its factor, in each language."""
    words = part_label(factor, part)
    return {"en": f"{factor.words['en']} {words['en']}", "zh": f"{factor.words['zh']} {words['zh']}"}


def by_value(rows: pl.DataFrame) -> GroupBy:
    """Group rows in their order: what threads add up as they come differs in its last digits."""
    return rows.group_by("value", maintain_order=True)


def _counts(factor: Factor) -> dict[str, int]:
    """Rows of each part, the most frequent first."""
    counts = by_value(pl.DataFrame({"value": parts(factor)})).agg(n=pl.len())
    return dict(counts.sort("n", "value", descending=[True, False]).rows())
