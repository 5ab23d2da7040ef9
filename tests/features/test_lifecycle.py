"""One meaning of a stage: limits are the brand's own, and feature, portrait and report follow them."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import stages
from worlds import finished, raw_world

from features import catalog
from features.compute import compute
from features.consent_policy import Policy, Unknown
from features.fingerprint import fingerprints
from features.groups.purchases import PURCHASES, with_limits
from features.lifecycle import STAGES
from features.lifecycle_limits import LifecycleLimits
from features.timestamps import extract_moment
from training.data.artifacts import Ingest, read_artifact, write_artifact
from training.params import parse
from training.reporting.sections.factors import factors, label
from training.stages.consent import consent
from training.stages.portrait import portrait

OWN = LifecycleLimits(new_days=20, silent_days=40, silent_pauses=1.5, lost_days=120)


def expected(limits: LifecycleLimits, row: dict[str, float | None]) -> str:
    """The rule once more, from a row of features."""
    since, first, pause = (row[n] for n in ("days_since_order", "days_since_first_order", "gap_mean_days"))
    if not row["orders"] or since is None or first is None:
        return "prospect"
    if since > limits.lost_days:
        return "lost"
    if since > limits.silent_days and since > (pause or 0) * limits.silent_pauses:
        return "silent"
    return "new" if first <= limits.new_days else "mature"


@pytest.mark.parametrize("limits", [LifecycleLimits(), OWN])
def test_portrait_and_feature_agree_by_the_brands_own_limits(tmp_path, monkeypatch, limits):
    monkeypatch.chdir(tmp_path)
    policy = Policy(unknown=Unknown(profiling="score"))
    params = stages.params().model_copy(update={"consent": policy, "lifecycle": limits})
    tables = params.build / "tables"
    tables.mkdir(parents=True)
    world = finished(raw_world(4, 90, 500))
    for name, frame in world.items():
        frame.write_parquet(tables / f"{name}.parquet")
    write_artifact(params.build, Ingest, stages.ingest("2025-08-01T00:00:00+00:00"))
    consent(params)
    portrait(params)
    told = pl.read_parquet(params.build / "portrait" / "portrait.parquet").filter(pl.col("status") == "ok")
    moment = extract_moment(read_artifact(Ingest, params.build)) + 1
    asked = told.select("member_id", row_id=pl.int_range(pl.len()), as_of=pl.lit(moment, pl.Int64))
    rows = compute(asked, world, catalog.available([PURCHASES], {"purchases": {}}, limits))
    features = asked.join(rows, on="row_id", how="left")
    stage = features["stage"].fill_null("prospect").to_list()
    assert [value.replace("responder", "prospect") for value in told["stage"]] == stage
    assert stage == [expected(limits, row) for row in features.iter_rows(named=True)]
    assert len(set(stage)) >= 3


def test_the_groups_of_a_report_are_the_feature_itself():
    rng = np.random.default_rng(1)
    rows = pl.DataFrame({"stage": rng.choice(["new", "mature", "silent", "lost"], 50)})
    (found,) = factors(SimpleNamespace(test=rows, past=rows, features={}), rows)
    assert found.name == "stage"
    assert found.values.to_list() == rows["stage"].to_list()
    assert label("stage", "silent") == {"en": "silent", "zh": "沉默客户"}
    assert {label("stage", code)["zh"] for code in STAGES} == {zh for _, zh in STAGES.values()}


def test_other_limits_are_another_meaning_of_the_stage_alone():
    before, after = fingerprints([PURCHASES]), fingerprints([with_limits(PURCHASES, OWN)])
    assert [name for name in before if before[name] != after[name]] == ["stage"]
    for name, value in OWN.model_dump(exclude_none=True).items():
        one = LifecycleLimits.model_validate({name: value})
        assert fingerprints([with_limits(PURCHASES, one)])["stage"] != before["stage"], name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{silent_days: 400}", "lifecycle: Value error, silent_days 400 is not below lost_days 365"),
        ("{silent: 3}", "lifecycle.silent: no such key; allowed are"),
        ("{new_days: 0}", "lifecycle.new_days: Input should be greater than or equal to 1"),
    ],
)
def test_wrong_limits_are_named(text, message):
    lines = (Path(stages.__file__).parent.parent / "params.yaml").read_text().splitlines()
    changed = [f"lifecycle: {text}" if line.startswith("lifecycle:") else line for line in lines]
    with pytest.raises(ValueError, match=message):
        parse("\n".join(changed))
