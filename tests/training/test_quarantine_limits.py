"""Between a warning and a stop lie two thresholds; what is below both passes without a word."""

from pathlib import Path

import pytest

from training.data.quarantine_limits import assess
from training.params import Ingest, parse

LIMITS = Ingest(warn_quarantined=0.01, max_quarantined=0.05)


def counts(bad: int) -> dict[str, object]:
    reasons = {"quantity: empty": bad} if bad else {}
    return {"read": 1000, "accepted": 1000 - bad, "quarantined": bad, "reasons": reasons}


@pytest.mark.parametrize(
    ("bad", "result"), [(0, "good"), (10, "good"), (11, "warn"), (50, "warn"), (51, "bad"), (1000, "bad")]
)
def test_a_threshold_itself_is_allowed(bad, result):
    (found,) = assess({"events": counts(bad)}, LIMITS)
    assert found.result == result
    assert (found.says == "") == (result == "good")
    assert found.share == bad / 1000


def test_the_sentence_names_table_reason_and_key():
    warned, refused = assess({"events": counts(20), "care": counts(90)}, LIMITS)
    assert "2.0% of the 1,000 rows of events are bad: quantity: empty (20 rows)" in warned.says
    assert "ingest.warn_quarantined" in warned.says
    assert "ingest.max_quarantined" in refused.says


def test_an_empty_table_passes():
    nothing = {"read": 0, "accepted": 0, "quarantined": 0, "reasons": {}}
    assert assess({"events": nothing}, LIMITS)[0].result == "good"


def test_a_warning_above_the_stop_is_refused():
    with pytest.raises(ValueError, match="warn_quarantined"):
        Ingest(warn_quarantined=0.2, max_quarantined=0.1)


def test_the_projects_own_thresholds_are_typed():
    limits = parse(Path("params.yaml").read_text()).ingest
    assert 0 < limits.warn_quarantined < limits.max_quarantined
