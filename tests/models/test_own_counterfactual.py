"""A tiny model that rests on an own table is told another result by it; one on a timeless table is not."""

from typing import Any

import numpy as np
import polars as pl
import pytest
import xgboost
from own_worlds import described, rows
from released import card

from features.compute import compute
from features.feature import DAY
from features.fingerprint import described as catalogued
from features.groups.own import own_group
from features.groups.own_changes import beside
from features.own_tables import OwnTable
from models.counterfactual import Counterfactuals
from models.events import AS_OF
from models.fitted.model import Model
from models.learners.calibration import Calibration
from models.learners.encoder import Encoder
from models.scorer import Population, Scorer

EXAMPLES = ({"points": 10.0, "reason": "earned"}, {"points": -20.0, "reason": "spent"})
READ = ("own_points__points__sum_30d", "own_points__reason__last")
MEMBERS = 60


def ledger(folder: Any, **changed: Any) -> OwnTable:
    (table,) = (one for one in described(folder) if one.name == "points")
    return table.model_copy(update={"acts": True, "examples": EXAMPLES, **changed})


def asked(table: OwnTable) -> pl.DataFrame:
    """The features of members whose entries lie in the 200 days before ``AS_OF``."""
    frame = rows(4, MEMBERS, 500)[table.stored]
    moment = pl.Series(AS_OF - np.random.default_rng(2).integers(3 * DAY, 200 * DAY, len(frame)))
    frame = frame.with_columns(event_time=moment, known_time=moment)
    spine = pl.DataFrame({"row_id": range(MEMBERS), "member_id": [f"m{at}" for at in range(MEMBERS)]})
    spine = spine.with_columns(as_of=pl.lit(AS_OF, dtype=pl.Int64))
    return compute(spine, {table.stored: frame}, [own_group(table)]).sort("row_id")


def finder(table: OwnTable, frame: pl.DataFrame) -> Counterfactuals:
    """Of a model that reads how many points there were lately, and what the newest entry was."""
    group = own_group(table)
    encoder = Encoder.fit(frame, [feature for feature in group.columns() if feature.name in READ])
    matrix = encoder.transform(frame)
    label = (frame[READ[0]].fill_null(0) <= 0).cast(pl.Int8).to_numpy()
    data = xgboost.DMatrix(matrix, label, feature_types=encoder.feature_types, enable_categorical=True)
    booster = xgboost.train({"objective": "binary:logistic", "max_depth": 2, "nthread": 1}, data, 20)
    read = {*READ, *beside(table, READ)}
    told: dict[str, Any] = card("churn", (group,), frame, label, encoder)
    features = [row for row in catalogued((group,)) if row["name"] in read]
    told |= {"features": features, "groups": [], "own_tables": [table.model_dump(mode="json")]}
    model = Model(booster, encoder, Calibration(1.0, 0.0), told)  # type: ignore[arg-type]
    population = Population.of(model.probability(frame), "", [band["share"] for band in told["bands"]])
    return Counterfactuals(Scorer(model, population))


def test_what_rests_on_an_own_table_has_a_counterfactual_that_is_scored_again(tmp_path: Any) -> None:
    table = ledger(tmp_path)
    frame = asked(table)
    found_by = finder(table, frame)
    found_by.prepare()
    (source,) = found_by.sources
    numbers = found_by.scorer.numbers(frame)
    highest = np.flatnonzero(numbers["band"] == "high")
    told = [(frame[int(at)], found_by.of(frame[int(at)])) for at in highest]
    assert len(told) >= 5
    assert all(one.found for _, one in told)
    for row, one in told:
        changed = row.with_columns(
            pl.lit(c.after, dtype=row.schema[c.feature]).alias(c.feature) for c in one.changes
        )
        again = found_by.scorer.numbers(changed)
        assert (again["band"].item(), again["probability"].item()) == (
            one.band,
            pytest.approx(one.probability),
        )
        assert {change.feature for change in one.changes} <= set(source.names)
    added = [one.text for _, one in told if "more of “points entries”" in one.text["en"]]
    assert added
    assert all("each with points “10”" in text["en"] for text in added)
    assert all("条积分流水（每条积分为“10”" in text["zh"] for text in added)


@pytest.mark.parametrize("changed", [{"acts": False}, {"examples": ()}])
def test_what_cannot_be_otherwise_is_left_alone(tmp_path: Any, changed: dict[str, Any]) -> None:
    table = ledger(tmp_path, **changed)
    frame = asked(table)
    assert finder(table, frame).of(frame[0]).reason == "no_events"


def test_a_sensitive_table_is_left_alone(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.counterfactual.is_sensitive", lambda name: name == READ[0])
    table = ledger(tmp_path)
    assert finder(table, asked(table)).sources == []
