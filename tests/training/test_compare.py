"""A comparison shows what differs, and is paired on the rows that both were tested on."""

import subprocess

import numpy as np
import polars as pl
import pytest

from training.registry.compare import compare, open_record, table
from training.registry.run_record import Record, predictions


def record(name: str, seed: int = 0, noise: float = 0.0, rows: int = 2000, **params: object) -> Record:
    """A made-up execution; ``noise`` blurs its scores."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(size=rows)
    label = (rng.random(rows) < 1 / (1 + np.exp(-2 * odds))).astype(np.int8)
    blurred = odds + noise * np.random.default_rng(9).normal(size=rows)
    test = pl.DataFrame(
        {
            "row_id": range(rows), "member_id": [f"m{at % 500:05d}" for at in range(rows)],
            "as_of": [1_700_000_000 + at // 500 for at in range(rows)], "label": label,
            "probability": 1 / (1 + np.exp(-blurred)),
        }
    )  # fmt: skip
    facts = {"test_start": "2025-01-01", "features": ["a", "b"]}
    return Record(name, {"seed": 7} | params, facts, {}, predictions(test, "member_id"))


def test_the_same_twice_differs_in_nothing():
    found = compare(record("a"), record("b"))
    assert found["params"] == found["data"] == {}
    assert found["metrics"]["auc"]["difference"] == {"value": 0, "low": 0, "high": 0}
    assert "all equal" in table(found, "a", "b")


def test_a_blurred_model_loses_beyond_noise_and_the_table_says_so():
    found = compare(record("a", depth=4), record("b", noise=2.0, depth=5))
    assert found["params"] == {"depth": (4, 5)}
    assert found["metrics"]["auc"]["difference"]["high"] < 0
    parts = {part["part"]: part for part in found["top"]}
    assert parts["enter"]["n"] == parts["leave"]["n"] > 0
    assert parts["leave"]["value"] > parts["enter"]["value"]
    text = table(found, "a", "b")
    assert "depth: 4 -> 5" in text
    assert "auc" in text
    assert " *" in text


def test_money_is_compared_on_stated_assumptions_and_paired():
    stated = {f"economics.churn.{key}": value for key, value in
              {"value": 100.0, "success": 0.2, "cost": 4.0, "capacity": 0.25}.items()}  # fmt: skip
    first, second = record("a"), record("b", noise=2.0, **stated)
    money = compare(first, second)["money"]
    for side, made in (("first", first), ("second", second)):
        best = made.predictions.sort("probability", descending=True).head(500)
        assert money[side]["value"] == pytest.approx((20 * best["label"].sum() - 4 * 500) * 10_000 / 2000)
    gap = money["difference"]
    assert gap["low"] < gap["value"] < gap["high"] < 0
    text = table(compare(first, second), "a", "b")
    assert "money" in text
    assert "the best 25% acted on" in text
    assert compare(first, first)["money"] is None  # nothing is stated
    same = compare(second, second)["money"]["difference"]
    assert same == {"value": 0, "low": 0, "high": 0}


def test_only_common_rows_count_and_others_are_told():
    long, short = record("a"), record("b")
    kept = Record("b", short.params, short.data, {}, short.predictions[:700])
    assert compare(long, kept)["rows"] == {"first": 2000, "second": 700, "both": 700, "other_label": 0}


def test_nothing_in_common_is_said():
    other = record("b")
    moved = Record("b", {}, {}, {}, other.predictions.with_columns(pl.col("row") + 1))
    assert "nothing to compare" in table(compare(record("a"), moved), "a", "b")


def test_predictions_carry_no_ids():
    text = record("a").predictions.write_csv()
    assert "m00001" not in text


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], check=True)
    (tmp_path / "params.yaml").write_text("data: brand\n")
    who = ["-c", "user.name=x", "-c", "user.email=x@localhost"]
    subprocess.run(["git", "add", "."], check=True)
    subprocess.run(["git", *who, "commit", "-qm", "x"], check=True)
    subprocess.run(["dvc", "init", "-q"], check=True)
    return tmp_path


def test_a_revision_without_results_names_what_is_missing(repository):
    with pytest.raises(FileNotFoundError, match=r"build/brand/churn/dataset.json at HEAD"):
        open_record("HEAD", "churn")
