"""The list of current consents: the newest word, the strictest of lead and member, and since when."""

from datetime import UTC, datetime

import polars as pl
import pytest
import stages

from features import tables
from features.consent_policy import Policy, Unknown
from training.data.artifacts import Ingest, write_artifact
from training.data.consents import with_reasons
from training.io import sha256
from training.stages import score
from training.stages.consent import consent, current
from training.stages.portrait import portrait

DAYS = [datetime(2025, 1, day, tzinfo=UTC) for day in range(1, 29)]


def at(day: int) -> int:
    return int(DAYS[day - 1].timestamp())


@pytest.fixture
def folder(tmp_path):
    """Members m1 to m4 with several rows, leads l1 to l4, of which three are bound in three ways."""
    members = pl.DataFrame(
        [
            ("m1", 1, "granted", "granted"), ("m1", 5, "withdrawn", None), ("m1", 9, None, "granted"),
            ("m2", 1, "granted", "granted"), ("m3", 2, "withdrawn", None), ("m3", 8, "granted", None),
            ("m4", 1, None, None), ("m1", 20, "granted", None),
        ],
        schema=["member_id", "day", "consent_profiling", "consent_marketing"], orient="row",
    ).with_columns(occurred_at=pl.Series([DAYS[d - 1] for d in (1, 5, 9, 1, 2, 8, 1, 20)]))  # fmt: skip
    leads = pl.DataFrame(
        {
            "lead_id": ["l1", "l2", "l3", "l4"], "member_id": ["m1", None, None, None],
            "consent_profiling": ["granted", "withdrawn", "granted", "granted"],
            "birth_year": [None, None, None, 2020], "occurred_at": [DAYS[2]] * 4,
        }
    )  # fmt: skip
    responses = pl.DataFrame(
        {"lead_id": ["l2"], "member_id": ["m2"], "kind": ["converted"], "occurred_at": [DAYS[3]]}
    )
    identities = pl.DataFrame(
        {"platform": ["lead"], "account_id": ["l3"], "member_id": ["m1"], "occurred_at": [DAYS[3]]}
    )
    given = {"members": members, "leads": leads, "responses": responses, "identities": identities}
    for name, frame in given.items():
        tables.complete(name, frame).write_parquet(tmp_path / f"{name}.parquet")
    return tmp_path


def test_the_newest_word_known_at_the_moment_counts_and_says_since_when(folder):
    found = {row["subject_id"]: row for row in current(folder, at(15)).iter_rows(named=True)}
    assert found["m1"]["consent_profiling"] == "withdrawn"
    assert found["m1"]["consent_profiling_at"] == at(5)  # not of the later row about something else
    assert (found["m3"]["consent_profiling"], found["m3"]["consent_profiling_at"]) == ("granted", at(8))
    assert found["m4"]["consent_profiling"] is None
    later = current(folder, at(25)).filter(pl.col("subject_id") == "m1")
    assert later["consent_profiling"].item() == "granted"


def test_a_lead_has_the_stricter_word_of_its_form_and_of_its_member(folder):
    found = {row["subject_id"]: row for row in current(folder, at(15)).iter_rows(named=True)}
    words = {name: found[name]["consent_profiling"] for name in ("l1", "l2", "l3", "l4")}
    assert words == {"l1": "withdrawn", "l2": "withdrawn", "l3": "withdrawn", "l4": "granted"}
    assert {name: found[name]["member_id"] for name in words} == {
        "l1": "m1", "l2": "m2", "l3": "m1", "l4": None,
    }  # fmt: skip
    assert found["l4"]["birth_year"] == 2020


@pytest.fixture
def params(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = stages.params()
    found.build.mkdir(parents=True)
    folder.joinpath("tables").mkdir()
    for path in folder.glob("*.parquet"):
        path.rename(folder / "tables" / path.name)
    (folder / "tables").rename(found.build / "tables")
    write_artifact(found.build, Ingest, stages.ingest(DAYS[14].isoformat()))
    consent(found)
    return found


def test_everybody_of_a_task_is_asked_by_the_same_list(params):
    frame = pl.DataFrame({"subject_id": ["m1", "m2", "m4", "nobody"]})
    found = with_reasons(frame, "member", params, at(15))["suppression_reason"].to_list()
    assert found == ["profiling_refused", None, "profiling_consent_unknown", "profiling_consent_unknown"]
    leads = with_reasons(pl.DataFrame({"subject_id": ["l1", "l4"]}), "lead", params, at(15))
    assert leads["suppression_reason"].to_list() == ["profiling_refused", "minor"]


def test_a_portrait_of_who_is_suppressed_has_no_tag(params):
    portrait(params)
    rows = pl.read_parquet(params.build / "portrait" / "portrait.parquet")
    gone = rows.filter(pl.col("member_id") == "m1")
    assert gone.select("status", "suppression_reason").row(0) == ("suppressed", "profiling_refused")
    assert gone.select(pl.exclude("member_id", "status", "suppression_reason")).null_count().row(0) == (
        (1,) * (rows.width - 3)
    )
    assert rows.filter(pl.col("member_id") == "m2")["risk"].item() is not None


def test_a_batch_that_suppresses_everybody_says_so_and_why(params, capsys):
    rows = pl.DataFrame({"suppression_reason": ["minor", "minor", "deceased"], "outside_reason": None})
    assert len(score._scored("lead", rows)) == 3
    told = capsys.readouterr().err
    assert "WARNING lead: all 3 are suppressed (minor 2, deceased 1)" in told
    assert "params.yaml" in told


def test_the_policy_is_published_with_the_list(params):
    open_policy = Policy(unknown=Unknown(profiling="score"))
    consent(params.model_copy(update={"consent": open_policy}))
    told = (params.build / "consent" / "consent.json").read_text()
    assert Policy.model_validate_json(pl.Series([told]).str.json_path_match("$.policy")[0]) == open_policy


def test_whose_an_account_is_stands_beside_the_list(params):
    """As of the extract, through chains, and hashed with the list."""
    path = params.build / "tables" / "identities.parquet"
    rows = [
        ("shop", "1", "m1", 0),
        ("member", "m9", "m2", 0),
        ("card", "7", "m9", 0),
        ("shop", "2", "m1", 4 * 10**9),
    ]
    frame = pl.DataFrame(rows, schema=["platform", "account_id", "member_id", "known_time"], orient="row")
    moment = pl.from_epoch("known_time", time_unit="s").dt.cast_time_unit("us").dt.replace_time_zone("UTC")
    frame.with_columns(occurred_at=moment, recorded_at=moment).write_parquet(path)
    try:
        consent(params)
    finally:
        path.unlink()
    file = params.build / "consent" / "accounts.parquet"
    assert pl.read_parquet(file).rows() == [("card:7", "m2"), ("m9", "m2"), ("shop:1", "m1")]
    assert sha256(file) in (file.parent / "consent.json").read_text()
