"""Dashboard and alerts ask for metrics and labels that the service has."""

import json
import re
import sqlite3
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from prometheus_client import Metric
from released import Brand, client_of, jobs_of

from serving.edge.service_metrics import Metrics
from serving.state import State

FOLDER = Path(__file__).parents[2] / "serving" / "monitoring"
SUFFIX = re.compile(r"_(total|bucket|sum|count)$")
OF_PROMETHEUS = {"le"}


def asked() -> list[str]:
    panels = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
    groups = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    shown = [target["expr"] for panel in panels for target in panel["targets"]]
    return shown + [rule["expr"] for group in groups for rule in group["rules"]]


def known() -> dict[str, set[str]]:
    metrics = Metrics()
    found: dict[str, set[str]] = {}
    for collector in list(metrics.registry._collector_to_names):
        one: Metric = next(iter(collector.describe()))
        found[one.name] = set(collector._labelnames)
    return found


def test_every_metric_and_label_exists():
    there = known()
    assert len(asked()) >= 35
    for expression in asked():
        names = {SUFFIX.sub("", name) for name in re.findall(r"memberlens_\w+", expression)}
        assert names
        assert names <= there.keys(), expression
        labels = {label for part in re.findall(r"by \(([^)]*)\)", expression) for label in part.split(", ")}
        labels |= set(re.findall(r"[{,]\s*(\w+)\s*[=!]", expression))
        assert labels - OF_PROMETHEUS <= set().union(*(there[name] for name in names)), expression


def test_every_expression_is_promql_over_metrics_and_labels_that_exist():
    """By the grammar of Prometheus itself, so that no way to write a label goes unseen."""
    promql = pytest.importorskip("promql_parser", reason="the lock for development has it")
    there = known()
    for expression in asked():
        names, labels = set(), set()

        def look(part, names=names, labels=labels):
            if isinstance(part, promql.VectorSelector):
                names.add(SUFFIX.sub("", part.name))
                labels.update(matcher.name for matcher in part.matchers.matchers)
            elif isinstance(part, promql.AggregateExpr) and part.modifier is not None:
                labels.update(part.modifier.labels)

        promql.walk(promql.parse(re.sub(r"\$__\w+", "5m", expression)), look)
        assert names, expression
        assert names <= there.keys(), expression
        assert labels - OF_PROMETHEUS <= set().union(*(there[name] for name in names)), expression


@pytest.mark.parametrize(
    "wrong", ["sum(rate(a[5m])", "sum by client (a)", "rate(a)[5m", "a and on (b) group_left () c"]
)
def test_what_is_no_promql_is_found(wrong: str):
    promql = pytest.importorskip("promql_parser", reason="the lock for development has it")
    with pytest.raises(ValueError, match=r"\w"):
        promql.parse(wrong)


def rules() -> dict[str, str]:
    groups = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


WENT_WRONG = {
    "everybody gets the same": "bands",
    "everybody is suppressed": "score_requests",
    "inputs are missing": "feature_missing",
    "categories are new": "unseen_category",
    "a champion is refused": "champion_refused",
    "a snapshot is refused": "snapshot_refused",
    "a snapshot is stale": "snapshot_age_days",
    "the list of consents is refused": "consent_list_refused",
    "jobs wait": "jobs_waiting_seconds",
    "jobs fail": "jobs",
    "audiences wait": "audiences",
    "nothing can be kept": "store_writable",
}


@pytest.mark.parametrize("metric", WENT_WRONG.values(), ids=WENT_WRONG.keys())
def test_there_is_an_alert_for_what_can_go_wrong(metric: str):
    assert any(re.search(rf"memberlens_{metric}(_total)?\b", expression) for expression in rules().values())


def test_inputs_are_judged_by_their_share_and_not_by_the_traffic():
    for name, expression in rules().items():
        counts = re.findall(
            r"memberlens_(?:feature_missing|unseen_category|suppressed|bands)_total", expression
        )
        assert not counts or "/" in expression, name


def test_the_store_and_its_jobs_are_measured_when_asked_for(brand: Brand, state: State, tmp_path: Path):
    settings = brand.settings.model_copy(update={"home": tmp_path})
    own, jobs = State(settings, champions=state.champions), jobs_of(settings)
    client = client_of(own, jobs)
    old = own.now() - timedelta(hours=2)
    jobs.create("crm", "a", "a", "churn", [{"ref": "m5"}], old)
    found = client.get("/metrics").text
    assert 'memberlens_jobs{status="queued"} 1.0' in found
    assert "memberlens_store_writable 1.0" in found
    waited = re.search(r"^memberlens_jobs_waiting_seconds (\S+)", found, flags=re.MULTILINE)
    assert waited is not None
    assert float(waited[1]) == pytest.approx(7_200, abs=60)
    connection = sqlite3.connect(jobs.database.path)
    connection.execute("BEGIN EXCLUSIVE")  # as a disk that takes nothing
    assert "memberlens_store_writable 0.0" in client.get("/metrics").text
    connection.close()


def test_bands_are_counted_by_model(brand: Brand, state: State, tmp_path: Path):
    settings = brand.settings.model_copy(update={"home": tmp_path})
    client = client_of(State(settings, champions=state.champions))
    items = [{"ref": f"m{number}"} for number in range(5, 40)]
    found = client.post("/v1/models/churn/scores", json={"items": items}).json()["results"]
    text = client.get("/metrics").text
    for band, count in Counter(one["band"] for one in found).items():
        assert f'memberlens_bands_total{{band="{band}",model="churn",version="1"}} {count}.0' in text
