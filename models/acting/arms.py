"""Which of several contents goes to whom, learnt and judged on a log whose arms were drawn at random.

Each row gets, for every arm, what it would have brought: the expectation of a model that has not seen the
row, corrected by the weighted error of the arm that was observed (augmented inverse propensity weights,
AIPW; Robins, Rotnitzky and Zhao 1994). Effects are learnt from the same scores (Kennedy 2023), always on
other folds than those they are judged on, so that a policy's value is not that of the noise it was chosen by.
What it is held against spends the same: one arm to a random share, one arm to those whom it moves most
(Sverdrup et al. 2024).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from models.acting.budget import chosen_at, path
from models.acting.off_policy import DRIFT, LogError
from models.fitted.uplift import boosted

FOLDS, FEWEST = 5, 200
ALPHA = 0.025  # of each side
NOTHING = 0  # the arm that got nothing


@dataclass(frozen=True)
class ArmLog:
    """Rows of a log.

    Parameters
    ----------
    matrix
        What was known before, shape (rows, columns); categories as codes.
    feature_types
        As XGBoost calls them, one a column.
    arm
        Code of what each row got, 0 for nothing, shape (rows,).
    probability
        With which it was drawn, shape (rows,).
    reward
        Money, or 0 and 1, shape (rows,).
    names
        Of the arms, the first of which is nothing.
    cost
        Of each arm, the first 0, shape (arms,).
    """

    matrix: np.ndarray
    feature_types: list[str]
    arm: np.ndarray
    probability: np.ndarray
    reward: np.ndarray
    names: Sequence[str]
    cost: np.ndarray

    def __post_init__(self) -> None:
        """Refuse with ``LogError`` what cannot be judged."""
        if len(self.names) < 2:
            raise LogError("option: everybody got the same; needed are rows that got nothing, and others")
        if not np.isfinite(self.reward).all():
            raise LogError("reward: a number is not finite")
        if not ((self.probability > 0) & (self.probability <= 1)).all():
            raise LogError("probability: an option that was drawn has a probability above 0 and up to 1")
        if not (np.isfinite(self.cost).all() and (self.cost[1:] > 0).all()):
            raise LogError("cost: allowed are numbers above 0, one an option")
        for code, name in enumerate(self.names):
            self._check_arm(name, self.arm == code)

    def _check_arm(self, name: str, rows: np.ndarray) -> None:
        name = name or "nothing"
        if rows.sum() < FEWEST:
            raise LogError(f"option {name}: {int(rows.sum())} rows got it; at least {FEWEST} are needed")
        weight = rows / self.probability
        error = float(weight.std(ddof=1)) / np.sqrt(len(weight))
        if abs(float(weight.mean()) - 1) > DRIFT * error:
            raise LogError(
                f"option {name}: by their probabilities its rows stand for {float(weight.mean()):.2f} of all "
                "rows instead of 1: they are not those that it was drawn with"
            )


@dataclass(frozen=True)
class Scores:
    """What each row would have brought by each arm, and the effect that other rows' models expect.

    Both shape (rows, arms), beyond what nothing brings.
    """

    added: np.ndarray
    effect: np.ndarray


@dataclass(frozen=True)
class Estimate:
    """A mean a row with its 95 % interval."""

    value: float
    low: float
    high: float


def estimate(part: np.ndarray, looks: int = 1) -> Estimate:
    """Return the mean of what rows say, shape (rows,), and an interval that holds for ``looks`` together.

    The looks are counted by Bonferroni.
    """
    level = float(norm.ppf(1 - ALPHA / looks))
    middle, wide = float(part.mean()), level * float(part.std(ddof=1)) / np.sqrt(len(part))
    return Estimate(middle, middle - float(wide), middle + float(wide))


def score(log: ArmLog) -> Scores:
    """Return the scores of all rows, each by models that were fitted on other rows; deterministic."""
    fold = np.random.default_rng(0).permutation(len(log.arm)) % FOLDS
    added, effect = np.zeros((2, len(log.arm), len(log.names)))
    for number in range(FOLDS):
        rest, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        added[held] = _added(log, rest, held)
        effect[held] = _effects(log, rest, held)
    return Scores(added, effect)


def _added(log: ArmLog, fitted: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """AIPW scores of ``rows`` beyond nothing, shape (rows, arms), by models of the rows ``fitted``."""
    objective = "binary:logistic" if np.isin(log.reward, (0, 1)).all() else "reg:squarederror"
    found = np.zeros((len(rows), len(log.names)))
    for arm in range(len(log.names)):
        own = fitted[log.arm[fitted] == arm]
        model = boosted(log.matrix[own], log.reward[own], log.feature_types, objective)
        expected = model.inplace_predict(log.matrix[rows])
        weight = (log.arm[rows] == arm) / log.probability[rows]
        found[:, arm] = expected + weight * (log.reward[rows] - expected)
    return found - found[:, [NOTHING]]


def _effects(log: ArmLog, fitted: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Effects expected of ``rows``, shape (rows, arms); the scores they are learnt from are cross-fitted."""
    halves = fitted[::2], fitted[1::2]
    scores = np.concatenate([_added(log, *pair) for pair in (halves[::-1], halves)])
    matrix = log.matrix[np.concatenate(halves)]
    found = np.zeros((len(rows), len(log.names)))
    for arm in range(1, len(log.names)):
        model = boosted(matrix, scores[:, arm], log.feature_types, "reg:squarederror")
        found[:, arm] = model.inplace_predict(log.matrix[rows])
    return found


@dataclass(frozen=True)
class OneArm:
    """An arm at a policy's spend: what it adds a row, and by how much the policy adds more.

    ``alike`` goes to a random share, ``targeted`` to those whom the arm moves most.
    """

    name: str
    alike: Estimate
    targeted: Estimate
    over_alike: Estimate
    over_targeted: Estimate


@dataclass(frozen=True)
class Comparison:
    """Each row's best arm against each arm alone, at one spend.

    Parameters
    ----------
    share
        Of what it costs to send everybody the dearest arm.
    spend
        Of the policy, a row.
    policy
        What it adds a row.
    verdict
        ``choose``, ``target``, ``one`` or ``nothing``; see ``_verdict``.
    best
        The arm that the verdict names.
    """

    share: float
    spend: float
    policy: Estimate
    arms: tuple[OneArm, ...]
    verdict: str
    best: str


def compare(log: ArmLog, scores: Scores, share: float) -> Comparison:
    """Compare at a spend of ``share`` of what everybody's dearest arm costs.

    Raises
    ------
    LogError
        A share that is not above 0 and up to 1.
    """
    if not 0 < share <= 1:
        raise LogError(f"share {share}: allowed is a number above 0 and up to 1")
    budget = share * float(log.cost.max()) * len(log.arm)
    every = range(1, len(log.names))
    choice = _chosen(log, scores, budget, every)
    policy, spend = _brought(scores, choice), float(log.cost[choice].sum())
    alike = [min(1.0, spend / (len(log.arm) * float(log.cost[arm]))) * scores.added[:, arm] for arm in every]
    targeted = [_brought(scores, _chosen(log, scores, spend, [arm])) for arm in every]
    arms = tuple(
        OneArm(
            log.names[arm],
            *(estimate(part) for part in (by_chance, aimed, policy - by_chance, policy - aimed)),
        )
        for arm, by_chance, aimed in zip(every, alike, targeted, strict=True)
    )
    verdict, best = _verdict(arms, alike, targeted)
    return Comparison(share, spend / len(log.arm), estimate(policy), arms, verdict, best)


def _chosen(log: ArmLog, scores: Scores, budget: float, arms: Sequence[int]) -> np.ndarray:
    """Each row's arm within the budget, shape (rows,); only where an effect is expected."""
    effect, cost = scores.effect[:, list(arms)], log.cost[list(arms)]
    # What a path takes off is the cost; here both are counted apart, for a reward need not be money.
    steps = path(effect + cost, cost, np.ones(effect.shape, dtype=bool))
    at = chosen_at(steps, budget, len(effect))
    return np.where(at < 0, NOTHING, np.array(arms)[at])


def _brought(scores: Scores, choice: np.ndarray) -> np.ndarray:
    return scores.added[np.arange(len(choice)), choice]


def _verdict(
    arms: tuple[OneArm, ...], alike: list[np.ndarray], targeted: list[np.ndarray]
) -> tuple[str, str]:
    """What is surely best at this spend, and the arm it is about.

    ``choose``: each row's best arm beats every arm alone, sent alike or aimed. ``target``: one arm, aimed,
    beats every arm sent alike. ``one``: an arm sent alike adds something, and nothing above is sure.
    ``nothing``: not even that. Where the best-looking arm is picked, its interval
    counts all that were looked at.
    """
    looks = len(arms)
    best = max(range(len(arms)), key=lambda at: arms[at].alike.value)
    if all(arm.over_alike.low > 0 and arm.over_targeted.low > 0 for arm in arms):
        return "choose", arms[best].name
    aimed = max(range(len(arms)), key=lambda at: arms[at].targeted.value)
    if all(estimate(targeted[aimed] - other, looks).low > 0 for other in alike):
        return "target", arms[aimed].name
    return ("one" if estimate(alike[best], looks).low > 0 else "nothing"), arms[best].name
