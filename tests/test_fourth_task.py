"""A further task is one file, its words and its parameters: nothing else knows the tasks by name."""

import json
import sys
from pathlib import Path

import pytest
import stages
import yaml
from project_copy import copied, memberlens, run

TASK = '''"""Second purchase: who bought once orders again."""

import polars as pl

from features.groups.engagement import ENGAGEMENT
from features.groups.profile import PROFILE
from features.groups.purchases import PURCHASES
from models.populations.members import NEVER_BOUGHT, Buyers
from models.population import Boundary
from models.task import Band, Money, Outcome, Task


class OneOrder(Buyers):
    """Members with one order, in the last year."""

    def boundaries(self, spine, limits, features):
        """Return who has ordered otherwise than once, or too long ago."""
        often = Boundary("ordered_again", ("orders",), pl.col("orders") > 1, "has ordered again", "已复购")
        lost = Boundary("lost", ("stage",), pl.col("stage") == "lost", "is lost", "已流失")
        return NEVER_BOUGHT, often, lost


TASK = Task(
    name="second_purchase",
    population=OneOrder(),
    needs={"purchases": "purchases of members"},
    question_en="Will this member, who has ordered once, order again within {days} days?",
    question_zh="该会员仅购买过一次，{days} 天内会复购吗？",
    positive_en="order again",
    positive_zh="会复购",
    outcome=Outcome("purchases", kind="sale", keys=("member_id",)),
    groups=(PURCHASES, ENGAGEMENT, PROFILE),
    bands=(Band("high", 0.2, "invite", "邀请"), Band("low", 0.8, "leave in peace", "无需打扰")),
    baseline_feature="days_since_order",
    acted_bands=1,
    money=Money("purchases", "amount_cents", "member_id"),
)
'''
WORDS = {
    "task": ["Second purchase", "二次购买"],
    "verdict.what": ["The probability of a second order within {days} days.", "{days} 天内复购的概率。"],
    "verdict.whom": ["members who bought once", "仅购买过一次的会员"],
    "verdict.how": ["Of the highest 10 % {top} {interval} order again (of all: {rate}), {lift} times chance.",
                    "最高的 10 % 中有 {top} {interval} 复购（全体 {rate}），为随机的 {lift} 倍。"],
    "verdict.n": ["Tested on {n} samples of {subjects} members, {positives} of which ordered again ({rate}).",
                  "检验所用：{n} 条样本、{subjects} 位会员，其中 {positives} 条复购（{rate}）。"],
    "purpose.definition": ["The event: an order within {days} days after a gap of {gap} days.",
                           "事件定义：间隔 {gap} 天后 {days} 天内再次购买。"],
}  # fmt: skip
OPEN = {
    "data": {"positives": 1}, "baseline": {"default": -1.0, "logistic": -1.0},
    "calibration": {"expected_over_observed_within": 9.0},
}  # fmt: skip
SERVED = """
import json
from pathlib import Path

import polars as pl
from fastapi.testclient import TestClient

from serving import app, __main__ as commands
from serving.database import Database
from serving.ledger.job_store import Jobs
from serving.settings import Limits, Settings
from serving.state import State

here = Settings(clock={"brand": "data"}, limits=Limits(seconds=20))
from serving.champion import registry
registry.pull(here, "second_purchase")
state = State(here)
state.load()
client = TestClient(app.build(state, Jobs(Database(here.state_dir / "service.db"))), "http://localhost",
                    client=("127.0.0.1", 50000))
scores = pl.read_parquet("build/brand/second_purchase/scores.parquet")
batch = scores.filter(pl.col("status") == "ok").row(0, named=True)
path = "/v1/models/second_purchase"
by_ref = client.post(path + "/score", json={"ref": batch["subject_id"], "options": {"language": "zh"}}).json()
record = {
    "members": [{"member_id": "x", "occurred_at": "2025-11-01T10:00:00Z", "joined_at": "2025-11-01T10:00:00Z",
                 "region": "east", "city_tier": "tier1", "source": "store"}],
    "purchases": [{"member_id": "x", "order_id": "1", "occurred_at": "2025-12-01T10:00:00Z",
                   "quantity": 1, "unit_price_cents": 9900, "category": "skin_care", "channel": "app"}],
    "events": [{"member_id": "x", "occurred_at": "2025-12-01T09:00:00Z", "channel": "app", "kind": "view",
                "category": "skin_care"}],
}
by_record = client.post(path + "/score", json={"record": record, "as_of": "2025-12-20T00:00:00Z",
                                               "consent": {"profiling": "granted"}}).json()
document = client.get("/v1/openapi.json").json()
print(json.dumps({
    "batch": batch["probability"], "ref": by_ref, "record": by_record, "card": client.get(path).json(),
    "lookup": client.post(path + "/lookup", json={"ref": batch["subject_id"]}).json(),
    "explain": client.post(path + "/explain", json={"ref": batch["subject_id"]}).json(),
    "job": client.post("/v1/jobs", json={"model": "second_purchase", "audience": "everyone"},
                       headers={"Idempotency-Key": "k"}).json(),
    "paths": [p for p in document["paths"] if "second_purchase" in p],
    "models": document["components"]["schemas"]["JobState"]["properties"]["model"],
}))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project with one file more, its words and its parameters."""
    copied(tmp_path, links=False)
    (tmp_path / "models/tasks/second_purchase.py").write_text(TASK)
    with (tmp_path / "training/reporting/strings.yaml").open("a") as file:
        file.writelines(
            f"{key}.second_purchase: {json.dumps(texts, ensure_ascii=False)}\n"
            for key, texts in WORDS.items()
        )
    path = tmp_path / "params.yaml"
    params = yaml.safe_load(path.read_text())
    params["tasks"] = ["second_purchase"]
    params["spine"]["second_purchase"] = {"days": 60, "every_days": 15, "cutoffs": 24}
    params["tune"]["second_purchase"] = {"trials": 2, "rows": 3000}
    params["economics"]["second_purchase"] = {
        "value": 90, "cost": 3, "capacity": 0.2, "owner": "x", "date": "2026-01-01"
    }  # fmt: skip
    params["brand"] = {"members": 2500, "leads": 400, "start": "2024-01-01", "end": "2026-01-01"}
    params["fit"] = {"bags": 2}
    params["explain"] = stages.EXPLAIN.model_dump()
    params["evaluate"], params["backtest"] = {"resamples": 40}, {"origins": 2, "rows": 2000, "resamples": 20}
    path.write_text(yaml.safe_dump(params))
    gates = tmp_path / "training/review/gates.yaml"  # so small a brand shows little
    gates.write_text(yaml.safe_dump(yaml.safe_load(gates.read_text()) | OPEN))
    return tmp_path


def test_a_fourth_task_runs_from_data_to_answers(project: Path):
    done = run(project, "dvc", "stage", "list", "--name-only")
    assert done.returncode == 0, done.stderr[-2000:]
    every = {one.__name__ for one in stages.EVERY}
    assert {f"{stage}@second_purchase" for stage in every} <= set(done.stdout.split())
    done = run(project, sys.executable, "-c", stages.ALONE, "second_purchase")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "second_purchase" in memberlens(project, "summary")
    report = (project / "experiments/brand/second_purchase/report.html").read_text()
    assert "二次购买" in report
    assert "Second purchase" in report
    done = run(project, sys.executable, "-m", "training", "publish")
    assert done.returncode == 0, done.stderr[-2000:]
    done = run(project, sys.executable, "-c", SERVED)
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["ref"]["result"]["probability"] == pytest.approx(said["batch"], abs=1e-6)
    assert "result" in said["lookup"], said["lookup"]
    assert said["lookup"]["result"]["probability"] == pytest.approx(said["batch"], abs=1e-6)
    assert "会复购" in said["ref"]["result"]["reasons"][0]["text"]
    assert said["record"]["result"]["status"] == "ok"
    assert said["explain"]["result"]["status"] == "ok"
    assert said["job"]["job"]["model"] == "second_purchase"
    assert "second_purchase" in json.dumps(said["models"])
    ends = {path.rpartition("/")[2] for path in said["paths"]}
    assert ends == {"second_purchase", "score", "scores", "explain", "lookup"}
