"""Closed leads on the way from an export to questions: they are left out while they are closed, no others."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import small_world
import yaml

from models.task import requirements
from training import params as settings
from training.sources.proposal.propose import propose
from training.stages.consent import consent
from training.stages.dataset import dataset
from training.stages.ingest import ingest

START, END = datetime(2024, 1, 1), datetime(2025, 6, 1)
LOST = "Closed - Not Converted"


def history(leads: int) -> list[tuple[str, str, str, str, datetime]]:
    """Changes of leads as one system writes them: lead, field, before, after, when."""
    rng, rows = np.random.default_rng(0), []
    for number in range(leads):
        when, state = START + timedelta(days=float(rng.uniform(0, 480))), "Open"
        rows.append((f"L{number}", "created", "", "", when))
        for _ in range(4):
            when += timedelta(days=float(rng.exponential(6)))
            draw = rng.random()
            after = "Closed - Converted" if draw < 0.25 else LOST if draw < 0.6 else "Working"
            after = "Working" if state == LOST else after
            if when > END or state == "Closed - Converted" or (state == LOST and rng.random() < 0.5):
                break
            if after != state:
                rows.append((f"L{number}", "Status", state, after, when))
                state = after
    return rows


def asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, with_closures: bool
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """The questions of a source, and what is said of them."""
    (folder / "mappings").mkdir(parents=True)
    monkeypatch.chdir(folder)
    lines = [f"{lead},{field},{a},{b},{when:%FT%TZ}" for lead, field, a, b, when in history(900)]
    (folder / "LeadHistory.csv").write_text("\n".join(["LeadId,Field,OldValue,NewValue,CreatedDate", *lines]))
    mapping = yaml.safe_load(propose([folder / "LeadHistory.csv"], requirements=requirements()).text)
    mapping.pop("own_tables")
    mapping["extracted_at"] = f"{END:%F}"
    if not with_closures:
        mapping["tables"].pop("closures")
    (folder / "mappings" / "own.yaml").write_text(yaml.safe_dump(mapping))
    given = yaml.safe_load(small_world.small()) | {"data": "own", "tasks": ["lead"]}
    (folder / "params.yaml").write_text(yaml.safe_dump(given))
    params = settings.load()
    for stage in (ingest, consent):
        stage(params)
    dataset(params, "lead")
    rows = pl.read_parquet(params.build / "lead" / "dataset.parquet")
    return rows, json.loads((params.build / "lead" / "dataset.json").read_text())


def test_no_question_is_asked_while_a_lead_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, facts = asked(tmp_path / "with", monkeypatch, with_closures=True)
    every, plain = asked(tmp_path / "without", monkeypatch, with_closures=False)
    changes = pl.DataFrame(history(900), schema=["lead_id", "field", "before", "after", "when"], orient="row")
    seconds = changes.filter(field="Status").with_columns(
        at=pl.col("when").dt.truncate("1s").dt.epoch("s"), lost=pl.col("after") == LOST
    )
    seconds = seconds.select("lead_id", "lost", at=pl.col("at") + 1).sort("at")
    questions = every.select("lead_id", "as_of").sort("as_of")
    states = questions.join_asof(
        seconds, left_on="as_of", right_on="at", by="lead_id", check_sortedness=False
    )
    is_open = states.filter(~pl.col("lost").fill_null(False)).sort("lead_id", "as_of")
    assert rows.select("lead_id", "as_of").sort("lead_id", "as_of").equals(is_open.select("lead_id", "as_of"))
    assert 0 < every.height - rows.height < every.height / 2
    assert rows["days_since_closed"].null_count() == rows.height
    new = {one["name"] for one in facts["features"]} - {one["name"] for one in plain["features"]}
    assert new == {"days_since_closed"}
    assert "closures" not in plain["groups"]
    assert "closures" not in plain["left_out"]
