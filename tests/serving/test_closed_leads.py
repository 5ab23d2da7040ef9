"""A lead that is closed gets its reason and no number, on every way to ask, until it is opened again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import released
from released import Brand, client_of, jobs_of
from worlds import finished, raw_world

from features import catalog, tables
from features.consent_policy import Policy, Unknown
from features.lifecycle_limits import LifecycleLimits
from models.population import OUTSIDE
from models.scorer import Scorer
from models.task import task
from serving.settings import Settings
from serving.state import State
from serving.worker import Work
from training.stages.score import write_scores

SPINE = {"days": 30, "ages": [0, 7, 600]}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Brand, State]]:
    """A brand whose lead model knows closures, and a service of it alone."""
    home, raw = tmp_path_factory.mktemp("closed"), raw_world(7, released.MEMBERS, 600)
    settings, world = Settings(home=home, state=home / "state"), finished(raw)
    (settings.build_dir / "tables").mkdir(parents=True)
    for name, frame in world.items():
        frame.write_parquet(settings.build_dir / "tables" / f"{name}.parquet")
    kinds: dict[str, Any] = {name: {} for name in (*tables.TABLES, *tables.FURTHER)}
    groups = catalog.available(task("lead").groups, kinds)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(released, "LISTS", [])  # that of another brand is published again after this one
        patch.setattr(released, "available", lambda name: groups)
        released.publish_consent(settings, Policy(unknown=Unknown(profiling="score")))
        released.publish(settings, "lead", world, "1", seed=3)
        state = State(settings)
        state.load()
        champion = state.champions["lead"]
        names = [feature.name for feature in catalog.features(groups)]
        lines = task("lead").boundaries(SPINE, LifecycleLimits(), names)
        told = [{"code": one.code, "en": one.en, "zh": one.zh} for one in lines]
        model = champion.scorer.model
        model = replace(model, card=model.card | {"boundaries": told, "spine": SPINE})
        scorer = Scorer(model, champion.scorer.population, champion.scorer.worth, champion.scorer.uplift)
        own = replace(champion, scorer=scorer, published=None)
        yield Brand(home, raw, settings), State(settings, champions={"lead": own})


def reasons(state: State) -> dict[str, str | None]:
    champion = state.champions["lead"]
    frame = champion.snapshot.frame
    return dict(zip(frame["subject_id"], champion.scorer.outside(frame), strict=True))


def test_bulk_job_explain_and_record_say_of_closed_leads_the_same(pair: tuple[Brand, State]) -> None:
    brand, state = pair
    client, expected = client_of(state), reasons(state)
    closed = [ref for ref, why in expected.items() if why == "closed"]
    assert 5 < len(closed) < len(expected) - 5
    items = [{"ref": ref, "record_id": ref} for ref in expected]
    records = [{**brand.ask(ref, "lead"), "record_id": ref} for ref in expected]
    for asked in (items, records):
        answer = client.post("/v1/models/lead/scores", json={"items": asked}).json()
        found = {one["record_id"]: one for one in answer["results"]}
        assert {ref: one.get("outside_reason") for ref, one in found.items()} == expected
        assert not {"probability", "band", "reasons"} & set(found[closed[0]])
        assert answer["summary"]["outside_population"] == sum(why is not None for why in expected.values())
    texts = {"en": "the lead was closed without converting", "zh": "线索已关闭且未转化"}
    for language, text in texts.items():
        for how in ("score", "explain"):
            body = {"ref": closed[0], "options": {"language": language}}
            found = client.post(f"/v1/models/lead/{how}", json=body).json()["result"]
            assert (found["status"], found["outside_text"]) == ("outside_population", text)
    job = {"model": "lead", "items": items}
    made = client.post("/v1/jobs", json=job, headers={"Idempotency-Key": "closed"}).json()["job"]["id"]
    while Work(state, jobs_of(state.settings)).step():
        pass
    assert (
        client.get(f"/v1/jobs/{made}").json()["job"]["outside_population"]
        == answer["summary"]["outside_population"]
    )


def test_the_batch_names_the_reason(pair: tuple[Brand, State], tmp_path: Path) -> None:
    _, state = pair
    scorer, frame = state.champions["lead"].scorer, state.champions["lead"].snapshot.frame
    away = pl.Series(OUTSIDE, scorer.outside(frame), pl.String)
    write_scores(scorer, frame.with_columns(away), ["subject_id"], tmp_path / "scores.parquet")
    rows = pl.read_parquet(tmp_path / "scores.parquet").filter(outside_reason="closed")
    assert rows["status"].unique().to_list() == ["outside_population"]
    assert rows["probability"].null_count() == rows.height == sum(one == "closed" for one in away)


@pytest.mark.parametrize(
    ("closures", "reason"),
    [
        ([], None),
        ([("2026-01-10", "closed")], "closed"),
        ([("2026-01-10", None)], "closed"),
        ([("2026-01-10", "closed"), ("2026-01-20", "reopened")], None),
        ([("2026-01-20", "closed"), ("2026-01-10", "reopened")], "closed"),
        ([("2026-02-10", "closed")], None),  # later than the moment asked about
    ],
)
def test_a_record_says_itself_whether_its_lead_is_closed(
    pair: tuple[Brand, State], closures: list[tuple[str, str | None]], reason: str | None
) -> None:
    rows = [{"occurred_at": f"{day}T00:00:00Z"} | ({"kind": kind} if kind else {}) for day, kind in closures]
    lead = {"lead_id": "x", "occurred_at": "2026-01-01T00:00:00Z", "source": "search"}
    body = {
        "record": {"leads": [lead], "closures": rows},
        "as_of": "2026-02-01T00:00:00Z",
        "consent": {"profiling": "granted"},
    }
    found = client_of(pair[1]).post("/v1/models/lead/score", json=body).json()["result"]
    assert found.get("outside_reason") == reason
    assert found["status"] == ("outside_population" if reason else "ok")


def test_closures_of_another_lead_and_of_no_known_kind_are_refused(pair: tuple[Brand, State]) -> None:
    lead = {"lead_id": "x", "occurred_at": "2026-01-01T00:00:00Z"}
    for row in ({"lead_id": "y"}, {"kind": "lost"}):
        closure = {"occurred_at": "2026-01-10T00:00:00Z", **row}
        body = {"record": {"leads": [lead], "closures": [closure]}, "as_of": "2026-02-01T00:00:00Z"}
        assert client_of(pair[1]).post("/v1/models/lead/score", json=body).status_code == 422
