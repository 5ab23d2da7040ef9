"""An answer that names no campaign counts once, for the newest contact before it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from training.sources.check import check
from training.sources.judging.attribution import attributed

MEMBERS = 200
SENT = datetime(2024, 3, 1, 9, tzinfo=UTC)
MAPPING = """about: Two campaigns on a day.
folder: .
unknown_members: add
sources: {contacts: {file: contacts.csv}, answers: {file: answers.csv}}
tables:
  contacts:
    - source: contacts
      columns: {contact_id: _row, campaign_id: campaign, member_id: who, occurred_at: at}
  responses:
    - source: answers
      columns: {member_id: who, occurred_at: at, kind: {value: answered}}
"""


def contacts(days: tuple[int, ...] = (0,)) -> pl.DataFrame:
    rows = [
        (f"m{n}", f"{name}{day}", SENT + timedelta(days=day))
        for n in range(MEMBERS)
        for day in days
        for name in "ab"
    ]
    return pl.DataFrame(rows, ["member_id", "campaign_id", "occurred_at"], orient="row")


def answers(days: float, count: int = MEMBERS, **more: object) -> pl.DataFrame:
    frame = pl.DataFrame({"member_id": [f"m{n}" for n in range(count)], "kind": "answered"})
    return frame.with_columns(
        occurred_at=pl.lit(SENT + timedelta(days=days)), **{k: pl.lit(v) for k, v in more.items()}
    )


def test_each_counts_once_and_no_campaign_is_favoured() -> None:
    found, (said,) = attributed(answers(1.5), contacts())
    counts = dict(found["campaign_id"].value_counts().iter_rows())
    assert sum(counts.values()) == MEMBERS
    assert min(counts["a0"], counts["b0"]) > 0.35 * MEMBERS
    assert "200 of 200 answers name no campaign" in said.says
    assert "200 of them could belong to several" in said.says
    assert found.equals(attributed(answers(1.5), contacts().reverse())[0])


def test_the_newest_contact_before_it_and_never_a_later_one() -> None:
    found, _ = attributed(answers(8), contacts((0, 7, 9)))
    assert set(found["campaign_id"]) == {"a7", "b7"}


def test_what_names_its_campaign_or_follows_nothing_stays() -> None:
    named, said = attributed(answers(1, campaign_id="a0"), contacts())
    assert (named["campaign_id"].unique().to_list(), said) == (["a0"], [])
    early, (finding,) = attributed(answers(-1), contacts())
    assert early["campaign_id"].null_count() == MEMBERS
    assert finding.stops
    blocked = answers(1).with_columns(kind=pl.lit("blocked"))
    assert attributed(blocked, contacts()) == (blocked, [])


def test_check_says_so(tmp_path: Path) -> None:
    contacts().rename({"member_id": "who", "campaign_id": "campaign", "occurred_at": "at"}).write_csv(
        tmp_path / "contacts.csv"
    )
    answers(1, 60).rename({"member_id": "who", "occurred_at": "at"}).write_csv(tmp_path / "answers.csv")
    (tmp_path / "m.yaml").write_text(MAPPING)
    (said,) = check(tmp_path / "m.yaml").findings
    assert (said.name, said.stops) == ("responses.unattributed", False)
