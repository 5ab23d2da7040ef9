"""Every gate refuses, each for its own reason, and says by how much."""

import json
import shutil

import numpy as np
import polars as pl
import pytest
import stages

from training.io import write_json
from training.reporting.render import environment
from training.reporting.sections.gates import gates as shown
from training.reporting.source import Source
from training.review import gates
from training.review.signoff import sign
from training.stages.report import report, write_pages

AP = "average_precision"
CHAMPION = "gain in average precision over the champion, lower end"
BEST = "gain in average precision over the best champion so far, lower end"


@pytest.fixture(scope="module")
def reported(made_up, tmp_path_factory):
    """The made-up task with its report."""
    folder = shutil.copytree(made_up, tmp_path_factory.mktemp("reported"), dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        report(stages.params(), "churn")
    return folder


@pytest.fixture
def params(reported, tmp_path, monkeypatch):
    """A copy of it, to spoil."""
    shutil.copytree(reported, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return stages.params()


def failed(params) -> list[str]:
    return [gate["gate"] for gate in gates.release_gates(params, "churn") if not gate["passed"]]


def spoil(params, file: str, change) -> None:
    path = params.results / "churn" / file
    content = json.loads(path.read_text())
    change(content)
    write_json(path, content)
    if file == "report.json":
        write_pages(params, "churn")


def test_a_sound_model_passes_every_gate(params):
    assert failed(params) == []


SPOILT = {
    "positives in the test": ("detail.json", lambda found: found.update(positives=3)),
    f"gain in {AP.replace('_', ' ')} over rule, lower end": (
        "detail.json",
        lambda found: found["differences"]["rule"][AP].update(low=-0.001),
    ),
    "expected over observed, as served": (
        "metrics.json",
        lambda found: found.update(expected_over_observed=1.3),
    ),
    "checks of the report": (
        "report.json",
        lambda found: found["sections"]["verdict"].update(failed_checks=["alone"]),
    ),
}


@pytest.mark.parametrize("gate", SPOILT)
def test_each_figure_alone_refuses(params, gate):
    spoil(params, *SPOILT[gate])
    assert failed(params) == [gate]


LOGISTIC = "gain in average precision over logistic, "


def test_a_scorecard_is_refused_only_where_logistic_regression_is_surely_better(params):
    """What is more complex has to show its worth; a scorecard is as simple as what it is held against."""
    cases = [
        ("trees", (-0.023, 0.003), "lower end"),  # too few rows to show that it is worth it
        ("average", (-0.023, 0.003), "lower end"),
        ("logistic", (-0.023, 0.003), None),
        ("logistic", (-0.023, -0.011), "upper end"),
        ("logistic", (-0.003, -0.001), None),  # so many rows that a trifle is sure
        ("logistic", (None, None), "upper end"),
    ]
    path = params.build / "churn" / "tune.json"
    tuned = json.loads(path.read_text())
    for estimator, (low, high), refused in cases:
        write_json(path, tuned | {"best": tuned["best"] | {"estimator": estimator}})
        measured = {"low": low, "high": high}
        spoil(params, "detail.json", lambda found, m=measured: found["differences"]["logistic"][AP].update(m))
        against = [gate for gate in gates.check_gates(params, "churn") if LOGISTIC in gate["gate"]]
        assert [gate["gate"] for gate in against if not gate["passed"]] == (
            [LOGISTIC + refused] if refused else []
        )
        (told,) = [one for one in shown(Source(params, "churn"))["gates"] if one["baseline"] == "logistic"]
        is_upper = against[0]["gate"].endswith("upper end")
        assert ("评分卡" in told["gate"]["zh"], "scorecard" in told["gate"]["en"]) == (is_upper, is_upper)


SENTENCES = (") it gains", "that may be chance", ") is as good: the model", ") it is surely worse")


@pytest.mark.parametrize(
    ("gain", "told"),
    [
        ((0.03, 0.01, 0.05), [") it gains"]),
        ((0.01, -0.01, 0.03), ["that may be chance", ") is as good: the model"]),
        ((-0.03, -0.05, -0.01), [") it is surely worse"]),
    ],
)
def test_a_gain_is_told_as_its_interval_bears_it_out(params, gain, told):
    value, low, high = gain
    direction = "more" if low > 0 else "less" if high < 0 else "unclear"
    found = {"gain": {"value": value, "low": low, "high": high}, "gained": direction}
    spoil(params, "report.json", lambda report: report["sections"]["verdict"].update(found))
    page = (params.results / "churn" / "report.html").read_text()
    assert [words for words in SENTENCES if words in page] == told


def test_a_name_that_is_a_method_of_dicts_is_read_as_what_stands_there():
    template = environment().from_string("{% for k, v in rows.items() %}{{ k }}{{ v.clear }}{% endfor %}")
    assert template.render(rows={"a": {"clear": False}}) == "aFalse"


def test_without_a_report_nothing_is_released(params):
    (params.results / "churn" / "report.html").unlink()
    assert failed(params) == ["report"]


def test_a_missing_signature_refuses_where_it_is_asked_for(params, monkeypatch):
    ask(monkeypatch, roles=["compliance"])
    assert failed(params) == ["signatures"]


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        (
            "signoff: {roles: []",
            "signoff: {role: []",
            r"signoff\.role: no such key; allowed are \['roles'",
        ),
        ("signoff: {roles: []", "signoff: {roles: [boss]", r"signoff\.roles\.0: .*'validator'"),
        ("plan: {roles: []", "plan: {roles: [owner]", r"plan\.roles\.0: .*'manager'"),
        ("four_eyes: false", "four_eyes: perhaps", "four_eyes: .*boolean"),
        ("default: 0.0", "defualt: 0.0", r"line \d+, baseline: default is missing"),
        (
            "champion: {margin",
            "champoin: {margin",
            r"champoin: .* allowed are \['data'",
        ),
    ],
)
def test_a_gate_that_nothing_reads_is_named_by_its_line(was, now, says, tmp_path, monkeypatch):
    path = tmp_path / "gates.yaml"
    path.write_text(gates.GATES.read_text().replace(was, now))
    monkeypatch.setattr(gates, "GATES", path)
    with pytest.raises(ValueError, match=rf"gates\.yaml, .*{says}"):
        gates.wanted_gates()


def ask(monkeypatch, **signoff) -> None:
    """Ask for signatures as a brand might in gates.yaml."""
    wanted = gates.wanted_gates()
    wanted |= {"signoff": wanted["signoff"] | signoff}
    monkeypatch.setattr(gates, "wanted_gates", lambda: wanted)


def test_a_rejected_report_is_not_released_though_no_signature_is_asked_for(params):
    assert gates.wanted_gates()["signoff"]["roles"] == []
    sign(params, "churn", "validator", "reject", "V. Alidator")
    assert failed(params) == ["rejections"]
    sign(params, "churn", "validator", "approve", "V. Alidator")
    assert failed(params) == []


def test_one_name_under_two_roles_refuses_where_four_eyes_are_asked_for(params, monkeypatch):
    for role in ("owner", "validator"):
        sign(params, "churn", role, "approve", "A. Owner")
    assert failed(params) == []
    ask(monkeypatch, four_eyes=True)
    found = {gate["gate"]: gate for gate in gates.release_gates(params, "churn")}
    assert found["four eyes"]["value"] == "A. Owner as owner and validator"
    assert failed(params) == ["four eyes"]
    sign(params, "churn", "validator", "approve", "V. Alidator")
    assert failed(params) == []


def test_an_edited_page_is_not_released(params):
    page = params.results / "churn" / "report.html"
    page.write_text(page.read_text().replace("</h1>", " Safe for prices and credit, too.</h1>", 1))
    assert failed(params) == ["page of the report"]


def test_a_champion_that_cannot_be_asked_needs_somebody_who_answers_for_it(params):
    folder = params.build / "churn"
    shutil.copytree(folder / "model", folder / "champion")
    card = folder / "champion" / "card.json"
    card.write_text(card.read_text().replace('"name": "orders_90d"', '"name": "gone"'))
    assert failed(params) == [CHAMPION]
    sign(params, "churn", "developer", "approve", "D. Eveloper")
    assert failed(params) == [CHAMPION]
    sign(params, "churn", "owner", "approve", "A. Owner")
    assert failed(params) == []


def test_small_losses_do_not_add_up_over_releases(params):
    """The champion is hardly better than the model, the best champion so far clearly is."""
    folder = params.build / "churn"
    shutil.copytree(folder / "model", folder / "best")
    model = folder / "model" / "model.ubj"
    model.write_bytes(_fewer_trees(model, 2))
    shutil.copytree(folder / "model", folder / "champion")
    test = pl.read_parquet(folder / "test.parquet")
    noise = np.random.default_rng(0).normal(0, 2, len(test))
    noisy = 1 / (1 + np.exp(-(test["margin"].to_numpy() + noise)))
    test.with_columns(probability=pl.Series(noisy)).write_parquet(folder / "test.parquet")
    assert failed(params) == [BEST]


def test_a_model_that_is_worse_than_the_champion_is_refused(params):
    folder = params.build / "churn"
    shutil.copytree(folder / "model", folder / "champion")
    assert failed(params) == []  # the model itself
    test = pl.read_parquet(folder / "test.parquet")
    shuffled = np.random.default_rng(0).permutation(test["probability"].to_numpy())
    test.with_columns(probability=pl.Series(shuffled)).write_parquet(folder / "test.parquet")
    model = folder / "model" / "model.ubj"
    model.write_bytes(_fewer_trees(model))
    assert failed(params) == [CHAMPION]


def _fewer_trees(path, trees: int = 1) -> bytes:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(path)
    return bytes(booster[:trees].save_raw("ubj"))
