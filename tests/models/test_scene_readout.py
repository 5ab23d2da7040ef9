"""What scenes brought: first meetings, intervals that cover the truth, and only claims that hold."""

import numpy as np
import polars as pl
import pytest

from models.acting import scene_log
from models.acting.scene_readout import scene_readout, verdicts

DAY, NOW = 86_400, 200 * 86_400


def people(
    seed: int, members: int = 6000, held: float = 0.2, rate: float = 0.08, added: float = 0.04
) -> pl.DataFrame:
    """First meetings over two months, with an effect that is known; who bought before buys more often."""
    rng = np.random.default_rng(seed)
    withheld, score = rng.random(members) < held, rng.poisson(2, members).astype(float)
    chance = rate * (0.5 + score / 4) + added * ~withheld
    answered = (rng.random(members) < chance).astype(float)
    return pl.DataFrame(
        {
            "kind": "member", "subject": [f"m{at}" for at in range(members)], "scene": "silent",
            "at": (NOW - (20 + rng.integers(0, 60, members)) * DAY), "acts": ~withheld, "of_all": False,
            "share": held, "share_of_all": 0.02, "score": score, "content": "discount", "channel": "sms",
            "cost": 0.1, "held_out": withheld, "answered": answered, "sales": 50 * answered,
            "contacted": ~withheld, "opted_out": False, "again": False,
        }
    )  # fmt: skip


def read(met: pl.DataFrame, added: float | None = None):
    return scene_readout(met, 14, NOW, added, looks=1)


def test_intervals_cover_the_effect_that_was_planted():
    covered, of = 0, 120
    for seed in range(of):
        met = people(seed, members=1500)
        found = read(met).found
        covered += found.answers.covers(0.04 * int((~met["held_out"]).sum()))
    assert 0.90 <= covered / of <= 0.99


def test_a_scene_that_brings_answers_is_told_and_one_that_brings_none_is_not():
    found = {
        "good": read(people(1)),
        "nothing": read(people(2, added=0.0)),
        "harm": read(people(3, added=-0.03)),
    }
    assert verdicts(found) == {"good": "more", "nothing": "unclear", "harm": "less"}
    assert found["good"].found.cost == pytest.approx(0.1 * (found["good"].met - found["good"].held_out))


def test_among_many_scenes_chance_is_not_called_an_effect():
    alone = wrong = 0
    for seed in range(100, 114):
        found = {f"s{at}": read(people(1000 * seed + at, members=1000, added=0.0)) for at in range(8)}
        wrong += any(one in ("more", "less") for one in verdicts(found).values())
        alone += any(not one.found.answers.covers(0) for one in found.values())
    assert alone >= 3  # of 14: each scene by itself is wrong one time in twenty
    assert wrong <= 2


def test_less_than_is_worth_finding_is_told_apart_from_not_known():
    none = people(5, members=20_000, added=0.0)
    assert verdicts({"s": read(none, added=0.05)}) == {"s": "small"}
    assert verdicts({"s": read(none)}) == {"s": "unclear"}


def test_whose_window_is_not_over_is_in_no_figure():
    met = people(6)
    young = met.with_columns(at=pl.lit(NOW - 13 * DAY, pl.Int64), answered=pl.lit(0.0))
    both = pl.concat([met, young.with_columns(subject="x" + pl.col("subject"))])
    found, alone = read(both), read(met)
    assert found.waiting == len(young)
    assert found.next_over == NOW + DAY
    assert found.found.answers == alone.found.answers
    nobody = read(young)
    assert (nobody.met, nobody.found) == (0, None)
    assert verdicts({"s": nobody, "t": read(met.clear())}) == {"s": "waiting", "t": "unmet"}


def test_too_few_are_said_to_be_too_few():
    few = people(7, members=60, held=0.05)
    assert verdicts({"s": read(few)}) == {"s": "few"}
    none = read(people(7, members=40, held=0.0))
    assert none.found is None
    assert verdicts({"s": none}) == {"s": "few"}


def test_a_holdout_that_was_not_kept_and_a_scene_that_was_not_sent_bear_no_claim():
    met = people(8)
    held = met["held_out"]
    leaky = met.with_columns(contacted=~held | (pl.int_range(pl.len()) % 3 == 0))
    assert verdicts({"s": read(leaky)}) == {"s": "broken"}
    acted = read(met.with_columns(again=held & (pl.int_range(pl.len()) % 3 == 0)))
    assert acted.found.contacted_though_held_out > 0
    assert verdicts({"s": acted}) == {"s": "broken"}
    assert verdicts({"s": read(met.with_columns(contacted=pl.lit(False)))}) == {"s": "unsent"}


def test_each_counts_from_the_first_meeting_and_by_its_own_draw():
    rows = [  # at, subject, scene, acts, of_all
        (1, "a", "x", True, False), (1, "b", "x", False, False), (1, "c", "x", False, True),
        (2, "b", "x", False, False), (2, "a", "y", False, False), (3, "a", "x", True, False),
    ]  # fmt: skip
    log = pl.DataFrame(rows, schema=["at", "subject", "scene", "acts", "of_all"], orient="row").with_columns(
        kind=pl.lit("member"), share_of_all=pl.lit(0.1)
    )
    own = scene_log.first_met(log, "x").select("subject", "at", "held_out").rows()
    assert own == [("a", 1, False), ("b", 1, True)]  # c is held out of everything
    every = scene_log.first_met_by_any(log, "member").select("subject", "scene", "held_out").rows()
    assert every == [("a", "x", False), ("b", "x", False), ("c", "x", True)]
    late = pl.DataFrame({"kind": "member", "subject": "b", "at": [10 * DAY], "acts": True})
    met = pl.DataFrame({"kind": "member", "subject": ["a", "b"], "at": [1, 1]})
    assert scene_log.acted_on(met, late, 14).to_list() == [False, True]
    assert scene_log.acted_on(met, late, 5).to_list() == [False, False]
