"""Files that are sound JSON of another kind, or none at all: refused and told, and the service goes on."""

import json
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import Desk
from released import Brand, client_of

from serving import background
from serving.champion.retries import Attempts
from serving.consent import consents
from serving.settings import Settings
from serving.state import State

KINDS = {
    "list": b"[]", "null": b"null", "number": b"5", "text": b'"x"', "nothing": b"{}", "deep": b"[" * 200_000,
    "half": b'{"a', "bytes": b"\xff\xfe", "empty": b""
}  # fmt: skip
CHURN, REF = "/v1/models/churn/score", {"ref": "m5"}


@pytest.fixture(scope="module")
def own(brand: Brand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    home = tmp_path_factory.mktemp("damage") / "copy"
    shutil.copytree(brand.home, home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serving.state.TASK_NAMES", ("churn",))  # the others are read alike
        state = State(Settings.model_validate(brand.settings.model_dump() | {"home": home}))
        state.load()
        yield state


def again(state: State) -> dict[str, str]:
    state.attempts = Attempts()
    state.load()
    assert client_of(state).post(CHURN, json=REF).status_code == 200
    return state.refused


@pytest.mark.parametrize("name", ["card.json", "population.json", "release.json"])
def test_a_champion_of_another_kind_is_refused_and_the_last_one_answers(own: State, name: str):
    folder = own.settings.champions / "churn"
    for kind in ("list", "null", "deep", "bytes"):
        shutil.copytree(folder / "1", folder / "2", dirs_exist_ok=True)
        (folder / "2" / name).write_bytes(KINDS[kind])
        (folder / "champion").write_text("2")
        assert "version 2" in again(own)["churn"], kind
        (folder / "champion").write_text("1")
        assert again(own) == {}


def test_a_pointer_that_leads_nowhere_is_told_until_it_is_whole(own: State):
    pointer = own.settings.champions / "churn" / "champion"
    for damage in (b"\xff\xfe", b"", b"99", b"1\0x", b"x" * 5_000):
        pointer.write_bytes(damage)
        assert set(again(own)) == {"churn"}
        pointer.write_text("1")
        own.load()
        assert own.refused == {}


def test_a_snapshot_of_another_kind_is_refused_and_the_one_before_stays(own: State):
    facts = own.settings.build_dir / "churn" / "snapshot" / "snapshot.json"
    whole = facts.read_bytes()
    for kind in ("list", "null", "number", "deep", "bytes"):
        facts.write_bytes(KINDS[kind])
        assert again(own) == {}
        assert own.champions["churn"].refusal, kind
    facts.write_bytes(whole)


def test_a_list_of_consents_of_another_kind_does_not_end_the_watch(desk: Desk, tmp_path: Path):
    kept = desk.state.consents
    kept.folder = Path(shutil.copytree(kept.folder, tmp_path / "list"))
    file = kept.folder / "consent.json"
    whole = file.read_bytes()
    beyond = json.dumps(json.loads(whole) | {"as_of": 0}).replace('"as_of": 0', '"as_of": 1e400')
    for content in (*KINDS.values(), beyond.encode()):
        file.write_bytes(content)
        kept.refresh()
        assert kept.refusal
        assert desk.score("churn", {"ref": "m0"}) == ("suppressed", "profiling_refused")
    file.write_bytes(whole)
    kept.refresh()
    assert kept.refusal is None


class Once(threading.Event):
    """Stops what waits after its second turn."""

    turns = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.turns += 1
        if self.turns > 2:
            self.set()
        return self.is_set()


def test_a_failure_nobody_thought_of_ends_no_thread(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    def fails(*_: object) -> bool:
        raise RuntimeError

    monkeypatch.setattr(State, "load", fails)
    monkeypatch.setattr(consents.Consents, "refresh", fails)
    for work in (desk.state.watch, desk.state.consents.watch):
        work(Once())
    background.run(fails, Once(), "store", background.logging.getLogger("memberlens.jobs"))


def test_a_damaged_store_is_no_failure_of_ours(desk: Desk):
    file = desk.jobs.database.path
    for beside in ("-wal", "-shm"):
        file.with_name(file.name + beside).unlink(missing_ok=True)
    file.write_bytes(b"garbage" * 2_000)
    with pytest.raises(sqlite3.DatabaseError), desk.jobs.database.use():
        pass
    for method, path in (("GET", "/v1/jobs/x"), ("GET", "/v1/audiences/x"), ("POST", "/v1/members/erase")):
        answer = desk.client.request(method, path, json={"ref": "m5"})
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
        assert answer.headers["retry-after"] == "30"
    assert desk.client.post(CHURN, json=REF).status_code == 200
