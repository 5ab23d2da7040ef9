"""Logs of messages in a file an event."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from exported import taken

from training.sources.proposal.message_log import event_of

SENDS = [
    (who, job, datetime(2024, 1, 20, 14) + timedelta(days=17 * job)) for job in range(5) for who in range(30)
]


def log(every: int, hours: int) -> str:
    rows = (
        f"K{who:04},{70 + job},{when + timedelta(hours=hours):%m/%d/%Y %I:%M:%S %p}\n"
        for who, job, when in SENDS
        if (who + job) % every == 0
    )
    return "SubscriberKey,JobID,EventDate\n" + "".join(rows)


@pytest.mark.parametrize(
    "names", [("_Sent", "_Open", "_Click"), ("email_sends_2024", "email_opens_2024", "email_clicks_2024")]
)
def test_files_named_by_their_event_are_contacts_and_responses(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    sent, opened, clicked = (f"{name}.csv" for name in names)
    proposal, _, rows = taken(
        tmp_path, {sent: log(1, 0), opened: log(3, 1), clicked: log(6, 2), "_Unsubscribe.csv": log(29, 3)}
    )
    kinds = dict(rows["responses"]["kind"].value_counts().iter_rows())
    assert rows["contacts"].height == 150
    assert rows["contacts"]["campaign_id"].n_unique() == 5
    assert kinds == {"opened": 50, "clicked": 25, "answered": 25}
    assert rows["members"].filter(pl.col("consent_marketing") == "withdrawn").height == 6
    assert any("clicked counts as answered" in doubt for doubt in proposal.unsure)


@pytest.mark.parametrize("word", ["emailUnSubscribe", "hostedUnsubscribeClick", "Unsubscribed"])
def test_a_refusal_is_heard_however_it_is_written(word: str) -> None:
    assert event_of(word) == "refused"


def test_clicks_beside_no_message_are_of_a_web_site(tmp_path: Path) -> None:
    _, _, rows = taken(tmp_path, {"clicks.csv": log(2, 0).replace("SubscriberKey", "customer_id")})
    assert rows["events"].height == 75
