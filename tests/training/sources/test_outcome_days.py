"""Outcomes that are days count from the day's end; files of outcomes are told from files of leads."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from training.sources.check import check
from training.sources.proposal.propose import propose

FEED = """about: Leads.
folder: .
time_zone: Europe/Berlin
sources: {leads: {file: leads.csv}, won: {file: WON}}
tables:
  leads: [{source: leads, columns: {lead_id: id, occurred_at: at}}]
  responses: [{source: won, columns: {lead_id: id, kind: {value: converted}, occurred_at: CELL}}]
"""
DAY, ZONE = date(2024, 7, 5), ZoneInfo("Europe/Berlin")


def outcomes(folder: Path, at: pl.Series, cell: str, more: str = "") -> pl.DataFrame:
    pl.DataFrame({"id": ["a", "b"], "at": ["2024-07-01", "2024-07-01"]}).write_csv(folder / "leads.csv")
    frame = pl.DataFrame({"id": ["a", "b"], "at": at})
    name = "won.csv" if at.dtype == pl.String else "won.parquet"
    (frame.write_csv if name == "won.csv" else frame.write_parquet)(folder / name)
    (folder / "m.yaml").write_text(FEED.replace("WON", name).replace("CELL", cell) + more)
    rows: list[pl.DataFrame] = []
    check(folder / "m.yaml", keep=lambda table, frames: rows.extend(frames) if table == "responses" else None)
    return pl.concat(rows).sort("lead_id")


@pytest.mark.parametrize(
    ("at", "cell"),
    [
        (pl.Series(["2024-07-05", "2024-07-05"]), "at"),
        (pl.Series(["05.07.2024", "05.07.2024"]), '{column: at, format: "%d.%m.%Y"}'),
        (pl.Series(["45478", "45478"]), "{column: at, since: 1899-12-30, unit: days}"),
        (pl.Series([DAY, DAY]), "at"),
        (pl.Series([datetime(2024, 7, 5)] * 2), "at"),
        (pl.Series(["2024-07-05 00:00:00"] * 2), "at"),
        (pl.Series(["05.07.2024 00:00"] * 2), '{column: at, format: "%d.%m.%Y %H:%M"}'),
    ],
)
def test_a_day_counts_from_its_end(tmp_path: Path, at: pl.Series, cell: str) -> None:
    (moment,) = outcomes(tmp_path, at, cell)["occurred_at"].unique()
    assert moment.astimezone(ZONE).replace(tzinfo=None) == datetime(2024, 7, 5, 23, 59, 59)


def test_times_stay_as_they_are_beside_days_and_where_the_mapping_says_so(tmp_path: Path) -> None:
    mixed = outcomes(tmp_path, pl.Series(["2024-07-05 00:00", "2024-07-05 09:30"]), "at")["occurred_at"]
    assert [moment.astimezone(ZONE).hour for moment in mixed] == [0, 9]
    start = outcomes(tmp_path, pl.Series(["2024-07-05"] * 2), "{column: at, day: start}")["occurred_at"]
    assert [moment.astimezone(ZONE).hour for moment in start] == [0, 0]


def test_outcomes_of_the_day_of_the_extract_are_not_in_the_future(tmp_path: Path) -> None:
    found = outcomes(
        tmp_path, pl.Series(["2024-07-05", "2024-07-06"]), "at", "extracted_at: 2024-07-05T10:00:00\n"
    )
    assert found["lead_id"].to_list() == ["a"]
    assert found["occurred_at"][0].astimezone(ZONE).hour == 10


def proposed(folder: Path, files: dict[str, str]) -> tuple[list[str], dict[str, pl.DataFrame]]:
    for name, text in files.items():
        (folder / name).write_text(text)
    found = propose([folder / name for name in files])
    (folder / "m.yaml").write_text(found.text)
    rows: dict[str, pl.DataFrame] = {}
    check(folder / "m.yaml", keep=lambda table, frames: rows.update({table: pl.concat(list(frames))}))
    return found.unsure, rows


def leads(more: Callable[[int], str] = lambda n: "", head: str = "") -> str:
    start = datetime(2024, 1, 1, 9)
    rows = [f"L{n},{start + timedelta(hours=9 * n)},{n % 3}{more(n)}" for n in range(60)]
    return f"lead_id,created_at,source{head}\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize("name", ["won.csv", "q1_export.csv", "Kunden.csv"])
def test_a_file_that_names_some_of_the_leads_again_is_what_became_of_them(tmp_path: Path, name: str) -> None:
    won = "lead_id,closed_on\n" + "".join(f"L{n},2024-02-{n // 3 + 1:02}\n" for n in range(0, 60, 3))
    _, rows = proposed(tmp_path, {"leads.csv": leads(), name: won})
    assert (rows["leads"].height, rows["responses"].height) == (60, 20)
    assert rows["responses"]["kind"].unique().to_list() == ["converted"]


def test_a_second_export_of_leads_is_no_outcome(tmp_path: Path) -> None:
    text = leads()
    older = "\n".join(text.splitlines()[:30]) + "\n"
    _, rows = proposed(tmp_path, {"leads_may.csv": older, "leads_june.csv": text})
    assert (rows["leads"].height, rows["responses"].height) == (60, 0)


def test_a_lead_that_says_itself_when_it_was_won(tmp_path: Path) -> None:
    text = leads(
        lambda n: f",{'2024-02-11' if n % 5 == 0 else ''},{'Won' if n % 5 == 0 else 'Open'},{n % 7}",
        ",Converted Date,Lead Status,size",
    )
    unsure, rows = proposed(tmp_path, {"leads.csv": text})
    assert (rows["leads"].height, rows["responses"].height) == (60, 12)
    assert "x_size" in rows["leads"].columns
    assert not {"x_converted_date", "x_lead_status"} & set(rows["leads"].columns)
    assert any("Lead Status look written after the outcome" in said for said in unsure)
