"""Whose rows are, and when they were known: ids before names, who asked, and no days of birth."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from exported import taken

TIMES = [datetime(2024, 1, 3, 8, 5) + timedelta(days=3 * n) for n in range(40)]

GONE = "unsubscribed_from_emails"


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def ticket(n: int, at: datetime) -> dict[str, Any]:
    return {"id": n + 1, "created_at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "subject": "Help", "priority": "low"}


@pytest.mark.parametrize(
    "more",
    [
        lambda n: {"recipient": "help@brand.de", "requester_id": 3_600 + n % 8, "assignee_id": 9 + n % 2},
        lambda n: {"due_by": "2025-01-01T08:00:00Z", "requester_id": 3_600 + n % 8, "responder_id": 7},
        lambda n: {"source": {"author": {"id": f"{3_600 + n % 8}", "email": "help@brand.de"}}},
    ],
    ids=["mailbox of the brand", "a time to come", "author of a conversation"],
)
def test_who_asked_is_the_member_of_a_ticket(tmp_path: Path, more: Any) -> None:
    content = [ticket(n, at) | more(n) for n, at in enumerate(TIMES)]
    if "due_by" in content[0]:  # a time that stands before that of the row
        content = [{"due_by": row.pop("due_by"), **row} for row in content]
    users = [{"id": 3_600 + n, "name": f"A {n}", "created_at": "2023-01-01T00:00:00Z"} for n in range(8)]
    _, _, tables = taken(tmp_path, {"tickets.jsonl": lines(content), "users.jsonl": lines(users)})
    assert set(tables["care"]["member_id"]) == {f"{3_600 + n}" for n in range(8)}
    assert tables["members"]["member_id"].n_unique() == 8
    assert tables["care"]["occurred_at"].min() == TIMES[0].replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "header", "row"),
    [
        ("会员.csv", "会员编号,生日,入会时间", "M{n},1990-02-0{n},{at:%F %T}"),
        (
            "contacts.csv",
            "user_id,E-Mail,Date of Birth,Registration Date",
            "M{n},p{n}@x.de,1985-04-0{n},{at:%F %T}",
        ),
        ("kunden.csv", "Kundennummer;Geburtsdatum;Letzte Änderung", "M{n};0{n}.02.1990;{at:%d.%m.%Y %T}"),
    ],
)
def test_nobody_is_known_since_birth(tmp_path: Path, name: str, header: str, row: str) -> None:
    content = f"{header}\n" + "".join(row.format(n=n, at=TIMES[n]) + "\n" for n in range(1, 9))
    _, _, tables = taken(tmp_path, {name: content})
    assert tables["members"]["occurred_at"].min().year == 2024


def test_a_phone_number_names_a_member_before_a_name_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMBERLENS_ID_KEY", "k" * 32)
    content = "客户姓名,手机号,成为客户时间\n" + "".join(
        f"王芳,138000000{n:02},{at:%F %T}\n" for n, at in enumerate(TIMES)
    )
    _, _, tables = taken(tmp_path, {"客户导出.csv": content})
    assert tables["members"]["member_id"].n_unique() == 40


def test_an_id_names_a_member_before_a_name_and_a_net_total_is_not_lowered_again(tmp_path: Path) -> None:
    content = "Sale ID,Date,Customer,Customer ID,Description,Qty,Retail,Discounts,Subtotal,Total\n"
    for n, at in enumerate(TIMES):
        pieces, off = (-1 if n % 9 == 4 else 2), (2.5 if n % 2 else 0)
        off = -off if pieces < 0 else off
        net = 12.5 * pieces - off
        cells = [f"{'-' if one < 0 else ''}${abs(one):,.2f}" for one in (12.5, off, net, net * 1.08)]
        content += f"{n},{at:%m/%d/%Y %I:%M %p},Ann,{500 + n % 8},Cup,{pieces},{','.join(cells)}\n"
    _, _, tables = taken(tmp_path, {"sales_lines.csv": content})
    sold = tables["purchases"]
    worth = [12.5 * (-1 if n % 9 == 4 else 2) - (0 if n % 2 == 0 else -2.5 if n % 9 == 4 else 2.5)
             for n in range(40)]  # fmt: skip
    assert sold["member_id"].n_unique() == 8
    assert sold["amount_cents"].sum() == round(100 * sum(worth))


def test_where_somebody_lives_is_not_the_zone_of_a_profile(tmp_path: Path) -> None:
    content = "member_id,registered_on,timezone\n" + "".join(
        f"m{n},{at:%F %T},{['Asia/Shanghai', 'Europe/Berlin'][n % 2]}\n" for n, at in enumerate(TIMES)
    )
    proposal, _, tables = taken(tmp_path, {"members.csv": content})
    assert tables["members"]["occurred_at"].min() == TIMES[0].replace(tzinfo=UTC)
    assert any("timezone is taken as where somebody lives" in doubt for doubt in proposal.unsure)


def test_an_address_book_is_one_of_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMBERLENS_ID_KEY", "k" * 32)
    people = [
        {"id": f"5f{n}", "email": f"p{n}@x.de", "created_at": int(at.timestamp()), GONE: n % 4 == 0}
        for n, at in enumerate(TIMES)
    ]
    _, _, tables = taken(tmp_path, {"contacts.jsonl": lines(people)})
    said = tables["members"].group_by("consent_marketing").len()
    assert dict(said.iter_rows()) == {"withdrawn": 10, "granted": 30}
    assert "5f3" in set(tables["members"]["member_id"])


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S.%f UTC"])
def test_times_that_say_utc_stay_so(tmp_path: Path, form: str) -> None:
    content = "order_id,customer_id,order_date,sku,qty,price\n" + "".join(
        f"{n},c{n % 5},{at:{form}},s,1,9.50\n" for n, at in enumerate(TIMES)
    )
    _, mapping, tables = taken(tmp_path, {"orders.csv": content})
    assert tables["purchases"]["occurred_at"].min() == TIMES[0].replace(tzinfo=UTC)
    assert mapping.tables["purchases"][0].columns["occurred_at"].time_zone == "UTC"


def test_days_with_dashes_and_names_of_months(tmp_path: Path) -> None:
    content = "order_id,customer_id,order_date,sku,qty,price\n" + "".join(
        f"{n},c{n % 5},{at:%b-%d-%y},s,1,9.50\n" for n, at in enumerate(TIMES)
    )
    _, _, tables = taken(tmp_path, {"orders.csv": content})
    assert tables["purchases"]["occurred_at"].min() == datetime(2024, 1, 3, tzinfo=UTC)
