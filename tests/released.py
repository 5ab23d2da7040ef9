"""A tiny brand with four released models, as the registry's local copies and published snapshots."""

import hashlib
import json
import math
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import acting_published
import numpy as np
import polars as pl
import xgboost
from fastapi.testclient import TestClient
from worlds import START, finished, raw_world, spine_of

from features import catalog, tables
from features.compute import compute
from features.consent import reasons
from features.consent_policy import Policy, Unknown
from features.feature import DAY
from features.fingerprint import described
from features.lifecycle_limits import LifecycleLimits
from features.meaning import combined, meanings
from models.fitted import observed_rates
from models.fitted.booster_sum import BoosterSum
from models.fitted.expected_value import ExpectedValue
from models.fitted.model import Model
from models.learners.calibration import Calibration
from models.learners.encoder import Encoder
from models.scorer import Population, Scorer
from models.tasks import churn, lead, recall, response
from serving import app
from serving.database import Database
from serving.ledger.job_store import Jobs
from serving.settings import Limits, Settings
from serving.state import State
from training.io import sha256, write_json
from training.stages.consent import accounts, current
from training.stages.score import write_scores

TASKS = {task.name: task for task in (lead.TASK, response.TASK, churn.TASK, recall.TASK)}
OWN = {"members": {"x_income": False, "x_club": True}, "campaigns": {"x_reward": False}}
AS_OF = START + 400 * DAY
MEMBERS = 40
LISTS: list[Path] = []  # the consent list that was published last


@dataclass(frozen=True)
class Brand:
    """Where things are, and the member data that they were made from."""

    home: Path
    raw: dict[str, pl.DataFrame]
    settings: Settings

    def record(self, subject: str, task: str) -> dict[str, Any]:
        """The subject's rows as a caller sends them."""
        key = "lead_id" if task == "lead" else "member_id"
        found = {}
        for name, frame in self.raw.items():
            if key in frame.columns:
                frame = frame.filter(pl.col(key) == subject)
            elif name not in ("products", "campaigns"):
                continue
            if not (task == "lead" and name in ("products", "campaigns")):
                found[name] = [_plain(row) for row in frame.iter_rows(named=True)]
        return found | ({"leads": []} if task != "lead" else {})

    def ask(self, subject: str, task: str, **more: Any) -> dict[str, Any]:
        """An item by record, as of the snapshot."""
        item = {"record": self.record(subject, task), "as_of": _iso(AS_OF)}
        return item | ({"campaign_id": "c1"} if task == "response" else {}) | more


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value.isoformat() if hasattr(value, "isoformat") else value
        for key, value in row.items()
        if value is not None
    }


def _iso(seconds: int) -> str:
    return str(pl.Series([seconds * 1_000_000]).cast(pl.Datetime("us", "UTC"))[0].isoformat())


def build(home: Path) -> Brand:
    """Released models and snapshots of a random world, below ``home``."""
    raw = raw_world(7, MEMBERS, 1500)
    raw["members"] = _consents(raw["members"])
    settings = Settings(home=home, limits=Limits(seconds=10))  # a busy machine is no failure
    world = finished(raw)
    (settings.build_dir / "tables").mkdir(parents=True)
    for name, frame in world.items():
        frame.write_parquet(settings.build_dir / "tables" / f"{name}.parquet")
    publish_consent(settings, Policy(unknown=Unknown(profiling="score")))
    for name in TASKS:
        publish(settings, name, world, "1", seed=3)
    acting_published.publish(settings.build_dir, AS_OF, MEMBERS)
    return Brand(home, raw, settings)


def publish_consent(settings: Settings, policy: Policy) -> None:
    """The list of current consents, as the pipeline writes it."""
    folder = settings.build_dir / "consent"
    folder.mkdir(parents=True, exist_ok=True)
    rows, path = current(settings.build_dir / "tables", AS_OF), folder / "consent.parquet"
    rows.write_parquet(path)
    bound = folder / "accounts.parquet"
    accounts(settings.build_dir / "tables", AS_OF).write_parquet(bound)
    hashes = {"sha256": sha256(path), "accounts_sha256": sha256(bound)}
    facts = {"as_of": AS_OF, "rows": len(rows), **hashes, "policy": policy.model_dump()}
    write_json(folder / "consent.json", facts)
    LISTS[:] = [folder]


def _consents(members: pl.DataFrame) -> pl.DataFrame:
    """m0 has withdrawn, m2 is deceased, m3 a minor, m4 wants no messages."""
    who, times = pl.col("member_id"), ("occurred_at", "recorded_at")
    start = pl.lit(START * 1_000_000).cast(pl.Datetime("us", "UTC"))
    return members.with_columns(
        consent_profiling=pl.when(who == "m0").then(pl.lit("withdrawn")).otherwise(pl.lit("granted")),
        consent_marketing=pl.when(who == "m4").then(pl.lit("withdrawn")).otherwise(pl.lit("granted")),
        deceased=who == "m2",
        birth_year=pl.when(who == "m3").then(2015).otherwise(1980),
        **{name: pl.when(who.is_in(["m0", "m2", "m3", "m4"])).then(start).otherwise(name) for name in times},
    )


def publish(settings: Settings, name: str, world: dict[str, pl.DataFrame], version: str, seed: int) -> None:
    """Train a tiny model, put it where the registry's copies are, and publish its snapshot."""
    groups = available(name)
    model = trained(name, groups, world, seed)
    folder = settings.champions / name / version
    model.save(folder)
    (settings.champions / name / "champion").write_text(version)
    snapshot = everyone(name, groups, world)
    population = Population.of(model.probability(snapshot), _iso(AS_OF))
    (folder / "population.json").write_text(json.dumps(population.to_json()))
    release = {"task": name, "data": "brand", "trained_at": "2026-07-01T00:00:00Z", "report_sha256": "0" * 64}
    (folder / "release.json").write_text(json.dumps(release))
    keys = ["subject_id", *(["campaign_id"] if name == "response" else [])]
    _beside(folder, name, model, snapshot)
    write_snapshot(settings.build_dir / name / "snapshot", snapshot, model.fingerprints)
    why = reasons(snapshot, datetime.fromtimestamp(AS_OF, UTC), Policy(unknown=Unknown(profiling="score")))
    scorer, path = Scorer.from_parts(model, population, folder), settings.build_dir / name / "scores.parquet"
    write_scores(scorer, snapshot.with_columns(why), keys, path)


def _beside(folder: Path, name: str, model: Model, snapshot: pl.DataFrame) -> None:
    """What goes with each task: a stated value for leads, a learnt one for churn, uplift for response."""
    if name == "lead":
        return ExpectedValue(BoosterSum(constant=800.0), True, "lead_cost", "CNY").save(folder / "value")
    matrix = model.encoder.transform(snapshot)
    data = xgboost.QuantileDMatrix(
        matrix,
        np.nan_to_num(matrix[:, 0]) + 1,
        feature_types=model.encoder.feature_types,
        enable_categorical=True,
    )
    own = {"max_depth": 3, "seed": 1, "nthread": 1}
    if name in ("churn", "recall"):
        booster = xgboost.train(own | {"objective": "count:poisson"}, data, 10)
        return ExpectedValue(BoosterSum(((40.0, booster),)), name == "recall", "", "CNY").save(
            folder / "value"
        )
    booster = xgboost.train(own, data, 10)
    return BoosterSum(((0.01, booster),)).save(folder / "uplift")


def available(name: str) -> tuple[Any, ...]:
    kinds: dict[str, dict[str, bool]] = {table: {} for table in (*tables.TABLES, "outreach")}
    return catalog.available(TASKS[name].groups, kinds | OWN)


def trained(name: str, groups: tuple[Any, ...], world: dict[str, pl.DataFrame], seed: int) -> Model:
    spine = spine_of(world, seed, 600)
    frame = compute(spine, world, groups).sort("row_id")
    features = catalog.features(groups)
    encoder = Encoder.fit(frame, features)
    rng = np.random.default_rng(seed)
    matrix = encoder.transform(frame)
    signal = np.nan_to_num(matrix[:, 0]) > np.nanmedian(matrix[:, 0])
    label = (rng.random(len(frame)) < np.where(signal, 0.6, 0.2)).astype(int)
    data = xgboost.DMatrix(matrix, label, feature_types=encoder.feature_types, enable_categorical=True)
    booster = xgboost.train(
        {"objective": "binary:logistic", "max_depth": 4, "seed": seed, "nthread": 1}, data, 25
    )
    return Model(booster, encoder, Calibration(0.9, -0.1), card(name, groups, frame, label, encoder))


def card(
    name: str, groups: tuple[Any, ...], frame: pl.DataFrame, label: np.ndarray, encoder: Encoder
) -> dict[str, Any]:
    features = [row for row in described(groups) if row["name"] in encoder.names]
    task, facts = TASKS[name], {"days": 60, "gap": 7, "fall": 0.2}
    lows = np.linspace(0.6, 0.0, len(task.bands))
    return {
        "task": name, "data": "brand", "key": task.question_key,
        "question": {"en": task.question_en.format(**facts), "zh": task.question_zh.format(**facts)},
        "positive": {"en": task.positive_en, "zh": task.positive_zh},
        "days": 60, "gap": 7, "base_rate": float(label.mean()), "extracted_at": _iso(AS_OF),
        "groups": [group.name for group in groups],
        "lifecycle": LifecycleLimits().model_dump(),
        "features": features,
        "own": {key: OWN[key] for key in OWN if key in {g.table or "campaigns" for g in groups}},
        "fingerprint": combined(meanings(features)),
        "bands": [
            {"name": b.name, "en": b.en, "zh": b.zh, "share": b.share, "low": float(low), "high": 1.0,
             "rate": 0.3, "n": 100}
            for b, low in zip(task.bands, lows, strict=True)
        ],
        "bins": observed_rates.observed(frame, label, encoder),
    }  # fmt: skip


def everyone(name: str, groups: tuple[Any, ...], world: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Everybody's features as of the extract, with consent; for ``response`` about campaign c1."""
    key = "lead_id" if name == "lead" else "member_id"
    subjects = sorted({f"{key[0]}{i}" for i in range(MEMBERS)})
    content = world["campaigns"].filter(pl.col("campaign_id") == "c1")
    asked = {f"asked_{column}": content[column][0] for column in (*tables.CONTENT, "x_reward")}
    spine = pl.DataFrame({"row_id": range(len(subjects)), key: subjects}).with_columns(
        as_of=pl.lit(AS_OF, dtype=pl.Int64), **{column: pl.lit(value) for column, value in asked.items()}
    )
    frame = compute(spine, world, groups).sort("row_id").with_columns(subject_id=pl.Series(subjects))
    if key == "member_id":
        newest = (
            world["members"]
            .filter(pl.col("known_time") < AS_OF)
            .sort("event_time")
            .group_by("member_id")
            .last()
        )
        consent = newest.select(
            "member_id", "consent_profiling", "consent_marketing", "deceased", "birth_year"
        )
        frame = frame.join(consent, left_on="subject_id", right_on="member_id", how="left")
    keys = ["subject_id"] + (["campaign_id"] if name == "response" else [])
    return (
        frame.with_columns(campaign_id=pl.lit("c1"), as_of=pl.lit(AS_OF))
        .sort(keys)
        .select(*keys, pl.exclude(*keys, "row_id"))
        .drop([] if name == "response" else "campaign_id")
    )


def write_snapshot(folder: Path, frame: pl.DataFrame, features: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "snapshot.parquet"
    frame.write_parquet(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    facts = {"as_of": AS_OF, "features": features, "rows": len(frame), "sha256": sha256}
    (folder / "snapshot.json").write_text(json.dumps(facts))


def finite(value: Any) -> bool:
    """No NaN and no infinity anywhere in an answer."""
    if isinstance(value, dict):
        return all(finite(entry) for entry in value.values())
    if isinstance(value, list):
        return all(finite(entry) for entry in value)
    return not isinstance(value, float) or math.isfinite(value)


def at(brand: Brand, state: State, hours: float = 1.0, **settings: Any) -> TestClient:
    """A caller of the same models, so many hours after the snapshot was made."""
    changed = Settings.model_validate(brand.settings.model_dump() | settings)
    own = State(changed, champions=state.champions)
    own.now = lambda: datetime.fromtimestamp(AS_OF, UTC) + timedelta(hours=hours)  # type: ignore[method-assign]
    return client_of(own)


def jobs_of(settings: Settings) -> Jobs:
    """The store of jobs of a service with these settings."""
    return Jobs(Database(settings.state_dir / "service.db"))


def client_of(state: State, jobs: Jobs | None = None) -> TestClient:
    """A caller on the same machine as a service over ``state``; moved elsewhere, its list comes along."""
    if LISTS and not (state.settings.build_dir / "consent").exists():
        shutil.copytree(LISTS[0], state.settings.build_dir / "consent")
    routes = app.build(state, jobs or jobs_of(state.settings))
    return TestClient(routes, "http://localhost", raise_server_exceptions=False, client=("127.0.0.1", 50000))
