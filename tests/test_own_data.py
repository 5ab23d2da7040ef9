"""Own files, from the first look to a search: what `check` calls trainable runs through DVC itself."""

import json
import re
import sys

import numpy as np
import polars as pl
import pytest
import stages
import yaml
from project_copy import copied, memberlens, run


@pytest.fixture
def project(tmp_path):
    """A copy of the project without data."""
    return copied(tmp_path)


def flat(folder):
    rng, n = np.random.default_rng(0), 600
    x = rng.normal(size=n)
    label = (rng.random(n) < 1 / (1 + np.exp(-x))).astype(int)
    pl.DataFrame({"age": (40 + 10 * x).round(0), "churned": label}).write_csv(folder / "flat.csv")
    return ["flat.csv"]


def events(folder):
    rng, members = np.random.default_rng(0), 200
    who = np.repeat(np.arange(members), 15)
    days = rng.random(len(who)) * np.where(rng.random(members) < 0.5, 500, 900)[who]
    when = pl.Series((days * 86_400).astype(int) + 1_640_995_200)
    orders = {"order_id": np.arange(len(who)), "customer_id": who, "order_date": pl.from_epoch(when)}
    pl.DataFrame(orders | {"price": rng.gamma(2, 10, len(who)).round(2)}).write_csv(folder / "orders.csv")
    people = {"customer_id": np.arange(members), "gender": rng.choice(["m", "f"], members)}
    pl.DataFrame(people).write_csv(folder / "customers.csv")
    return ["orders.csv", "customers.csv"]


@pytest.mark.parametrize(
    ("make", "task", "says"), [(flat, "given", "600 of 600 have"), (events, "churn", "nobody has")]
)
def test_what_check_calls_trainable_runs_to_the_report(project, make, task, says):
    """Members without a word about consent are learnt from, and have no score until it is decided."""
    memberlens(project, "init", *make(project), "--name", "my_shop")
    told = memberlens(project, "check", "my_shop")
    assert f"task {task}: can be trained" in told
    assert ("members and leads would have no score" in told) == (task == "churn")
    quick(project)
    memberlens(project, "use", "my_shop")
    if make is flat:
        memberlens(project, "pipeline")
    else:  # the same stages without a process each
        done = run(project, sys.executable, "-c", stages.ALONE, "churn", "recall")
        assert done.returncode == 0, done.stderr[-2000:]
    assert (project / f"experiments/my_shop/{task}/report.html").exists()
    last = memberlens(project, "summary")
    assert f"{says} a score to act on" in last
    assert ("not tested over time" in last, "days before the extract" in last) == (
        make is flat,
        make is events,
    )
    if make is flat:
        tells_no_time(project)


def tells_no_time(project):
    """A table without dates loses no row, and its report has no date but that of the file."""
    facts = json.loads((project / "build/my_shop/given/dataset.json").read_text())
    assert facts["dated"] is False
    assert sum(part["rows"] for part in facts["splits"].values()) == 600
    assert {part[end] for part in facts["splits"].values() for end in ("from", "to")} == {None}
    results = project / "experiments/my_shop/given"
    report = json.loads((results / "report.json").read_text())["sections"]
    assert report["stability"]["reason"] == report["drift"]["reason"] == "undated"
    assert json.loads((results / "detail.json").read_text())["periods"] == []
    text = re.sub("<[^>]+>", " ", (results / "report.html").read_text())
    assert "not tested over time" in text
    assert not re.search(r"\b1970\b|\b2000-|Every figure is out of time", text)


def quick(project):
    """Settings of the user's own, which a mapping does not touch, and a short search."""
    params = yaml.safe_load((project / "params.yaml").read_text())
    params |= {
        "fit": {"bags": 2},
        "evaluate": {"resamples": 20},
        "explain": stages.EXPLAIN.model_dump(),
        "backtest": {"origins": 2, "rows": 500, "resamples": 20},
    }
    (project / "params.yaml").write_text(yaml.safe_dump(params))
    mapping = project / "mappings/my_shop.yaml"
    content = yaml.safe_load(mapping.read_text())
    content["params"]["tune"] = {task: {"trials": 1, "rows": 500} for task in content["params"]["tasks"]}
    mapping.write_text(yaml.safe_dump(content, sort_keys=False))


def test_check_tells_what_would_not_train(project):
    memberlens(project, "init", *flat(project), "--name", "short")
    mapping = project / "mappings/short.yaml"
    content = yaml.safe_load(mapping.read_text())
    content["params"]["spine"] = {"given": {"days": 400}}
    mapping.write_text(yaml.safe_dump(content, sort_keys=False))
    assert "task given: cannot be trained with these settings" in memberlens(project, "check", "short")


def test_dvc_says_why_it_stopped(project):
    (project / "dvc.yaml").write_text("stages: [\n")
    done = run(project, sys.executable, "-m", "memberlens", "pipeline")
    assert done.returncode != 0
    assert "dvc.yaml" in done.stderr
    assert "invalid" in done.stderr
