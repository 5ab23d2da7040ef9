"""Meta-learners find known effects, find none where there is none, and are saved as they are."""

from dataclasses import replace

import numpy as np
import pytest

from models.fitted.booster_sum import BoosterSum
from models.fitted.uplift import LEARNERS, Trial, contact_share


def trial(seed: int, rows: int = 12_000, effect: float = 0.4, share: float = 0.5) -> tuple[Trial, np.ndarray]:
    """A contact helps where the first input is high; the second moves the outcome without a contact."""
    rng = np.random.default_rng(seed)
    matrix = rng.uniform(0, 1, (rows, 3)).astype(np.float32)
    gain, treated = effect * (matrix[:, 0] - 0.3), rng.random(rows) < share
    label = (rng.random(rows) < 0.25 + 0.3 * matrix[:, 1] + gain * treated).astype(float)
    return Trial(matrix, label, treated, np.arange(rows), contact_share(treated), ["q"] * 3, seed), gain


@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("share", [0.5, 0.85])
def test_a_learner_finds_the_effect_and_not_the_outcome(name, share):
    known, _ = trial(1, share=share)
    later, gain = trial(2)
    found = LEARNERS[name](known).predict(later.matrix)
    assert np.corrcoef(found, gain)[0, 1] > 0.8
    assert abs(np.corrcoef(found, later.matrix[:, 1])[0, 1]) < 0.4
    assert found.mean() == pytest.approx(gain.mean(), abs=0.03)


@pytest.mark.parametrize("name", LEARNERS)
def test_where_a_contact_changes_nothing_the_effect_is_small(name):
    found = LEARNERS[name](trial(3, effect=0.0)[0]).predict(trial(4)[0].matrix)
    assert np.abs(found).mean() < 0.05


@pytest.mark.parametrize("name", LEARNERS)
def test_the_same_trial_gives_the_same_effect_and_files_keep_it(name, tmp_path):
    known, _ = trial(5, 2000)
    one, other = (LEARNERS[name](known) for _ in range(2))
    one.save(tmp_path / "one")
    other.save(tmp_path / "other")
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "other" / file.name).read_bytes()
    again = BoosterSum.load(tmp_path / "one")
    assert again is not None
    assert np.array_equal(again.predict(known.matrix), one.predict(known.matrix))


def test_nothing_saved_is_nothing_and_another_version_is_refused(tmp_path):
    assert BoosterSum.load(tmp_path) is None
    BoosterSum(constant=2.0).save(tmp_path)
    assert BoosterSum.load(tmp_path).predict(np.zeros((3, 1))).tolist() == [2.0, 2.0, 2.0]
    (tmp_path / "amount.json").write_text('{"version": 99, "constant": 0, "weights": []}')
    with pytest.raises(ValueError, match="version 99"):
        BoosterSum.load(tmp_path)


def test_a_factor_and_fewer_rounds_are_the_amounts_own():
    known, _ = trial(6, 2000)
    amount = LEARNERS["t"](known)
    assert np.allclose(amount.times(3).predict(known.matrix), 3 * amount.predict(known.matrix))
    assert amount.first(20).parts[0][1].num_boosted_rounds() == 20


def test_the_rows_of_a_subject_are_on_one_side():
    known, _ = trial(7, 2000)
    pairs = replace(known, subject=np.arange(2000) // 2)
    without, _ = pairs.outcomes
    assert np.isfinite(without).all()
    assert (without > 0).all()


@pytest.mark.parametrize("name", LEARNERS)
def test_campaigns_that_hold_out_different_shares_make_no_effect(name):
    """Half of an eager audience and a tenth of a lazy one are held out; a contact changes nothing."""
    rng, rows = np.random.default_rng(8), 20_000
    eager = rng.random(rows) < 0.5
    treated = rng.random(rows) < np.where(eager, 0.5, 0.9)
    label = (rng.random(rows) < np.where(eager, 0.4, 0.1)).astype(float)
    matrix = rng.uniform(0, 1, (rows, 2)).astype(np.float32)  # nothing tells the audiences apart
    share = contact_share(treated, eager)
    assert np.allclose(share[eager], treated[eager].mean(), atol=0.01)
    found = LEARNERS[name](Trial(matrix, label, treated, np.arange(rows), share, ["q"] * 2, 8))
    assert abs(found.predict(matrix).mean()) < 0.02
