"""Every feature of the catalogue can be read, in both languages, and its window found."""

import re

import pytest

from features import catalog

ROWS = {str(row["name"]): row for row in catalog.describe(catalog.GROUPS)}


def numbers(text: object) -> list[str]:
    return sorted(re.findall(r"\d+(?:\.\d+)?", str(text)))


@pytest.mark.parametrize("name", ROWS)
def test_both_languages_say_the_same_numbers(name):
    row = ROWS[name]
    assert row["en"]
    assert row["zh"]
    assert row["unit"]
    assert numbers(row["en"]) == numbers(row["zh"])


def test_windows_are_days():
    assert ROWS["orders_90d"]["window"] == 90
    assert ROWS["orders"]["window"] is None
    assert {row["window"] for row in ROWS.values()} == {None, 1, 7, 30, 90, 180, 365}
