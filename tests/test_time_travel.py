"""The laws of time: what comes later, or becomes known later, changes no feature."""

from collections.abc import Iterable

import polars as pl
import pytest
from engines import ENGINES
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from plants import KINDS as PLANTS
from plants import moments, planted, taken_in, with_accounts
from polars.testing import assert_frame_equal
from worlds import START, finished, raw_world, spine_of

from features import catalog
from features.feature import DAY, Group

KINDS = {
    "members": {"x_income": False, "x_club": True},
    "leads": {},
    "campaigns": {"x_reward": False},
    "purchases": {},
    "events": {},
    "outreach": {},
    "care": {},
    "closures": {},
}
GROUPS = catalog.available(catalog.GROUPS, KINDS)


def polars(
    spine: pl.DataFrame, world: dict[str, pl.DataFrame], groups: Iterable[Group] = GROUPS
) -> pl.DataFrame:
    return ENGINES["polars"](spine, world, groups)


def test_the_catalogue_has_no_name_twice_and_every_feature_is_computed(world):
    names = [feature.name for feature in catalog.features(GROUPS)]
    assert len(names) >= 80
    assert polars(spine_of(world, 0), world).columns == ["row_id", *names]


def test_rows_known_at_or_after_the_moment_change_nothing(world):
    spine = spine_of(world, 1)
    cut = START + 250 * DAY
    spine = spine.with_columns(as_of=pl.lit(cut))
    before = {
        name: frame.filter(pl.col("known_time") < cut) if "known_time" in frame.columns else frame
        for name, frame in world.items()
    }
    assert_frame_equal(polars(spine, before), polars(spine, world))


@pytest.mark.parametrize("column", ["known_time", "event_time"])
def test_a_row_at_the_moment_itself_does_not_count(world, column):
    moment = START + 250 * DAY
    spine = spine_of(world, 2).with_columns(as_of=pl.lit(moment))
    columns = {"known_time", column}
    times = {name: pl.lit(moment) for name in columns}
    moved = {
        name: frame.with_columns(**times) if "known_time" in frame.columns else frame
        for name, frame in world.items()
    }
    nothing = {name: frame.head(0) for name, frame in world.items()}
    assert_frame_equal(polars(spine, moved), polars(spine, nothing))


def test_a_row_alone_equals_the_row_in_a_batch(world):
    spine = spine_of(world, 3)
    together = polars(spine, world)
    alone = pl.concat([polars(spine[i : i + 1], world) for i in range(len(spine))])
    assert_frame_equal(alone, together)


def test_the_order_of_rows_changes_nothing(world):
    spine = spine_of(world, 4)
    shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=1) for name, frame in world.items()}
    assert_frame_equal(polars(spine, shuffled), polars(spine, world))


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "polars"])
def test_engines_agree(world, engine):
    spine = spine_of(world, 5)
    assert_frame_equal(ENGINES[engine](spine, world, GROUPS), polars(spine, world), rel_tol=1e-12)


def test_every_feature_takes_more_than_one_value_somewhere():
    worlds = [finished(raw_world(seed, members)) for seed, members in enumerate((3, 40, 120))]
    spines = [spine_of(world, 6, 600) for world in worlds]
    found = pl.concat([polars(spine, world) for spine, world in zip(spines, worlds, strict=True)])
    assert [name for name in found.columns if found[name].n_unique() == 1] == []


EXAMPLES = {"polars": 25}  # an engine that is slow to plan gets fewer
FEW = 4
UNSHRUNK = (Phase.explicit, Phase.generate)  # a smaller seed is no smaller world


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_planted_at_the_moment_or_later_changes_nothing(engine):
    """Future rows, late rows and later bindings, in random worlds, on every group at once."""

    @settings(max_examples=EXAMPLES.get(engine, FEW), deadline=None, derandomize=True, phases=UNSHRUNK)
    @given(st.integers(0, 10_000), st.integers(*moments()), st.sets(st.sampled_from(PLANTS), min_size=1))
    def holds(seed: int, day: int, kinds: set[str]) -> None:
        moment = START + day * DAY
        raw = with_accounts(raw_world(seed), seed)
        world = taken_in(raw)
        spine = spine_of(world, seed).with_columns(as_of=pl.lit(moment))
        later = taken_in(planted(raw, moment, kinds, seed))
        assert_frame_equal(
            ENGINES[engine](spine, later, GROUPS), polars(spine, world), rel_tol=1e-12, abs_tol=1e-12
        )

    holds()


@pytest.mark.parametrize("kind", PLANTS)
def test_what_was_planted_counts_later(kind):
    """Else the law above would hold of nothing: asked later, the plants reach every group they can.

    A binding is about accounts of members, never about a profile's own rows; a lead has one row.
    """
    moment = START + 300 * DAY
    raw = with_accounts(raw_world(11), 11)
    before, after = taken_in(raw), taken_in(planted(raw, moment, {kind}, 11))
    spine = spine_of(before, 11, 100)
    spine = spine.with_columns(as_of=moment + (1 + pl.col("row_id")) * DAY)
    reached = {
        group.name
        for group in GROUPS
        if group.table and not polars(spine, before, [group]).equals(polars(spine, after, [group]))
    }
    of_members = {group.name for group in GROUPS if group.key == "member_id" and group.table}
    assert reached == (
        of_members - {"profile"} if kind == "bound" else of_members | {"nurturing", "closures"}
    )


def test_what_hangs_on_the_content_is_known_as_such(world):
    spine = spine_of(world, 7)
    turned = spine.with_columns(pl.col("^asked_.*$").shift(1))
    first, second = polars(spine, world), polars(turned, world)
    for group in GROUPS:
        changed = any(not first[f.name].equals(second[f.name]) for f in group.columns())
        assert changed <= (group.name in catalog.ABOUT_CONTENT), group.name
