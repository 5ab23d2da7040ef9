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


PAYPAL = {
    "en": ("Date,Time,TimeZone,Type,Status,Currency,Gross,Fee,Net,From Email Address,To Email Address,Transaction ID,"  # noqa: E501
           "Reference Txn ID", "03/14/2024", "Payment", "Payment Refund", "Completed", "1,204.50"),
    "de": ("Datum,Uhrzeit,Zeitzone,Typ,Status,Währung,Brutto,Gebühr,Netto,Absender E-Mail-Adresse,"
           "Empfänger E-Mail-Adresse,Transaktionscode,Zugehöriger Transaktionscode",
           "14.03.2024", "Einkauf", "Rückzahlung", "Abgeschlossen", "1.204,50"),
    "fr": ("Date,Heure,Fuseau horaire,Type,État,Devise,Avant commission,Commission,Net,De l'adresse email,"
           "À l'adresse email,Numéro de transaction,Numéro de la transaction de référence",
           "14/03/2024", "Paiement", "Remboursement", "Terminé", "1 204,50"),
    "es": ("Fecha,Hora,Zona horaria,Tipo,Estado,Divisa,Bruto,Tarifa,Neto,Remitente,Destinatario,Id. de transacción,Ref",  # noqa: E501
           "14/03/2024", "Pago", "Reembolso", "Completado", "1.204,50"),
}  # fmt: skip


@pytest.mark.parametrize("language", PAYPAL)
def test_activity_of_paypal_in_the_language_of_the_account(tmp_path: Path, language: str) -> None:
    head, day, sale, refund, done, much = PAYPAL[language]
    ann, shop = "ann@x.example", "shop@x.example"
    lines = [
        (day, sale, done, much, ann, shop, "T1", ""),
        (day, sale, "Pending", much, ann, shop, "T2", ""),
        (day, refund, done, f"-{much}", shop, ann, "T3", "T1"),
        (day, sale, done, f"-{much}", shop, "maker@x.example", "T4", ""),  # the account paid somebody
    ]
    rows = [
        f'{day},09:30:00,CET,{kind},{state},EUR,"{amount}","0","{amount}",{of},{to},{number},{old}'
        for day, kind, state, amount, of, to, number, old in lines
    ]
    _, _, tables = taken(tmp_path, {"Download.csv": "\n".join([head, *rows])})
    found = tables["purchases"]
    assert found.select("kind", "amount_cents").rows() == [("sale", 120_450), ("return", -120_450)]
    assert found["member_id"].n_unique() == 1
    assert str(found["occurred_at"][0]) == "2024-03-14 09:30:00+00:00"


SQUARE = "Date,Time,Time Zone,Item,Qty,SKU,Gross Sales,Discounts,Net Sales,Transaction ID,Payment ID,Event Type,Customer ID"  # noqa: E501


def test_items_of_square(tmp_path: Path) -> None:
    text = f"""{SQUARE}
03/14/24,09:30:00,Pacific,Tea,2,s1,"$1,200.00",-$20.00,"$1,180.00",t1,p1,Payment,c1
03/15/24,09:30:00,Pacific,Tea,-1,s1,-$600.00,$10.00,-$590.00,t2,p1,Refund,c1
03/15/24,10:30:00,Pacific,Tea,1,s1,$600.00,$0.00,$600.00,t3,p3,Payment,
"""
    _, _, rows = taken(tmp_path, {"items.csv": text})
    assert rows["purchases"]["amount_cents"].to_list() == [118_000, -59_000]


AMAZON = "order-id\torder-item-id\tpurchase-date\tpayments-date\tbuyer-email\tsku\tquantity-purchased\tcurrency\titem-price"  # noqa: E501
SETTLED = (
    "settlement-id\ttransaction-type\torder-id\tamount-type\tamount-description\tamount\tposted-date\tsku"
)


def test_orders_of_amazon_with_the_refunds_of_its_settlement(tmp_path: Path) -> None:
    lines = [f"{n}\t{n}{k}\t2024-03-{n:02}T10:00:00+00:00\t\tb{n}@x.example\ts{k}\t2\tEUR\t20.00"
             for n in range(1, 9) for k in range(2)]  # fmt: skip
    paid = [f"1\tRefund\t{n}\tItemPrice\tPrincipal\t-10.00\t2024-04-02\ts1" for n in (2, 2, 5)]
    paid += ["1\tRefund\t5\tItemFees\tCommission\t1.50\t2024-04-02\ts1"]
    paid += ["1\tOrder\t5\tItemPrice\tPrincipal\t20.00\t2024-04-02\ts1"]
    files: dict[str, str | bytes] = {
        "orders.txt": "\n".join([AMAZON, *lines]), "settlement.txt": "\n".join([SETTLED, *paid])
    }  # fmt: skip
    _, _, rows = taken(tmp_path, files)
    sold, back = (rows["purchases"].filter(kind=kind) for kind in ("sale", "return"))
    assert sold["amount_cents"].sum() == 16 * 2_000
    assert back.sort("order_id").select("order_id", "product_id", "amount_cents").rows() == [
        ("2", "s1", -2_000),
        ("5", "s1", -1_000),
    ]


EBAY = "Sales Record Number,Order Number,Buyer Username,Item Number,Quantity,Sold For,Total Price,Sale Date"


def test_orders_of_ebay_count_items_and_not_the_line_of_their_order(tmp_path: Path) -> None:
    text = f"""{EBAY}
1,16-1,ann,,3,AU $50.00,AU $55.00,26-May-26
1,16-1,ann,i1,1,AU $20.00,,26-May-26
1,16-1,ann,i2,2,AU $15.00,,26-May-26
2,16-2,bob,i1,1,"AU $1,020.00","AU $1,025.00",27-May-26
"""
    _, _, rows = taken(tmp_path, {"eBay-OrdersReport.csv": text})
    assert rows["purchases"]["amount_cents"].sum() == 5_000 + 102_000


def test_events_of_klaviyo(tmp_path: Path) -> None:
    row = (
        '{"type":"event","id":"e","attributes":{"timestamp":1710400000,"datetime":"2024-03-14 07:06:40+00:00"},'  # noqa: E501
        '"relationships":{"profile":{"data":{"id":"p%d"}},"metric":{"data":{"id":"VwOp"}}}}'
    )
    _, _, rows = taken(tmp_path, {"events.jsonl": "\n".join(row % n for n in range(3))})
    assert rows["events"]["member_id"].to_list() == ["p0", "p1", "p2"]
    assert str(rows["events"]["occurred_at"][0]) == "2024-03-14 07:06:40+00:00"


def test_all_orders_of_amazon_have_the_price_of_the_whole_line(tmp_path: Path) -> None:
    head = (
        "amazon-order-id purchase-date order-status item-status buyer-email sku quantity currency item-price"
    )
    rows = ["\t".join([*head.split(), "item-promotion-discount"])]
    for n in range(60):
        pieces, state = n % 3 + 1, "Shipped" if n % 10 else "Cancelled"
        day = f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}T10:00:00+00:00"
        cells = (f"1-{n}", day, state, state, f"b{n % 9}@m.amazon.de", f"S{n % 4}", str(pieces), "EUR")
        rows.append("\t".join([*cells, f"{12.5 * pieces:.2f}", "1.00"]))
    _, _, found = taken(tmp_path, {"orders.txt": "\n".join(rows)})
    kept = [n for n in range(60) if n % 10]
    assert found["purchases"].height == len(kept)
    assert found["purchases"]["amount_cents"].sum() == sum(1250 * (n % 3 + 1) - 100 for n in kept)
