"""``make bench-plan``: a plan for a million members and twelve options, with every rule.

Options, costs and capacities are those of ``experiments/options.yaml``; gains are drawn. Prints seconds,
the peak of memory, the gap to the bound and how many members have each reason.
"""

import argparse
import resource
import time
from pathlib import Path

import numpy as np

from models.acting.options import read
from models.acting.plan import make
from models.acting.terms import Audience, Chance, Limits, Offers

FILE = Path(__file__).parents[2] / "experiments" / "options.yaml"


def main() -> None:
    """Print what the plan took and holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--budget", type=float, help="money; 0.01 a member where nothing is said")
    asked = parser.parse_args()
    rng, members, options = np.random.default_rng(0), asked.members, read(FILE)
    channels = len(options.channels)
    consent, address = rng.random((members, channels)) < 0.7, rng.random((members, channels)) < 0.9
    offers = Offers(
        rng.gamma(0.5, 1.0, (members, len(options.options))) * np.sqrt(options.cost * 10) - 0.2,
        options.cost, options.allowed(consent, address), options.channel, options.care,
    )  # fmt: skip
    audience = Audience(
        [f"member-{number}" for number in range(members)],
        rng.integers(0, 6, members),
        rng.integers(0, 4, members),
        rng.random(members) < 0.05,
        rng.random(members) < 0.0002,
    )
    limits = Limits(
        asked.budget or 0.01 * members, options.capacity, options.channel_capacity, options.per_fortnight
    )
    begun = time.perf_counter()
    plan = make(offers, audience, limits, Chance("salt", "spring", 0.05, 0.02))
    taken = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{members:,} members, {len(options.options)} options: {taken:.1f} s, peak {peak:.1f} GB with the "
        f"input, gap {plan.solution.gap:.5%}, {plan.cost.sum():,.0f} of {limits.budget:,.0f} spent"
    )
    print(", ".join(f"{name} {count:,}" for name, count in plan.counts().items()))


if __name__ == "__main__":
    main()
