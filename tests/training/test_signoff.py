"""A signature holds for one report, until its end, and only if it approves."""

from datetime import date, timedelta

import pytest
import stages

from training.review.signoff import FILE, rejected, sign, signatures, signed_twice, unsigned

TODAY = date(2026, 7, 1)


@pytest.fixture
def params(tmp_path, monkeypatch):
    """A working folder with a report to sign."""
    monkeypatch.chdir(tmp_path)
    found = stages.params()
    (found.results / "churn").mkdir(parents=True)
    (found.results / "churn" / "report.json").write_text('{"schema": 1}\n')
    return found


def approve(params, **more):
    words = {"role": "owner", "decision": "approve", "by": "A. Owner", "today": TODAY} | more
    return sign(params, "churn", **words)


def test_an_approval_holds_until_its_end(params):
    assert unsigned(params, "churn", ["owner"], TODAY) == ["owner: not signed"]
    signature = approve(params)
    assert signature.expires == TODAY + timedelta(days=365)
    assert unsigned(params, "churn", ["owner"], signature.expires) == []
    assert unsigned(params, "churn", ["owner"], signature.expires + timedelta(days=1)) == [
        "owner: expired on 2027-07-01"
    ]
    assert unsigned(params, "churn", ["owner", "compliance"], TODAY) == ["compliance: not signed"]


def test_a_changed_report_voids_it(params):
    approve(params)
    (params.results / "churn" / "report.json").write_text('{"schema": 1 }\n')
    assert unsigned(params, "churn", ["owner"], TODAY) == ["owner: signed another report"]


def test_the_latest_decision_of_a_role_counts_and_none_is_lost(params):
    approve(params)
    approve(params, decision="reject", by="B. Owner")
    assert unsigned(params, "churn", ["owner"], TODAY) == ["owner: rejected by B. Owner"]
    approve(params, decision="approve_with_conditions", conditions=["only in the north"])
    assert unsigned(params, "churn", ["owner"], TODAY) == []
    assert [row.decision for row in signatures(params, "churn")] == [
        "approve",
        "reject",
        "approve_with_conditions",
    ]


def test_who_rejects_and_who_signs_twice_is_named(params):
    approve(params)
    assert (rejected(params, "churn"), signed_twice(params, "churn")) == ([], [])
    approve(params, role="validator", by=" a.  OWNER", decision="reject")
    approve(params, role="developer", by="B. Other")
    assert rejected(params, "churn") == [" a.  OWNER (validator)"]
    assert signed_twice(params, "churn") == ["A. Owner as owner and validator"]
    (params.results / "churn" / "report.json").write_text("{}")
    assert (rejected(params, "churn"), signed_twice(params, "churn")) == ([], [])


def test_signatures_of_other_tasks_and_data_stay_as_they_are(params):
    FILE.parent.mkdir(exist_ok=True)
    approve(params)
    other = params.model_copy(update={"data": "elsewhere"})
    assert signatures(other, "churn") == ()
    (other.results / "churn").mkdir(parents=True)
    (other.results / "churn" / "report.json").write_text("{}\n")
    sign(other, "churn", "owner", "approve", "C. Owner", today=TODAY)
    assert [row.by for row in signatures(params, "churn")] == ["A. Owner"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"role": "boss"}, "role 'boss': allowed are"),
        ({"decision": "maybe"}, "decision 'maybe': allowed are"),
        ({"decision": "approve_with_conditions"}, "found 0 conditions"),
        ({"conditions": ["x"]}, "found 1 conditions"),
        ({"expires": TODAY - timedelta(days=1)}, r"--expires 2026-06-30: allowed is 2026-07-01 \(today\) or"),
        ({"by": ""}, "allowed is the name of who signs"),
        ({"by": "  "}, "allowed is the name of who signs"),
    ],
)
def test_a_wrong_signature_is_refused_and_leaves_nothing(params, words, message):
    with pytest.raises(ValueError, match=message):
        approve(params, **words)
    assert not FILE.exists()


def test_without_a_report_there_is_nothing_to_sign(params):
    (params.results / "churn" / "report.json").unlink()
    with pytest.raises(FileNotFoundError, match="there is no report to sign"):
        approve(params)
