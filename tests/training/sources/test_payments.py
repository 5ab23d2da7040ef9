"""Payments, receipts and subscriptions: what was paid, what came to nothing, when and with what taken off."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from exported import taken

from training.sources.check import check
from training.sources.proposal.name_patterns import comes_to_nothing

STATES = ("SUCCESS", "SUCCESS", "QUEUED", "ERROR", "SKIPPED", "pending")


def test_charges_that_were_not_made_are_no_sales(tmp_path: Path) -> None:
    rows = [
        f"{880 + n},{n % 7},{STATES[n % 6]},2024-03-{n % 28 + 1:02},s{n % 3},2,10.00,1.50,"
        f"{str(n % 10 == 1).lower()}"
        for n in range(60)
    ]
    text = "charge_id,customer_id,status,processed_at,sku,quantity,unit_price,total_discounts,is_test\n"
    _, _, found = taken(tmp_path, {"charges.csv": text + "\n".join(rows)})
    made = [n for n in range(60) if n % 6 < 2 and n % 10 != 1]
    assert found["purchases"].height == len(made)
    assert found["purchases"]["amount_cents"].sum() == len(made) * (2_000 - 150)


@pytest.mark.parametrize(
    ("state", "nothing"),
    [("未发货，退款成功", True), ("已收货", False), ("QUEUED", True), ("shipped/paid", False)],
)
def test_a_state_of_several(state: str, nothing: bool) -> None:
    assert comes_to_nothing(state) is nothing


RECEIPT = "Date,Time,Item,Qty,Gross Sales,Discounts,Net Sales,Transaction ID,Customer ID\n"


def test_a_receipt_has_its_clock_beside_its_day_and_its_discount_off_already(tmp_path: Path) -> None:
    rows = [
        f"{n % 12 + 1:02}/{n % 27 + 1:02}/24,{n % 12 + 1}:05:09 {'AP'[n % 2]}M,i{n % 3},{q},"
        f'"{sign}$1,{n:03}.00",{"-" if q > 0 else ""}$1.00,"{sign}${999 + n:,}.00",T{n},C{n % 6}'
        for n in range(60)
        for q, sign in [(-1, "-") if n % 20 == 7 else (1, "")]
    ]
    _, _, found = taken(tmp_path, {"items-2024.csv": RECEIPT + "\n".join(rows)})
    lines = found["purchases"]
    assert lines["amount_cents"].sum() == sum((999 + n) * (-100 if n % 20 == 7 else 100) for n in range(60))
    assert lines.filter(order_id="T1")["occurred_at"].item() == datetime(2024, 2, 2, 14, 5, 9, tzinfo=UTC)
    assert lines.filter(order_id="T11")["occurred_at"].item() == datetime(2024, 12, 12, 12, 5, 9, tzinfo=UTC)


def test_lines_written_as_names_and_values_and_discounts_with_a_minus(tmp_path: Path) -> None:
    rows = [
        f"{n},{n % 5},2024-03-{n % 28 + 1:02} 10:00:00,"
        f"id:{n}|sku:s1|quantity:2|subtotal:20.00|total:18.00;id:{n}|sku:s2|quantity:1|subtotal:5.00|total:5.00|meta:Size=L"
        for n in range(40)
    ]
    text = "order_id,customer_id,date,line_items\n" + "\n".join(rows)
    _, _, found = taken(tmp_path, {"orders.csv": text})
    assert found["purchases"]["amount_cents"].sum() == 40 * 2_300
    assert found["purchases"]["product_id"].value_counts().sort("product_id").rows() == [
        ("s1", 40),
        ("s2", 40),
    ]


def test_heads_by_their_own_number_and_variants_beside_their_product(tmp_path: Path) -> None:
    heads = [f"{n},{n % 6},complete,25.0,-2.0,2024-03-{n % 28 + 1:02} 10:00:00" for n in range(1, 41)]
    lines = []
    for n in range(1, 41):
        lines += [
            f"{2 * n},{n},,p{n % 3},1.0,25.0,25.0,-2.0",
            f"{2 * n + 1},{n},{2 * n},p{n % 3},1.0,0.0,0.0,0.0",
        ]
    of_order = "entity_id,customer_id,state,subtotal,discount_amount,created_at\n"
    of_line = "item_id,order_id,parent_item_id,sku,qty_ordered,price,row_total,discount_amount\n"
    files: dict[str, str | bytes] = {
        "sales_flat_order.csv": of_order + "\n".join(heads),
        "sales_flat_order_item.csv": of_line + "\n".join(lines),
    }
    _, _, found = taken(tmp_path, files)
    purchases = found["purchases"]
    assert (purchases.height, purchases["amount_cents"].sum()) == (40, 40 * 2_300)
    assert purchases["order_id"].n_unique() == 40
    assert set(purchases["product_id"]) == {"p0", "p1", "p2"}


def test_leads_begin_when_they_were_made_and_a_state_of_refusal_counts(tmp_path: Path) -> None:
    rows = [
        f"00Q{n:04};{'1' if n % 4 == 0 else '0'};{f'{n % 28 + 1:02}.05.2023' if n % 4 == 0 else ''};"
        f"{n % 28 + 1:02}.04.2023;{'1' if n % 9 == 0 else '0'}"
        for n in range(80)
    ]
    text = "Lead-ID;Konvertiert;Konvertierungsdatum;Erstellungsdatum;E-Mail-Abmeldung\n" + "\n".join(rows)
    proposal, _, found = taken(tmp_path, {"Leads.csv": text})
    assert found["leads"].height == 80
    assert set(found["leads"]["occurred_at"].dt.month()) == {4}
    assert found["responses"].height == 20
    assert found["leads"].filter(pl.col("consent_marketing") == "withdrawn").height == 9
    assert not any("can be read in 2 ways" in doubt for doubt in proposal.unsure)


def test_lines_that_were_voided_and_a_row_of_totals(tmp_path: Path) -> None:
    rows = [
        f"{n:06},{n % 12 + 1}/{n % 27 + 1}/24 4:21 AM,C{n % 6},i{n % 3},1,$9.50,$9.50,"
        f"{'TRUE' if n % 10 == 3 else 'FALSE'}"
        for n in range(60)
    ]
    text = "Order Id,Sent Date,Customer Id,Menu Item,Qty,Price,Line Total,Void?\n" + "\n".join(rows)
    _, _, found = taken(tmp_path, {"ItemSelectionDetails.csv": text + "\nTotal,,,,60,,$570.00,\n"})
    assert found["purchases"]["amount_cents"].sum() == 54 * 950
    assert found["purchases"]["order_id"].n_unique() == 54


def refunded(orders: str = "JD") -> dict[str, str | bytes]:
    """Lines of orders, and refunds that name orders and nobody, one order twice."""
    lines = [f"JD{n},u{n % 6},2024-03-{n % 28 + 1:02},s{k},1,{3 + k}.00" for n in range(30) for k in range(2)]
    back = [f"TK{n},{orders}{n // 2 * 2},2024-05-{n % 28 + 1:02},3.50" for n in (0, 1, 10, 20)]
    return {
        "orders.csv": "order_id,customer_id,order_date,sku,quantity,unit_price\n" + "\n".join(lines),
        "refunds.csv": "refund_no,order_id,refunded_at,amount\n" + "\n".join(back),
    }


def test_refunds_without_a_customer_are_taken_off_the_lines_of_their_orders(tmp_path: Path) -> None:
    _, _, rows = taken(tmp_path, refunded())
    back = rows["purchases"].filter(kind="return").sort("order_id", "product_id")
    assert back.filter(order_id="JD0").select("member_id", "product_id", "amount_cents").rows() == [
        ("u0", "s0", -300),
        ("u0", "s1", -400),
    ]
    assert back["amount_cents"].sum() == -4 * 350
    assert str(back["occurred_at"].min()) == "2024-05-02 00:00:00+00:00"
    assert rows["purchases"]["amount_cents"].sum() == 30 * 700 - 4 * 350


def test_refunds_of_orders_that_are_not_there_stop_the_check(tmp_path: Path) -> None:
    proposal, _, _ = taken(tmp_path, refunded("X"))
    assert any("refunds.csv looks like refunds, which are NOT taken off" in said for said in proposal.unsure)
    (found,) = check(tmp_path / "proposed.yaml").findings
    assert (found.name, found.is_fatal) == ("purchases.unread", True)


def test_orders_whose_newest_state_says_so_are_left_out(tmp_path: Path) -> None:
    orders = [f"o{n},u{n % 6},2024-03-{n % 28 + 1:02},9.50" for n in range(30)]
    steps = [f"o{n},{state},0{4 + n % 2 * day}/05/2024" for n in range(30) for day, state in (
        (1, "cancelled" if n % 2 else "paid"), (0, "created"))]  # fmt: skip
    files: dict[str, str | bytes] = {
        "orders.csv": "order_id,customer_id,order_date,total\n" + "\n".join(orders),
        "order_history.csv": "order_id,status,changed_at\n" + "\n".join(steps),
    }
    _, _, rows = taken(tmp_path, files)
    assert rows["purchases"]["amount_cents"].sum() == 15 * 950


@pytest.mark.parametrize("between", ["|", "; ", "\n"])
def test_products_in_one_cell_under_labels_of_several_words(tmp_path: Path, between: str) -> None:
    def line(n: int, k: int) -> str:
        price = f"Product Unit Price: {10 + n % 7}.50, Product Total Price: {(k + 1) * (10.5 + n % 7):.2f}"
        about = f"Product SKU: AB-{k}, Product Name: Tea, green: {k}, Product Variation Details: "
        return f"Product ID: {12 + k}, Product Qty: {k + 1}, {about}, {price}"

    rows = [
        f"{1000 + n},{n % 9},{n % 28 + 1:02}/{n % 12 + 1:02}/2024,{n % 24:02}:05:09,"
        f"{sum((k + 1) * (10.5 + n % 7) for k in range(n % 3 + 1)):.2f},5.00,"
        f'"{between.join(line(n, k) for k in range(n % 3 + 1))}"'
        for n in range(120)
    ]
    head = "Order ID,Customer ID,Order Date,Order Time,Subtotal (inc tax),Shipping Cost,Product Details\n"
    _, _, found = taken(tmp_path, {"orders.csv": head + "\n".join(rows)})
    lines = found["purchases"]
    assert lines.height == 240
    assert lines["product_id"].value_counts().sort("product_id").rows() == [
        ("12", 120),
        ("13", 80),
        ("14", 40),
    ]
    assert lines["quantity"].sum() == 120 + 160 + 120
    assert lines["amount_cents"].sum() == sum(
        (k + 1) * (1050 + 100 * (n % 7)) for n in range(120) for k in range(n % 3 + 1)
    )
