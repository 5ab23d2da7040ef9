"""Exports of known systems are read by their presets, without a line written by hand."""

from pathlib import Path

import polars as pl
import pytest
import yaml
from exported import taken

from training.sources.check import check
from training.sources.proposal.hints import Hints
from training.sources.proposal.presets import presets
from training.sources.proposal.propose import propose

ORDERS = """Name,Email,Financial Status,Currency,Subtotal,Total,Discount Amount,Created at,Lineitem quantity,Lineitem price,Lineitem sku,Cancelled at,Refunded Amount
#7,a@x.example,paid,EUR,37.00,41.90,3.00,2024-05-01 09:00:00 +0200,2,15.00,s1,,0.00
#7,a@x.example,,,,,,2024-05-01 09:00:00 +0200,1,10.00,s2,,
#8,b@x.example,voided,EUR,20.00,20.00,0.00,2024-05-02 09:00:00 +0200,1,10.00,s1,2024-05-03 09:00:00 +0200,0.00
#8,b@x.example,,,,,,2024-05-02 09:00:00 +0200,1,10.00,s3,,
#9,b@x.example,partially_refunded,EUR,30.00,30.00,0.00,2024-05-04 09:00:00 +0200,1,20.00,s1,,15.00
#9,b@x.example,,,,,,2024-05-04 09:00:00 +0200,1,10.00,s2,,
"""  # fmt: skip  # noqa: E501
CONTACTS = """Record ID,Create Date,Original Source,Lifecycle Stage,Lead Status,Became a Customer Date
1,2024-05-01 08:00,Search,Customer,Closed,2024-05-01
2,2024-05-01 09:00,Mail,Lead,New,
3,2024-05-02 09:00,Mail,Customer,Closed,2024-05-09
"""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMBERLENS_ID_KEY", "k" * 32)


def read(folder: Path, name: str, text: str, **more: str) -> tuple[str, list[str], dict[str, pl.DataFrame]]:
    files = {name: text} | {key.replace("__", "."): content for key, content in more.items()}
    found, _, rows = taken(
        folder, {name: text.encode("gb18030" if "订单" in text else "utf-8") for name, text in files.items()}
    )
    return found.text, found.unsure, rows


def test_orders_of_shopify(tmp_path: Path) -> None:
    _, unsure, rows = read(tmp_path, "orders_export.csv", ORDERS)
    lines = rows["purchases"]
    assert any("taken as Shopify orders" in said and "--no-presets" in said for said in unsure)
    sold, back = lines.filter(kind="sale"), lines.filter(kind="return")
    assert sold["order_id"].to_list() == ["#7", "#7", "#9", "#9"]
    assert sold["discount_cents"].to_list() == [225, 75, 0, 0]
    assert sold["amount_cents"].sum() == 3700 + 3000
    assert back["amount_cents"].to_list() == [-1000, -500]
    assert str(lines["occurred_at"].min()) == "2024-05-01 07:00:00+00:00"
    assert sold["member_id"].unique().str.contains("^[0-9a-f]{32}$").all()
    assert sold["member_id"].n_unique() == 2


def test_contacts_of_hubspot(tmp_path: Path) -> None:
    text, unsure, rows = read(tmp_path, "all-contacts.csv", CONTACTS)
    assert "attributes" not in text.partition("tables:")[2]
    assert any("written after the outcome" in said for said in unsure)
    assert rows["leads"].height == 3
    assert rows["responses"]["lead_id"].to_list() == ["1", "3"]
    assert str(rows["responses"]["occurred_at"][0]) == "2024-05-01 23:59:59+00:00"


def test_a_preset_can_be_left_and_other_files_have_none(tmp_path: Path) -> None:
    path = tmp_path / "orders_export.csv"
    path.write_text(ORDERS)
    assert "taken as Shopify" not in propose([path], Hints(presets=False)).text
    path.write_text(ORDERS.replace("Lineitem price", "price"))
    assert "taken as Shopify" not in propose([path]).text


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.system)
def test_a_preset_names_its_makers_and_no_source(preset) -> None:
    assert preset.documented_at.startswith("https://")
    assert all("source" not in part for parts in preset.tables.values() for part in parts)
    yaml.safe_dump(preset.source)


def event(n: int, name: str, user: str | None, **more: object) -> dict[str, object]:
    """One event of GA4, as BigQuery writes it."""
    params = [{"key": "value", "value": {"string_value": None, "double_value": 7.25 if n == 3 else None}}]
    base = {"event_timestamp": str(1_717_200_000_000_000 + n * 60_000_000), "event_date": "20240601"}
    return base | {
        "event_name": name, "user_id": user, "user_pseudo_id": f"d{n % 2}", "event_params": params, **more
    }  # fmt: skip


def ga4(revenue: float | None = 12.5) -> list[dict[str, object]]:
    bought = {"ecommerce": {"transaction_id": "T1", "purchase_revenue": revenue}}
    empty = {"ecommerce": {"transaction_id": None, "purchase_revenue": None}}
    return [
        event(0, "page_view", None, **empty),
        event(1, "page_view", None, **empty),
        event(2, "login", "u1", **empty),
        event(3, "purchase", None, **bought),
        event(4, "purchase", None, **bought),
    ]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_events_of_ga4(tmp_path: Path, kind: str) -> None:
    frame = pl.DataFrame(ga4())
    path = tmp_path / f"events_20240601.{kind}"
    frame.write_parquet(path) if kind == "parquet" else frame.write_ndjson(path)
    found = propose([path])
    (tmp_path / "found.yaml").write_text(found.text)
    rows: dict[str, pl.DataFrame] = {}
    check(
        tmp_path / "found.yaml",
        keep=lambda table, frames: rows.update({table: pl.concat(list(frames), how="diagonal_relaxed")}),
    )
    events, bought = rows["events"].sort("event_time"), rows["purchases"].sort("event_time")
    assert events["member_id"].to_list() == ["u1", "ga:d1", "u1", "ga:d1", "u1"]
    assert str(events["recorded_at"][0]) == "2024-06-01 00:02:00+00:00"  # when the log-in bound the device
    assert bought["member_id"].to_list() == ["ga:d1", "u1"]
    assert bought["amount_cents"].to_list() == [1250, 1250]


def test_a_purchase_of_ga4_without_the_record_of_commerce(tmp_path: Path) -> None:
    plain = [{key: value for key, value in one.items() if key != "ecommerce"} for one in ga4()]
    plain[3]["event_params"].append(  # type: ignore[attr-defined]
        {"key": "transaction_id", "value": {"string_value": "T9", "double_value": None}}
    )
    pl.DataFrame(plain[:4]).write_ndjson(tmp_path / "events.jsonl")
    found = propose([tmp_path / "events.jsonl"])
    (tmp_path / "found.yaml").write_text(found.text)
    rows: list[pl.DataFrame] = []
    check(
        tmp_path / "found.yaml",
        keep=lambda name, frames: rows.extend(frames) if name == "purchases" else None,
    )
    assert pl.concat(rows).select("order_id", "amount_cents").rows() == [("T9", 725)]


WOO = """Order Number,Order Status,Order Date,Email (Billing),SKU,Quantity,Quantity (- Refund),Item Cost,Cart Discount Amount,Order Total Amount
11,Completed,2024-05-01 10:00,Ann@x.example,s1,2,2,10.00,3.00,27.00
11,Completed,2024-05-01 10:00,Ann@x.example,s2,1,1,10.00,3.00,27.00
12,Cancelled,2024-05-02 10:00,bob@x.example,s1,1,1,10.00,0.00,10.00
13,Processing,2024-05-03 10:00,ann@x.example,s1,2,1,12.50,0.00,25.00
"""  # fmt: skip  # noqa: E501
MAGENTO = """ID,Purchase Point,Purchase Date,Bill-to Name,Grand Total (Base),Status,Customer Email,Shipping and Handling,Total Refunded
000000007,Main,"May 1, 2024 3:05:01 PM",A,"$1,024.90",Complete,a@x.example,$4.90,$0.00
000000008,Main,"May 13, 2024 9:00:00 AM",B,$30.00,Canceled,b@x.example,$0.00,$0.00
000000009,Main,"May 14, 2024 9:00:00 AM",B,$30.00,Closed,b@x.example,$0.00,$30.00
"""  # fmt: skip  # noqa: E501
TAOBAO = '''订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,总金额,买家实付金额,订单状态,订单创建时间,退款金额
"=""71""",甲,x,100,0,100,"¥1,090.00",交易成功,2024-05-01 09:00:00,10.00
"=""72""",乙,x,50,0,50,¥0.00,交易关闭,2024-05-02 09:00:00,0.00
"=""73""",乙,x,50,0,50,¥50.00,"卖家已发货，等待买家确认",2024-05-03 09:00:00,0.00
'''  # noqa: E501
JD = """订单号,商品ID,商品名称,订购数量,下单时间,京东价,订单金额,订单状态,联系电话
901,s1,甲,2,2024-05-01 09:00:00,10.00,30.00,完成,13800138000
901,s2,乙,1,2024-05-01 09:00:00,10.00,30.00,完成,13800138000
902,s1,甲,1,2024-05-02 09:00:00,10.00,10.00,已取消,+86 138 0013 8001
903,s1,甲,1,2024-05-03 09:00:00,10.00,10.00,完成,+86 138-0013-8000
"""
YOUZAN = """订单号,订单状态,订单创建时间,买家付款时间,订单实付金额,买家手机号,已退款金额
E1,交易完成,2024-05-01 09:00:00,2024-05-01 09:01:00,88.50,13800138000,8.50
E2,交易关闭,2024-05-02 09:00:00,,10.00,13800138001,0
"""
SHOPS = {
    "woocommerce": (WOO, {"11": 2700, "13": 1250}, 1, "2024-05-01 10:00:00+00:00"),
    "magento": (MAGENTO, {"000000007": 102_000, "000000009": 0}, 2, "2024-05-01 15:05:01+00:00"),
    "taobao": (TAOBAO, {"71": 108_000, "73": 5000}, 2, "2024-05-01 01:00:00+00:00"),
    "jd": (JD, {"901": 3000, "903": 1000}, 1, "2024-05-01 01:00:00+00:00"),
    "youzan": (YOUZAN, {"E1": 8000}, 1, "2024-05-01 01:00:00+00:00"),
}


@pytest.mark.parametrize("shop", SHOPS)
def test_orders_of_shops(tmp_path: Path, shop: str) -> None:
    """Revenue by order, net of discounts and refunds; who ordered; when the first did."""
    text, worth, members, first = SHOPS[shop]
    _, unsure, rows = read(tmp_path, "export.csv", text)
    lines = rows["purchases"]
    assert any("--no-presets" in said for said in unsure)
    assert dict(lines.group_by("order_id").agg(pl.col("amount_cents").sum()).iter_rows()) == worth
    assert lines["member_id"].n_unique() == members
    assert str(lines["occurred_at"].min()) == first


LEADS = """Id,LeadSource,Status,Country,CreatedDate,IsConverted,ConvertedDate
00Q1,Web,Qualified,DE,2024-05-01T08:00:00.000+0000,true,2024-05-01
00Q2,Web,Open,DE,2024-05-02T08:00:00.000+0000,false,
"""
MEMBERS = """Id,CampaignId,LeadId,ContactId,CreatedDate,HasResponded,FirstRespondedDate,Status
00v1,701A,,003A,2024-05-01T08:00:00.000+0000,true,2024-05-03,Responded
00v2,701A,,003B,2024-05-01T08:00:00.000+0000,false,,Sent
00v3,701A,00Q1,,2024-05-01T08:00:00.000+0000,false,,Sent
"""


def test_several_files_of_salesforce_at_once(tmp_path: Path) -> None:
    _, _, rows = read(tmp_path, "Lead.csv", LEADS, CampaignMember__csv=MEMBERS)
    assert rows["leads"].select("lead_id", "source", "region").rows() == [
        ("00Q1", "Web", "DE"),
        ("00Q2", "Web", "DE"),
    ]
    assert rows["contacts"]["member_id"].to_list() == ["003A", "003B"]
    told = rows["responses"].sort("occurred_at").select("kind", "lead_id", "member_id", "campaign_id").rows()
    assert told == [("converted", "00Q1", None, None), ("answered", None, "003A", "701A")]
    assert str(rows["responses"]["occurred_at"].min()) == "2024-05-01 23:59:59+00:00"
    assert "x_status" not in rows["leads"].columns


@pytest.mark.parametrize("upper", [True, False])
def test_messages_of_braze(tmp_path: Path, upper: bool) -> None:
    head = "id,user_id,external_user_id,time,campaign_id\n"
    head = head.upper() if upper else head
    sent = head + "a1,b1,m1,1714550400,c1\na2,b2,m2,1714550400,c1\na3,b3,m3,1714550400,\n"
    opened, left = head + "a4,b1,m1,1714554000,c1\n", head + "a5,b2,m2,1714557600,c1\n"
    _, _, rows = read(
        tmp_path,
        "USERS_MESSAGES_EMAIL_SEND_SHARED.csv",
        sent,
        USERS_MESSAGES_EMAIL_OPEN_SHARED__csv=opened,
        USERS_MESSAGES_EMAIL_UNSUBSCRIBE_SHARED__csv=left,
    )
    assert rows["contacts"].select("contact_id", "member_id").rows() == [("a1", "m1"), ("a2", "m2")]
    assert rows["responses"].sort("occurred_at").select("kind", "member_id").rows() == [
        ("opened", "m1"),
        ("blocked", "m2"),
    ]


PROFILES = """Email,Klaviyo ID,First Name,Email Marketing Consent,Profile Created On
 ANN@x.example,01A,Ann,SUBSCRIBED,2024-01-01 09:00:00
cat@x.example,01B,Cat,UNSUBSCRIBED,2024-01-02 09:00:00
dan@x.example,01C,Dan,,2024-01-03 09:00:00
"""


def test_profiles_of_klaviyo_meet_the_orders_of_the_shop(tmp_path: Path) -> None:
    """Both are named by e-mail addresses, written differently."""
    _, unsure, rows = read(tmp_path, "profiles.csv", PROFILES, orders__csv=WOO)
    people = rows["members"].group_by("member_id").agg(pl.col("consent_marketing").drop_nulls().first())
    consents = dict(people.iter_rows())
    assert set(consents.values()) == {"granted", "withdrawn", None}
    assert consents[rows["purchases"]["member_id"].unique().item()] == "granted"
    assert any("MEMBERLENS_ID_KEY" in said for said in unsure)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_tracks_of_segment(tmp_path: Path, kind: str) -> None:
    names = ["anonymous_id", "user_id", "event", "received_at", "timestamp"]
    if kind == "jsonl":
        names = ["anonymousId", "userId", "event", "receivedAt", "timestamp"]
    cells = [
        ("b1", None, "Product Viewed", "2024-05-01T09:00:05Z", "2024-05-01T09:00:00Z"),
        ("b1", "u1", "Signed In", "2024-05-01T09:10:00Z", "2024-05-01T09:09:00Z"),
        ("b2", None, "Product Viewed", "2024-05-01T09:20:00Z", "2024-05-01T09:19:00Z"),
    ]
    frame = pl.DataFrame(cells, names, orient="row")
    path = tmp_path / f"tracks.{kind}"
    frame.write_csv(path) if kind == "csv" else frame.write_ndjson(path)
    _, _, rows = read(tmp_path, path.name, path.read_text())
    events = rows["events"].sort("event_time")
    assert events["member_id"].to_list() == ["u1", "u1", "segment:b2"]
    assert str(events["recorded_at"][0]) == "2024-05-01 09:10:00+00:00"


def test_ids_of_persons_need_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEMBERLENS_ID_KEY")
    with pytest.raises(ValueError, match=r"`hash` needs .* MEMBERLENS_ID_KEY, which is not set.*member_id"):
        read(tmp_path, "export.csv", WOO)


@pytest.mark.parametrize(
    ("name", "header", "cell"),
    [
        (
            "youzan",
            "订单号,订单状态,全部商品名称,商品种类数,订单实付金额,买家付款时间,买家昵称",
            "甲(1件)；乙(2件)",
        ),
        (
            "taobao",
            "订单编号,订单状态,宝贝标题 ,宝贝种类,买家应付货款,买家实际支付金额,订单创建时间,买家会员名",
            "甲，乙",
        ),
    ],
)
def test_products_in_a_cell_of_chinese_shops(tmp_path: Path, name: str, header: str, cell: str) -> None:
    more = {"youzan": "30.00", "taobao": "30.00,30.00"}[name]
    one = "甲(1件)" if name == "youzan" else "甲"
    rows = [
        f"{n},交易成功,{cell if n % 2 else one},{1 + n % 2},{more},2024-03-0{n} 09:00:00,b{n % 3}"
        for n in range(1, 9)
    ]
    text, _, found = read(tmp_path, "o.csv", "\n".join([header, *rows]))
    assert "lines:" in text
    assert found["purchases"]["product_id"].sort(descending=True).to_list() == ["甲"] * 8 + ["乙"] * 4
    assert found["purchases"]["amount_cents"].sum() == 8 * 3_000
    assert found["purchases"]["member_id"].n_unique() == 3
