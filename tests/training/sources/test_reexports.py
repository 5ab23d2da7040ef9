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
