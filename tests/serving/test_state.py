"""How champions change: the good take over, the broken do not, and the last good one stays."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from released import Brand, client_of, publish
from worlds import finished

from features import catalog
from features.feature import Feature, Selection
from models.scorer import Population
from serving.champion.registry import mark_asked
from serving.champion.retries import Attempts
from serving.settings import Settings
from serving.state import State
from training.stages.score import write_scores


@pytest.fixture
def own(brand: Brand, tmp_path: Path) -> Settings:
    """A copy of the brand that a test may change."""
    shutil.copytree(brand.home, tmp_path / "copy")
    return brand.settings.model_copy(update={"home": tmp_path / "copy"})


def loaded(settings: Settings) -> State:
    state = State(settings)
    state.load()
    return state


def release(settings: Settings, brand: Brand, version: str) -> Path:
    publish(settings, "churn", finished(brand.raw), version, seed=int(version))
    return settings.champions / "churn" / version


def test_a_new_champion_takes_over_and_changes_the_scores(own: Settings, brand: Brand):
    state = loaded(own)
    client = client_of(state)
    before = client.post("/v1/models/churn/score", json={"ref": "m5"}).json()
    release(own, brand, "2")
    state.load()
    after = client.post("/v1/models/churn/score", json={"ref": "m5"}).json()
    assert (before["model"]["version"], after["model"]["version"]) == ("1", "2")
    assert before["result"]["probability"] != after["result"]["probability"]


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("name", ["model.ubj", "card.json", "population.json", "release.json"])
@pytest.mark.parametrize("damage", [_cut, Path.unlink])
def test_a_broken_champion_is_refused_and_the_old_one_stays(own: Settings, brand: Brand, name: str, damage):
    state = loaded(own)
    damage(release(own, brand, "2") / name)
    state.load()
    assert state.champions["churn"].version == "1"
    ready = client_of(state).get("/readyz").json()
    assert "version 2" in ready["refused"]["churn"]
    assert loaded(own).champions["churn"].version == "1"  # after a restart too


def test_a_model_that_learnt_another_meaning_is_refused_and_the_feature_named(own: Settings, brand: Brand):
    state = loaded(own)
    card = release(own, brand, "2") / "card.json"
    meant = state.champions["churn"].scorer.model.fingerprints["orders_90d"]
    card.write_text(card.read_text().replace(meant, "0" * 12))
    state.load()
    assert state.champions["churn"].version == "1"
    assert "in this code: orders_90d: computed otherwise" in state.refused["churn"]


def test_a_feature_that_is_added_to_the_catalogue_leaves_champions_serving(own: Settings, monkeypatch):
    more = Feature("lines_400d", lambda r: r.within(400).count(), "lines", "lines", "行数", 0)
    groups = tuple(
        replace(g, features=(*g.features, more)) if g.name == "purchases" else g for g in catalog.GROUPS
    )
    monkeypatch.setattr(catalog, "GROUPS", groups)
    state = loaded(own)
    assert set(state.champions) == {"lead", "response", "churn", "recall"}
    assert "lines_400d" in {f.name for g in state.champions["churn"].reader.groups for f in g.columns()}


def test_a_feature_that_counts_lines_instead_of_orders_is_refused(own: Settings, monkeypatch):
    def lines(rows: Selection) -> nw.Expr:
        return rows.where(nw.col("kind") == "sale").count()

    groups = tuple(
        replace(
            g, features=tuple(replace(f, expr=lines) if f.name == "orders_{days}d" else f for f in g.features)
        )
        for g in catalog.GROUPS
    )
    monkeypatch.setattr(catalog, "GROUPS", groups)
    state = loaded(own)
    assert set(state.champions) == {"lead"}
    assert "orders_30d" in state.refused["churn"]
    assert "computed otherwise" in state.refused["response"]


def test_a_model_whose_examples_come_out_differently_is_refused(own: Settings, brand: Brand):
    state = loaded(own)
    folder = release(own, brand, "2")
    (folder / "examples.json").write_text('{"rows": [{}], "probability": [0.123]}')
    state.load()
    assert "away from what was released" in state.refused["churn"]


def test_what_was_refused_is_forgotten_when_a_good_one_comes(own: Settings, brand: Brand):
    state = loaded(own)
    (release(own, brand, "2") / "model.ubj").unlink()
    state.load()
    release(own, brand, "3")
    state.load()
    assert state.champions["churn"].version == "3"
    assert state.refused == {}


def _foreign(folder: Path) -> None:
    facts = folder / "snapshot.json"
    facts.write_text(facts.read_text().replace('"orders_90d": "', '"orders_90d": "x'))


SNAPSHOT_DAMAGES = {
    "truncated": lambda folder: _cut(folder / "snapshot.parquet"),
    "of another meaning": _foreign,
    "gone": lambda folder: (folder / "snapshot.parquet").unlink(),
}


@pytest.mark.parametrize("damage", SNAPSHOT_DAMAGES.values(), ids=SNAPSHOT_DAMAGES.keys())
def test_a_broken_snapshot_is_refused_with_the_reason(own: Settings, brand: Brand, damage):
    state = loaded(own)
    damage(own.build_dir / "churn" / "snapshot")
    fresh = loaded(own)  # a restart has nothing to fall back to: records are still answered
    client = client_of(fresh)
    assert "snapshot" in client.get("/readyz").json()["snapshots_refused"]["churn"]
    refused = client.post("/v1/models/churn/score", json={"ref": "m5"})
    assert (refused.status_code, refused.json()["code"]) == (503, "not_ready")
    assert client.post("/v1/models/churn/score", json=brand.ask("m5", "churn")).status_code == 200
    (own.build_dir / "churn" / "snapshot" / "snapshot.json").touch()
    state.load()  # a running service keeps the snapshot before it
    assert client_of(state).post("/v1/models/churn/score", json={"ref": "m5"}).status_code == 200


def test_with_no_model_the_service_is_alive_and_not_ready(tmp_path: Path):
    client = client_of(loaded(Settings(home=tmp_path)))
    assert client.get("/livez").status_code == 200
    assert client.get("/readyz").status_code == 503
    answer = client.post("/v1/models/churn/score", json={"ref": "m5"})
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert int(answer.headers["retry-after"]) > 0


def test_a_model_that_lost_what_it_was_released_with_is_refused(own: Settings, brand: Brand):
    state = loaded(own)
    folder = release(own, brand, "2")
    scorer = state.champions["churn"].scorer
    empty = dict.fromkeys(scorer.model.encoder.names)
    (folder / "examples.json").write_text(
        json.dumps({"rows": [empty], "probability": [0.1], "uplift": [0.01]})
    )
    state.load()
    assert "tells no uplift, with which it was released" in state.refused["churn"]


def test_on_the_first_start_it_is_ready_when_the_registry_was_asked_for_every_task(
    own: Settings, brand: Brand
):
    aside = own.champions.with_name("aside")
    own.champions.rename(aside)
    state = State(own, fresh=True)
    state.load()
    assert not state.ready
    shutil.copytree(aside / "lead", own.champions / "lead")
    state.load()
    assert ([*state.champions], state.ready) == (["lead"], False)
    shutil.copytree(aside / "churn", own.champions / "churn")
    mark_asked(own)
    assert not state.ready  # a copy is there and does not answer yet
    state.load()
    assert ([*state.champions], state.ready) == (["lead", "churn"], True)


def test_what_failed_once_is_tried_again_less_and_less_often(own: Settings, brand: Brand):
    now = [0.0]
    state = State(own, attempts=Attempts(clock=lambda: now[0]))
    folder = own.champions / "churn" / "1"
    aside = folder.with_name("aside")
    folder.rename(aside)  # a disk that is away for a moment
    state.load()
    client = client_of(state)
    assert client.get("/readyz").json()["states"]["churn"] == "missing"
    aside.rename(folder)
    state.load()
    assert "churn" not in state.champions  # not every second
    now[0] += 5
    state.load()
    assert client.get("/readyz").json()["states"]["churn"] in ("ok", "snapshot_stale")
    assert state.refused == {}


def test_waits_double_and_end(own: Settings):
    now = [0.0]
    attempts, tried = Attempts(clock=lambda: now[0]), []
    while now[0] < 2_000:
        if attempts.due("churn", ("1", 0)):
            tried.append(now[0])
            attempts.ended("churn", ("1", 0), failed=True)
        now[0] += 1
    assert tried[:5] == [0, 5, 15, 35, 75]
    assert max(np.diff(tried)) == 300
    assert attempts.due("churn", ("2", 0))
    attempts.ended("churn", ("2", 0), failed=False)
    assert not attempts.due("churn", ("2", 0))


def test_a_refused_snapshot_is_tried_again_and_seen(own: Settings, brand: Brand):
    now = [0.0]
    file = own.build_dir / "churn" / "snapshot" / "snapshot.parquet"
    whole = file.read_bytes()
    _cut(file)
    state = State(own, attempts=Attempts(clock=lambda: now[0]))
    state.load()
    client = client_of(state)
    assert client.get("/readyz").json()["states"]["churn"] == "snapshot_refused"
    assert 'memberlens_snapshot_refused{model="churn"} 1.0' in client.get("/metrics").text
    file.write_bytes(whole)
    now[0] += 5
    state.load()
    assert client.get("/readyz").json()["states"]["churn"] in ("ok", "snapshot_stale")
    assert 'memberlens_snapshot_refused{model="churn"} 0.0' in client.get("/metrics").text


def test_beside_a_refused_champion_the_old_one_takes_new_snapshots(own: Settings, brand: Brand):
    state = loaded(own)
    (release(own, brand, "2") / "model.ubj").write_bytes(b"broken")
    state.load()
    facts = own.build_dir / "churn" / "snapshot" / "snapshot.json"
    before = state.champions["churn"]
    os.utime(facts, ns=(1, 1))
    state.load()
    assert (state.champions["churn"].version, "churn" in state.refused) == ("1", True)
    assert state.champions["churn"] is not before


def test_a_new_batch_of_the_same_model_brings_its_own_population(own: Settings, brand: Brand):
    """Who withdraws leaves the population, and no new model is released for it."""
    scorer = loaded(own).champions["churn"].scorer
    folder = own.build_dir / "churn"
    snapshot = pl.read_parquet(folder / "snapshot" / "snapshot.parquet")
    rest = scorer.model.probability(snapshot[: len(snapshot) // 3])
    population = Population.of(rest, "2026-07-02T00:00:00Z")
    why = pl.lit(None, pl.String).alias("suppression_reason")
    write_scores(
        replace(scorer, population=population),
        snapshot.with_columns(why),
        ["subject_id"],
        folder / "scores.parquet",
    )
    assert "percentile" in str(loaded(own).champions["churn"].refusal)  # without its population: of what?
    (folder / "population.json").write_text(json.dumps(population.to_json()))
    state = loaded(own)
    assert state.champions["churn"].refusal is None
    client = client_of(state)
    batch = pl.read_parquet(folder / "scores.parquet").row(5, named=True)
    answer = client.get("/v1/models/churn/lookup", params={"ref": batch["subject_id"]}).json()["result"]
    assert answer["percentile"] == round(batch["percentile"], 2)
    by_record = client.post("/v1/models/churn/score", json=brand.ask("m5", "churn")).json()["result"]
    assert {answer["percentile_as_of"], by_record["percentile_as_of"]} == {population.as_of}


def test_what_compiles_or_is_prepared_is_so_before_the_first_caller(own: Settings):
    for champion in loaded(own).champions.values():
        model = champion.scorer.model
        assert {"_walk", "_tree_shap", "unknown"} <= set(model.__dict__), champion.task
        assert model._walk is not None
        assert model._tree_shap is not None
        assert {"alone", "_schema"} <= set(champion.reader.__dict__)
        assert champion.reader.alone is not None
        amounts = [] if champion.scorer.worth is None else [champion.scorer.worth.amount]
        assert all("_walks" in amount.__dict__ for amount in amounts)
