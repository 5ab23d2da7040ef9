"""Scenes: a file is read as a whole or refused by line, and every rule of plans holds in every scene."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from acting_published import OPTIONS, SCENES
from hypothesis import given, settings
from hypothesis import strategies as st

from models.acting.conditions import condition
from models.acting.facts import BOOLEAN, CATEGORY, LEAD, MEMBER, facts
from models.acting.reason_words import why
from models.acting.scene_file import Finding, Scenes, ScenesError, read
from models.acting.scenes import ACT, HELD_OUT, STILL_ANSWERED, Situation, answer, held_out_of, judged
from models.acting.terms import Audience

GOOD = {
    "holdout": 0.02,
    "scenes": {
        "cart": {
            "en": "cart", "zh": "加购", "when": {"cart_days": {"from": 1, "below": 5}},
            "action": "push_discount", "owner": "shop", "urgency": 50, "holdout": 0.1,
        },
        "complaint": {
            "en": "complaint", "zh": "投诉", "when": {"open_complaint": True},
            "action": "care", "channel": "call", "owner": "care", "urgency": 90,
        },
    },
}  # fmt: skip


def written(path: Path, place: str, value: object) -> Path:
    """The good file with one entry changed; None takes it out."""
    found = yaml.safe_load(yaml.safe_dump(GOOD))
    *parents, key = place.split(".")
    part = found
    for parent in parents:
        part = part[parent]
    part.pop(key, None)
    if value is not None:
        part[key] = value
    path.write_text(yaml.safe_dump(found, allow_unicode=True, sort_keys=False))
    return path


def test_the_most_urgent_comes_first(tmp_path):
    found = read(written(tmp_path / "s.yaml", "holdout", 0.03), OPTIONS)
    assert [one.name for one in found.scenes] == ["complaint", "cart"]
    assert (found.hold_out, found.scenes[1].hold_out) == (0.03, 0.1)
    assert found.scenes[0].of_service
    assert not found.scenes[1].of_service


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        ("holdout", 1, r"line \d+, holdout: 1; allowed is a number from 0 to below 1"),
        ("colour", 1, r"colour: unknown key; allowed keys: holdout, scenes"),
        ("scenes", {}, "at least one"),
        ("scenes.cart.en", None, r"line 3, scenes\.cart\.en: missing; allowed: a text"),
        ("scenes.cart.colour", 1, r"scenes\.cart\.colour: unknown key; allowed keys: en, zh"),
        ("scenes.cart.about", "shop", "'shop'; allowed: member, lead"),
        ("scenes.cart.about", "lead", r"cart_days: unknown key; allowed keys: lead_age_days"),
        ("scenes.cart.action", "fax", r"'fax'; allowed: sms_discount, .*call_complaint, care"),
        ("scenes.cart.channel", "sms", "'sms'; allowed: push"),
        ("scenes.complaint.channel", None, "channel: missing; allowed: sms, wecom, push, call"),
        ("scenes.cart.urgency", None, "urgency: missing; allowed is a number from 0"),
        ("scenes.cart.urgency", True, "True; allowed is a number"),
        ("scenes.cart.urgency", 10**400, "allowed is a number from 0"),
        ("scenes.cart.holdout", False, "False; allowed is a number from 0 to below 1"),
        ("scenes.cart.members_a_day", 0, "0; allowed is a whole number from 1"),
        ("scenes.cart.members_a_day", 1.5, "1.5; allowed is a whole number from 1"),
        ("scenes.cart.first", "stage", "'stage'; allowed: days_since_order"),
        ("scenes.cart.when", {}, "allowed is a mapping from facts to conditions; facts: days_since_order"),
        ("scenes.cart.when", {"height": {"from": 1}}, r"height: unknown key; allowed keys: .*cart_days"),
        ("scenes.cart.when", {"cart_days": 3}, r"3; allowed: \{from: NUMBER, below: NUMBER\}, .*in days"),
        ("scenes.cart.when", {"cart_days": {"from": 5, "below": 5}}, "from is less than below"),
        ("scenes.cart.when", {"cart_days": {"from": 10**400}}, r"allowed: \{from: NUMBER"),
        ("scenes.cart.when", {"stage": "tired"}, r"stage: 'tired'; allowed: prospect, .*or a list"),
        ("scenes.cart.when", {"churn_band": ["high", "huge"]}, "allowed: high, medium, low"),
        ("scenes.cart.when", {"open_complaint": "yes"}, "'yes'; allowed: true, false"),
        ("scenes.complaint.holdout", 0.1, "0.1; allowed is 0: a complaint is answered"),
        ("scenes.complaint.when", {"satisfaction": {"below": 3}}, "needed is open_complaint: true"),
        ("scenes.cart.worth_finding", {"rate": 0.9, "added": 0.2}, r"added: 0\.2; allowed is at most 0\.1"),
        ("scenes.cart.worth_finding", {"rate": 0.1}, r"worth_finding\.added: missing"),
    ],
)  # fmt: skip
def test_an_error_names_line_scene_key_and_what_is_allowed(tmp_path, place, value, says):
    with pytest.raises(ScenesError, match=says) as error:
        read(written(tmp_path / "s.yaml", place, value), OPTIONS)
    assert str(error.value).startswith(f"{tmp_path / 's.yaml'}, line ")


def test_a_file_that_is_none_is_a_sentence(tmp_path):
    with pytest.raises(ScenesError, match="no such file; write the brand's scenes there"):
        read(tmp_path / "no.yaml", OPTIONS)
    (tmp_path / "s.yaml").write_text("scenes:\n  a: 1\n  a: 2\n")
    with pytest.raises(ScenesError, match="line 3: key 'a' is there twice"):
        read(tmp_path / "s.yaml", OPTIONS)


def test_what_is_not_known_fulfils_no_condition():
    frame = pl.DataFrame(
        {"cart_days": [None, 0.5, 1.0, 4.9, 5.0], "stage": [None, "lost", "silent", "new", "lost"]}
    )
    days = condition("cart_days", facts()["cart_days"], {"from": 1, "below": 5})
    assert frame.select(days.holds()).to_series().to_list() == [False, False, True, True, False]
    stage = condition("stage", facts()["stage"], ["silent", "lost"])
    assert frame.select(stage.holds()).to_series().to_list() == [False, True, True, False, True]
    below = condition("cart_days", facts()["cart_days"], {"below": 1})
    assert frame.select(below.holds()).to_series().to_list() == [False, True, False, False, False]


@pytest.mark.parametrize("name", facts())
def test_every_fact_is_told_in_both_languages(name):
    fact = facts()[name]
    value = (
        True
        if fact.kind == BOOLEAN
        else (fact.allowed or ("skin_care",))[0]
        if fact.kind == CATEGORY
        else 3.0
    )
    english, chinese = (fact.says(name, value, word) for word in ("en", "zh"))
    assert english.isascii()
    assert not chinese.isascii()
    assert "{" not in english + chinese


def brand(seed: int, people: int = 120) -> Situation:
    """Members and leads with facts, refusals, complaints and contacts drawn from a seed."""
    rng = np.random.default_rng(seed)
    ids = [f"s{seed}-{at}" for at in range(people)]
    kind = np.where(rng.random(people) < 0.7, MEMBER, LEAD).astype(object)
    reasons = [None, None, None, *STILL_ANSWERED[:2], "deceased", "minor"]
    suppressed = np.array([reasons[at] for at in rng.integers(0, len(reasons), people)], dtype=object)
    is_member = kind == MEMBER
    complaint = (rng.random(people) < 0.3) & is_member
    known = {}
    for name, fact in facts().items():
        hidden = (rng.random(people) < 0.3) | (np.equal(suppressed, None) == 0) | (kind != fact.about)
        if fact.kind == BOOLEAN:
            values = complaint.tolist()
        elif fact.kind == CATEGORY:
            values = rng.choice(list(fact.allowed) or ["skin_care"], people).tolist()
        else:
            values = (rng.random(people) * 30).tolist()
        service = fact.of_service
        known[name] = [
            None if hide and not service else one for hide, one in zip(hidden, values, strict=True)
        ]
    channels = len(OPTIONS.channels)
    audience = Audience(
        ids, np.zeros(people, dtype=np.int64), rng.integers(0, 3, people) * is_member,
        (rng.random(people) < 0.2) & is_member, complaint,
    )  # fmt: skip
    since = {"discount": np.where(rng.random(people) < 0.3, 3.0, np.inf)}
    consent, address = (rng.random((people, channels)) < 0.7 for _ in range(2))
    return Situation(pl.DataFrame(known, strict=False), kind, suppressed, audience, consent, address, since)


def small(seed: int) -> tuple[Scenes, object]:
    """The project's scenes and options, with places that bind."""
    rng = np.random.default_rng(seed)
    capacity = int(rng.integers(1, 8))
    options = replace(
        OPTIONS,
        channels=tuple(replace(one, capacity=float(capacity + 2)) for one in OPTIONS.channels),
        options=tuple(replace(one, capacity=float(capacity)) for one in OPTIONS.options),
    )
    every = tuple(
        replace(one, hold_out=0.0 if one.is_care else 0.3, members_a_day=float(rng.integers(1, 9)))
        for one in SCENES.scenes
    )
    return Scenes(every, 0.1), options


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_every_rule_holds_in_every_brand(seed):
    (scenes, options), people = small(seed), brand(seed)
    rows = judged(scenes, options, people, "salt")
    at = {one: place for place, one in enumerate(people.audience.ids)}
    by_name = {one.name: one for one in scenes.scenes}
    names = [channel.name for channel in options.channels]
    assert set(rows["subject"]) == set(at)
    acted = rows.filter(pl.col("state") == ACT)
    assert acted["subject"].is_unique().all()
    for row in acted.iter_rows(named=True):
        place, scene = at[row["subject"]], by_name[row["scene"]]
        channel = names.index(row["channel"])
        assert people.address[place, channel]
        assert people.kind[place] == scene.about
        assert people.audience.complaint[place] == scene.is_care
        if people.suppressed[place] is not None:
            assert scene.of_service
            assert people.suppressed[place] in STILL_ANSWERED
        else:
            assert people.consent[place, channel]
        if not scene.is_care:
            assert not people.audience.quiet[place]
            assert people.audience.contacts[place] < options.per_fortnight
            assert not held_out_of([row["subject"]], scene.name, scene.hold_out, scenes.hold_out, "salt")[0]
            assert (
                people.since.get(scene.action.content, np.full(len(at), np.inf))[place]
                >= scene.again_after_days
            )
    for name, count in acted["scene"].value_counts().iter_rows():
        assert count <= by_name[name].members_a_day
    for name, count in acted["channel"].value_counts().iter_rows():
        assert count <= options.channels[names.index(name)].capacity
    limits = {one.name: one.capacity for one in options.options}
    for name, count in acted.drop_nulls("option")["option"].value_counts().iter_rows():
        assert count <= limits[name]


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_an_answer_on_request_is_what_the_night_decided(seed):
    (scenes, options), people = small(seed), brand(seed)
    rows = judged(scenes, options, people, "salt")
    urgency = {one.name: one.urgency for one in scenes.scenes}
    for own in rows.partition_by("subject"):
        listed = own.to_dicts()
        found = answer(listed, listed[0]["suppressed"])
        acted = [row for row in listed if row["state"] == ACT]
        assert (found.row == acted[0]) if acted else found.reason not in (ACT, "care")
        order = [urgency[row["scene"]] for row in listed if row["scene"]]
        assert order == sorted(order, reverse=True)
        more_urgent = [row for row in listed if acted and urgency[row["scene"]] > urgency[acted[0]["scene"]]]
        assert not any(row["state"] in ("later", HELD_OUT) for row in more_urgent)
        assert why(found.reason if found.reason != "suppressed" else listed[0]["suppressed"], "zh")


def test_nothing_but_care_is_left_of_a_consent_that_was_withdrawn():
    people = brand(3)
    rows = judged(SCENES, OPTIONS, people, "salt")
    for own in rows.partition_by("subject"):
        found = answer(own.to_dicts(), "do_not_contact")
        assert found.row is None or (found.reason == "care" and found.row["of_service"])
        assert answer(own.to_dicts(), "erased").row is None


def test_the_held_out_are_those_who_would_have_been_reached():
    """Beyond the places of the day nobody is called held out: both arms are drawn from the same members."""
    people = brand(5, 3000)
    scene = replace(
        next(one for one in SCENES.scenes if one.name == "cart_left"), hold_out=0.3, first="cart_days"
    )
    wide = condition("cart_days", facts()["cart_days"], {"from": 0})
    few = Scenes((replace(scene, when=(wide,), members_a_day=20.0),), 0.0)
    rows = judged(few, OPTIONS, people, "salt").drop_nulls("scene")
    days = dict(zip(people.audience.ids, people.facts["cart_days"].to_list(), strict=True))
    by_state = {
        state: [days[one] for one in rows.filter(pl.col("state") == state)["subject"]]
        for state in (ACT, HELD_OUT, "daily_cap")
    }
    assert len(by_state[ACT]) == 20
    assert len(by_state[HELD_OUT]) >= 3
    assert max(by_state["daily_cap"]) <= min(by_state[ACT] + by_state[HELD_OUT])


def test_a_finding_is_read(tmp_path):
    path = written(tmp_path / "s.yaml", "scenes.cart.worth_finding", {"rate": 0.05, "added": 0.01})
    assert read(path, OPTIONS).scenes[1].worth_finding == Finding(0.05, 0.01)
