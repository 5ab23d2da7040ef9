"""Somebody may be named by an e-mail address or a phone number in a body, never in an address."""

import pytest
from desk import Desk
from pydantic import ValidationError
from released import Brand

from features.personal_keys import VARIABLE, pseudonym
from serving.contract.schema_lookup import Lookup, LookupQuery
from serving.ledger.job_store import unpack

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


PLAIN = "email:Ann@X.example"


def test_rows_and_waiting_items_name_nobody_either(desk: Desk, brand: Brand) -> None:
    record = brand.record("m5", "churn")
    rows = {name: [row | {"member_id": PLAIN} if "member_id" in row else row for row in rows]
            for name, rows in record.items()}  # fmt: skip
    items = [{"record": rows}, {"ref": PLAIN}, {"ref": "phone:0170"}, {"ref": "m5"}]
    results = desk.job({"model": "churn", "items": items})
    assert [one["status"] for one in results()] == ["ok", "error", "error", "ok"]
    desk.tell("email: ann@x.example", profiling="withdrawn")
    assert desk.score("churn", {"record": rows}) == ("suppressed", "profiling_refused")
    assert [one["status"] for one in results()] == ["suppressed", "error", "error", "ok"]
    with desk.jobs.database.use() as connection:
        kept = [str(unpack(row["items"])).lower() for row in connection.execute("SELECT items FROM chunks")]
    assert kept
    assert not any("x.example" in one or "0170" in one for one in kept)
    desk.post("members/erase", {"ref": PLAIN})
    assert [one.get("suppression_reason") for one in results()] == ["erased", "erased", None, None]


def test_nobody_can_send_what_looks_erased(desk: Desk) -> None:
    results = desk.job({"model": "churn", "items": [{"erased": True}, {"ref": "m5"}]})
    assert [one["status"] for one in results()] == ["error", "ok"]
