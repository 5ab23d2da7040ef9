"""Numbers, times and words as exports write them: found out, stated in the proposal, and read by it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from exported import NAMES, START, orders, taken

from training.sources.reading.attribute_types import typed_by_itself
from training.sources.reading.number_format import decimal_mark, read_number


@pytest.mark.parametrize(
    ("cells", "mark", "guessed", "values"),
    [
        (["1.488,69", "1.000"], ",", False, [1488.69, 1000.0]),
        (["1,299.00", "3.5"], ".", False, [1299.0, 3.5]),
        (["1 299,00 €", "2,5 €"], ",", False, [1299.0, 2.5]),
        (["CHF 1'299.00", "(12.50)", "7.00-"], ".", False, [1299.0, -12.5, -7.0]),
        (["₹1,00,000.00", "-₹5.25"], ".", False, [100_000.0, -5.25]),
        (["1.500", "2.250"], ".", True, [1.5, 2.25]),
        (["15万", "9800.5元", "1.2 亿"], ".", False, [150_000, 9_800.5, 120_000_000]),
        (["a", "1.5"], None, False, []),
        (["10.0.0.1", "192.168.1.1"], None, False, []),
    ],
)
def test_one_number_format_for_a_column(
    cells: list[str], mark: str | None, guessed: bool, values: list[float]
) -> None:
    text = pl.Series("v", cells)
    assert decimal_mark(text) == (mark, guessed)
    if mark:
        assert text.to_frame().select(read_number(pl.col("v"), mark)).to_series().to_list() == values


def test_a_thousands_mark_on_large_amounts_only(tmp_path: Path) -> None:
    content = orders(lambda day: str(day), lambda n: '"2,500.00"' if n == 7 else f"{n}.00", rows=60)
    _, _, rows = taken(tmp_path, {"orders.csv": content})
    assert rows["purchases"].sort("occurred_at")["unit_price_cents"][7] == 250_000
    assert rows["purchases"].height == 60


@pytest.mark.parametrize(
    "form",
    [
        "%m/%d/%Y %I:%M %p",
        "%d.%m.%y %H:%M",
        "%Y年%m月%d日 %H:%M",
        "%d %b %Y %H:%M",
        "%Y-%m-%dT%H:%M:%S+00:00",
    ],
)
def test_times_in_many_formats(tmp_path: Path, form: str) -> None:
    _, _, rows = taken(tmp_path, {"orders.csv": orders(lambda day: f"{day:{form}}")})
    assert rows["purchases"]["occurred_at"][0] == START.replace(tzinfo=UTC)
    assert rows["purchases"].height == 30


@pytest.mark.parametrize(
    ("unit", "count"),
    [
        ("seconds", lambda day: f"{day.replace(tzinfo=UTC).timestamp():.0f}"),
        ("milliseconds", lambda day: f"{day.replace(tzinfo=UTC).timestamp() * 1e3:.0f}"),
        ("microseconds", lambda day: f"{day.replace(tzinfo=UTC).timestamp() * 1e6:.0f}"),
        ("days", lambda day: f"{(day - datetime(1899, 12, 30)) / timedelta(days=1):.6f}"),
    ],
)
def test_times_that_are_counted(tmp_path: Path, unit: str, count: Callable[[datetime], str]) -> None:
    found, _, rows = taken(tmp_path, {"orders.csv": orders(count)})
    assert abs(rows["purchases"]["occurred_at"][0] - START.replace(tzinfo=UTC)) < timedelta(seconds=1)
    assert any(f"is taken as {unit} since" in doubt for doubt in found.unsure)


def test_midnight_without_a_clock_beside_times_with_one(tmp_path: Path) -> None:
    content = orders(lambda day: f"{day:%d/%m/%Y}" if day.month == 3 else f"{day:%d/%m/%Y %H:%M}")
    _, _, rows = taken(tmp_path, {"orders.csv": content})
    assert rows["purchases"].height == 30


def test_the_last_row_tells_day_from_month(tmp_path: Path) -> None:
    """The first rows fit both readings, and are more than are looked at."""
    first = "".join(f"c{n % 9},o{n},0{n % 9 + 1}/02/2024,1,2.50\n" for n in range(45_000))
    content = f"{NAMES}\n{first}c1,last,02/28/2024,1,2.50\n"
    found, mapping, rows = taken(tmp_path, {"orders.csv": content})
    assert mapping.tables["purchases"][0].columns["occurred_at"].format == "%m/%d/%Y"
    assert rows["purchases"].height == 45_001
    assert not any("ways" in doubt for doubt in found.unsure)


def test_both_readings_of_a_date_are_put_to_the_user(tmp_path: Path) -> None:
    lines = "".join(f"c{n},o{n},0{n + 1}/0{n % 3 + 5}/2024,1,2.50\n" for n in range(9))
    found, _, _ = taken(tmp_path, {"orders.csv": f"{NAMES}\n{lines}"})
    (doubt,) = (doubt for doubt in found.unsure if "can be read in 2 ways" in doubt)
    assert "01/05/2024 is taken as 5 January 2024, and may be 1 May 2024" in doubt
    assert '`format: "%d/%m/%Y"`' in doubt


def test_words_for_empty(tmp_path: Path) -> None:
    content = (
        orders(lambda day: f"{day:%Y-%m-%d}")
        + "N/A,x1,2024-03-05,1,1\n(blank),x2,-,1,无\nc1,x3,2024-03-05,1,none\n"
    )
    found, mapping, rows = taken(tmp_path, {"orders.csv": content})
    assert set(next(iter(mapping.sources.values())).empty) == {"N/A", "(blank)", "-", "无"}
    assert set(rows["purchases"]["member_id"]) == {"c0", "c1", "c2", "c3"}
    assert rows["purchases"].height == 30  # the row whose price is none is quarantined
    assert any("have no customer_id" in doubt for doubt in found.unsure)


@pytest.mark.parametrize("words", [("Ja", "nein"), ("oui", "non"), ("Sí", "No"), ("是", "否"), ("yes", "no")])
def test_a_proposal_states_what_yes_and_no_mean(tmp_path: Path, words: tuple[str, str]) -> None:
    lines = "".join(f'c{n},2024-01-0{n + 1},{words[n % 2]},"1,20{n}.50"\n' for n in range(8))
    _, mapping, rows = taken(tmp_path, {"customers.csv": f"customer_id,joined_at,club,limit\n{lines}"})
    (source,) = mapping.sources.values()
    assert source.fields["club"].map == {words[0]: 1, words[1]: 0}
    assert rows["members"]["x_club"].to_list() == [1.0, 0.0] * 4
    assert rows["members"]["x_limit"][0] == 1200.5


def test_yes_and_no_stay_words_where_a_mapping_does_not_ask() -> None:
    assert typed_by_itself(pl.Series("x_club", ["yes", "no", None])).to_list() == ["yes", "no", None]
    assert typed_by_itself(pl.Series("x_limit", ["1,200.50", "3"])).to_list() == ["1,200.50", "3"]


SHAPES = {
    "full width figures, Shift-JIS": ("受注番号,会員番号,受注日時,商品コード,数量,単価", "cp932",
        lambda n: f"{n},u{n % 5},2024年03月{n % 28 + 1:02}日 09時05分,s1,２,１２．５"),
    "French months, no-break blanks": ("Numéro de commande,Code client,Date de commande,Référence,Quantité,Prix unitaire",  # noqa: E501
        "utf-8", lambda n: f'{n},u{n % 5},{n % 28 + 1} {("janv.", "févr.", "août")[n % 3]} 2024 09:05,s1,2,"12,50\u202f€"'),  # noqa: E501
    "lakhs under Rate": ("Invoice No,Customer Code,Invoice Date,Item Code,Qty,Rate", "utf-8",
        lambda n: f'{n},u{n % 5},{n % 28 + 1:02}-03-2024,s1,2,"₹ 12.50"'),
    "receipts by their Chinese name": ("小票号,会员卡号,交易日期,商品编码,数量,单价（元）", "gb18030",
        lambda n: f"{n},u{n % 5},2024年3月{n % 28 + 1}日,s1,2,12.50"),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_signs_and_words_of_other_countries(tmp_path: Path, shape: str) -> None:
    head, encoding, line = SHAPES[shape]
    text = "\n".join([head, *(line(n) for n in range(1, 31))])
    _, _, rows = taken(tmp_path, {"orders.csv": text.encode(encoding)})
    found = rows["purchases"]
    assert (found["amount_cents"].sum(), found["order_id"].n_unique(), found["member_id"].n_unique()) == (
        75_000,
        30,
        5,
    )
    assert found["occurred_at"].min().year == 2024  # type: ignore[union-attr]


def test_per_cents_with_their_sign_are_taken_off(tmp_path: Path) -> None:
    lines = [f"o{n},c{n % 5},2024-03-{n % 28 + 1:02},s1,1,10.00,{10 * (n % 2)}%" for n in range(30)]
    text = "\n".join(["order_no,client_no,date,article,pieces,price,disc %", *lines])
    _, _, rows = taken(tmp_path, {"orders.csv": text})
    assert rows["purchases"]["amount_cents"].sum() == 30 * 1_000 - 15 * 100


def test_days_with_months_in_letters_and_empty_cells_leave_the_first_line_the_names(tmp_path: Path) -> None:
    lines = [
        f"T{n},c{n % 5},{n % 28 + 1:02}-Feb-2024 08:00,late,{'' if n < 3 else n % 5 + 1}" for n in range(30)
    ]
    text = "\n".join(["Ticket ID,Customer ID,Opened At,Reason,CSAT", *lines])
    _, _, rows = taken(tmp_path, {"tickets.csv": text})
    assert rows["care"].height == 30


def test_logs_in_milliseconds_by_open_ids_are_events(tmp_path: Path) -> None:
    log = [
        f'{{"openid":"o{n % 5}","event":"view","openedAt":{1_710_400_000_000 + 3_600_000 * n}}}'
        for n in range(30)
    ]
    _, _, rows = taken(tmp_path, {"mini_events.jsonl": "\n".join(log)})
    assert (rows["events"].height, rows["events"]["member_id"].n_unique()) == (30, 5)
