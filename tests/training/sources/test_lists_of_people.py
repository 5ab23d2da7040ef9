"""Files that say one thing of everybody in them, and pairs of ids of one person."""

from pathlib import Path

import polars as pl
import pytest
from exported import taken

ORDERS = "customer_id,order_id,order_date,quantity,unit_price\n" + "".join(
    f"{n % 12:04},o{n},2024-03-{n % 28 + 1:02},1,9.50\n" for n in range(60)
)
PEOPLE = "customer_id,registered_on,email_opt_in\n" + "".join(
    f"{n:04},2023-01-{n + 1:02},yes\n" for n in range(12)
)


def said(members: pl.DataFrame, column: str) -> dict[str, object]:
    """The newest word of each member."""
    newest = members.sort("occurred_at").group_by("member_id").agg(pl.col(column).drop_nulls().last())
    return dict(newest.drop_nulls().iter_rows())


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("unsubscribes.csv", "customer_id,date"),
        ("abmeldungen.csv", "kundennummer,datum"),
        ("liste.csv", "customer_id,unsubscribed_at"),
        ("bajas.csv", "id_cliente,fecha"),
        ("退订名单.csv", "会员编号,时间"),
    ],
)
def test_who_is_on_a_list_of_refusals_refused(tmp_path: Path, name: str, header: str) -> None:
    listed = f"{header}\n0003,2024-02-01\n0007,2024-02-02\n"
    proposal, _, rows = taken(tmp_path, {"orders.csv": ORDERS, "customers.csv": PEOPLE, name: listed})
    refused = {who for who, word in said(rows["members"], "consent_marketing").items() if word == "withdrawn"}
    assert refused == {"0003", "0007"}
    assert any("is taken to have refused marketing" in doubt for doubt in proposal.unsure)


def test_who_died_and_who_was_erased(tmp_path: Path) -> None:
    files = {
        "deceased.csv": "customer_id,date\n0001,2024-02-01\n",
        "gdpr_deletions.csv": "customer_id\n0002\n",
    }
    _, _, rows = taken(tmp_path, {"orders.csv": ORDERS, "customers.csv": PEOPLE, **files})
    assert said(rows["members"], "deceased") == {"0001": True}
    assert said(rows["members"], "consent_profiling") == {"0002": "withdrawn"}


def test_a_list_of_orders_that_were_given_up_is_none_of_refusals(tmp_path: Path) -> None:
    orders = ORDERS.replace("order_date", "unsubscribed_at")
    _, _, rows = taken(tmp_path, {"orders.csv": orders})
    assert rows["purchases"].height == 60


@pytest.mark.parametrize(
    "header",
    ["old_customer_id,new_customer_id,merged_on", "duplicate_id,master_id,day", "旧会员号,新会员号,时间"],
)
def test_two_ids_of_one_person_are_one_member(tmp_path: Path, header: str) -> None:
    merges = f"{header}\n0011,0001,2024-03-20\n0010,0002,2024-03-21\n"
    _, _, rows = taken(tmp_path, {"orders.csv": ORDERS, "merges.csv": merges})
    assert rows["purchases"]["member_id"].n_unique() == 10
    assert rows["identities"]["platform"].to_list() == ["member", "member"]


@pytest.mark.parametrize(
    ("column", "no"), [("短信营销同意", "否"), ("Aceita e-mail", "não"), ("Subscribed to newsletter", "no")]
)
def test_words_on_consent_in_any_language(tmp_path: Path, column: str, no: str) -> None:
    yes = {"否": "是", "não": "sim", "no": "yes"}[no]
    people = f"customer_id,registered_on,{column}\n" + "".join(
        f"{n:04},2023-01-{n + 1:02},{no if n % 4 == 0 else yes}\n" for n in range(12)
    )
    _, _, rows = taken(tmp_path, {"orders.csv": ORDERS, "customers.csv": people})
    assert sorted(said(rows["members"], "consent_marketing").values()) == ["granted"] * 9 + ["withdrawn"] * 3


def test_a_word_on_consent_that_is_not_read_is_said(tmp_path: Path) -> None:
    orders = ORDERS.replace("unit_price", "unit_price,profile_agreement").replace(",9.50", ",9.50,maybe")
    proposal, _, _ = taken(tmp_path, {"orders.csv": orders})
    assert any("profile_agreement may say who consented or refused" in doubt for doubt in proposal.unsure)


def test_of_all_who_are_listed_those_refused_who_left_and_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMBERLENS_ID_KEY", "k" * 32)
    people = "E-Mail;Anmeldedatum;Abgemeldet am\n" + "".join(
        f"Kunde{n}@Example.de;{n + 1:02}.01.2023;{f'{n + 1:02}.06.2023' if n < 3 else ''}\n"
        for n in range(12)
    )
    bought = ORDERS.replace("customer_id", "email")
    bought = "".join(
        line if n == 0 else f"kunde{(n - 1) % 12}@example.de{line[4:]}"
        for n, line in enumerate(bought.splitlines(keepends=True))
    )
    _, _, rows = taken(tmp_path, {"orders.csv": bought, "verteiler.csv": people})
    refused = rows["members"].filter(pl.col("consent_marketing") == "withdrawn")
    assert rows["members"]["member_id"].n_unique() == 12
    assert refused["occurred_at"].dt.strftime("%F").sort().to_list() == [f"2023-06-{n:02}" for n in (1, 2, 3)]


def test_who_is_on_a_list_refused_when_it_says_so_and_not_when_they_joined(tmp_path: Path) -> None:
    listed = "customer_id,OPTIN_TIME,UNSUB_TIME\n0003,2023-02-01,2024-02-01\n0007,2023-02-02,2024-02-02\n"
    _, _, rows = taken(tmp_path, {"orders.csv": ORDERS, "unsubscribed.csv": listed})
    refused = rows["members"].filter(pl.col("consent_marketing") == "withdrawn")
    assert refused["occurred_at"].dt.year().to_list() == [2024, 2024]


def test_words_of_refusal_that_are_not_read_are_said(tmp_path: Path) -> None:
    people = PEOPLE.replace("email_opt_in", "mailing_state").replace(",yes", ",unsubscribed", 3)
    proposal, _, _ = taken(
        tmp_path, {"orders.csv": ORDERS, "customers.csv": people.replace(",yes", ",pending")}
    )
    assert any("mailing_state may say who consented or refused" in doubt for doubt in proposal.unsure)


def test_who_refused_later_had_not_refused_when_they_joined(tmp_path: Path) -> None:
    head, *lines = PEOPLE.splitlines()
    left = [
        f"{line.replace('yes', 'no')},2024-03-05" if n < 3 else f"{line}," for n, line in enumerate(lines)
    ]
    people = "\n".join([f"{head},unsubscribed_at", *left])
    _, _, rows = taken(tmp_path, {"orders.csv": ORDERS, "customers.csv": people})
    refused = rows["members"].filter(pl.col("consent_marketing") == "withdrawn")
    assert refused["occurred_at"].dt.strftime("%F").to_list() == ["2024-03-05"] * 3
    assert rows["members"].filter(pl.col("consent_marketing") == "granted").height == 9
    assert not [name for name in rows["members"].columns if "unsubscribed" in name or "opt_in" in name]


def test_phone_numbers_are_ids_whatever_else_of_members_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMBERLENS_ID_KEY", "k" * 32)
    people = "手机号,注册时间,会员等级\n" + "".join(
        f"{'+86 ' * (n % 2)}1390013{n:04},2023-01-{n + 1:02},{'金卡银卡'[n % 2 * 2 :][:2]}\n"
        for n in range(12)
    )
    bought = "小票号,会员手机,交易时间,商品编码,数量,实收金额\n" + "".join(
        f"x{n},1390013{n % 12:04},2024-03-{n % 28 + 1:02},s,1,9.50\n" for n in range(60)
    )
    _, _, rows = taken(tmp_path, {"会员.csv": people, "小票.csv": bought})
    assert rows["members"].height == 12
    assert set(rows["purchases"]["member_id"]) == set(rows["members"]["member_id"])
    assert not rows["purchases"]["member_id"].str.starts_with("139").any()
