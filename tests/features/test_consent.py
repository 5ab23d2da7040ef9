"""One rule: the strictest word counts, and the batch asks what an answer asks."""

from datetime import UTC, datetime
from itertools import product

import polars as pl
import pytest

from features.consent import FACTS, REASONS, reasons, suppression
from features.consent_policy import Policy, Unknown

NOW = datetime(2026, 7, 1, tzinfo=UTC)
POLICIES = [
    Policy(unknown=Unknown(profiling=one, marketing=other))
    for one, other in product(("suppress", "score"), repeat=2)
]
YES = {"consent_profiling": "granted", "consent_marketing": "granted"}


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ([YES], None),
        ([YES, {"erased": True}], "erased"),
        ([YES, {"deceased": True}], "deceased"),
        ([YES, {"birth_year": 2008}], "minor"),  # may be seventeen
        ([YES, {"birth_year": 2007}], None),
        ([YES, {"consent_profiling": "withdrawn"}], "profiling_refused"),
        ([{"consent_marketing": "withdrawn"}, YES], "do_not_contact"),
        ([{"consent_profiling": "unknown"}, YES], None),
        ([{"consent_profiling": "unknown"}], "profiling_consent_unknown"),
        ([], "profiling_consent_unknown"),
        ([{"consent_profiling": "granted"}], None),  # an unknown word on marketing is no refusal by default
    ],
)
def test_the_strictest_word_counts(facts, reason):
    assert suppression(facts, NOW, Policy()) == reason
    assert reason is None or reason in REASONS


@pytest.mark.parametrize("policy", POLICIES)
def test_the_rule_over_rows_is_the_rule(policy):
    words = ("granted", "withdrawn", "unknown", None)
    rows = list(product(words, words, (True, False, None), (None, 1980, 2012)))
    kinds = (pl.String, pl.String, pl.Boolean, pl.Int64)
    frame = pl.DataFrame(rows, schema=dict(zip(FACTS, kinds, strict=True)), orient="row")
    found = reasons(frame, NOW, policy)
    assert found.to_list() == [suppression([row], NOW, policy) for row in frame.iter_rows(named=True)]


def test_a_table_that_cannot_carry_consent_suppresses_nobody():
    assert reasons(pl.DataFrame({"subject_id": ["a", "b"]}), NOW, Policy()).to_list() == [None, None]
