"""Whom a task is not about gets a status with the reason and no number, on every way to ask."""

from dataclasses import replace

import polars as pl
import pytest
from fastapi.testclient import TestClient
from released import Brand, client_of, jobs_of

from features.lifecycle_limits import LifecycleLimits
from models.population import OUTSIDE
from models.scorer import Scorer
from serving.champion.published_scores import Published
from serving.settings import Settings
from serving.state import State
from serving.worker import Work
from training.stages.score import write_scores

SPINES = {
    "lead": {"days": 30, "ages": [0, 7, 300]},
    "churn": {"days": 60, "gap": 7},
    "recall": {"days": 60, "gap": 7},
}
LINES = {
    "lead": ("not_created", "too_old"),
    "churn": ("never_bought", "silent", "unseen"),
    "recall": ("never_bought", "present"),
}
SUPPRESSED = ("m0", "m2", "m3", "m4")  # in the small brand of the tests
LIMITS = LifecycleLimits(unseen_days=4).model_dump()  # so that some are out of sight


@pytest.fixture
def own(brand: Brand, state: State, tmp_path) -> State:
    """The same champions, each with the boundaries of its task; nothing published with them."""
    champions = {}
    for name, champion in state.champions.items():
        model = champion.scorer.model
        if name in SPINES:
            told = [{"code": code, "en": f"en {code}", "zh": f"zh {code}"} for code in LINES[name]]
            model = replace(
                model, card=model.card | {"boundaries": told, "spine": SPINES[name], "lifecycle": LIMITS}
            )
        scorer = Scorer(model, champion.scorer.population, champion.scorer.worth, champion.scorer.uplift)
        champions[name] = replace(champion, scorer=scorer, published=None)
    settings = Settings.model_validate(brand.settings.model_dump() | {"state": tmp_path})
    return State(settings, champions=champions)


def expected(own: State, task: str) -> dict[str, str | None]:
    """By reference of the snapshot the reason, None for those inside."""
    champion = own.champions[task]
    frame = champion.snapshot.frame
    return dict(zip(frame["subject_id"], champion.scorer.outside(frame), strict=True))


@pytest.mark.parametrize("task", SPINES)
def test_bulk_single_and_job_say_the_same_of_everybody(own: State, task: str):
    client, reasons = client_of(own), expected(own, task)
    items = [{"ref": ref, "record_id": ref} for ref in reasons]
    answer = client.post(f"/v1/models/{task}/scores", json={"items": items}).json()
    found = {one["record_id"]: one for one in answer["results"]}
    away = {ref for ref, why in reasons.items() if why}
    assert away
    for ref in away:
        one = found[ref]
        if one["status"] == "suppressed":
            continue
        assert (one["status"], one["outside_reason"]) == ("outside_population", reasons[ref])
        assert one["outside_text"] == f"en {reasons[ref]}"
        assert not {"probability", "band", "score", "recommended", "reasons"} & set(one)
    told = [one for one in found.values() if one["status"] == "outside_population"]
    assert answer["summary"]["outside_population"] == len(told) > 0
    ref = told[0]["record_id"]
    single = client.post(f"/v1/models/{task}/score", json={"ref": ref, "options": {"language": "zh"}}).json()[
        "result"
    ]
    assert (single["status"], single["outside_text"]) == ("outside_population", f"zh {reasons[ref]}")
    explained = client.post(f"/v1/models/{task}/explain", json={"ref": ref}).json()["result"]
    assert explained["status"] == "outside_population"
    assert not explained.get("contributions")
    _job(own, client, task, items, answer["summary"])


def _job(own: State, client: TestClient, task: str, items: list[dict], summary: dict[str, int]) -> None:
    store = jobs_of(own.settings)
    body = {"model": task, "items": items}
    job = client.post("/v1/jobs", json=body, headers={"Idempotency-Key": task}).json()["job"]["id"]
    while Work(own, store).step():
        pass
    done = client.get(f"/v1/jobs/{job}").json()["job"]
    assert done["outside_population"] == summary["outside_population"]
    assert (done["total"], done["done"]) == (len(items), len(items))


def test_a_record_that_lies_outside_has_a_reason_and_an_empty_one_is_insufficient(own: State):
    client = client_of(own)
    row = {"member_id": "x", "order_id": "1", "occurred_at": "2024-01-01T00:00:00Z",
           "quantity": -1, "kind": "return", "unit_price_cents": 100}  # fmt: skip
    only_returned = {
        "record": {"purchases": [row]},
        "as_of": "2024-02-01T00:00:00Z",
        "consent": {"profiling": "granted"},
    }
    found = client.post("/v1/models/churn/score", json=only_returned).json()["result"]
    assert (found["status"], found["outside_reason"]) == ("outside_population", "never_bought")
    nothing = {"record": {}, "consent": {"profiling": "granted"}}
    assert (
        client.post("/v1/models/lead/score", json=nothing).json()["result"]["status"] == "insufficient_input"
    )
    lead = {"lead_id": "x", "occurred_at": "2024-03-01T00:00:00Z", "source": "search"}
    early = {
        "record": {"leads": [lead]},
        "as_of": "2024-02-01T00:00:00Z",
        "consent": {"profiling": "granted"},
    }
    found = client.post("/v1/models/lead/score", json=early).json()["result"]
    assert (found["status"], found["outside_reason"]) == ("outside_population", "not_created")


def test_the_models_page_lists_the_reasons_and_their_number_is_counted(own: State):
    client = client_of(own)
    card = client.get("/v1/models/churn").json()["model"]
    assert [line["code"] for line in card["outside_population"]] == list(LINES["churn"])
    may = (ref for ref, why in expected(own, "churn").items() if why and ref not in SUPPRESSED)
    client.post("/v1/models/churn/score", json={"ref": next(may)})
    assert 'memberlens_outside_total{model="churn",reason="unseen"} 1.0' in client.get("/metrics").text


def test_what_the_batch_left_out_is_told_without_computing(own: State, tmp_path, monkeypatch):
    champion = own.champions["churn"]
    frame, file = champion.snapshot.frame, tmp_path / "scores.parquet"
    reasons = champion.scorer.outside(frame)
    write_scores(champion.scorer, frame.with_columns(reasons.alias(OUTSIDE)), ["subject_id"], file)
    published = Published.load(file, champion.snapshot, champion.scorer)
    client = client_of(
        replace(own, champions=own.champions | {"churn": replace(champion, published=published)})
    )
    monkeypatch.setattr("serving.answering.inputs.features", None)  # not called
    away = {ref: why for ref, why in zip(frame["subject_id"], reasons, strict=True) if why}
    for ref in away.keys() - set(SUPPRESSED):
        found = client.post("/v1/models/churn/score", json={"ref": ref}).json()["result"]
        assert (found["status"], found["outside_reason"]) == ("outside_population", away[ref])
    batch = pl.read_parquet(file)
    batch.with_columns(pl.col(OUTSIDE).replace({"unseen": "silent"})).write_parquet(file)
    with pytest.raises(ValueError, match="it is about others"):
        Published.load(file, champion.snapshot, champion.scorer)


def test_numbers_are_computed_of_those_whom_the_task_is_about_alone(own: State, monkeypatch):
    reasons, asked = expected(own, "churn"), []
    scored = Scorer.score_with_reasons
    monkeypatch.setattr(
        Scorer,
        "score_with_reasons",
        lambda own, rows, *more: asked.append(len(rows)) or scored(own, rows, *more),
    )
    body = {"items": [{"ref": ref} for ref in reasons]}
    found = client_of(own).post("/v1/models/churn/scores", json=body).json()["results"]
    inside = sum(one["status"] not in ("suppressed", "outside_population") for one in found)
    assert 0 < inside < len(found)
    assert asked == [inside]
