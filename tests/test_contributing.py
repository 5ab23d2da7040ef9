"""What CONTRIBUTING.md says of where a change belongs is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED = sorted(
    set(re.findall(r"`([\w./<>…]+/[\w./<>…]*|\w+\.ya?ml)`", (ROOT / "CONTRIBUTING.md").read_text()))
)


@pytest.mark.parametrize("place", NAMED)
def test_a_place_that_is_named_is_there(place: str) -> None:
    assert list(ROOT.glob(re.sub(r"<\w+>|…\.?", "*", place).rstrip("/"))), place


def test_the_four_changes_are_told() -> None:
    assert len(NAMED) > 20
