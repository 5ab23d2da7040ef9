"""Dashboard and alerts ask for metrics and labels that the service has."""

import json
import re
from pathlib import Path

import yaml
from prometheus_client import Metric

from serving.metrics import Metrics

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
    assert len(asked()) >= 20
    for expression in asked():
        names = {SUFFIX.sub("", name) for name in re.findall(r"memberlens_\w+", expression)}
        assert names
        assert names <= there.keys(), expression
        labels = {label for part in re.findall(r"by \(([^)]*)\)", expression) for label in part.split(", ")}
        labels |= set(re.findall(r"[{,]\s*(\w+)\s*[=!]", expression))
        assert labels - OF_PROMETHEUS <= set().union(*(there[name] for name in names)), expression
