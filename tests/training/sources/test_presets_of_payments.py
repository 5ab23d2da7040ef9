"""Presets that read payments, refunds with shipping, consent at orders, and orders beside their lines."""

from pathlib import Path

import polars as pl
import pytest
from exported import taken

STRIPE = "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Customer ID"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMBERLENS_ID_KEY", "k" * 32)


def test_payments_of_stripe_in_the_currency_of_the_account(tmp_path: Path) -> None:
    text = f"""{STRIPE},Converted Amount,Converted Amount Refunded,Refunded date (UTC)
ch_1,2024-03-01 10:00,"10,00","0,00",usd,Paid,cus_1,"9,00","0,00",
ch_2,2024-03-02 10:00,"20,00","20,00",gbp,Refunded,cus_2,"24,00","24,00",2024-03-09 11:00
ch_3,2024-03-03 10:00,"30,00","0,00",eur,Failed,cus_1,"30,00","0,00",
"""
    _, _, rows = taken(tmp_path, {"unified_payments.csv": text})
    found = rows["purchases"].sort("occurred_at")
    assert found["amount_cents"].to_list() == [900, 2_400, -2_400]
    assert str(found["occurred_at"][2]) == "2024-03-09 11:00:00+00:00"


SHOPIFY = """Name,Email,Financial Status,Accepts Marketing,Cancelled at,Subtotal,Shipping,Total,Discount Amount,Created at,Lineitem quantity,Lineitem price,Lineitem sku,Refunded Amount
#1,a@x.example,refunded,yes,,30.00,4.90,34.90,0.00,2024-05-01 09:00:00 +0200,2,10.00,s1,34.90
#1,a@x.example,,,,,,,,2024-05-01 09:00:00 +0200,1,10.00,s2,
#2,b@x.example,paid,yes,,10.00,4.90,14.90,0.00,2024-05-02 09:00:00 +0200,1,10.00,s1,0.00
#3,b@x.example,paid,no,,10.00,4.90,14.90,0.00,2024-05-03 09:00:00 +0200,1,10.00,s1,0.00
"""  # fmt: skip  # noqa: E501


def test_a_refund_with_shipping_gives_back_the_goods_and_the_newest_word_on_marketing_holds(
    tmp_path: Path,
) -> None:
    _, _, rows = taken(tmp_path, {"orders_export.csv": SHOPIFY})
    assert rows["purchases"]["amount_cents"].sum() == 2_000
    assert rows["purchases"].filter(kind="return")["amount_cents"].to_list() == [-2_000, -1_000]
    newest = rows["members"].sort("occurred_at").group_by("member_id").agg(pl.col("consent_marketing").last())
    assert sorted(newest["consent_marketing"]) == ["granted", "withdrawn"]


ORDERS = (
    "订单编号,买家会员名,买家应付货款,买家应付邮费,买家实际支付金额,订单状态,订单创建时间,宝贝标题,退款金额\n"
)
LINES = "订单编号,标题,价格,购买数量,外部系统编号,订单状态\n"


def test_orders_of_taobao_with_their_lines_in_another_file(tmp_path: Path) -> None:
    orders, lines = [], []
    for n in range(20):
        state, number = ("交易关闭" if n % 5 == 4 else "交易成功"), f'"=""317{n:09}"""'
        orders.append(
            f"{number},买家{n % 6},27.00,8.00,35.00,{state},2024/3/{n + 1} 7:03,甲，乙,{3.5 * (n == 0):.2f}"
        )
        lines += [f"{number},甲,10.00,2,s1,{state}", f"{number},乙,10.00,1,s2,{state}"]
    files: dict[str, str | bytes] = {
        "ExportOrderList1.csv": (ORDERS + "\n".join(orders)).encode("gb18030"),
        "ExportOrderDetailList1.csv": (LINES + "\n".join(lines)).encode("gb18030"),
    }
    proposal, _, rows = taken(tmp_path, files)
    sold, back = (rows["purchases"].filter(kind=kind) for kind in ("sale", "return"))
    assert (sold["order_id"].n_unique(), sold["member_id"].n_unique()) == (16, 6)
    assert sold["amount_cents"].sum() == 16 * 2_700
    assert back["amount_cents"].sum() == -350
    assert sold.group_by("product_id").agg(pl.col("quantity").sum()).sort("product_id").rows() == [
        ("s1", 32),
        ("s2", 16),
    ]
    assert any(
        "its lines take who ordered, and when, from ExportOrderList1.csv" in doubt
        for doubt in proposal.unsure
    )


def test_who_unsubscribed_in_hubspot_refused(tmp_path: Path) -> None:
    text = """Record ID,Create Date,Original Source,Became a Customer Date,Unsubscribed from all email
1,2024-05-01 08:00,Search,2024-05-01,true
2,2024-05-01 09:00,Mail,,
"""
    _, _, rows = taken(tmp_path, {"all-contacts.csv": text})
    assert dict(rows["leads"].select("lead_id", "consent_marketing").iter_rows()) == {
        "1": "withdrawn",
        "2": None,
    }
