"""Files of service tickets: when they were opened, solved and rated, and whose they are."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from exported import taken

from training.sources.proposal.tickets import stars

OPENED = [datetime(2024, 1, 3, 8) + timedelta(days=3 * n) for n in range(40)]
BOUGHT = "order_id,customer_id,created_at,sku,quantity,price\n" + "".join(
    f"{n},c{n % 8},{day},s,1,9.50\n" for n, day in enumerate(OPENED)
)


def tickets(header: str, words: str, form: str) -> str:
    rated = words.split(";")
    end = timedelta(days=2)
    return f"{header}\n" + "".join(
        f"{n + 1},c{n % 8},Closed,{day:{form}},{day + end:{form}},{rated[n % len(rated)]}\n"
        for n, day in enumerate(OPENED)
    )


@pytest.mark.parametrize(
    ("name", "header", "words", "form"),
    [
        ("tickets.csv", "ID,Requester id,Status,Created at,Solved at,Satisfaction Score",
         "good;bad;offered;unoffered", "%Y-%m-%d %H:%M"),
        ("工单.csv", "工单编号,客户编号,状态,创建时间,解决时间,满意度",
         "非常满意;非常不满意;;", "%Y/%m/%d %H:%M"),
    ],
)  # fmt: skip
def test_a_rating_counts_from_when_its_ticket_was_solved(
    tmp_path: Path, name: str, header: str, words: str, form: str
) -> None:
    header = header.replace("Requester", "customer")
    _, _, rows = taken(tmp_path, {"orders.csv": BOUGHT, name: tickets(header, words, form)})
    care = rows["care"]
    assert {kind: len(part) for (kind,), part in care.group_by("kind")} == {
        "opened": 40, "resolved": 40, "feedback": 20,
    }  # fmt: skip
    given = care.drop_nulls("satisfaction")
    assert given["kind"].unique().to_list() == ["feedback"]
    assert sorted(given["satisfaction"]) == [1] * 10 + [5] * 10
    assert given["occurred_at"].min() == care.filter(kind="resolved")["occurred_at"].min()


def test_tickets_are_no_heads_of_orders_whose_numbers_meet_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMBERLENS_ID_KEY", "k" * 32)
    lines = BOUGHT + BOUGHT.partition("\n")[2].replace(",s,", ",t,")
    content = tickets(
        "ID,Requester email,Status,Created at,Solved at,Subject", "Refund;Delivery", "%Y-%m-%d %H:%M"
    )
    content = content.replace(",c", ",c@x.de")
    proposal, _, rows = taken(tmp_path, {"orders.csv": lines, "tickets.csv": content})
    assert not any("its lines take who ordered" in doubt for doubt in proposal.unsure)
    assert rows["purchases"]["member_id"].n_unique() == 8


def test_a_rating_without_a_time_of_its_own_is_not_read(tmp_path: Path) -> None:
    content = tickets("ticket_id,customer_id,Status,Created at,x,csat", "5;1", "%Y-%m-%d").replace(",x,", ",")
    rows = [",".join(cell for at, cell in enumerate(line.split(",")) if at != 4 or len(line.split(",")) < 6)
            for line in content.splitlines()]  # fmt: skip
    proposal, _, tables = taken(tmp_path, {"orders.csv": BOUGHT, "tickets.csv": "\n".join(rows)})
    assert any("csat is not read: no column tells when" in doubt for doubt in proposal.unsure)
    assert tables["care"]["satisfaction"].null_count() == 40


def test_words_of_ratings() -> None:
    assert [stars(word) for word in ("Unhappy", "sehr zufrieden", "一般", "n/a")] == [2, 5, 3, None]


def test_ratings_of_conversations(tmp_path: Path) -> None:
    days = [datetime(2024, 1, 3, 9) + timedelta(days=n) for n in range(60)]
    times = "Conversation started at (UTC),Conversation closed at (UTC)"
    header = f"Conversation ID,User ID,{times},Conversation rating"
    lines = [
        f"{n},{n % 9},{day:%F %T},{day + timedelta(hours=2):%F %T},{['', 1, 2, 4, 5][n % 5]}"
        for n, day in enumerate(days)
    ]
    _, _, tables = taken(tmp_path, {"conversations.csv": "\n".join([header, *lines, ""])})
    steps = dict(tables["care"].group_by("kind").len().iter_rows())
    assert steps == {"opened": 60, "resolved": 60, "feedback": 48}
    rated = tables["care"].drop_nulls("satisfaction")
    assert set(rated["satisfaction"]) == {1, 2, 4, 5}
    assert {at.hour for at in rated["occurred_at"]} == {11}
