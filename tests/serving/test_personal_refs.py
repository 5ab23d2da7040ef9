"""Somebody may be named by an e-mail address or a phone number in a body, never in an address."""

import pytest
from pydantic import ValidationError

from features.personal_keys import VARIABLE, pseudonym
from serving.contract.schema_lookup import Lookup, LookupQuery

KEY = "k" * 32


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)


@pytest.mark.parametrize(
    ("ref", "kind", "plain"),
    [
        ("email: Ann@X.example", "email", "ann@x.example"),
        ("phone:+49 170 1234567", "phone", "+491701234567"),
        ("phone:0049-170-1234567", "phone", "+491701234567"),
    ],
)
def test_a_body_names_whom_ingest_named(ref: str, kind: str, plain: str) -> None:
    assert Lookup(ref=ref).ref == pseudonym(kind, plain, KEY.encode())  # type: ignore[arg-type]


def test_other_references_stay_as_they_are() -> None:
    assert Lookup(ref="m000042").ref == "m000042"
    assert LookupQuery(ref="shop:7").ref == "shop:7"


@pytest.mark.parametrize("ref", ["email:nobody", "phone:0170 1234567", "phone:+49"])
def test_what_is_none_is_refused_and_not_repeated(ref: str) -> None:
    with pytest.raises(ValidationError) as error:
        Lookup(ref=ref)
    assert ref.partition(":")[2] not in error.value.errors()[0]["msg"]


def test_no_personal_data_in_addresses_and_none_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="send it in a body"):
        LookupQuery(ref="email:ann@x.example")
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(ValidationError, match="MEMBERLENS_ID_KEY, which is not set"):
        Lookup(ref="email:ann@x.example")
