"""A fingerprint is of a feature's meaning: it moves with the values and with nothing else."""

from dataclasses import replace

import narwhals as nw
import pytest

from features import catalog, reference_world
from features.compute import compute
from features.feature import DAY, Feature, Group
from features.fingerprint import fingerprints
from features.groups.care import CARE
from features.groups.engagement import ENGAGEMENT, LEAD_TOUCHES
from features.groups.profile import attributes
from features.groups.purchases import AFFINITY, PURCHASES, SALE
from features.meaning import combined, differences

OWN = {"members": {"x_income": False, "x_club": True}, "campaigns": {"x_reward": False}}
EVERY = catalog.available(catalog.GROUPS, {group.table: {} for group in catalog.GROUPS if group.table} | OWN)
FOUND = fingerprints(EVERY)


def changed(group: Group, **changes: object) -> set[str]:
    """The features of a group whose fingerprint differs after a change of the group."""
    before, after = fingerprints([group]), fingerprints([replace(group, **changes)])
    return {name for name in before if before[name] != after.get(name)}


def one(group: Group, name: str, **changes: object) -> tuple[Feature, ...]:
    """The group's features with another meaning, or other words, of one of them."""
    assert name in {feature.name for feature in group.features}
    return tuple(replace(f, **changes) if f.name == name else f for f in group.features)


def test_the_same_code_gives_the_same_and_other_groups_have_no_part_in_it():
    assert fingerprints(EVERY) == FOUND
    for group in EVERY:
        assert fingerprints([group]).items() <= FOUND.items()


def test_the_values_are_those_that_were_released():
    """The reference world itself must not move: with it every released model would be refused."""
    assert {name: FOUND[name] for name in ("orders_90d", "stage", "answer_rate", "x_club")} == {
        "orders_90d": "7ec78c0ce182",
        "stage": "e067f03c8f04",
        "answer_rate": "fdc39260ee93",
        "x_club": "8c779e3d77f5",
    }


def test_no_two_features_of_the_catalogue_look_alike():
    assert len(set(FOUND.values())) == len(FOUND)


def test_every_feature_says_different_things_of_different_subjects():
    world = reference_world.world(OWN)
    rows = compute(reference_world.spine(world["campaigns"]), world, EVERY)
    assert [name for name in rows.columns if rows[name].drop_nulls().n_unique() < 2] == []


@pytest.mark.parametrize("group", [group for group in EVERY if group.windows], ids=lambda group: group.name)
def test_a_window_that_is_a_day_longer_is_another_meaning(group: Group):
    found = {f.name for f in group.features if "{days}" in f.name}
    rows = reference_world.world(OWN)
    asked = reference_world.spine(rows["campaigns"])
    longer = tuple(days + 1 for days in group.windows)
    wider = replace(group, windows=longer, derived=())
    ours, theirs = (compute(asked, rows, [g]).sort("row_id") for g in (replace(group, derived=()), wider))
    pairs = [
        (f.replace("{days}", str(a)), f.replace("{days}", str(a + 1))) for f in found for a in group.windows
    ]
    same = [name for name, other in pairs if ours[name].equals(theirs[other])]
    assert same == []


@pytest.mark.parametrize(
    ("group", "name", "expr"),
    [
        (PURCHASES, "orders_{days}d", lambda rows: rows.where(SALE).count()),
        (PURCHASES, "orders", lambda rows: rows.distinct("order_id")),
        (PURCHASES, "days_since_order", lambda rows: rows.days_since()),
        (PURCHASES, "revenue", lambda rows: rows.where(SALE)["amount_cents"].sum()),
        (PURCHASES, "last_category", lambda rows: rows["category"].max()),
        (ENGAGEMENT, "active_days_{days}d", lambda rows: rows.count()),
        (ENGAGEMENT, "carts_30d", lambda rows: rows.within(31).where(nw.col("kind") == "cart").count()),
        (LEAD_TOUCHES, "reply_minutes", lambda rows: rows["minutes"].min()),
        (CARE, "low_ratings_365d", lambda rows: rows.within(365).where(nw.col("satisfaction") <= 3).count()),
        (AFFINITY, "days_since_same", lambda rows: rows["age"].min() / DAY),
    ],
)
def test_another_expression_under_the_same_words_is_another_meaning(group, name, expr):
    wanted = {f.name for f, _ in replace(group, features=one(group, name, expr=expr)).expanded()}
    windows = {name.replace("{days}", str(days)) for days in group.windows} & wanted
    assert (windows or {name}) <= changed(group, features=one(group, name, expr=expr))


def test_the_value_of_nobody_is_part_of_the_meaning_and_words_are_not():
    assert changed(PURCHASES, features=one(PURCHASES, "orders", empty=None)) >= {"orders"}
    assert changed(PURCHASES, features=one(PURCHASES, "orders", en="x", zh="y", unit="z")) == set()


def test_an_own_attribute_has_the_fingerprint_of_its_column():
    club = attributes(catalog.GROUPS[0], {"x_club": True})
    other = attributes(catalog.GROUPS[0], {"x_club": True, "x_new": False})
    assert fingerprints([club])["x_club"] == fingerprints([other])["x_club"] == FOUND["x_club"]
    assert fingerprints([attributes(catalog.GROUPS[0], {"x_club": False})])["x_club"] != FOUND["x_club"]


def test_differences_name_what_is_gone_and_what_changed():
    assert differences({"a": "1"}, {"a": "1", "b": "2"}) == ""
    assert differences({"a": "1", "b": "2"}, {"a": "0"}) == "b: not there; a: computed otherwise"
    many = {f"f{at}": "1" for at in range(8)}
    assert differences(many, {}) == "f0, f1, f2, f3, f4 and 3 more: not there"


def test_the_fingerprint_of_many_is_that_of_each():
    assert combined({"a": "1", "b": "2"}) == combined({"b": "2", "a": "1"}) != combined({"a": "1"})
