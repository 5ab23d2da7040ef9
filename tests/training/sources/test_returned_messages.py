"""Logs of sendings with the state of each message, and of what became of them in a file beside."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from exported import taken

SENT = [(n, datetime(2024, 1, 3, 8) + timedelta(days=7 * (n // 20))) for n in range(120)]
STATES = ["Sent", "Sent", "Sent", "Failed", "Ignored"]


def log(states: list[str], status: str = "Status") -> str:
    return f"Primary key,Event date,{status},Delivery internal name,Recipient ID,Address\n" + "".join(
        f"{n},{at:%F %T},{states[n % len(states)]},DM{n // 20},{300 + n % 20},p{n % 20}@x.de\n"
        for n, at in SENT
    )


@pytest.mark.parametrize(("states", "sends"), [(STATES, 96), (["已发送", "发送失败", "已发送"], 120)])
def test_a_message_that_came_back_was_sent(tmp_path: Path, states: list[str], sends: int) -> None:
    proposal, _, tables = taken(tmp_path, {"broadLog.csv": log(states)})
    assert tables["contacts"].height == sends
    assert tables["contacts"]["campaign_id"].n_unique() == 6
    assert set(tables["contacts"]["member_id"]) <= {f"{300 + n}" for n in range(20)}
    assert any(f"of {sends}) stay contacts without an answer" in doubt for doubt in proposal.unsure)


def test_clicks_and_refusals_stand_in_the_log_beside(tmp_path: Path) -> None:
    kinds = ["Open", "Email click", "Opt-out", "Mirror page"]
    tracked = "Key,Log date,URL type,Delivery internal name,Recipient ID\n" + "".join(
        f"{n},{at + timedelta(hours=2):%F %T},{kinds[n // 20 % 4]},DM{n // 20},{300 + n % 20}\n"
        for n, at in SENT
    )
    _, _, tables = taken(tmp_path, {"broadLog.csv": log(STATES), "trackingLog.csv": tracked})
    told = dict(tables["responses"].group_by("kind").len().iter_rows())
    assert told == {"opened": 40, "clicked": 40, "answered": 40, "blocked": 20}
    refused = tables["members"].filter(pl.col("consent_marketing") == "withdrawn")
    assert refused["member_id"].n_unique() == 20


def test_where_every_message_has_a_row_of_its_sending_none_is_added(tmp_path: Path) -> None:
    content = "message_event,at,campaign_id,contact_id\n" + "".join(
        f"{kind},{at:%F %T},c{n // 20},{300 + n % 20}\n"
        for n, at in SENT
        for kind in (["sent", "bounced"] if n % 5 == 0 else ["sent"])
    )
    _, _, tables = taken(tmp_path, {"log.csv": content})
    assert tables["contacts"].height == len(SENT)


@pytest.mark.parametrize("name", ["campaign_members.csv", "export.csv"])
def test_a_state_that_has_answers_is_no_log_of_sendings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("MEMBERLENS_ID_KEY", "k" * 32)
    proposal, _, _ = taken(
        tmp_path,
        {
            "orders.csv": "order_id,customer_id,order_date,sku,qty,price\n"
            + "".join(f"{n},{300 + n % 20},{at:%F},s,1,9.50\n" for n, at in SENT),
            name: log(["Sent", "Responded"]),
        },
    )
    assert not any("taken as a log of messages by Status" in doubt for doubt in proposal.unsure)


def test_what_came_back_without_a_sending_is_said_to_be_left_out(tmp_path: Path) -> None:
    content = "action,timestamp,campaign_id,contact_id\n" + "".join(
        f"{['open', 'click', 'bounce'][n // 20 % 3]},{at:%F %T},c{n // 20},{300 + n % 20}\n" for n, at in SENT
    )
    proposal, _, tables = taken(tmp_path, {"activity.csv": content})
    assert any("rows that say bounce are left out" in doubt for doubt in proposal.unsure)
    assert dict(tables["responses"].group_by("kind").len().iter_rows()) == {
        "opened": 40, "clicked": 40, "answered": 40,
    }  # fmt: skip


NAMES = [
    ("@id,@status,@eventDate,@delivery-id,@recipient-id", "@logDate,url/@type,@delivery-id,@recipient-id"),
    ("iBroadLogId,iStatus,tsEvent,iDeliveryId,iRecipientId", "tsLog,iType,iDeliveryId,iRecipientId"),
]


@pytest.mark.parametrize(("log_names", "tracking_names"), NAMES)
def test_states_that_are_numbers_of_adobe_campaign(
    tmp_path: Path, log_names: str, tracking_names: str
) -> None:
    states = [1, 1, 2, 0, 3, 7]
    sent = "".join(f"{n},{states[n % 6]},{at:%F %T},{n // 20},{300 + n % 20}\n" for n, at in SENT)
    types = [1, 2, 3, 6]
    tracked = "".join(
        f"{at + timedelta(hours=2):%F %T},{types[n % 4]},{n // 20},{300 + n % 20}\n" for n, at in SENT
    )
    files = {"broadLogRcp.csv": f"{log_names}\n{sent}", "trackingLogRcp.csv": f"{tracking_names}\n{tracked}"}
    _, _, tables = taken(tmp_path, files)
    assert tables["contacts"].height == 80  # 1, 2 and 7
    assert tables["contacts"]["campaign_id"].n_unique() == 6
    told = dict(tables["responses"].group_by("kind").len().iter_rows())
    assert told == {"opened": 30, "clicked": 30, "answered": 30, "blocked": 30}
    assert "events" not in tables or tables["events"].is_empty()
