"""Orders of shops in other languages, alphabets and forms, each with its money, pieces and people known."""

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from exported import taken

from training.sources.check import check
from training.sources.proposal.name_patterns import comes_to_nothing, means
from training.sources.proposal.propose import propose
from training.sources.reading.dialect import encoding_of

ORDERS = [
    (
        n,
        n % 7,
        datetime(2024, 1, 13, 9) + timedelta(days=n),
        [(f"s{k}", 1 + k, 1_005 + 7 * n) for k in range(1 + n % 3)],
    )
    for n in range(40)
]
GONE = {5, 6, 17}  # orders that came to nothing
WORTH = {n: sum(q * p for _, q, p in lines) for n, _, _, lines in ORDERS}
ALL = sum(worth for n, worth in WORTH.items() if n not in GONE)


def comma(cents: int) -> str:
    return f"{cents / 100:.2f}".replace(".", ",")


Line = Callable[[int, int, datetime, str, int, int], list[Any]]


def table(header: str, line: Line) -> list[list[Any]]:
    rows = [line(n, m, day, *one) for n, m, day, lines in ORDERS for one in lines]
    return [header.split(";"), *rows]


def state(n: int, words: str) -> str:
    return words.split()[n in GONE]


SHOPS: dict[str, tuple[str, str, list[list[Any]]]] = {
    "italian": (
        "ordini.csv",
        "cp1252",
        table(
            "Codice cliente;Numero ordine;Data ordine;Prodotto;Quantità;Prezzo unitario;Stato",
            lambda n, m, d, s, q, p: [
                f"T{m}",
                n,
                f"{d:%d/%m/%Y %H:%M}",
                s,
                q,
                comma(p),
                state(n, "Completato Annullato"),
            ],
        ),
    ),
    "japanese": (
        "注文データ.csv",
        "cp932",
        table(
            "注文番号;会員番号;注文日時;商品コード;商品名;数量;単価;ステータス",
            lambda n, m, d, s, q, p: [
                n,
                f"K{m}",
                f"{d:%Y/%m/%d %H:%M}",
                s,
                "せっけん",
                q,
                p / 100,
                state(n, "発送済み キャンセル"),
            ],
        ),
    ),
    "russian": (
        "заказы.csv",
        "cp1251",
        table(
            "Номер заказа;ID клиента;Дата заказа;Артикул;Количество;Цена;Статус",
            lambda n, m, d, s, q, p: [
                n,
                f"Р{m}",
                f"{d:%d.%m.%Y}",
                s,
                q,
                comma(p),
                state(n, "Выполнен Отменён"),
            ],
        ),
    ),
    "polish": (
        "zamówienia.csv",
        "cp1250",
        table(
            "Numer zamówienia;Numer klienta;Data zamówienia;SKU;Ilość;Cena;Status",
            lambda n, m, d, s, q, p: [
                n,
                m,
                f"{d:%d.%m.%Y}",
                s,
                q,
                f"{comma(p)} zł",
                state(n, "wysłane anulowane"),
            ],
        ),
    ),
    "czech, a cell of products": (
        "objednávky.csv",
        "cp1250",
        [
            ["Číslo objednávky", "E-mail zákazníka", "Datum", "Produkty", "Celkem s DPH", "Stav"],
            *(
                [
                    n,
                    f"z{m}@x.cz",
                    f"{d:%d. %m. %Y}",
                    ", ".join(f"{q}x {s}" for s, q, _ in of),
                    f"{comma(WORTH[n])} Kč",
                    state(n, "Doručeno Stornováno"),
                ]
                for n, m, d, of in ORDERS
            ),
        ],
    ),
    "turkish": (
        "siparişler.csv",
        "utf-8",
        table(
            "Sipariş No;Müşteri No;Sipariş Tarihi;Ürün Kodu;Adet;Birim Fiyat;Durum",
            lambda n, m, d, s, q, p: [
                n,
                f"T{m}",
                f"{d:%d.%m.%Y}",
                s,
                q,
                f"{comma(p)} TL",
                state(n, "Teslim İptal"),
            ],
        ),
    ),
    "french, named by mail": (
        "commandes.csv",
        "utf-8",
        table(
            "N° commande;E-mail;Date de commande;Article;Qté;PU TTC;Statut",
            lambda n, m, d, s, q, p: [
                n,
                f"c{m}@x.fr",
                f"{d:%d/%m/%Y}",
                s,
                q,
                comma(p),
                state(n, "Livrée Remboursée"),
            ],
        ),
    ),
}


def bought(folder: Path, *names: str) -> pl.DataFrame:
    found = propose([folder / name for name in names])
    (folder / "m.yaml").write_text(found.text, encoding="utf-8")
    kept: dict[str, list[pl.DataFrame]] = {}
    told = check(folder / "m.yaml", keep=lambda name, frames: kept.update({name: list(frames)}))
    assert not [one.name for one in told.findings if one.is_fatal]
    return pl.concat(kept["purchases"])


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMBERLENS_ID_KEY", "k" * 32)


@pytest.mark.parametrize("shop", SHOPS)
def test_a_shop_abroad(tmp_path: Path, shop: str) -> None:
    name, encoding, rows = SHOPS[shop]
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(rows)
    (tmp_path / name).write_bytes(text.getvalue().encode(encoding))
    assert encoding_of(tmp_path / name) == encoding
    purchases = bought(tmp_path, name)
    assert purchases["amount_cents"].sum() == ALL
    assert purchases["member_id"].n_unique() == 7
    assert set(purchases["product_id"]) == {"s0", "s1", "s2"}


def test_currency_signs_of_a_price_are_told_apart(tmp_path: Path) -> None:
    rows = table(
        "pedido;cliente;fecha;articulo;cantidad;precio",
        lambda n, m, d, s, q, p: [n, m, f"{d:%d/%m/%Y}", s, q, f"{'$ €'[2 * (m > 2)]} {comma(p)}"],
    )
    with (tmp_path / "pedidos.csv").open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    (tmp_path / "m.yaml").write_text(propose([tmp_path / "pedidos.csv"]).text)
    (found,) = check(tmp_path / "m.yaml").findings
    assert (found.name, found.is_fatal) == ("purchases.currencies", True)
    assert "$ " in found.says
    assert "€ " in found.says


def test_states_of_which_none_is_known_are_said(tmp_path: Path) -> None:
    rows = ["order_id,customer_id,order_date,qty,price,status"]
    rows += [f"{n},{m},{d:%Y-%m-%d},1,9.50,{'xyzzy' if n % 3 else 'plugh'}" for n, m, d, _ in ORDERS]
    (tmp_path / "orders.csv").write_text("\n".join(rows))
    assert "no word of status (xyzzy, plugh) is known" in propose([tmp_path / "orders.csv"]).text


def test_cents_of_an_order_are_split_to_the_cent(tmp_path: Path) -> None:
    orders = [
        {
            "order_id": str(n), "customer": {"id": f"c{m}"}, "created_at": day.isoformat(),
            "status": state(n, "sent cancelled"), "total_cents": WORTH[n] - 101 * (n % 2),
            "discount_cents": 101 * (n % 2),
            "items": [{"sku": s, "qty": q, "price_cents": p} for s, q, p in lines],
        }
        for n, m, day, lines in ORDERS
    ]  # fmt: skip
    (tmp_path / "orders.jsonl").write_text("\n".join(map(json.dumps, orders)))
    purchases = bought(tmp_path, "orders.jsonl")
    assert purchases["amount_cents"].sum() == ALL - 101 * sum(n % 2 for n in WORTH if n not in GONE)
    assert purchases.height == sum(len(lines) for n, *_, lines in ORDERS if n not in GONE)


@pytest.mark.parametrize(
    ("name", "concept"),
    [("Número do pedido", "order_id"), ("Preis (EUR)", "unit_price_cents"), ("E-Mail (Abrechnung)", "email"),
     ("Klantnummer:", "member_id"), ("お支払い金額", "line_total"), ("主订单编号", "order_id"),
     ("收件人手机号", "phone"), ("商家优惠(元)", "discount_cents"), ("Order Lines/Quantity", "quantity"),
     ("Person - Email", "email"), ("total_discounts_tax_incl", "discount_cents"),
     ("unit_price_tax_incl", "unit_price_cents"), ("(Do Not Modify) Lead", "lead_id")],
)  # fmt: skip
def test_headers_abroad(name: str, concept: str) -> None:
    assert means(name, concept)
    assert not means(name, "birth_year")
    assert not means("Preis/Stück", "quantity")
    assert not means("会员等级", "member_id")


def test_states_abroad() -> None:
    assert all(map(comes_to_nothing, ["Storniert", "キャンセル", "Geannuleerd", "ANULADO", "已取消"]))
    assert not any(map(comes_to_nothing, ["bezahlt", "発送済み", "entregado"]))


def test_amounts_that_reach_the_total_with_tax_and_tip_have_the_discount_off(tmp_path: Path) -> None:
    lines = [
        f"{n},C{n % 7},{day:%F %T},{2.0 if n % 5 == 0 else 0.0:.2f},{20 + n}.00,1.60,3.50,{25.1 + n:.2f}"
        for n, _, day, _ in ORDERS
    ]
    header = "Order Id,Customer Id,Opened,Discount Amount,Amount,Tax,Tip,Total"
    _, _, rows = taken(tmp_path, {"OrderDetails.csv": "\n".join([header, *lines, ""])})
    assert rows["purchases"]["amount_cents"].sum() == sum(100 * (20 + n) for n in range(40))


def test_members_that_are_named_by_their_names_are_doubted(tmp_path: Path) -> None:
    lines = [f"{n},{'ABCDEFG'[m]}. Meier,{day:%F},19.90" for n, m, day, _ in ORDERS]
    text = "\n".join(["Order No,Customer,Order date,Total", *lines, ""])
    proposal, _, _ = taken(tmp_path, {"orders.csv": text})
    assert any("Customer seems to hold names" in doubt for doubt in proposal.unsure)


def test_orders_among_events_are_named(tmp_path: Path) -> None:
    lines = [
        f"{'PayOrder' if n % 2 else 'View'},u{m},{day:%F %T},{f'o{n},{n}.50' if n % 2 else ','}"
        for n, m, day, _ in ORDERS
    ]
    text = "\n".join(["event,user_id,time,order_id,order_amount", *lines, ""])
    proposal, _, _ = taken(tmp_path, {"events.csv": text})
    assert any("look like orders among events" in doubt for doubt in proposal.unsure)
