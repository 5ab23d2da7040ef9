"""What is due for one member or lead: the most urgent scene, by what is known of consent at the call."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import acting_published
import pytest
from desk import Desk
from fastapi.testclient import TestClient
from released import AS_OF, MEMBERS, Brand, at, jobs_of

from models.acting.scenes import ACT, answer, held_out_of
from serving.settings import Settings
from serving.state import State

NEXT, HOLDOUT = "members/next-action", "members/holdout"


@pytest.fixture
def client(brand: Brand, state: State) -> TestClient:
    return at(brand, state)


def due(client: TestClient, ref: str, **more: Any) -> dict[str, Any]:
    answered = client.post(f"/v1/{NEXT}", json={"ref": ref} | more)
    assert answered.status_code == 200, answered.text
    return answered.json()["result"]


def rows() -> list[dict[str, Any]]:
    people = acting_published.situation(MEMBERS)
    return acting_published.judged(
        acting_published.SCENES, acting_published.OPTIONS, people, acting_published.SALT
    ).to_dicts()


def test_everybody_is_answered_as_the_night_decided(client: TestClient):
    by_subject: dict[str, list[dict[str, Any]]] = {}
    for row in rows():
        by_subject.setdefault(row["subject"], []).append(row)
    seen = set()
    for subject, own in by_subject.items():
        found = due(client, subject, kind="lead" if subject.startswith("l") else "member")
        expected = answer(own, own[0]["suppressed"])
        seen.add(found["action"])
        assert found["reason"]["code"] == expected.reason
        act = [row for row in own if row["state"] == ACT]
        assert len(act) <= 1
        if act:
            assert (found["scene"]["name"], found["option"]) == (act[0]["scene"], act[0]["option"])
        else:
            assert found["action"] == "nothing"
    assert seen == {"contact", "care", "nothing"}


def test_words_are_in_the_callers_language(client: TestClient):
    own = next(row["subject"] for row in rows() if row["scene"] == "cart_left" and row["state"] == ACT)
    english, chinese = due(client, own), due(client, own, language="zh")
    assert (english["scene"]["text"], chinese["scene"]["text"]) == ("A cart that was left", "加购未买")
    assert english["why"] == ["a cart was left 2 days ago"]
    assert chinese["why"] == ["2 天前加购未买"]
    asked = client.post(f"/v1/{NEXT}", json={"ref": own}, headers={"accept-language": "zh-CN"})
    assert asked.json()["result"]["reason"]["text"] == "规则允许的最紧急场景"


def test_a_complaint_is_answered_though_advertising_or_a_profile_was_refused(client: TestClient):
    for ref, why in (("m0", "profiling_refused"), ("m4", "do_not_contact")):
        found = due(client, ref)
        assert (found["status"], found["action"], found["suppression_reason"]) == ("suppressed", "care", why)
        assert (found["option"], found["scene"]["name"]) == ("call_complaint", "open_complaint")
    for ref in ("m2", "m3"):  # has died, is a minor
        found = due(client, ref)
        assert (found["action"], found["scene"], found["why"]) == ("nothing", None, [])


def test_a_word_told_a_moment_ago_counts(desk: Desk):
    desk.state.now = lambda: datetime.fromtimestamp(AS_OF, UTC) + timedelta(hours=1)  # type: ignore[method-assign]
    own = next(row["subject"] for row in rows() if row["scene"] == "cart_left" and row["state"] == ACT)
    assert due(desk.client, own)["action"] == "contact"
    assert due(desk.client, own, consent={"marketing": "withdrawn"})["action"] == "nothing"
    desk.tell(own, marketing="withdrawn")
    found = due(desk.client, own)
    assert (found["status"], found["action"], found["reason"]["text"]) == (
        "suppressed",
        "nothing",
        "wants no messages",
    )
    assert due(desk.client, "m6")["action"] == "care"
    desk.tell("m6", profiling="withdrawn")
    assert due(desk.client, "m6")["action"] == "care"
    desk.post("members/erase", {"ref": "m6"})
    found = due(desk.client, "m6")
    assert (found["action"], found["suppression_reason"]) == ("nothing", "erased")


def test_an_old_list_is_not_acted_on(brand: Brand, state: State):
    for hours, acts in ((71, True), (73, False)):
        client = at(brand, state, hours=hours)
        found = due(client, "m6")
        assert (found["action"] == "care") == acts
        assert (found["reason"]["code"] == "out_of_date") != acts
    assert due(at(brand, state, hours=9000, clock={"brand": "data"}), "m6")["action"] == "care"


def test_who_is_held_out_can_be_read_by_other_systems(client: TestClient):
    held = {row["subject"] for row in rows() if row["state"] == "held_out" and row["scene"] == "cart_left"}
    acts = {row["subject"] for row in rows() if row["state"] == ACT and row["scene"] == "cart_left"}
    assert held
    for ref in held | acts:
        found = client.post(f"/v1/{HOLDOUT}", json={"ref": ref, "scene": "cart_left"}).json()["result"]
        assert found["held_out"] == (ref in held)
        assert [one["of"] for one in found["holdouts"]] == ["scene"]
    if held:
        found = due(client, sorted(held)[0])
        assert (found["action"], found["held_out"], found["option"]) == ("nothing", True, None)


def test_a_plans_holdout_is_that_of_its_list(client: TestClient, brand: Brand):
    made = acting_published.draft.drafted(acting_published.offers(MEMBERS, AS_OF), acting_published.PLAN)
    listed = acting_published.draft.listed(made)
    arms = dict(listed.select("subject", "arm").iter_rows())
    assert "held_out" in arms.values()
    for ref, arm in arms.items():
        found = client.post(f"/v1/{HOLDOUT}", json={"ref": ref, "plan": "spring"}).json()["result"]
        assert (found["held_out"], found["holdouts"][0]["listed"]) == (arm == "held_out", True)
    everything = client.post(f"/v1/{HOLDOUT}", json={"ref": "m5"}).json()["result"]["holdouts"]
    assert [one["name"] for one in everything if one["of"] == "plan"] == ["spring"]
    names = [one.name for one in acting_published.SCENES.scenes if one.about == "member"]
    assert [one["name"] for one in everything if one["of"] == "scene"] == names


def test_a_holdout_is_a_hash_that_any_system_can_compute(client: TestClient):
    import hashlib

    digest = hashlib.sha256(f"{acting_published.SALT}:scene:cart_left:m5".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    alone = bool(held_out_of(["m5"], "cart_left", 0.1, 0.0, acting_published.SALT)[0])
    assert alone == (place < 0.1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"ref": "m5", "plan": "nowhere"}, "unknown_plan"),
        ({"ref": "m5", "scene": "nowhere"}, "unknown_scene"),
        ({"ref": "nobody"}, "unknown_ref"),
    ],
)
def test_what_is_not_there_is_a_problem(client: TestClient, body: dict[str, Any], code: str):
    answered = client.post(f"/v1/{HOLDOUT}", json=body)
    assert (answered.status_code, answered.json()["code"]) == (404, code)


def test_nothing_personal_is_told_of_who_is_suppressed(client: TestClient):
    found = client.post(f"/v1/{HOLDOUT}", json={"ref": "m0"}).json()["result"]
    assert found == {
        "status": "suppressed",
        "suppression_reason": "profiling_refused",
        "held_out": False,
        "holdouts": [],
    }


def test_without_scenes_the_service_says_so_and_takes_them_when_they_come(
    brand: Brand, state: State, tmp_path: Path
):
    shutil.copytree(brand.settings.build_dir / "consent", tmp_path / "build" / "brand" / "consent")
    own = State(Settings.model_validate(brand.settings.model_dump() | {"home": tmp_path}), state.champions)
    own.now = lambda: datetime.fromtimestamp(AS_OF, UTC)  # type: ignore[method-assign]
    from released import client_of

    client = client_of(own, jobs_of(own.settings))
    answered = client.post(f"/v1/{NEXT}", json={"ref": "m6"})
    assert (answered.status_code, answered.json()["code"]) == (503, "not_published")
    acting_published.publish_scenes(own.settings.build_dir, AS_OF, MEMBERS)
    assert due(client, "m6")["action"] == "care"
    (own.settings.build_dir / "scenes" / "scenes.parquet").write_bytes(b"half")
    (own.settings.build_dir / "scenes" / "scenes.json").touch()
    assert due(client, "m6")["action"] == "care"  # the one before, until the new one is whole


def test_a_call_leaves_a_line_and_a_count_without_the_id(client: TestClient, brand: Brand):
    due(client, "m6")
    with jobs_of(brand.settings).database.use() as connection:
        lines = [dict(row) for row in connection.execute("SELECT * FROM audit WHERE what = 'next_action'")]
    assert lines
    assert all(row["subject"] != "m6" for row in lines)
    text = client.get("/metrics").text
    assert 'memberlens_next_actions_total{action="care"' in text
    assert '"m6"' not in text
