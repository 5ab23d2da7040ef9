"""A record with rows of a brand's own tables: the features that training computes, or a named fault."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from own_worlds import described
from polars.testing import assert_frame_equal
from pydantic import ValidationError
from text_worlds import text_mapping

from features import catalog, tables
from features.compute import compute
from features.fingerprint import described as catalogue
from features.groups.care import CARE
from features.groups.own import own_groups
from features.texts import TextModel, Topic, read_texts
from serving.champion.own_rows import own_faults
from serving.champion.record_checks import check, unknown_attributes
from serving.champion.record_features import Question, RecordFeatures
from serving.contract.problems import Problem
from serving.contract.schema_record import record_model
from training.sources.mapping.mapping_file import load

NOW = datetime(2026, 7, 1, tzinfo=UTC)
ENTRIES: tuple[dict[str, Any], ...] = (
    {"days": 40, "points": 10, "cost": 125, "card": True, "reason": "earned", "store": "s1"},
    {"days": 3, "points": -5.5, "reason": "spent"},
    {"days": 1, "late": 2, "points": 99, "reason": "gift"},
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> RecordFeatures:
    own = described(tmp_path_factory.mktemp("own"))
    groups = (*catalog.available((CARE,), {"care": {}}), *own_groups(own, ["member_id"]))
    card = {
        "groups": [group.name for group in groups], "own": {}, "lifecycle": {}, "key": "member_id",
        "own_tables": [one.model_dump(mode="json") for one in own], "features": catalogue(groups),
    }  # fmt: skip
    return RecordFeatures.of(card)


def record(*entries: dict[str, Any], **more: Any) -> Any:
    """A record whose ledger has these entries."""
    rows = []
    for entry in entries:
        happened = NOW - timedelta(days=entry["days"])
        known = (happened + timedelta(days=entry.get("late", 0))).isoformat()
        values = {name: value for name, value in entry.items() if name not in ("days", "late")}
        rows.append({"occurred_at": happened.isoformat(), "recorded_at": known, **values})
    ends = {"occurred_at": "2026-01-01T00:00:00Z", "ends_at": "2026-09-01T00:00:00Z"}
    return record_model().model_validate({"own": {"points": rows, "contracts": [ends], **more}})


def test_a_record_has_the_features_that_training_would_compute(reader: RecordFeatures) -> None:
    moment = int(NOW.timestamp())
    found = reader.features([Question(record(*ENTRIES), moment), Question(record(ENTRIES[1]), moment)])
    ledger = pl.DataFrame(
        {
            "member_id": ["0", "0", "0", "1"],
            "occurred_at": [NOW - timedelta(days=day) for day in (40, 3, 1, 3)],
            "recorded_at": [NOW - timedelta(days=day) for day in (40, 3, -1, 3)],
            "x_points": [10.0, -5.5, 99.0, -5.5], "x_cost": [125, None, None, None],
            "x_card": [1, None, None, None], "x_reason": ["earned", "spent", "gift", "spent"],
            "x_store": ["s1", None, None, None],
        }
    )  # fmt: skip
    ours = next(group for group in reader.groups if group.name == "own_points")
    spine = pl.DataFrame({"row_id": [0, 1], "member_id": ["0", "1"], "as_of": [moment] * 2})
    wanted = compute(spine, {"own_points": tables.complete("own_points", ledger)}, [ours]).sort("row_id")
    assert_frame_equal(found.select(wanted.columns[1:]), wanted.drop("row_id"))
    assert found["own_points__count"].to_list() == [2, 1]
    assert found["own_contracts__days_to_end"].to_list() == [62, 62]


def test_contracts_in_a_record_renew_and_are_cancelled(reader: RecordFeatures) -> None:
    begun = {"occurred_at": "2026-06-11T00:00:00Z", "renews_days": 30, "line": "gym"}
    rows = [begun, {**begun, "line": "pool", "cancelled_at": "2026-06-20T00:00:00Z"}]
    sent = record_model().model_validate({"own": {"contracts": rows}})
    check(reader, sent)
    found = reader.features([Question(sent, int(NOW.timestamp()))]).row(0, named=True)
    assert (found["own_contracts__days_to_due"], found["own_contracts__days_to_cancelled_end"]) == (10, 10)
    wrong = record_model().model_validate({"own": {"contracts": [{**begun, "renews_days": 0, "line": 7}]}})
    with pytest.raises(Problem) as caught:
        check(reader, wrong)
    assert [one.pointer for one in caught.value.errors] == [
        f"/record/own/contracts/0/{name}" for name in ("renews_days", "line")
    ]


def test_what_subjects_share_is_not_known_from_a_record(reader: RecordFeatures) -> None:
    found = reader.features([Question(record(*ENTRIES), int(NOW.timestamp()))])
    shared = [name for name in found.columns if name.startswith(("own_sales", "own_footfall"))]
    assert shared
    assert found.select(shared).null_count().sum_horizontal().item() == len(shared)


@pytest.mark.parametrize(
    ("entry", "place", "detail"),
    [
        ({"points": "many"}, "/record/own/points/0/points", "must be a number"),
        ({"cost": 1.5}, "/record/own/points/0/cost", "must be a whole number of cents"),
        ({"card": 1}, "/record/own/points/0/card", "must be true or false"),
        ({"reason": 7}, "/record/own/points/0/reason", "must be a text"),
    ],
)
def test_a_value_of_another_kind_is_a_fault_with_its_place(
    reader: RecordFeatures, entry: dict[str, Any], place: str, detail: str
) -> None:
    with pytest.raises(Problem) as caught:
        check(reader, record({"days": 1, **entry}))
    (fault,) = caught.value.errors
    assert (fault.pointer, fault.code) == (place, "wrong_type")
    assert detail in fault.detail


def test_what_the_model_does_not_read_is_told(reader: RecordFeatures) -> None:
    more = {"surveys": [{"occurred_at": "2026-01-01T00:00:00Z", "stars": 3}]}
    asked = Question(record({"days": 1, "colour": "red"}, **more), int(NOW.timestamp()))
    assert unknown_attributes(reader, asked.record) == ["own.points.colour", "own.surveys"]


def test_a_text_in_a_record_is_read_as_ingest_reads_it(tmp_path: Path) -> None:
    topic = Topic(words=("parcel",), texts=9, found_again=1)
    model = TextModel(
        column="comment", topics=(topic,), weights={"parcel": {0: 1.0}}, idf={"parcel": 1.0},
        tone={"late": -0.4, "太慢": -0.6},
    )  # fmt: skip
    (table,) = load(text_mapping(tmp_path)).own.values()
    own, texts = (
        table.with_texts({"comment": model}),
        ("The parcel was late, call 13800138000", "快递太慢" * 200),
    )
    groups = own_groups([own], ["member_id"])
    card = {
        "groups": [], "own": {}, "lifecycle": {}, "key": "member_id",
        "own_tables": [own.model_dump(mode="json")], "features": catalogue(groups),
    }  # fmt: skip
    reader, day = RecordFeatures.of(json.loads(json.dumps(card))), NOW - timedelta(days=3)
    sent = [{"occurred_at": day.isoformat(), "stars": 2, "comment": text} for text in texts]
    asked = Question(record_model().model_validate({"own": {"reviews": sent}}), int(NOW.timestamp()))
    assert unknown_attributes(reader, asked.record) == []
    rows = {"member_id": ["0", "0"], "occurred_at": [day, day], "x_stars": [2.0, 2.0], "x_comment": texts}
    read = read_texts([model], tables.complete("own_reviews", pl.DataFrame(rows)))
    spine = pl.DataFrame({"row_id": [0], "member_id": ["0"], "as_of": [int(NOW.timestamp())]})
    wanted = compute(spine, {"own_reviews": read}, groups)
    nobody = Question(record_model().model_validate({"own": {}}), int(NOW.timestamp()))
    with_others = reader.features([asked, nobody, asked])
    for found in (reader.features([asked]), reader.together([asked]), with_others[:1], with_others[2:]):
        assert_frame_equal(found, wanted.drop("row_id"))
    assert wanted["own_reviews__comment_tone__mean_30d"].item() == -0.5
    assert wanted["own_reviews__comment_topic__is_parcel_count"].item() == 1


def test_a_text_is_a_text(tmp_path: Path) -> None:
    (table,) = load(text_mapping(tmp_path)).own.values()
    own, row = table.with_texts({"comment": TextModel(column="comment")}), {"comment": 7}
    sent = {"own": {"reviews": [{"occurred_at": "2026-01-01T00:00:00Z", **row}]}}
    (fault,) = own_faults([own], record_model().model_validate(sent), ("record",))
    assert (fault.pointer, fault.detail) == ("/record/own/reviews/0/comment", "must be a text")


@pytest.mark.parametrize("row", [{"points": 3}, {"occurred_at": "2026-01-01T00:00:00Z", "points": [3]}])
def test_a_row_needs_a_time_and_plain_values(row: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        record_model().model_validate({"own": {"points": [row]}})
