"""Token buckets: never more than the rate allows, whatever the calls look like."""

from contextlib import suppress

import numpy as np
import pytest

from serving.contract.problems import Problem
from serving.edge.rate_limits import Buckets
from serving.settings import Rate


@pytest.mark.parametrize("seed", range(5))
def test_no_more_calls_pass_than_the_rate_and_one_full_bucket(seed: int):
    rng, now = np.random.default_rng(seed), [0.0]
    rate = Rate(requests=20, seconds=10)
    buckets = Buckets(rate, clock=lambda: now[0])
    told = []
    for wait in rng.exponential(0.1, 2000):
        now[0] += wait
        with suppress(Problem):
            told.append(int(buckets.take("a")["RateLimit-Remaining"]))
    assert all(0 <= left < rate.requests for left in told)
    allowed = rate.requests + now[0] * rate.requests / rate.seconds
    assert 0.9 * allowed <= len(told) <= allowed


def test_clients_do_not_share_a_bucket_and_waiting_helps():
    now = [0.0]
    buckets = Buckets(Rate(requests=1, seconds=1), clock=lambda: now[0])
    buckets.take("a")
    buckets.take("b")
    with pytest.raises(Problem) as refused:
        buckets.take("a")
    assert (refused.value.code, refused.value.headers["Retry-After"]) == ("rate_limited", "1")
    now[0] = 1.0
    buckets.take("a")
