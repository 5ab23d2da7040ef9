"""API keys: what is kept, what passes, what does not."""

import stat
from pathlib import Path

import pytest

from serving.edge.keys import KeyStore


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "state" / "keys.json")


def test_a_key_passes_with_its_scopes_and_nothing_like_it_does(store: KeyStore):
    given = store.issue("crm", ["score:read"])
    found = store.check(given)
    assert found is not None
    assert (found.client, found.scopes) == ("crm", ("score:read",))
    name = found.name
    for wrong in (
        "",
        ".",
        "..",
        given[:-1],
        given + "a",
        given.upper(),
        f"ml.{name}.",
        f"ml.{name}",
        "ml.nobody.x",
    ):
        assert store.check(wrong) is None


def test_the_secret_is_not_in_the_file_and_nobody_else_reads_it(store: KeyStore):
    secret = store.issue("crm", ["score:read"]).split(".")[-1]
    assert secret not in store.path.read_text()
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_two_live_keys_a_client_and_a_third_after_a_revocation(store: KeyStore):
    first, second = (store.issue("crm", ["score:read"]) for _ in range(2))
    with pytest.raises(ValueError, match="2 live keys"):
        store.issue("crm", ["score:read"])
    store.issue("other", ["score:read"])
    found = store.check(first)
    assert found is not None
    store.revoke(found.name)
    assert store.check(first) is None
    assert store.check(second) is not None
    store.issue("crm", ["score:read"])


def test_another_process_sees_a_change_at_once(store: KeyStore):
    other = KeyStore(store.path)
    assert other.all() == {}
    given = store.issue("crm", ["score:read"])
    found = other.check(given)
    assert found is not None
    other.revoke(found.name)
    assert store.check(given) is None


def test_an_unknown_scope_is_refused_and_the_allowed_are_named(store: KeyStore):
    with pytest.raises(ValueError, match=r"score:write.*allowed are score:read"):
        store.issue("crm", ["score:write"])
    with pytest.raises(KeyError):
        store.revoke("nobody")
