"""A leak stops the build and is named, without being told where it is; honest data pass."""

import os
import re
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import stages
from worlds import finished, raw_world, spine_of

from features.compute import compute
from models.tasks.churn import TASK
from training import params as settings
from training.data.artifacts import Dataset, FeatureRow, Ingest, read_artifact, write_artifact
from training.stages.audit import audit, examine, lines, recompute
from training.stages.dataset import dataset
from training.stages.ingest import ingest
from training.use_dataset import use_dataset

ROOT = Path(__file__).parents[2]
PUBLIC = pytest.mark.skipif(
    "MEMBERLENS_DATA" not in os.environ, reason="MEMBERLENS_DATA names no public data"
)


FLAT: Dataset = {
    "task": "given", "subject": "subject_id", "spine": stages.SPINE, "dated": True,
    "extracted_at": "2025-01-01T00Z", "waterfall": [], "splits": {}, "test_start": None, "blocks": [],
    "test_start_time": 0, "own_tables": [], "groups": ["given"], "features": [], "fingerprint": "",
    "left_out": {}, "enough": [], "dropped": [], "by_chance": None,
}  # fmt: skip


def flat(rng: np.random.Generator, rows: int = 6000, **columns: np.ndarray) -> pl.DataFrame:
    """A flat data set: three weak hints, a drift, and what is added."""
    hints = rng.normal(size=(3, rows))
    odds = 0.5 * hints.sum(axis=0) - 2 + np.linspace(0, 2, rows)
    label = (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.int8)
    rest = {name: column(label) for name, column in columns.items()}  # type: ignore[operator]
    return pl.DataFrame(
        {
            "row_id": range(rows), "subject_id": [str(at) for at in range(rows)], "label": label,
            "as_of": [1_700_000_000 + 3600 * at for at in range(rows)],
            "window_end": [1_700_000_000 + 3600 * at for at in range(rows)],
            "split": ["train"] * (rows - 1000) + ["test"] * 1000,
            "x_a": hints[0], "x_b": hints[1], "x_c": hints[2], "x_rate": np.linspace(5, 1, rows), **rest,
        }
    )  # fmt: skip


def written(rows: pl.DataFrame, accepted: dict[str, str]) -> settings.Params:
    params = stages.params().model_copy(update={"data": "flat", "tasks": ("given",)})
    folder = params.build / "given"
    folder.mkdir(parents=True)
    rows.write_parquet(folder / "dataset.parquet")
    named = [described(name, "number", "subjects", "given") for name in rows.columns if name.startswith("x_")]
    write_artifact(folder, Dataset, FLAT | {"features": named})
    write_artifact(params.build, Ingest, stages.ingest() | {"excluded": {}, "accepted": accepted})
    return params


def described(name: str, unit: str, table: str, group: str) -> FeatureRow:
    words = {"window": None, "en": "", "zh": "", "empty": None, "fingerprint": ""}
    return {"name": name, "unit": unit, "table": table, "group": group, **words}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("seed", range(4))
def test_honest_columns_pass_also_one_that_follows_the_base_rate(seed):
    params = written(flat(np.random.default_rng(seed)), {})
    audit(params, "given")
    assert {check["result"] for check in examine(params, "given")["checks"]} == {"good", "unrun"}


@pytest.mark.parametrize("seed", range(4))
def test_what_is_measured_with_the_outcome_is_named(seed):
    rng = np.random.default_rng(seed)
    rows = flat(rng, x_length=lambda label: rng.gamma(1 + 2 * label))
    with pytest.raises(ValueError, match=r"column length alone ranks .* looks recorded after the outcome"):
        audit(written(rows, {}), "given")


@pytest.mark.parametrize("way", [0, 1])
def test_a_value_that_decides_is_named(way):
    rng = np.random.default_rng(3)
    rows = flat(rng, x_paid=lambda label: (label == way) * (rng.random(len(label)) < 0.05) * 9.5)
    said = f"with a value of column paid all have the outcome {'yes' if way else 'no'}"
    with pytest.raises(ValueError, match=said):
        audit(written(rows, {}), "given")


def test_an_accepted_column_passes_with_its_reason():
    rng = np.random.default_rng(0)
    rows = flat(rng, x_length=lambda label: rng.gamma(1 + 2 * label))
    params = written(rows, {"length": "measured by the shop before the offer"})
    audit(params, "given")
    said = "\n".join(lines(examine(params, "given")))
    assert "warn  outranks    length is accepted: measured by the shop before the offer" in said


@pytest.fixture
def real(made_up, tmp_path):
    """A copy of the made-up task, to spoil."""
    shutil.copytree(made_up, tmp_path, dirs_exist_ok=True)
    return stages.params()


@pytest.mark.parametrize("what", ["alone", "windows", "twice", "apart"])
def test_each_leak_of_a_dated_task_is_named(what, request):
    params = stages.make("leak") if what == "alone" else request.getfixturevalue("real")
    path = params.build / "churn" / "dataset.parquet"
    rows = pl.read_parquet(path)
    if what == "windows":
        last = pl.when(pl.col("split") == "valid").then(pl.col("window_end") + 90 * 86_400)
        rows = rows.with_columns(last.otherwise("window_end").alias("window_end"))
    if what == "twice":
        rows = pl.concat([rows, rows.head(3).with_columns(pl.col("row_id") + 10**6)])
    if what == "apart":
        one = rows.filter(pl.col("split") == "test").head(1).with_columns(split=pl.lit("train"))
        rows = pl.concat(
            [rows, one.with_columns(pl.col("as_of") - 5, row_id=pl.lit(10**6))], how="vertical_relaxed"
        )
    rows.write_parquet(path)
    with pytest.raises(ValueError, match="audit of churn: ") as refusal:
        audit(params, "churn")
    words = {"alone": "feature tickets_90d alone", "twice": "3 questions stand twice"}
    words |= {"windows": "outcomes of development rows lie in the test", "apart": "1 subjects stand in"}
    assert words[what] in str(refusal.value)


@pytest.mark.parametrize("recorded", [True, False])
def test_states_of_a_crm_are_stopped_where_no_row_says_when_they_were_known(recorded, real):
    params = real
    path = params.build / "churn" / "dataset.parquet"
    rows, rng = pl.read_parquet(path), np.random.default_rng(0)
    at, words = rows["label"].to_numpy(), np.array(["lost", "open", "won"])
    states = {
        name: words[np.where(rng.random(len(at)) < 0.15, rng.integers(0, 3, len(at)), 2 * at)]
        for name in ("x_state", "x_stage")
    }
    rows.with_columns(**{name: pl.Series(value) for name, value in states.items()}).write_parquet(path)
    facts = read_artifact(Dataset, path.parent)
    facts["features"] += [described(name, "category", "members", "profile") for name in states]
    write_artifact(path.parent, Dataset, facts)
    ingest = stages.ingest() | {"unrecorded": [] if recorded else ["members"]}
    write_artifact(params.build, Ingest, ingest)
    found = {check["check"]: check for check in examine(params, "churn")["checks"]}
    assert ("together" in found) is not recorded
    if not recorded:
        assert found["together"]["result"] == "bad"
        assert set(found["together"]["feature"].split(", ")) == {"stage", "state"}


def test_a_text_that_separates_the_classes_alone_is_named():
    rng = np.random.default_rng(0)
    params = written(flat(rng, x_word=lambda label: np.where(label == 1, "gone", "here")), {})
    facts = read_artifact(Dataset, params.build / "given")
    for row in facts["features"]:
        row["table"] = "members"
        row["unit"] = "category" if row["name"] == "x_word" else "number"
    write_artifact(params.build / "given", Dataset, facts)
    with pytest.raises(ValueError, match="feature x_word alone separates the classes"):
        audit(params, "given")


def test_features_computed_anew_are_those_of_the_data_set(tmp_path):
    world = finished(raw_world(1))
    for name, frame in world.items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
    asked = spine_of(world, 0).head(30)
    found = recompute(asked, tmp_path, TASK.groups).sort("row_id")
    assert found.equals(compute(asked, world, TASK.groups).sort("row_id"))
    leaking = {**world, "purchases": world["purchases"].with_columns(known_time=pl.lit(0, pl.Int64))}
    assert not found.equals(compute(asked, leaking, TASK.groups).sort("row_id"))


@PUBLIC
@pytest.mark.parametrize(
    ("data", "column"), [("bank-marketing", "duration"), ("hillstrom-email", "conversion")]
)
def test_the_known_leak_of_a_public_set_is_named_without_being_told(data, column, tmp_path):
    (tmp_path / "mappings").mkdir()
    told = (ROOT / f"mappings/{data}.yaml").read_text()
    untold = re.sub(r"      exclude:\n        \w+: .*\n", "", told)
    assert untold != told
    (tmp_path / f"mappings/{data}.yaml").write_text(untold)
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    use_dataset(data, Path("params.yaml"))
    params = settings.parse(Path("params.yaml").read_text())
    ingest(params)
    dataset(params, "given")
    with pytest.raises(ValueError, match=f"column {column} ") as refusal:
        audit(params, "given")
    assert str(refusal.value).count("column ") == 1
