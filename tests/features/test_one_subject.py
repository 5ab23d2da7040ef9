"""One subject, and several, without an engine: the same expressions, the same values, feature by feature."""

import math
from itertools import product

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from own_worlds import described
from worlds import finished, raw_world, spine_of

from features import catalog, reference_own, reference_world
from features.compute import compute
from features.groups.own import own_group
from features.interpreter import Program
from features.one_subject import OneSubject, of_frame
from features.operations import SHORT, Column, Unsupported, listed
from features.segments import Segments
from features.several_subjects import WHOSE, SeveralSubjects, planned

KINDS = {
    "members": {"x_income": False, "x_club": True}, "campaigns": {"x_reward": False}, "leads": {},
    "purchases": {}, "events": {}, "outreach": {}, "care": {}, "closures": {},
}  # fmt: skip
GROUPS = catalog.available(catalog.GROUPS, KINDS)
IDS = ("product_id", "campaign_id")


def differences(groups, world, spine, key):
    """What comes out otherwise than from Polars, alone or with all others: (row, feature, here, there)."""
    groups = tuple(group for group in groups if group.table is None or group.key == key)
    alone = OneSubject.of(groups)
    there = compute(spine, world, groups).sort("row_id")
    together = at_once(alone, world, spine, key)
    for asked in spine.iter_rows(named=True):
        row = asked.pop("row_id")
        own = {n: f.filter(pl.col(key) == asked[key]) if key in f.columns else f for n, f in world.items()}
        own.pop("outreach", None)  # made anew, of what was sent and answered
        found = alone.features(asked, {name: of_frame(frame) for name, frame in own.items()})
        told = there.row(row, named=True)
        del told["row_id"]
        assert list(found) == list(told)
        yield from ((row, n, found[n], told[n]) for n in told if not same(found[n], told[n]))
        beside = dict(zip(told, together[row], strict=True))
        yield from ((row, n, beside[n], told[n]) for n in told if not same(beside[n], told[n]))


def at_once(alone, world, spine, key):
    """The features of all questions in one pass, each with rows of its own, in no order."""
    tables = {}
    for name, frame in world.items():
        asked = spine.select("row_id", key)
        rows = asked.join(frame, on=key) if key in frame.columns else asked.drop(key).join(frame, how="cross")
        shared = [pl.format("{}:{}", "row_id", one).alias(one) for one in IDS if one in rows.columns]
        tables[name] = of_frame(rows.with_columns(shared).sample(fraction=1, shuffle=True, seed=1))
    tables.pop("outreach", None)
    several = SeveralSubjects.of(alone, spine.columns)
    return several.features({name: of_frame(spine)[name] for name in spine.columns}, tables, len(spine))


def same(a, b):
    """Equal to twelve digits; sums of floats may be taken in another order."""
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12) or (a != a and b != b)
    return type(a) is type(b) and a == b


@pytest.mark.parametrize(("seed", "key"), product(range(2), ("member_id", "lead_id")))
def test_every_feature_of_random_worlds_is_what_polars_says(seed, key):
    world = finished(raw_world(seed, rows=120))
    assert list(differences(GROUPS, world, spine_of(world, seed), key)) == []


@pytest.mark.parametrize("key", reference_world.SUBJECT_KEYS)
def test_every_feature_of_the_reference_world_is_what_polars_says(key):
    world = reference_world.world({})
    spine = reference_world.spine(world["campaigns"])[::8].with_columns(row_id=pl.int_range(pl.len()))
    assert list(differences(catalog.GROUPS, world, spine, key)) == []


def test_every_feature_of_own_tables_is_what_polars_says(tmp_path):
    tables = [one for one in described(tmp_path) if one.is_direct]
    world = reference_own.frames(tables)
    spine = reference_world.spine(reference_world.world({})["campaigns"])[::8]
    spine = spine.with_columns(row_id=pl.int_range(pl.len()))
    assert tables
    assert list(differences([own_group(one) for one in tables], world, spine, "member_id")) == []


def test_rows_that_subjects_share_are_left_to_an_engine(tmp_path):
    with pytest.raises(Unsupported):
        OneSubject.of([own_group(one) for one in described(tmp_path) if not one.is_direct])


ROWS = pl.DataFrame(
    {
        "a": [7, -7, None, 0, 3, 3],
        "b": [3, 3, 3, None, 0, -2],
        "p": [True, False, None, True, None, False],
        "q": [None, None, None, True, False, True],
        "t": ["x", None, "y", "x", "", "z"],
        "f": [1.5, None, -2.5, 0.0, 1e300, 3.0],
        "row_id": [0] * 6,
    }
)
A, B, P, Q, T, F = map(nw.col, "abpqtf")
EXPRESSIONS = {
    "and": P & Q, "or": P | Q, "not": ~P, "and_scalar": P & (A.max() > 5), "or_null": P | (A > B),
    "floor": A // 3, "mod": A % 3, "divide": A / B, "reverse": 2 - A, "reverse_divide": 2 / A,
    "compare": A >= B, "text": T == "x", "differs": T != "x", "in": T.is_in(["x", "z"]), "null": T.is_null(),
    "when": nw.when(P).then(A), "otherwise": nw.when(P).then(A).otherwise(B),
    "text_when": nw.when(A > 0).then(nw.lit("up")).otherwise(T), "both": nw.when(P & Q).then(1).otherwise(0),
    "coalesce": nw.coalesce("a", "b"), "fill": A.fill_null(-1), "fill_column": A.fill_null(B),
    "most": nw.max_horizontal("a", "b"), "most_of": nw.max_horizontal(A, nw.lit(1)),
    "cast": P.cast(nw.Int64), "float": A.cast(nw.Float64) / 2,
    "spread": nw.when(A > 0).then(F).max().over("row_id"), "by_key": A.min().over("row_id", "t"),
    "rank": F.fill_null(0.0).rank("min").over("row_id"),
}  # fmt: skip
OVER_ROWS = {
    "sum": A.sum(), "sum_when": nw.when(P).then(A).sum(), "none": nw.when(A > 99).then(A).sum(),
    "truths": P.cast(nw.Int32).sum(), "count": T.count(), "mean": F.mean(), "first": T.min(), "last": T.max(),
    "any": P.max(), "all": P.min(), "distinct": T.n_unique(), "no_mean": nw.when(A > 99).then(F).mean(),
    "root": (A.sum() * A.sum()).sqrt(), "ratio": A.sum() / nw.when(B.sum() > 99).then(B.sum()),
    "missing": T.is_null().max().cast(nw.Int64), "infinite": A.sum() / (B.max() - 3),
}  # fmt: skip


def test_operations_treat_null_and_signs_as_polars_does():
    program = Program()
    for name, expr in (EXPRESSIONS | OVER_ROWS).items():
        program.add(name, expr.alias(name))
    with np.errstate(all="ignore"):
        found = program.run(of_frame(ROWS))
    there = nw.from_native(ROWS).select(**EXPRESSIONS).to_native()
    scalars = nw.from_native(ROWS).select(**OVER_ROWS).to_native().row(0, named=True)
    for name in EXPRESSIONS:
        value = found[program.names[name]]
        told = listed(value) if isinstance(value, Column) else [value] * len(ROWS)
        wanted = there[name].to_list()
        assert all(map(same, told, wanted)), (name, told, wanted)
    for name, wanted in scalars.items():
        assert same(found[program.names[name]], wanted), (name, found[program.names[name]], wanted)


WINDOWS = {name: EXPRESSIONS[name] for name in ("spread", "by_key", "rank")} | {
    "nearest": A.fill_null(0).diff().over("row_id", order_by="at"),
    "of_text": T.max().over("row_id"), "true_somewhere": P.max().over("row_id"),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_operations_over_rows_of_several_subjects_are_what_polars_says(seed):
    rng = np.random.default_rng(seed)
    owner = np.repeat([0, 1, 2, 5], rng.integers(1, 5, 4))
    rows = ROWS[rng.integers(0, len(ROWS), len(owner))].with_columns(
        row_id=owner, at=rng.permutation(len(owner))
    )
    program = Program()
    for name, expr in (WINDOWS | OVER_ROWS).items():
        program.add(name, expr)
    several, inputs = planned(program, ()), of_frame(rows)
    whose = inputs[WHOSE] = Segments.of(owner)
    with np.errstate(all="ignore"):
        found = several.run(inputs)
    there = nw.from_native(rows)
    by_row = there.select(**WINDOWS).to_native()
    by_subject = there.group_by("row_id").agg(**OVER_ROWS).sort("row_id").to_native()
    for name, wanted in [*by_row.to_dict().items(), *by_subject.drop("row_id").to_dict().items()]:
        value = found[several.names[name]]
        told = listed(value if len(value.values) == len(wanted) else whose.spread(value))
        assert list(map(same, told, wanted.to_list())) == [True] * len(wanted), (name, told, wanted.to_list())


def test_an_aggregate_of_what_belongs_to_subjects_is_refused():
    program = Program()
    program.add("it", nw.col("as_of").sum())
    with pytest.raises(Unsupported):
        planned(program, ["as_of"])


def test_what_is_not_known_here_is_refused():
    for expr in (A.std(), A.cum_sum(), T.str.len_chars(), A.shift(1).over("row_id", order_by="b")):
        with pytest.raises(Unsupported):
            Program().add("it", expr)
    program = Program()
    program.add("it", A.cast(nw.String))
    with pytest.raises(Unsupported):
        program.run(of_frame(ROWS))


@pytest.mark.parametrize("rows", [SHORT, SHORT + 1])
def test_whole_numbers_come_out_the_same_listed_and_as_arrays(rows):
    frame = pl.DataFrame({"a": [(-1) ** at * at * 10**14 for at in range(rows)]})
    program, asked = Program(), {"sum": A.sum(), "least": A.min(), "most": A.max()}
    for name, expr in asked.items():
        program.add(name, expr)
    found = program.run(of_frame(frame))
    told = nw.from_native(frame).select(**asked).to_native().row(0, named=True)
    assert {name: found[program.names[name]] for name in asked} == told
