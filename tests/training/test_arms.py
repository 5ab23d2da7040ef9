"""``memberlens arms``: a file of another system, to lines in both languages or a sentence."""

import shlex
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import memberlens
from models.acting.off_policy import LogError
from training.acting import arms


@pytest.fixture(scope="module")
def log():
    """Rows whose first hundreds of rewards are whole numbers, of two options and nothing."""
    rng = np.random.default_rng(0)
    option = rng.choice(["sms", "app", ""], 1500)
    reward = np.where(rng.random(1500) < np.where(option == "sms", 0.4, 0.1), 19.9, 0.0)
    region = rng.choice(["east", "west", None], 1500)
    return pl.DataFrame(
        {
            "subject": np.arange(1500),
            "option": option,
            "reward": np.sort(reward)[np.argsort(np.argsort(reward, kind="stable"))],
            "region": region.tolist(),
            "recency": rng.integers(1, 12, 1500),
        }
    )


def said(table, folder, *, by=("region", "recency"), cost=()):
    table.write_csv(folder / "log.csv")
    return arms.read(folder / "log.csv", by, arms.costs(cost))


def test_the_command_says_it_in_both_languages(log, tmp_path):
    readme = (Path(__file__).parents[2] / "README.md").read_text().splitlines()
    command = next(text for text in readme if text.startswith("memberlens arms "))
    words = [
        word.replace("trial.csv", str(tmp_path / "trial.csv")) for word in shlex.split(command, comments=True)
    ]
    log.write_csv(tmp_path / "trial.csv")
    found = CliRunner().invoke(memberlens.app, words[1:])
    assert found.exit_code == 0, found.output
    assert "so: sms for all" in found.output
    assert "统一使用“sms”" in found.output


def test_what_cannot_be_read_is_a_sentence(log, tmp_path):
    shown = {
        "more than one row": log.with_columns(subject=pl.lit(1)),
        "every row has an option": log.filter(pl.col("option") != ""),
        "reward: 'much'.*allowed is a number": log.with_columns(reward=pl.lit("much")),
        "region: allowed are numbers, and texts of at most 100": log.with_columns(
            region=pl.lit("r") + pl.col("subject").cast(pl.String)
        ),
        "column region is missing": log.drop("region"),
        "recency: differs between options": log.with_columns(
            recency=pl.col("option").replace_strict({"": 0, "sms": 1, "app": 2}, return_dtype=pl.Int64)
        ),
    }
    for words, table in shown.items():
        with pytest.raises(LogError, match=words):
            said(table, tmp_path)
    with pytest.raises(LogError, match="not there: push"):
        said(log, tmp_path, cost=["push=1"])
    with pytest.raises(LogError, match="cost sms: allowed is OPTION=MONEY"):
        said(log, tmp_path, cost=["sms"])
    with pytest.raises(LogError, match="--by recency"):
        said(log, tmp_path, by=())
    for name, content in (("log.csv", b""), ("log.parquet", b"subject,option")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(LogError, match="neither Parquet nor CSV"):
            arms.read(tmp_path / name, ["region"], {})


def test_amounts_after_hundreds_of_whole_numbers_are_read(log, tmp_path):
    late = log.sort("reward").with_columns(pl.col("reward").cast(pl.String).str.strip_suffix(".0"))
    assert said(late, tmp_path).reward.sum() == pytest.approx(log["reward"].sum())
