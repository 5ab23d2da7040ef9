"""A sample's figures beside those of all rows: near where it was drawn by chance, told where it was not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import stages

from models.scorer import OK
from training.data.artifacts import Sampled
from training.evaluation.metrics import Ranked, all_metrics, estimates, integer_codes
from training.reporting.sections.checks import checks
from training.reporting.sections.sample import BINNED, MEASURES, sample
from training.reporting.source import Source, unassessed
from training.results.whole import Whole
from training.spark.margin_bins import in_bins, means, measures
from training.spark.rows import drawn

Choose = Callable[[pl.DataFrame], pl.DataFrame]


@pytest.fixture(scope="module")
def whole(made_up: Path) -> Source:
    """The made-up task, whose test stands for that of a cluster, and a list of the day with two bands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made_up)
        found = Source(stages.params(), "churn")
        _ = (
            found.test,
            found.label,
            found.subject,
            found.detail,
            found.model,
            found.facts,
            found.audited,
            found.explained,
            found.stressed,
            found.past,
        )
    return found


def _listed(whole: Source) -> pl.DataFrame:
    p = whole.test["probability"]
    band = pl.when(pl.col("probability") > p.quantile(0.7)).then(pl.lit("high")).otherwise(pl.lit("low"))
    rows = whole.test.select(
        subject_id="member_id", status=pl.lit(OK), probability="probability", label="label"
    )
    return rows.with_columns(band=band)


def _all_rows(whole: Source) -> Whole:
    rows = whole.test.select("label", "margin", fold=pl.lit(-1))
    found = measures(means(in_bins(rows)), whole.model.calibration)
    n, positives, listed = found.pop("rows"), found.pop("positives"), _listed(whole)
    bands = dict(listed["band"].value_counts().iter_rows())
    day = {"asked": len(listed), "scored": len(listed), "bands": bands, "mean": listed["probability"].mean()}
    dealt = {"buckets": 1, "workers": [1]}
    return {"rows": int(n), "positives": int(positives), "measures": found, "listed": day, "dealt": dealt}


def _of(whole: Source, choose: Choose) -> Source:
    """The source of a sample of the test's rows and of the list, as ``choose`` draws both."""
    test, listed = choose(whole.test), choose(_listed(whole).rename({"subject_id": "member_id"}))
    rows, of = len(test), len(whole.test)
    subject = integer_codes(test["member_id"].to_numpy())
    told: Sampled = {"share": rows / of, "rows": rows, "of": of, "subjects": 1, "of_subjects": 2}
    scores = {"model": test["probability"].to_numpy()}
    metrics, _ = estimates(test["label"].to_numpy(), scores, subject, 40, 0)
    found = Source(whole.params, "churn")
    found.__dict__.update(
        facts=whole.facts | {"sample": told},
        label=test["label"].to_numpy().astype(np.float64),
        subject=subject,
        detail={"estimators": metrics},
        scored=listed.rename({"member_id": "subject_id"}),
        whole=_all_rows(whole),
        audited=whole.audited,
        explained=whole.explained,
        stressed=whole.stressed,
        past=whole.past,
    )
    return found


def _check(source: Source) -> tuple[str, float]:
    source.sections.update(today=unassessed("not_scored"), data={"sample": sample(source)})
    found = checks(source)["checks"][-1]
    assert found["check"] == "sample"
    return found["result"], found["value"]


@pytest.mark.parametrize("share", [0.15, 0.4, 0.8])
def test_subjects_drawn_by_hash_tell_what_all_rows_tell(whole, share):
    source = _of(whole, lambda rows: drawn(rows, "member_id", share))
    found = sample(source)
    assert 0.6 * share < found["test"] / found["of_test"] < 1.4 * share
    assert _check(source)[0] == "good"
    names = {line["figure"] for line in found["figures"]}
    assert names >= {"base_rate", "auc", "brier", "expected_over_observed", "band high", "scored", "mean"}


def test_all_rows_in_bins_have_the_figures_of_their_rows(whole):
    ranked = Ranked.of(whole.label, whole.probability)
    found, expected = _all_rows(whole), all_metrics(ranked, np.ones(len(whole.label)))
    assert {*found["measures"]} == {*expected}
    for name in MEASURES:
        assert found["measures"][name] == pytest.approx(expected[name], abs=BINNED / 2), name
    assert (found["rows"], found["positives"]) == (len(whole.label), whole.label.sum())


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param((pl.col("label") == 1) | (pl.int_range(pl.len()) % 2 == 0), id="outcomes"),
        pytest.param(pl.col("probability").rank() > 0.4 * pl.len(), id="scores"),
    ],
)
def test_a_sample_that_was_not_drawn_by_chance_fails(whole, kept):
    result, apart = _check(_of(whole, lambda rows: rows.filter(kept)))
    assert result == "bad"
    assert apart > 2


def test_figures_of_all_rows_are_no_sample(whole):
    assert "sample" not in whole.facts
    assert sample(whole) is None
    whole.sections.update(today=unassessed("not_scored"), data={})
    names = [line["check"] for line in checks(whole)["checks"]]
    assert "sample" not in names
