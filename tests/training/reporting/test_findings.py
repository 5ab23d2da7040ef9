"""The report tells every kind of doubt about the data in both languages, and nobody's id."""

import pytest

from training.reporting.sections.data import findings
from training.sources.judging.findings import KINDS, Finding, as_records, settled


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_told_in_both_languages(kind: str) -> None:
    (told,) = findings(
        {"findings": as_records([Finding("purchases", kind, "member 'ann' has all", "Mend it")])}
    )
    assert told["says"]["en"].endswith(".")
    assert told["says"]["zh"].endswith("。")
    assert "ann" not in str(told)


def test_reasons_for_accepting_are_told_and_equal_doubts_once() -> None:
    one = Finding("purchases", "one_id", "member 'till' has all", "Leave it out")
    given = as_records(settled([one, one], {"purchases.one_id": "The till of the store."}))
    (told,) = findings({"findings": given})
    assert (told["count"], told["accepted"]) == (2, "The till of the store.")
    assert findings({"findings": []}) == []
