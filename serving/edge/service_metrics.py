"""What Prometheus reads; no label ever holds an id or a value of a person."""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SHARED = "PROMETHEUS_MULTIPROC_DIR"  # BentoML sets it, so that several workers count together
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 20)
SCORES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)


class Metrics:
    """Counts of one process; ``text`` adds up those of all workers."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own: dict[str, Any] = {"registry": self.registry, "namespace": "memberlens"}
        self.requests = Counter("requests", "calls", ("route", "method", "client", "status"), **own)
        self.seconds = Histogram("request_seconds", "time to answer", ("route",), buckets=SECONDS, **own)
        self.scores = Counter(
            "score_requests", "subjects asked about", ("model", "version", "client", "status"), **own
        )
        self.values = Histogram(
            "score_value", "probabilities told", ("model", "version"), buckets=SCORES, **own
        )
        self.bands = Counter("bands", "subjects by band", ("model", "version", "band"), **own)
        self.unseen = Counter(
            "unseen_category", "categories not seen in training", ("model", "feature"), **own
        )
        self.missing = Counter("feature_missing", "inputs missing unusually", ("model", "feature"), **own)
        self.beyond = Counter("feature_out_of_range", "inputs never seen so", ("model", "feature"), **own)
        self.thin = Counter("thin_segment", "subjects of segments with few data", ("model", "feature"), **own)
        self.doubted = {
            "unseen_category": self.unseen, "imputed": self.missing, "out_of_range": self.beyond,
            "thin_segment": self.thin,
        }  # fmt: skip
        self.suppressed = Counter("suppressed", "subjects not scored", ("model", "reason"), **own)
        self.outside = Counter("outside", "subjects that the model is not about", ("model", "reason"), **own)
        self.unlogged = Counter("score_log_lost", "answers whose line in the log of scores was lost", **own)
        self.actions = Counter(
            "next_actions", "what was due for subjects", ("scene", "action", "reason", "client"), **own
        )
        self.silent = Counter(
            "all_suppressed", "bulk calls and jobs in which everybody was suppressed", ("model",), **own
        )
        self._state({"multiprocess_mode": "mostrecent"} | own)

    def _state(self, newest: dict[str, Any]) -> None:
        """What is so at this moment; of several workers the newest word counts."""
        self.info = Gauge(
            "model_info", "1 for the version that answers", ("model", "version", "git_commit"), **newest
        )
        self.age = Gauge("model_age_days", "days since training", ("model",), **newest)
        self.refused = Gauge(
            "champion_refused", "1 where a new champion did not pass its test", ("model",), **newest
        )
        self.list_refused = Gauge(
            "consent_list_refused", "1 where the published list of consents is not followed", **newest
        )
        self.snapshot_age = Gauge("snapshot_age_days", "days since the snapshot", ("model",), **newest)
        self.limit = Gauge("snapshot_stale_days", "age from which a snapshot is stale", **newest)
        self.jobs = Gauge("jobs", "jobs that are kept", ("status",), **newest)
        self.audiences = Gauge("audiences", "audiences that are kept", ("status",), **newest)
        self.waiting = Gauge("jobs_waiting_seconds", "age of the oldest job not done", **newest)
        self.in_flight = Gauge("in_flight", "calls being answered, of all workers", ("about",), **newest)
        self.writable = Gauge("store_writable", "1 where jobs and outcomes can be kept", **newest)
        self.snapshot_refused = Gauge(
            "snapshot_refused", "1 where what was published is missing or refused", ("model",), **newest
        )

    def request(self, route: str, method: str, client: str, status: int, seconds: float) -> None:
        """Count a call that was answered."""
        self.requests.labels(route, method if method in METHODS else "other", client, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def answered(self, model: Mapping[str, Any], client: str, found: Sequence[Mapping[str, Any]]) -> None:
        """Count the subjects that one call was answered about."""
        name, version = model["name"], model["version"]
        values = self.values.labels(name, version)
        for one in found:
            self.scores.labels(name, version, client, one["status"]).inc()
            if one["status"] == "ok":
                values.observe(one["probability"])
                self.bands.labels(name, version, one["band"]).inc()
            elif one["status"] == "suppressed":
                self.suppressed.labels(name, one["suppression_reason"]).inc()
            elif one["status"] == "outside_population":
                self.outside.labels(name, one["outside_reason"]).inc()
            for warning in one.get("warnings", ()):
                for feature in warning.get("features", ()):
                    self.doubted[warning["code"]].labels(name, feature).inc()

    def acted(self, found: Mapping[str, Any], client: str) -> None:
        """Count a next action that was told."""
        scene = found["scene"]["name"] if found["scene"] else "-"
        self.actions.labels(scene, found["action"], found["reason"]["code"], client).inc()

    def loaded(self, model: Mapping[str, Any], former: Mapping[str, Any] | None) -> None:
        """Note that a champion has taken over from ``former``."""
        if former is not None:
            self.info.labels(former["name"], former["version"], former.get("git_commit") or "-").set(0)
        self.info.labels(model["name"], model["version"], model.get("git_commit") or "-").set(1)

    def aged(self, model: Mapping[str, Any], snapshot_days: float | None, now: datetime) -> None:
        """Set how old a champion and its snapshot are at this moment."""
        if model.get("trained_at"):
            age = now - datetime.fromisoformat(model["trained_at"])
            self.age.labels(model["name"]).set(age.total_seconds() / 86_400)
        if snapshot_days is not None:
            self.snapshot_age.labels(model["name"]).set(snapshot_days)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        if SHARED not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))
