"""What would have led to another band: scored again, within what can happen, in both languages."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from fastapi.testclient import TestClient
from released import TASKS, Brand

from features import catalog
from features.lifecycle_limits import LifecycleLimits
from models import counterfactual
from models.counterfactual import Counterfactuals
from models.counterfactual_answer import Counterfactual
from models.reasons import is_sensitive
from models.scorer import Scorer

SUPPRESSED = ("m0", "m2", "m3", "m4")  # in the small brand of the tests
EVENTS = {"purchases", "events", "outreach", "care"}
Found = list[tuple[pl.DataFrame, Counterfactual]]


def scorer_of(brand: Brand, task: str) -> Scorer:
    return Scorer.load(brand.settings.champions / task / "1")


def snapshot(brand: Brand, task: str) -> pl.DataFrame:
    return pl.read_parquet(brand.settings.build_dir / task / "snapshot" / "snapshot.parquet")


@pytest.fixture(scope="module", params=TASKS)
def told(request: pytest.FixtureRequest, brand: Brand) -> tuple[Scorer, Found]:
    """Everybody of a task with what was found."""
    scorer, rows = scorer_of(brand, request.param), snapshot(brand, request.param)
    finder = Counterfactuals(scorer)
    return scorer, [(rows[at], finder.of(rows[at])) for at in range(len(rows))]


def changed(row: pl.DataFrame, found: Counterfactual) -> pl.DataFrame:
    """The row with nothing but the told changes."""
    return row.with_columns(
        pl.lit(c.after, dtype=row.schema[c.feature]).alias(c.feature) for c in found.changes
    )


def test_the_told_changes_lead_to_the_told_band(told: tuple[Scorer, Found]):
    scorer, found = told
    bands = [band["name"] for band in scorer.model.card["bands"]]
    assert sum(one.found for _, one in found) >= 0.9 * len(found)
    for row, one in found:
        if not one.found:
            continue
        before, after = scorer.numbers(row)["band"].item(), scorer.numbers(changed(row, one))
        assert after["status"].item() == "ok"
        assert (after["band"].item(), after["probability"].item()) == (
            one.band,
            pytest.approx(one.probability),
        )
        steps = bands.index(one.band or "") - bands.index(before)
        assert steps < 0 if before == bands[-1] else steps > 0
        assert all(c.before == row[c.feature].item() and c.before != c.after for c in one.changes)


def test_only_what_can_happen_is_otherwise(told: tuple[Scorer, Found]):
    scorer, found = told
    table = {row["name"]: row["table"] for row in scorer.model.card["features"]}
    names = {change.feature for _, one in found for change in one.changes}
    assert names
    assert {table[name] for name in names} <= EVENTS
    assert not any(map(is_sensitive, names))
    assert not names & {"tenure_days", "days_since_first_order", "lead_age_days"}


def test_windows_of_a_family_agree(told: tuple[Scorer, Found]):
    _, found = told
    for row, one in found:
        after = changed(row, one).row(0, named=True)
        for family in {name.rsplit("_", 1)[0] for name in after if name.endswith("_30d")}:
            counts = [
                after[f"{family}_{days}d"] for days in (7, 30, 90, 180, 365) if f"{family}_{days}d" in after
            ]
            if family not in ("revenue", "discount"):
                assert counts == sorted(counts), family
        if "orders_30d" in after:
            assert (after["orders_30d"] > 0) == (
                after["days_since_order"] is not None and after["days_since_order"] <= 30
            )
        if "sent_30d" in after:
            assert after["sent"] >= after["sent_30d"]


def test_the_sentence_says_facts_and_band_in_both_languages(told: tuple[Scorer, Found]):
    scorer, found = told
    words = {band["name"]: band for band in scorer.model.card["bands"]}
    for _, one in found:
        assert set(one.text) == {"en", "zh"}
        if one.found and one.band:
            assert f"band {one.band} ({words[one.band]['en']})" in one.text["en"]
            assert f"{one.band} 档（{words[one.band]['zh']}）" in one.text["zh"]
            assert any(change.stated for change in one.changes)
            assert not any("{" in text for text in one.text.values())


def test_the_same_is_told_again(brand: Brand):
    rows = snapshot(brand, "churn")
    one, two = (Counterfactuals(scorer_of(brand, "churn")) for _ in range(2))
    for at in range(5, 15):
        assert one.of(rows[at]) == two.of(rows[at])


def test_whom_the_task_is_not_about_gets_none(brand: Brand):
    scorer = scorer_of(brand, "churn")
    limits = LifecycleLimits(unseen_days=4).model_dump()  # so that some are out of sight
    own = {"boundaries": [], "spine": {"days": 60, "gap": 7, "fall": 0.2}, "lifecycle": limits}
    scorer = replace(scorer, model=replace(scorer.model, card=scorer.model.card | own))
    rows, finder = snapshot(brand, "churn"), Counterfactuals(scorer)
    away = scorer.outside(rows).is_not_null()
    assert 0 < away.sum() < len(rows)
    for at in range(len(rows)):
        found = finder.of(rows[at])
        assert (found.reason == "no_score") == away[at]
        if found.found:
            assert scorer.outside(changed(rows[at], found)).item() is None


def test_of_whom_too_little_is_known_nothing_is_told(brand: Brand):
    scorer, rows = scorer_of(brand, "churn"), snapshot(brand, "churn")
    nothing = rows[5].with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in rows.schema.items())
    assert scorer.numbers(nothing)["status"].item() == "insufficient_input"
    found = Counterfactuals(scorer).of(nothing)
    assert (found.reason, found.changes, found.band) == ("no_score", (), None)


def test_a_table_with_a_sensitive_feature_is_left_alone(brand: Brand, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(counterfactual, "is_sensitive", lambda name: name == "returns_365d")
    finder = Counterfactuals(scorer_of(brand, "churn"))
    assert {source.table for source in finder.sources} == EVENTS - {"purchases"}


def test_attributes_alone_cannot_be_otherwise(brand: Brand):
    scorer, rows = scorer_of(brand, "churn"), snapshot(brand, "churn")
    scorer = replace(scorer, model=replace(scorer.model, card=scorer.model.card | {"groups": ["profile"]}))
    assert Counterfactuals(scorer).of(rows[5]).reason == "no_events"
    attributes = {group.table for group in catalog.GROUPS} & set(catalog.ATTRIBUTE_TABLE)
    assert {"members", "leads", "subjects", None} == attributes


@pytest.mark.parametrize("task", TASKS)
def test_the_service_tells_it_with_an_explanation(client: TestClient, brand: Brand, task: str):
    rows, finder, path = (
        snapshot(brand, task),
        Counterfactuals(scorer_of(brand, task)),
        f"/v1/models/{task}/explain",
    )
    told = ((rows["subject_id"][at], finder.of(rows[at])) for at in range(len(rows)))
    ref, expected = next((ref, one) for ref, one in told if one.found and ref not in SUPPRESSED)
    item: dict[str, Any] = {"ref": ref} | ({"campaign_id": "c1"} if task == "response" else {})
    for language in ("en", "zh"):
        asked = item | {"options": {"language": language}}
        found = client.post(path, json=asked).json()["result"]["counterfactual"]
        assert found["found"] is True
        assert (found["band"], found["not_found_reason"]) == (expected.band, None)
        assert found["probability"] == pytest.approx(expected.probability, abs=1e-6)
        assert found["text"] == expected.text[language]
        assert [c["feature"] for c in found["changes"]] == [c.feature for c in expected.changes]
        assert [c["text"] for c in found["changes"]] == [c.text[language] for c in expected.changes]


def test_a_score_alone_tells_none(client: TestClient):
    assert "counterfactual" not in client.post("/v1/models/churn/score", json={"ref": "m5"}).json()["result"]


def test_an_empty_record_is_told_why_there_is_none(client: TestClient):
    asked = {"record": {}, "consent": {"profiling": "granted"}}
    found = client.post("/v1/models/churn/explain", json=asked).json()["result"]["counterfactual"]
    assert (found["found"], found["not_found_reason"], found["changes"]) == (False, "no_score", [])
