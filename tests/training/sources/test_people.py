"""Nobody who refused or died comes back through a fault of the file."""

from pathlib import Path

import polars as pl
import pytest

from training.sources.check import Check, check

MAPPING = """about: A club.
folder: .
extracted_at: "2024-06-01"
unknown_members: {unknown}
sources: {{people: {{file: people.csv}}, sales: {{file: sales.csv}}}}
tables:
  members:
    - source: people
      columns: {{member_id: id, occurred_at: since, birth_year: born, deceased: dead,
                consent_profiling: score, consent_marketing: mail}}
  purchases:
    - source: sales
      columns: {{member_id: id, order_id: no, occurred_at: at, quantity: {{value: 1}},
                unit_price_cents: price}}
"""
HONEST = ["m1,2024-01-01,1980,false,granted,granted", "m2,2024-01-01,1981,false,granted,withdrawn"]


def club(folder: Path, people: list[str], unknown: str = "add") -> tuple[Check, pl.DataFrame]:
    (folder / "people.csv").write_text("id,since,born,dead,score,mail\n" + "\n".join(people) + "\n")
    sales = "".join(f"m{n % 6},s{n},2024-02-{n + 1:02},{n + 100}\n" for n in range(24))
    (folder / "sales.csv").write_text("id,no,at,price\n" + sales)
    (folder / "club.yaml").write_text(MAPPING.format(unknown=unknown))
    stored: dict[str, pl.DataFrame] = {}
    found = check(
        folder / "club.yaml",
        keep=lambda name, frames: stored.update({name: pl.concat(list(frames), how="diagonal_relaxed")}),
    )
    return found, stored["members"]


def newest(members: pl.DataFrame, member: str) -> dict[str, object]:
    return members.filter(member_id=member).sort("event_time").row(-1, named=True)


def test_an_honest_club_is_stored_as_it_is(tmp_path: Path) -> None:
    found, members = club(tmp_path, [*HONEST, *(f"m{n},2024-01-01,1990,,," for n in (0, 3, 4, 5))])
    assert not found.findings
    assert members.height == 6


def test_a_bad_cell_is_emptied_and_the_refusal_stays(tmp_path: Path) -> None:
    found, members = club(
        tmp_path,
        [*HONEST, "m3,2024-01-01,1790,false,withdrawn,granted", "m4,2024-01-01,?,true,granted,granted"],
    )
    counts = found.report.tables["members"]
    assert (counts["read"], counts["accepted"], counts["quarantined"]) == (4, 4, 0)
    three, four = newest(members, "m3"), newest(members, "m4")
    assert (three["birth_year"], three["consent_profiling"]) == (None, "withdrawn")
    assert (four["birth_year"], four["deceased"]) == (None, True)
    said = " ".join(one.says for one in found.findings)
    assert "1 cells are emptied (birth_year: less than 1900), the first in row 3 of people.csv" in said


@pytest.mark.parametrize("unknown", ["add", "quarantine"])
def test_a_row_that_cannot_be_kept_keeps_its_refusal(tmp_path: Path, unknown: str) -> None:
    """Its time is missing or lies after the extract; m1 has a good row besides, m5 has none."""
    people = [*HONEST, "m1,soon,1980,false,withdrawn,granted", "m5,2031-01-01,1980,true,granted,withdrawn"]
    found, members = club(tmp_path, people, unknown)
    counts = found.report.tables["members"]
    assert (counts["read"], counts["accepted"], counts["quarantined"]) == (4, 2, 2)
    assert newest(members, "m1")["consent_profiling"] == "withdrawn"
    assert newest(members, "m1")["consent_marketing"] == "granted"
    there = members.filter(member_id="m5")
    assert there.height == (2 if unknown == "add" else 0)
    if unknown == "add":
        five = newest(members, "m5")
        assert (five["deceased"], five["consent_profiling"], five["consent_marketing"]) == (
            True,
            None,
            "withdrawn",
        )


def test_a_word_that_cannot_be_read_is_no_grant_and_lifts_no_refusal(tmp_path: Path) -> None:
    people = [*HONEST, "m2,2024-03-01,1981,false,pending,maybe", "m3,2024-01-01,1981,false,?,granted"]
    _, members = club(tmp_path, people)
    two = newest(members, "m2")
    assert (two["consent_profiling"], two["consent_marketing"]) == ("unknown", "withdrawn")
    assert newest(members, "m3")["consent_profiling"] == "unknown"
