"""Of rows that stand in several exports those of the newest count, once, with what it knew of them."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from training.sources.check import Check, check
from training.sources.proposal.propose import propose

START = datetime(2024, 1, 1, 9)
HEAD = "order_no,customer_id,order_date,sku,quantity,unit_price,status"


def lines(first: int, last: int, stamp: str = "", state: str = "paid") -> list[str]:
    """Two lines an order, the second sold twice in the same export."""
    return [
        f"o{n},c{n % 5},{START + timedelta(days=3 * n)},s{line},1,1{line}.00,{state}{stamp}"
        for n in range(first, last)
        for line in (0, 1, 1)
    ]


def read(
    folder: Path, files: dict[str, list[str]], named: list[str], stamp: str = ""
) -> tuple[str, Check, pl.DataFrame]:
    for name, rows in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("\n".join([HEAD + stamp, *rows]) + "\n")
    found = propose([folder / name for name in named])
    (folder / "m.yaml").write_text(found.text)
    rows_: list[pl.DataFrame] = []
    said = check(folder / "m.yaml", keep=lambda t, frames: rows_.extend(frames) if t == "purchases" else None)
    return found.text, said, pl.concat(rows_)


@pytest.mark.parametrize("named", [["exports"], ["exports/june.csv", "exports/march.csv"]])
@pytest.mark.parametrize("stamped", [True, False])
def test_the_newest_state_counts_once(tmp_path: Path, named: list[str], stamped: bool) -> None:
    """By its stamp, or by the days that it reaches, not by its name: june comes before march."""
    march, june = (",2024-03-05", ",2024-06-05") if stamped else ("", "")
    files = {
        "exports/march.csv": lines(0, 20, march),
        "exports/june.csv": [*lines(15, 19, june), *lines(19, 20, june, "cancelled"), *lines(20, 40, june)],
    }
    text, said, rows = read(tmp_path, files, named, ",exported_on" if stamped else "")
    assert ("time: exported_on" in text) == stamped
    assert rows["order_id"].n_unique() == 39
    assert rows.height == 39 * 3
    assert "o19" not in rows["order_id"].to_list()
    assert said.findings == ()
    counts = said.report.tables["purchases"]
    assert (counts["read"], counts["left_out"]) == (25 * 3 + 20 * 3, 5 * 3 + 3)


def test_files_that_share_nothing_stay_sources_of_their_own(tmp_path: Path) -> None:
    files = {"a.csv": lines(0, 20), "b.csv": lines(20, 40)}
    text, _, rows = read(tmp_path, files, list(files))
    assert "newest" not in text
    assert rows.height == 40 * 3


def test_a_rule_that_purchases_do_not_have_is_refused(tmp_path: Path) -> None:
    text, _, _ = read(tmp_path, {"a.csv": lines(0, 20)}, ["a.csv"])
    (tmp_path / "m.yaml").write_text(text.replace("  - source: a\n", "  - source: a\n    keep: first\n"))
    with pytest.raises(ValueError, match=r"keep: 'first' is allowed for .* found in purchases.*`newest`"):
        check(tmp_path / "m.yaml")


def written_to(folder: Path, **files: list[str]) -> list[Path]:
    for name, rows in files.items():
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
    return [folder / f"{name}.csv" for name in files]


def kept_of(folder: Path, files: list[Path], table: str) -> tuple[str, Check, pl.DataFrame]:
    found, rows = propose(files), list[pl.DataFrame]()
    (folder / "m.yaml").write_text(found.text)
    said = check(folder / "m.yaml", keep=lambda name, frames: rows.extend(frames) if name == table else None)
    return found.text, said, pl.concat(rows, how="diagonal_relaxed")


def test_heads_and_lines_exported_again(tmp_path: Path) -> None:
    """Orders that stand in two exports of heads and of lines count once, one of them cancelled since."""

    def heads(first: int, last: int, gone: int) -> list[str]:
        rows = [
            f"o{n},c{n % 5},{START + timedelta(days=n)},{'cancelled' if n == gone else 'paid'}"
            for n in range(first, last)
        ]
        return ["id,customer_id,created_at,status", *rows]

    def items(first: int, last: int) -> list[str]:
        return [
            "order_id,sku,qty,price",
            *(f"o{n},s{k},1,1{k}.00" for n in range(first, last) for k in (0, 1)),
        ]

    files = written_to(
        tmp_path,
        orders_a=heads(0, 20, -1),
        orders_b=heads(15, 40, 16),
        items_a=items(0, 20),
        items_b=items(15, 40),
    )
    text, said, rows = kept_of(tmp_path, files, "purchases")
    assert text.count("newest:") == 2
    assert (rows.height, rows["amount_cents"].sum()) == (39 * 2, 39 * 2_100)
    assert said.findings == ()


LEDGER = "entry,customer_id,booked_at,points"


def test_entries_of_a_ledger_that_changed_since(tmp_path: Path) -> None:
    def entries(first: int, last: int, times: int) -> list[str]:
        rows = [f"e{n},c{n % 25},{START + timedelta(days=n)},{(20 + n) * times}" for n in range(first, last)]
        return [LEDGER, *rows]

    orders = [HEAD, *(f"o{n},c{n % 25},{START + timedelta(days=n)},s,1,9.00,paid" for n in range(60))]
    files = written_to(tmp_path, orders=orders, points_a=entries(0, 40, 1), points_b=entries(30, 60, 2))
    text, said, rows = kept_of(tmp_path, files, "own_points_a")
    assert "as what entry name" in text
    assert (rows.height, rows["x_points"].sum()) == (
        60,
        sum(20 + n for n in range(30)) + 2 * sum(range(50, 80)),
    )
    assert said.findings == ()
    mapping = (tmp_path / "m.yaml").read_text()
    start = mapping.index("    newest:")
    (tmp_path / "m.yaml").write_text(mapping[:start] + mapping[mapping.index("tables:", start) :])
    (finding,) = check(tmp_path / "m.yaml").findings
    assert (finding.name, finding.is_fatal) == ("own_points_a.twice", True)
