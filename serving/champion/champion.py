"""A released model with everything that is needed to answer with it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from models.counterfactual import Counterfactuals
from models.scorer import Population, Scorer
from serving.champion.content_history import History
from serving.champion.feature_snapshot import Snapshot
from serving.champion.input_warnings import InputWarnings
from serving.champion.known_subjects import Everyone
from serving.champion.published_scores import Published
from serving.champion.record_features import RecordFeatures
from serving.damage import DAMAGED

CONTENT_TABLE = "campaigns.parquet"


@dataclass(frozen=True)
class Champion:
    """What answers for one task.

    Parameters
    ----------
    version
        The registry's version of the model.
    release
        Who trained it, when, on what: ``release.json`` of the released folder.
    snapshot, published
        The published features, and the scores that the batch made of them; None with the reason in
        ``refusal``. Without published scores, answers by reference are computed when asked for.
    campaigns, history
        Contents that are known, by campaign, and what members did with contents; for a task that
        is about campaigns.
    everyone
        Who is known at all, in the snapshot or not.
    """

    task: str
    version: str
    release: Mapping[str, Any]
    scorer: Scorer
    reader: RecordFeatures
    snapshot: Snapshot | None
    published: Published | None
    refusal: str | None
    campaigns: Mapping[str, Mapping[str, Any]]
    history: History | None
    everyone: Everyone | None = None

    @classmethod
    def load(cls, folder: Path, published: Path, kept: Path) -> "Champion":
        """Read the local copy of a release and the snapshot published for its task.

        ``ValueError`` where the model does not fit this code. A snapshot that is missing or
        refused leaves the answers by record. ``kept`` is where prepared files may be put.
        """
        pointer = json.loads((folder / "release.json").read_text())
        scorer = Scorer.load(folder)
        card = scorer.model.card
        snapshot, refusal = _snapshot(published / card["task"] / "snapshot", scorer)
        ready, why, scorer = _ready(published / card["task"], snapshot, scorer)
        reader, tables, about = RecordFeatures.of(card), published / "tables", card["key"] == "contact_id"
        history = History.load(tables, reader, snapshot, kept) if about and snapshot else None
        return cls(
            task=card["task"],
            version=folder.name,
            release=pointer,
            scorer=scorer,
            reader=reader,
            snapshot=snapshot,
            published=ready,
            refusal=refusal or why,
            campaigns=_contents(tables / CONTENT_TABLE) if about else {},
            history=history,
            everyone=Everyone.of_tables(tables, reader.key),
        )

    @property
    def card(self) -> Mapping[str, Any]:
        return self.scorer.model.card

    @cached_property
    def counterfactuals(self) -> Counterfactuals:
        """What would have led to another band."""
        return Counterfactuals(self.scorer)

    @cached_property
    def input_warnings(self) -> InputWarnings:
        """What is unusual about inputs."""
        return InputWarnings(self.scorer.model)

    @cached_property
    def rates(self) -> dict[str, float | None]:
        """By band the rate that is expected in it."""
        return self.scorer.band_rates

    @cached_property
    def band_texts(self) -> dict[str, dict[str, str]]:
        """By language and band its words."""
        return {word: {band["name"]: band[word] for band in self.card["bands"]} for word in ("en", "zh")}

    @cached_property
    def name(self) -> dict[str, Any]:
        """How answers name the model."""
        told = ("data", "trained_at", "report_sha256", "git_commit")
        return {"name": self.task, "version": self.version, "alias": "champion"} | {
            key: self.release.get(key) for key in told
        }


def _snapshot(folder: Path, scorer: Scorer) -> tuple[Snapshot | None, str | None]:
    try:
        return Snapshot.load(folder, scorer.model.fingerprints), None
    except FileNotFoundError as error:
        return None, f"{error.filename}: not found"
    except DAMAGED as error:
        return None, _said(error)


def _ready(
    folder: Path, snapshot: Snapshot | None, scorer: Scorer
) -> tuple[Published | None, str | None, Scorer]:
    """Published scores, why there are none, and the scorer with the population that they refer to.

    A batch states percentiles against everybody of its own day; so do all answers beside it.
    """
    file = folder / "scores.parquet"
    if snapshot is None or not file.exists():
        return None, None if snapshot is None else f"{file}: not found", scorer
    try:
        dated = _dated(scorer, folder / "population.json")
        return Published.load(file, snapshot, dated), None, dated
    except DAMAGED as error:
        return None, _said(error), scorer


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _dated(scorer: Scorer, file: Path) -> Scorer:
    """With the batch's population, where it wrote one."""
    if not file.exists():
        return scorer
    return replace(scorer, population=Population.from_json(json.loads(file.read_text())))


def _contents(path: Path) -> dict[str, dict[str, Any]]:
    if not path.exists():
        return {}
    return {row["campaign_id"]: row for row in pl.read_parquet(path).iter_rows(named=True)}
