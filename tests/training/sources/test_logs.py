"""Logs: histories of the stages of leads, and of what became of messages, in several systems' words."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import yaml
from exported import taken

from training.sources.check import check
from training.sources.proposal.propose import propose

START = datetime(2024, 2, 5, 9)
PATHS = {f"d{n}": ("new talk won", "new lost", "new talk lost", "new talk")[n % 4].split() for n in range(24)}
MOVES = [
    (lead, START + timedelta(days=3 * n + 2 * k), path[k - 1] if k else "", path[k])
    for n, (lead, path) in enumerate(PATHS.items())
    for k in range(len(path))
]
WON = {lead: when for lead, when, _, to in MOVES if to == "won"}
BEGAN = {lead: when for lead, when, before, _ in MOVES if not before}

SALESFORCE = {"new": "Open", "talk": "Working", "won": "Closed - Converted", "lost": "Closed - Not Converted"}
CHINESE = {"new": "新线索", "talk": "跟进", "won": "赢单", "lost": "输单"}
CYCLE = {"new": "lead", "talk": "opportunity", "won": "customer", "lost": "other"}
Row = Callable[[str, datetime, str, str], str]


def _salesforce(lead: str, when: datetime, before: str, to: str) -> str:
    field, old, new = ("Status", SALESFORCE[before], SALESFORCE[to]) if before else ("created", "", "")
    owner = f"{lead},Owner,005A,005B,{when:%FT%TZ}\n"
    return owner + f"{lead},{field},{old},{new},{when:%FT%TZ}"


HISTORIES: dict[str, tuple[str, str, Row]] = {
    "from and to": (
        "stage_history.csv",
        "lead_id,from_stage,to_stage,changed_at",
        lambda lead, when, before, to: f"{lead},{before},{to.title()},{when:%FT%T}",
    ),
    "fields of several kinds": ("LeadHistory.csv", "LeadId,Field,OldValue,NewValue,CreatedDate", _salesforce),
    "stage and since when, Chinese": (
        "线索阶段.csv",
        "线索编号,阶段,进入时间",
        lambda lead, when, _, to: f"{lead},{CHINESE[to]},{when:%Y/%m/%d %H:%M}",
    ),
    "life cycle of records": (
        "lifecycle-history.csv",
        "Record ID;Property;Value;Timestamp",
        lambda lead, when, _, to: f"{lead};lifecyclestage;{CYCLE[to]};{when:%F %H:%M}",
    ),
}


@pytest.mark.parametrize("kind", HISTORIES)
def test_a_history_of_stages_tells_when_leads_began_and_were_won(tmp_path: Path, kind: str) -> None:
    name, header, row = HISTORIES[kind]
    newest_first = [row(*move) for move in reversed(MOVES)]
    _, _, rows = taken(tmp_path, {name: "\n".join([header, *newest_first])})
    leads, won, stages = rows["leads"], rows["responses"], rows["own_stage_changes"]
    assert dict(leads.select("lead_id", pl.col("occurred_at").dt.replace_time_zone(None)).rows()) == BEGAN
    assert dict(won.select("lead_id", pl.col("occurred_at").dt.replace_time_zone(None)).rows()) == WON
    assert set(won["kind"]) == {"converted"}
    assert stages.height == sum(
        to != "won" and (kind[0] != "f" or kind[1] == "r" or before != "") for _, _, before, to in MOVES
    )
    assert not set(stages["x_stage"]) & {"Won", "Closed - Converted", "赢单", "customer"}


def test_leads_of_a_file_of_their_own_lose_the_state_of_today(tmp_path: Path) -> None:
    _, header, row = HISTORIES["from and to"]
    moves = [row(*move) for move in MOVES if move[2]]  # no row says when a lead began
    leads = [f"{lead},{when:%FT%T},web,{PATHS[lead][-1]}" for lead, when in BEGAN.items()]
    files: dict[str, str | bytes] = {
        "leads.csv": "\n".join(["lead_id,created_at,origin,status", *leads]),
        "moves.csv": "\n".join([header, *moves]),
    }
    found, _, rows = taken(tmp_path, files)
    assert rows["leads"].height == len(PATHS)
    assert "x_status" not in rows["leads"].columns
    assert set(rows["responses"]["lead_id"]) == set(WON)
    alone = propose([tmp_path / "moves.csv"])
    assert any("only when they began" in said or "export the leads" in said for said in alone.unsure)
    assert "tables: {}" in alone.text
    assert "moves.csv: when leads began is told by leads.csv" in found.unsure


def test_a_history_without_a_known_word_for_won_is_no_table_of_conversions(tmp_path: Path) -> None:
    _, header, row = HISTORIES["from and to"]
    text = "\n".join([header, *(row(*move).replace("Won", "Phase 9") for move in MOVES)])
    (tmp_path / "deals_won.csv").write_text(text)
    found = propose([tmp_path / "deals_won.csv"])
    assert "converted" not in found.text.partition("tables:")[2]
    assert any("none of Lost, New, Phase 9, Talk is known to mean" in said for said in found.unsure)


SENT = [(m, c, START + timedelta(days=9 * c, minutes=m)) for c in range(5) for m in range(30) if (m + c) % 4]
OPENED = [(m, c, at + timedelta(hours=3)) for m, c, at in SENT if m % 3 == 0]
CLICKED = [(m, c, at + timedelta(minutes=2)) for m, c, at in OPENED if m % 2 == 0]
REFUSED = [(m, c, at + timedelta(minutes=5)) for m, c, at in OPENED if m == 9 and c == 2]
BOUNCED = [(m, c, at) for m, c, at in SENT if m == 1]
EVENTS = {"sent": SENT, "opened": OPENED, "clicked": CLICKED, "refused": REFUSED, "bounced": BOUNCED}

LOGS = {
    "English": ("activity.csv", "user_id,campaign_id,action,timestamp", "sent open click unsub bounce"),
    "Braze's names": (
        "messages.csv",
        "external_user_id,campaign_name,event_type,time",
        " ".join(f"users.messages.email.{one}" for one in ("Send", "Open", "Click", "Unsubscribe", "Bounce")),
    ),
    "what was received": (
        "events.csv",
        "Profile ID,Campaign Name,Metric,Datetime",
        "Received_Email Opened_Email Clicked_Email Unsubscribed Bounced_Email",
    ),
    "German": (
        "versand.csv",
        "Kundennummer,Kampagne,Ereignis,Zeitpunkt",
        "Versendet Geöffnet Geklickt Abmeldung Bounce",
    ),
    "Chinese": (
        "触达.csv",
        "会员编号,活动编号,事件类型,事件时间",
        "短信发送成功 打开 点击 退订 短信发送失败",
    ),
}


@pytest.mark.parametrize("kind", LOGS)
def test_a_log_of_messages_is_contacts_and_what_members_did(tmp_path: Path, kind: str) -> None:
    name, header, words = LOGS[kind]
    said = dict(zip(EVENTS, words.split(), strict=True))
    lines = [
        f"u{m},k{c},{said[event].replace('_', ' ')},{at:%F %T}"
        for event, rows in EVENTS.items()
        for m, c, at in rows
    ]
    found, _, rows = taken(tmp_path, {name: "\n".join([header, *lines])})
    contacts, kinds = rows["contacts"], rows["responses"]
    assert any(
        f": {len(BOUNCED)} of {len(SENT)}) stay contacts without an answer" in one for one in found.unsure
    )
    assert contacts.select("member_id", "campaign_id").rows() == [
        (f"u{m}", f"k{c}") for m, c, _ in sorted(SENT, key=lambda one: one[2])
    ]
    counts = dict(kinds["kind"].value_counts().iter_rows())
    assert counts == {"opened": len(OPENED), "clicked": len(CLICKED), "answered": len(CLICKED), "blocked": 1}
    assert rows["members"].filter(consent_marketing="withdrawn")["member_id"].to_list() == ["u9"]


def test_messages_that_came_back_may_be_left_out_as_the_readme_says(tmp_path: Path) -> None:
    text = Path("mappings/README.md").read_text(encoding="utf-8")
    part = yaml.load(
        re.search(r"```yaml\n(contacts:\n.*?back IS NULL\n)```", text, re.DOTALL)[1], yaml.BaseLoader
    )  # type: ignore[index]
    lines = [
        f"u{m},k{c},{word},{at:%F %T}"
        for event, word in (("sent", "sent"), ("bounced", "bounce"), ("clicked", "click"))
        for m, c, at in EVENTS[event]
    ]
    _, _, rows = taken(tmp_path, {"log.csv": "\n".join(["user_id,campaign_id,action,timestamp", *lines])})
    assert rows["contacts"].height == len(SENT)
    mapping = yaml.safe_load((tmp_path / "proposed.yaml").read_text())
    mapping["tables"]["contacts"][0] |= part["contacts"][0]
    (tmp_path / "proposed.yaml").write_text(yaml.safe_dump(mapping))
    counts = check(tmp_path / "proposed.yaml").report.tables["contacts"]
    assert counts["accepted"] == len(SENT) - len(BOUNCED)


def test_a_log_of_messages_without_campaigns_says_so_and_is_no_table(tmp_path: Path) -> None:
    lines = [f"u{m},{at:%F %T},{event}" for event in ("sent", "opened") for m, _, at in EVENTS[event]]
    (tmp_path / "contacts.csv").write_text("\n".join(["user_id,at,event", *lines]))
    found = propose([tmp_path / "contacts.csv"])
    assert any("no column tells which campaign" in said for said in found.unsure)
    assert "tables: {}" in found.text


def test_states_of_orders_and_of_campaign_members_are_no_log_of_messages(tmp_path: Path) -> None:
    newest = {(m, c): "open" if m % 3 == 0 else "sent" for m, c, _ in SENT}
    states = [f"u{m},k{c},{START + timedelta(days=m):%F},{word}" for (m, c), word in newest.items()]
    sold = [
        f"o{n},{line.rpartition(',')[0].replace('k', 's')},{'open' if n % 3 else 'delivered'},1,5.00"
        for n, line in enumerate(states)
    ]
    files: dict[str, str | bytes] = {
        "contacts.csv": "\n".join(["user_id,campaign_id,sent_on,state", *states]),
        "orders.csv": "\n".join(["order_id,user_id,sku,ordered_on,status,quantity,price", *sold]),
    }
    _, _, rows = taken(tmp_path, files)
    assert (rows["contacts"].height, rows["purchases"].height) == (len(newest), len(newest))


def test_files_with_an_event_each_are_one_log(tmp_path: Path) -> None:
    words = {
        "sent": "Sent",
        "opened": "Open",
        "clicked": "Click",
        "refused": "Unsubscribe",
        "bounced": "Bounce",
    }
    files: dict[str, str | bytes] = {}
    for event, word in words.items():
        more = (",URL", ",https://shop.example") if event == "clicked" else ("", "")
        lines = [f"7,{c},K{m},{at:%F %T},{word}{more[1]}" for m, c, at in EVENTS[event]]
        files[f"{word}s.csv"] = "\n".join(
            [f"ClientID,SendID,SubscriberKey,EventDate,EventType{more[0]}", *lines]
        )
    _, _, rows = taken(tmp_path, files)
    counts = dict(rows["responses"]["kind"].value_counts().iter_rows())
    assert counts == {"opened": len(OPENED), "clicked": len(CLICKED), "answered": len(CLICKED), "blocked": 1}
    assert rows["contacts"].height == len(SENT)
    assert rows["members"].filter(consent_marketing="withdrawn")["member_id"].to_list() == ["K9"]


def test_the_day_on_which_a_deal_is_to_be_closed_is_no_change_of_its_stage(tmp_path: Path) -> None:
    rows_of = [f"{lead},2025-01-01,{SALESFORCE[to]},{when:%FT%TZ}" for lead, when, _, to in MOVES]
    text = "\n".join(["OpportunityId,CloseDate,StageName,CreatedDate", *rows_of])
    _, _, rows = taken(tmp_path, {"OpportunityHistory.csv": text})
    assert (
        dict(rows["responses"].select("lead_id", pl.col("occurred_at").dt.replace_time_zone(None)).rows())
        == WON
    )


def test_an_answer_that_a_file_of_its_own_names_counts_and_no_click(tmp_path: Path) -> None:
    lines = [
        f"u{m},k{c},{event},{at:%F %T}"
        for event in ("sent", "opened", "clicked")
        for m, c, at in EVENTS[event]
    ]
    redeemed = [f"u{m},k{c},{at + timedelta(hours=9):%F %T}" for m, c, at in SENT[::20]]
    files: dict[str, str | bytes] = {
        "log.csv": "\n".join(["user_id,campaign_id,action,timestamp", *lines]),
        "redemptions.csv": "\n".join(["user_id,campaign_id,redeemed_at", *redeemed]),
    }
    _, _, rows = taken(tmp_path, files)
    counts = dict(rows["responses"]["kind"].value_counts().iter_rows())
    assert counts == {"opened": len(OPENED), "clicked": len(CLICKED), "answered": len(redeemed)}


def test_logs_of_months_that_overlap_are_one_of_which_rows_count_once(tmp_path: Path) -> None:
    events = sorted((at, m, c, event) for event, rows in EVENTS.items() for m, c, at in rows)
    lines = [f"u{m},k{c},{event},{at:%F %T}" for at, m, c, event in events]
    header, half = "user_id,campaign_id,action,timestamp", len(lines) // 2
    files: dict[str, str | bytes] = {
        "log_1.csv": "\n".join([header, *lines[: half + 20]]),
        "log_2.csv": "\n".join([header, *lines[half:]]),
    }
    _, _, rows = taken(tmp_path, files)
    assert rows["contacts"].height == len(SENT)
    assert rows["responses"].filter(kind="opened").height == len(OPENED)
