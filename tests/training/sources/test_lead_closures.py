"""Leads that were closed without having converted, as histories and files of leads tell it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from exported import taken

from training.sources.check import check
from training.sources.proposal.propose import propose

START = datetime(2024, 2, 5, 9)
ENDS = ("won", "lost", "lost again", "lost again lost", "", "won")  # of leads in turn, after new and talk
WORDS = {
    "stages": {
        "new": "New", "talk": "Contacted", "won": "Closed Won", "lost": "Closed Lost", "again": "Working",
    },
    "Salesforce": {
        "new": "Open - Not Contacted", "talk": "Working - Contacted", "won": "Closed - Converted",
        "lost": "Closed - Not Converted", "again": "Nurturing",
    },
    "Chinese": {"new": "新线索", "talk": "跟进中", "won": "赢单", "lost": "输单", "again": "重新跟进"},
}  # fmt: skip
MOVES = [
    (f"d{n}", START + timedelta(days=3 * n + 4 * at), ([*path, ""])[at - 1], to)
    for n in range(36)
    for path in [["new", "talk", *ENDS[n % len(ENDS)].split()]]
    for at, to in enumerate(path)
]
CLOSED = sorted((lead, when) for lead, when, _, to in MOVES if to == "lost")
REOPENED = sorted((lead, when) for lead, when, _, to in MOVES if to == "again")


def history(kind: str) -> tuple[str, str]:
    """The moves as one system exports them, the newest first: name of the file, and its text."""
    words = WORDS[kind]
    if kind == "Salesforce":
        rows = [
            f"{lead},Status,{words[before]},{words[to]},{when:%FT%TZ}"
            if before
            else f"{lead},created,,,{when:%FT%TZ}"
            for lead, when, before, to in MOVES
        ]
        return "LeadHistory.csv", "\n".join(["LeadId,Field,OldValue,NewValue,CreatedDate", *reversed(rows)])
    if kind == "stages":
        rows = [
            f"{lead},{words.get(before, '')},{words[to]},{when:%FT%T}" for lead, when, before, to in MOVES
        ]
        return "stages.csv", "\n".join(["lead_id,from_stage,to_stage,changed_at", *reversed(rows)])
    rows = [f"{lead},{words[to]},{when:%Y/%m/%d %H:%M}" for lead, when, _, to in MOVES]
    return "线索阶段.csv", "\n".join(["线索编号,阶段,进入时间", *reversed(rows)])


def told(rows: pl.DataFrame, kind: str) -> list[tuple[str, datetime]]:
    found = rows.filter(kind=kind).select("lead_id", pl.col("occurred_at").dt.replace_time_zone(None))
    return sorted(found.rows())


@pytest.mark.parametrize("kind", WORDS)
def test_a_history_tells_which_leads_were_closed_and_opened_again(tmp_path: Path, kind: str) -> None:
    name, text = history(kind)
    found, _, rows = taken(tmp_path, {name: text})
    assert told(rows["closures"], "closed") == CLOSED
    again = told(rows["closures"], "reopened")
    assert {*REOPENED} <= {*again}
    assert (again == REOPENED) == (
        kind != "Chinese"
    )  # no column tells the stage before: each open stage does
    assert any("closed without being won" in said for said in found.unsure)
    lines = [*check(tmp_path / "proposed.yaml").lines()]
    standing = len({lead for lead, _ in CLOSED}) - 6  # one in six was opened again and not closed since
    assert any(
        f"converted: {standing} of 36" in line and "6 others were opened again" in line for line in lines
    )


def test_a_history_beside_a_file_of_leads_alone_tells_when_they_were_closed(tmp_path: Path) -> None:
    name, text = history("stages")
    began = [(lead, when) for lead, when, before, _ in MOVES if not before]
    flat = [f"{lead},{when:%FT%T},web,{when + timedelta(days=40):%F}" for lead, when in began]
    files: dict[str, str | bytes] = {
        "leads.csv": "\n".join(
            ["lead_id,created_at,origin,lost_at", *flat[:20], *(f"{x},{y:%FT%T},web," for x, y in began[20:])]
        ),
        name: text,
    }
    _, _, rows = taken(tmp_path, files)
    assert rows["leads"].height == 36
    assert told(rows["closures"], "closed") == CLOSED


FLAT = {
    "a date of its own": (
        "Lost Date",
        lambda n: f",{'2024-03-20' if n % 3 == 0 else ''},{'Lost' if n % 3 == 0 else 'Open'}",
    ),
    "the end and its state": (
        "Closed Date",
        lambda n: f",{'' if n % 3 == 2 else '2024-03-20'},{('Disqualified', 'Won', 'Open')[n % 3]}",
    ),
    "in Chinese": (
        "战败时间",
        lambda n: f",{'2024-03-20' if n % 3 == 0 else ''},{'战败' if n % 3 == 0 else '跟进'}",
    ),
}


@pytest.mark.parametrize("kind", FLAT)
def test_a_file_of_leads_tells_which_were_lost_and_when(tmp_path: Path, kind: str) -> None:
    column, more = FLAT[kind]
    lines = [f"L{n},{START + timedelta(hours=9 * n):%F %T},{n % 4}{more(n)},{n % 7}" for n in range(60)]
    text = "\n".join([f"lead_id,created_at,source,{column},Lead Status,size", *lines])
    found, _, rows = taken(tmp_path, {"leads.csv": text})
    assert rows["closures"].height == 20
    assert {str(at) for at in rows["closures"]["occurred_at"]} == {
        "2024-03-20 23:59:59+00:00"
    }  # its day's end
    assert rows["leads"].height == 60
    assert rows["responses"].height == (20 if column == "Closed Date" else 0)
    assert [name for name in rows["leads"].columns if name.startswith("x_")] == ["x_size"]
    assert any(f"{column}" in said and "closed without being won" in said for said in found.unsure)


@pytest.mark.parametrize("name", ["lost_leads.csv", "战败.csv", "second.csv"])
def test_a_file_of_lost_leads_is_no_file_of_conversions(tmp_path: Path, name: str) -> None:
    begun = [f"L{n},{START + timedelta(hours=9 * n):%F %T},{n % 4}" for n in range(60)]
    won = [f"L{n},2024-03-{n // 3 + 1:02}" for n in range(0, 60, 3)]
    lost = [f"L{n},2024-03-{n // 3 + 1:02}" for n in range(1, 60, 3)]
    files: dict[str, str | bytes] = {
        "leads.csv": "\n".join(["lead_id,created_at,source", *begun]),
        "won.csv": "\n".join(["lead_id,closed_on", *won]),
        name: "\n".join(["lead_id,lost_at" if name == "second.csv" else "lead_id,closed_on", *lost]),
    }
    _, _, rows = taken(tmp_path, files)
    assert rows["responses"]["lead_id"].sort().to_list() == sorted(row.partition(",")[0] for row in won)
    assert rows["closures"]["lead_id"].sort().to_list() == sorted(row.partition(",")[0] for row in lost)
    assert rows["closures"]["kind"].unique().to_list() == ["closed"]


def test_leads_that_nobody_closes_have_no_such_table(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text(
        "\n".join(["lead_id,created_at,source", *(f"L{n},2024-01-0{n % 9 + 1},web" for n in range(40))])
    )
    assert "closures" not in propose([tmp_path / "leads.csv"]).text


def test_what_a_deal_has_from_the_beginning_is_read(tmp_path: Path) -> None:
    first = "Deal - Deal source,Deal - Source channel,Deal - Deal created"
    head = f"Deal - ID,{first},Deal - Status,Deal - Won time,Deal - Deal value,Deal - Deal probability\n"
    days = [datetime(2024, 1, 1, 9) + timedelta(days=n) for n in range(60)]
    rows = "".join(
        f"{n + 500},{('fair', 'web')[n % 2]},c{n % 3},{day},{('won', 'open')[n % 2]},"
        f"{day + timedelta(9) if n % 2 == 0 else ''},{n * 10},{n}\n"
        for n, day in enumerate(days)
    )
    proposal, _, tables = taken(tmp_path, {"deals-2024.csv": head + rows})
    assert set(tables["leads"]["source"]) == {"fair", "web"}
    assert tables["leads"]["occurred_at"].min() == datetime(2024, 1, 1, 9, tzinfo=UTC)
    (said,) = [doubt for doubt in proposal.unsure if "Deal - Deal value" in doubt]
    assert "Deal - Deal probability" in said
    assert not any(name in said for name in first.split(","))
    assert any("channel" in name for name in tables["leads"].columns)


def test_deals_of_a_sales_team_are_leads_with_their_ends(tmp_path: Path) -> None:
    head = "Deal - ID,Deal - Deal created,Deal - Status,Deal - Won time,Deal - Lost time,Person - ID\n"
    days = [datetime(2024, 1, 1, 9) + timedelta(days=n) for n in range(60)]
    rows = "".join(
        f"{n + 500},{day},{('won', 'lost', 'open')[n % 3]},{day + timedelta(9) if n % 3 == 0 else ''},"
        f"{day + timedelta(5) if n % 3 == 1 else ''},{n % 40}\n"
        for n, day in enumerate(days)
    )
    _, _, tables = taken(tmp_path, {"deals-2024.csv": head + rows})
    assert tables["leads"].height == 60
    assert tables["responses"].height == 20
    assert tables["closures"].height == 20


def test_leads_with_the_time_at_which_they_were_won_are_no_flat_table(tmp_path: Path) -> None:
    later = ("Lead Status", "Converted", "Modified Time", "Converted Date Time")
    rows = ["Record Id,Lead Source,Created Time,Industry,Company,Size," + ",".join(later)]
    for n in range(60):
        at, won = datetime(2024, 1, 1, 9) + timedelta(days=n), n % 4 == 0
        state = f"{'Converted' if won else 'Open'},{str(won).lower()},{at},{at + timedelta(8) if won else ''}"
        rows.append(f"z{n},{('Web', 'Fair')[n % 2]},{at},Retail,Co {n},{n},{state}")
    _, mapping, tables = taken(tmp_path, {"zoho_leads.csv": "\n".join(rows)})
    assert set(mapping.tables) == {"leads", "responses"}
    assert tables["responses"].height == 15
    assert not {*later} & set(tables["leads"].columns)


def test_states_of_today_without_a_time_are_neither_outcome_nor_attribute(tmp_path: Path) -> None:
    header = "(Do Not Modify) Lead,(Do Not Modify) Modified On,Topic,Status Reason,Status,Created On"
    lines = [
        f"L{n},2024-06-{n % 28 + 1:02} 10:00,t{n % 3},{state},{state},2024-03-{n % 28 + 1:02} 09:00"
        for n, state in enumerate(["Qualified", "New", "Disqualified"] * 20)
    ]
    proposal, _, tables = taken(tmp_path, {"leads.csv": "\n".join([header, *lines, ""])})
    assert [name for name in tables["leads"].columns if name.startswith("x_")] == ["x_topic"]
    assert any("no column or file says when they were won" in doubt for doubt in proposal.unsure)
