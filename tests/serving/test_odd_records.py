"""Raw records as they should not be: a clear refusal or a score, never a failure, never another's score."""

import json
import math
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from released import Brand, finite

TEXTS = ("", " ", "0", "-1", "NaN", "1e999", "null", "线索", "\u0000", "💇", "m1")
TIMES = (
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z"),
    *("2026-13-01T00:00:00Z", "2026-01-01T00:00:00+14:00", "2026-01-01"),
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=300),
    st.sampled_from(TEXTS),
    st.sampled_from(TIMES),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
OFTEN = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


def bent(data: st.DataObject, item: dict[str, Any]) -> dict[str, Any]:
    """``item`` with a few cells of its record changed, removed, doubled or added."""
    item = json.loads(json.dumps(item))
    for _ in range(data.draw(st.integers(1, 4))):
        rows = data.draw(st.sampled_from([rows for rows in item["record"].values() if rows] or [[{}]]))
        row = data.draw(st.sampled_from(rows)) if rows else {}
        match data.draw(st.sampled_from(["change", "remove", "double", "add", "empty"])):
            case "change" if row:
                row[data.draw(st.sampled_from(sorted(row)))] = data.draw(ODD)
            case "remove" if row:
                row.pop(data.draw(st.sampled_from(sorted(row))))
            case "double":
                rows.append(dict(row))
            case "add":
                row[data.draw(st.sampled_from(["x_income", "x_club", "x_new", "colour", "member_id"]))] = (
                    data.draw(ODD)
                )
            case "empty":
                rows.clear()
    return item


def sent(client: TestClient, task: str, item: Any) -> Any:
    """As callers send it: infinities and NaN too, which JSON does not know."""
    return client.post(
        f"/v1/models/{task}/score", content=json.dumps(item), headers={"content-type": "application/json"}
    )


@pytest.mark.parametrize("task", ["lead", "response", "churn"])
def test_an_odd_record_is_refused_clearly_or_scored(client: TestClient, brand: Brand, task: str):
    item = brand.ask("l5" if task == "lead" else "m5", task)

    @given(st.data())
    @OFTEN
    def answered(data: st.DataObject) -> None:
        answer = sent(client, task, bent(data, item))
        found = answer.json()
        assert answer.status_code in (200, 400, 404, 422), answer.text
        if answer.status_code == 200:
            assert finite(found)
            assert found["result"]["status"] in ("ok", "insufficient_input", "suppressed")
        else:
            assert found["code"] in ("malformed_json", "validation_failed", "unknown_campaign")
            assert all(fault["pointer"].startswith("/record") for fault in found.get("errors", ()))

    answered()


@pytest.mark.parametrize("task", ["lead", "response", "churn"])
def test_an_odd_neighbour_changes_nobody_elses_score(client: TestClient, brand: Brand, task: str):
    first = "l" if task == "lead" else "m"
    good = [brand.ask(f"{first}{number}", task) for number in (5, 6)]
    alone = [sent(client, task, item).json()["result"] for item in good]

    @given(st.data())
    @settings(OFTEN, max_examples=30)
    def unmoved(data: st.DataObject) -> None:
        items = [good[0], bent(data, good[0]), good[1]]
        body = json.dumps({"items": items})
        kind = {"content-type": "application/json"}
        answer = client.post(f"/v1/models/{task}/scores", content=body, headers=kind)
        assert answer.status_code in (200, 400), answer.text
        if answer.status_code == 200:
            found = answer.json()["results"]
            assert [found[0]["probability"], found[2]["probability"]] == [one["probability"] for one in alone]
            assert found[1]["status"] in ("ok", "insufficient_input", "suppressed", "error")

    unmoved()


@pytest.mark.parametrize("value", [10**6, 10**9, -(10**9), 10**12])
def test_huge_amounts_are_refused_or_counted_without_overflow(client: TestClient, value: int):
    row = {
        "occurred_at": "2026-01-01T00:00:00Z",
        "order_id": "o",
        "quantity": 10**6,
        "unit_price_cents": value,
    }
    rows = [row | {"order_id": f"o{at}"} for at in range(2000)]
    answer = sent(client, "churn", {"record": {"purchases": rows}})
    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        assert math.isfinite(answer.json()["result"]["probability"])
