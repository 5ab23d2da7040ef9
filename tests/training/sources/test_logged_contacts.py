"""A file of contacts with a control group beside a log of what was sent: each contact counts once."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from exported import taken

from models.task import requirements
from training.sources.check import check
from training.sources.proposal.propose import propose

START = datetime(2024, 2, 5, 9)
CHOSEN = [
    (m, c, START + timedelta(days=9 * c, minutes=m), (m + c) % 5 == 0) for c in range(5) for m in range(30)
]
HELD_OUT = {(f"u{m}", f"k{c}") for m, c, _, held_out in CHOSEN if held_out}
SENT = [(m, c, at) for m, c, at, held_out in CHOSEN if not held_out]
ELSEWHERE = [
    (m, 9, START + timedelta(days=50, minutes=m)) for m in range(10)
]  # of a campaign of the log alone
Rows = list[tuple[int, int, datetime]]


def contacts(more: str = "", arm: bool = True) -> str:
    rows = [
        f"u{m},k{c},{at:%F %T}" + (f",{'control' if held_out else 'treat'}" if arm else "")
        for m, c, at, held_out in CHOSEN
        if arm or not held_out
    ]
    return "\n".join(["user_id,campaign_id,selected_at" + (",group" if arm else ""), *rows]) + more


def log(sent: Rows, later: timedelta = timedelta()) -> str:
    rows = [f"u{m},k{c},sent,{at + later:%F %T}" for m, c, at in sent]
    rows += [f"u{m},k{c},click,{at + later + timedelta(hours=1):%F %T}" for m, c, at in sent if m % 4 == 0]
    return "\n".join(["user_id,campaign_id,action,timestamp", *rows])


@pytest.mark.parametrize("minutes", [0, 37])
def test_what_both_have_counts_once_and_the_control_group_stays(tmp_path: Path, minutes: int) -> None:
    later = timedelta(minutes=minutes)
    sent = log([*SENT[7:], *ELSEWHERE], later)  # seven of the file were never sent by this log
    found, _, rows = taken(tmp_path, {"contacts.csv": contacts(), "log.csv": sent})
    arms = rows["contacts"].group_by("arm").len().sort("arm")
    pairs = rows["contacts"].select("member_id", "campaign_id")
    assert pairs.is_unique().all()
    assert dict(arms.rows()) == {"control": len(HELD_OUT), "treat": len(SENT) + len(ELSEWHERE)}
    assert {*rows["contacts"].filter(arm="control").select("member_id", "campaign_id").rows()} == HELD_OUT
    assert any(
        f"{len(SENT) - 7} of its {len(SENT)} contacts are sent in log.csv" in said for said in found.unsure
    )
    told = check(tmp_path / "proposed.yaml", requirements())
    assert not [one.name for one in told.findings if one.is_fatal]
    assert told.tasks["response"] == ""


def test_without_a_control_group_the_log_alone_counts(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "contacts.csv": contacts(arm=False),
        "log.csv": log(SENT, timedelta(hours=2)),
    }
    _, _, rows = taken(tmp_path, files)
    assert rows["contacts"].height == len(SENT)


def test_who_was_held_out_and_sent_all_the_same_is_counted(tmp_path: Path) -> None:
    leaked: Rows = [(m, c, at) for m, c, at, held_out in CHOSEN if held_out][:4]
    found, _, rows = taken(tmp_path, {"contacts.csv": contacts(), "log.csv": log([*SENT, *leaked])})
    assert any("4 of the control group are sent in log.csv all the same" in said for said in found.unsure)
    assert rows["contacts"].filter(arm="control").height == len(HELD_OUT)


@pytest.mark.parametrize("kind", ["others", "shorter"])
def test_a_log_of_others_or_of_a_shorter_time_takes_no_contact_away(tmp_path: Path, kind: str) -> None:
    again = "".join(f"\nu{m},k{c},{at + timedelta(days=90):%F %T},treat" for m, c, at in SENT)
    others: Rows = [(m + 100, c, at) for m, c, at in SENT]
    (tmp_path / "contacts.csv").write_text(contacts(again if kind == "shorter" else ""))
    (tmp_path / "log.csv").write_text(log(others if kind == "others" else SENT))
    found = propose([tmp_path / "contacts.csv", tmp_path / "log.csv"])
    assert "join" not in found.text.partition("sources:")[2]
    assert any("would count twice" in said for said in found.unsure) == (kind == "shorter")
