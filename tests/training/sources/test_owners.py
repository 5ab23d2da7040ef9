"""Whose a row is, in the ways of systems: guests, phone numbers, nested names, amounts named as ids."""

import json
from pathlib import Path

import pytest
from exported import taken

from training.sources.proposal.propose import propose


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMBERLENS_ID_KEY", "k" * 32)


@pytest.mark.parametrize("nobody", ["0", "", "guest"])
def test_guests_are_named_by_their_addresses(tmp_path: Path, nobody: str) -> None:
    rows = [
        f"{nobody if n % 4 == 0 else 100 + n % 8},U{n % 8}@x.example,o{n},2024-03-{n % 28 + 1:02},1,9.50"
        for n in range(60)
    ]
    text = "customer_id,billing_email,order_id,order_date,quantity,unit_price\n" + "\n".join(rows)
    proposal, _, found = taken(tmp_path, {"orders.csv": text})
    assert found["purchases"].height == 60
    assert found["purchases"]["member_id"].n_unique() == 8
    assert any("(guests); members are named by billing_email" in doubt for doubt in proposal.unsure)


def test_one_person_whether_a_number_names_its_country_or_not(tmp_path: Path) -> None:
    people = [f"+34 6{n:02} 11 22 {n:02};0{n % 9 + 1}/02/2022;Sí" for n in range(20)]
    orders = [f"6{n % 20:02}1122{n % 20:02};P{n};{n % 28 + 1:02}/03/2024;1;9,50 €" for n in range(60)]
    files: dict[str, str | bytes] = {
        "clientes.csv": "Teléfono;Fecha de alta;Acepta publicidad\n" + "\n".join(people),
        "pedidos.csv": "Teléfono;Nº pedido;Fecha pedido;Cantidad;Precio unitario\n" + "\n".join(orders),
        "bajas.csv": "Teléfono;Fecha de baja\n0034-600-112200;01/03/2024\n",
    }
    _, mapping, rows = taken(tmp_path, files)
    assert rows["members"]["member_id"].n_unique() == 20
    assert set(rows["purchases"]["member_id"]) == set(rows["members"]["member_id"])
    assert rows["purchases"]["order_id"].n_unique() == 60
    assert mapping.tables["purchases"][0].columns["member_id"].country == "34"


def test_an_amount_is_no_member_whatever_its_name(tmp_path: Path) -> None:
    rows = [
        f"s{n % 5},2401-{n},{9 + n % 7}.50,1380000{n % 9:04},2024-03-{n % 28 + 1:02} 10:00:00"
        for n in range(60)
    ]
    text = "商品,订单号,用户实付金额(元),手机,支付时间\n" + "\n".join(rows)
    _, _, found = taken(tmp_path, {"订单.csv": text})
    assert found["purchases"]["member_id"].n_unique() == 9
    assert found["purchases"]["amount_cents"].sum() == sum(900 + 100 * (n % 7) + 50 for n in range(60))


def test_names_within_names(tmp_path: Path) -> None:
    orders = [
        {
            "ts": 1_709_280_000_123 + 86_400_000 * n,
            "data": {
                "order": {"id": f"A{n}", "shipping": {"amount": 4.9}},
                "customer": {"id": f"{n % 6:06}", "consents": {"marketing": n % 6 > 1}},
                "lines": [
                    {"variant": {"sku": f"s{k}"}, "qty": k + 1, "price": {"value": {"centAmount": 1250}}}
                    for k in range(2)
                ],
            },
        }
        for n in range(30)
    ]
    _, _, rows = taken(tmp_path, {"orders.ndjson": "\n".join(map(json.dumps, orders))})
    assert rows["purchases"]["member_id"].n_unique() == 6
    assert rows["purchases"]["order_id"].n_unique() == 30
    assert rows["purchases"]["amount_cents"].sum() == 30 * 3 * 1_250
    assert set(rows["purchases"]["product_id"]) == {"s0", "s1"}


@pytest.mark.parametrize("column", ["is_test", "accepts_marketing", "deceased"])
def test_a_mark_that_is_no_outcome_makes_no_flat_table(tmp_path: Path, column: str) -> None:
    rows = "\n".join(f"{n},{n % 7 / 10},{'yes' if n % 5 else 'no'}" for n in range(40))
    (tmp_path / "some.csv").write_text(f"reading,level,{column}\n{rows}\n")
    assert "subjects" not in propose([tmp_path / "some.csv"]).text.partition("tables:")[2].partition("#")[0]


def test_lines_find_the_orders_of_a_phone_number(tmp_path: Path) -> None:
    heads = [
        f"3700{n},+86 139{n % 6:08},2024-03-{n % 28 + 1:02} 9:03:00,已完成,31.00,6.00" for n in range(40)
    ]
    lines = [f"3700{n},s{k},1,{15 - 5 * k}.00" for n in range(40) for k in range(2)]
    files: dict[str, str | bytes] = {
        "订单列表.csv": "订单编号,买家手机号,下单时间,订单状态,订单金额,运费\n" + "\n".join(heads),
        "订单商品明细.csv": "订单编号,商品编码,购买数量,商品单价\n" + "\n".join(lines),
        "会员.csv": "手机号,注册时间\n" + "\n".join(f"139{n:08},2022-01-05" for n in range(6)),
    }
    _, _, rows = taken(tmp_path, files)
    purchases = rows["purchases"]
    assert purchases["amount_cents"].sum() == 40 * 2_500  # without shipping
    assert set(purchases["product_id"]) == {"s0", "s1"}
    assert set(purchases["member_id"]) == set(rows["members"]["member_id"])
