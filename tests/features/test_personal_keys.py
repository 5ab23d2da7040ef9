"""Ids made of personal data: the same for the same person however it is written, and only under one key."""

import polars as pl
import pytest

from features import personal_keys
from features.personal_keys import VARIABLE, normal, pseudonym, pseudonyms


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("+49 (0)170 123-4567", None, "491701234567"),
        ("0049 170 1234567", "1", "491701234567"),
        ("0170/1234567", "49", "491701234567"),
        ("13800138000", "86", "8613800138000"),
        ("8613800138000", "86", "8613800138000"),
        ("(212) 555-0123", "1", "12125550123"),
        ("12125550123", "1", "12125550123"),
        ("call me", "49", None),
        ("12", "49", None),
    ],
)
def test_phone_numbers_in_one_form(text: str, country: str | None, number: str | None) -> None:
    assert normal("phone", text, country) == number


def test_an_id_is_of_its_kind_and_its_key() -> None:
    one = pseudonym("email", "Ann@x.example", b"a" * 32)
    assert one == pseudonym("email", " ann@X.example ", b"a" * 32)
    assert (
        len(
            {
                one,
                pseudonym("email", "ann@x.example", b"b" * 32),
                pseudonym("text", "ann@x.example", b"a" * 32),
            }
        )
        == 3
    )
    assert pseudonym("email", "no address", b"a" * 32) is None


def test_a_column_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "k" * 32)
    cells = pl.DataFrame({"v": ["a@x.example", "A@x.example", "?", None]})
    first, second, wrong, empty = cells.select(pseudonyms(pl.col("v"), "email")).to_series()
    assert first == second
    assert (wrong, empty) == (None, None)
    monkeypatch.setenv(VARIABLE, "short")
    with pytest.raises(ValueError, match="has 5 characters; allowed are 32 characters or more"):
        pseudonyms(pl.col("v"), "email")


def test_keys_are_told_apart_without_telling_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert personal_keys.mark() == ""
    monkeypatch.setenv(VARIABLE, "k" * 32)
    one = personal_keys.mark()
    monkeypatch.setenv(VARIABLE, "l" * 32)
    assert one != personal_keys.mark()
    assert "k" * 32 not in one
