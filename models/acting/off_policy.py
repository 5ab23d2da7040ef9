"""What another policy would have brought, judged on a log that kept its probabilities.

Inverse propensity scores (IPS), the self-normalised form (SNIPS; Swaminathan and Joachims 2015) and the
doubly robust one (DR; Dudík et al. 2014). Where the log says too little about the other policy nothing
is told but why: one lucky row would be the whole estimate.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import chi2, norm

Z = float(norm.ppf(0.975))
FEWEST, LEAST_SHARE = 100.0, 0.1  # effective rows; of all rows, below which few heavy ones decide
UNSEEN = 0.01  # share of the other policy's actions that the log could not show
DRIFT, SHIFT = 4.0, 0.1  # standard errors, and how much, by which the weights' mean may miss one


class LogError(ValueError):
    """A log from which the other policy's value cannot be told; says why, and what would help."""


@dataclass(frozen=True)
class Log:
    """What was done and what came of it, and how the other policy would have acted.

    Parameters
    ----------
    reward
        Money, or 0 and 1, shape (rows,).
    probability
        With which the logged action was taken, shape (rows,); None where the log does not say.
    target
        With which the other policy takes the logged action, shape (rows,).
    unseen
        With which the other policy takes actions that the log could not have taken, shape (rows,);
        None where it is not known: then it is judged by the weights, whose mean must be one.
    """

    reward: np.ndarray
    probability: np.ndarray | None
    target: np.ndarray
    unseen: np.ndarray | None = None


@dataclass(frozen=True)
class Value:
    """Mean reward of a row under the other policy with its 95 % interval."""

    method: str
    value: float
    low: float
    high: float
    effective: float
    rows: int


def effective_size(weight: np.ndarray) -> float:
    """Return of how many equal rows weighted rows say as much: ``sum(w)**2 / sum(w**2)`` (Kish 1965).

    Examples
    --------
    >>> effective_size(np.array([1.0, 1.0, 0.0, 0.0]))
    2.0
    """
    squares = float((weight**2).sum())
    return float(weight.sum()) ** 2 / squares if squares > 0 else 0.0


def judge(log: Log, expected: tuple[np.ndarray, np.ndarray] | None = None) -> dict[str, Value]:
    """Return the other policy's value by each method.

    Parameters
    ----------
    expected
        For DR: reward expected of the logged action, and of the other policy's own actions, shape
        (rows,) each, from a model that has not seen the row.

    Raises
    ------
    LogError
        No probabilities, probabilities out of range, supports that do not overlap, or too few effective
        rows.
    """
    weight = _weights(log)
    effective = effective_size(weight)
    mean = float(weight.mean())
    ips = weight * log.reward
    ratio = float(ips.sum()) / float(weight.sum())
    terms = {"ips": ips, "snips": ratio + weight * (log.reward - ratio) / mean}
    if expected is not None:
        logged, own = expected
        terms["dr"] = own + weight * (log.reward - logged)
    found = {name: _value(name, part, effective) for name, part in terms.items()}
    if (log.reward >= 0).all():
        heaviest = float(weight.max() * log.reward.max())
        for name, part in (("ips", ips), ("snips", ips / mean)):
            low, high = _rare(part, heaviest / (1 if name == "ips" else mean))
            found[name] = replace(found[name], low=low, high=high)
    return found


def _rare(part: np.ndarray, heaviest: float) -> tuple[float, float]:
    """Interval of the mean of weighted rewards that are seldom above 0, by gamma (Fay and Feuer 1997).

    A normal one is too low where few clicks carry it; this one counts a further click of the heaviest
    weight that the log might have shown.
    """
    total, spread = float(part.sum()), float((part**2).sum())
    low = spread / (2 * total) * chi2.ppf(0.025, 2 * total**2 / spread) if total > 0 else 0.0
    total, spread = total + heaviest, spread + heaviest**2
    high = spread / (2 * total) * chi2.ppf(0.975, 2 * total**2 / spread) if total > 0 else 0.0
    return float(low) / len(part), float(high) / len(part)


def _weights(log: Log) -> np.ndarray:
    """Probability of the other policy over the log's, checked."""
    if log.probability is None:
        raise LogError(
            "the log has no probabilities: with which each action was taken must have been written down "
            "when it was; plan with an exploring share, and judge its log"
        )
    rows = len(log.reward)
    for name, part in (("probability", log.probability), ("target", log.target)):
        if part.shape != log.reward.shape:
            raise LogError(f"{name}: {len(part)} values for {rows} rows")
    if not np.isfinite(log.reward).all():
        raise LogError("reward: a number is not finite")
    if not ((log.probability > 0) & (log.probability <= 1)).all():
        raise LogError("probability: an action that was taken has a probability above 0 and up to 1")
    if not ((log.target >= 0) & (log.target <= 1)).all():
        raise LogError("target: allowed are probabilities from 0 to 1")
    weight = log.target / log.probability
    _overlap(log, weight)
    _enough(weight)
    return weight


def _overlap(log: Log, weight: np.ndarray) -> None:
    """Refuse a policy that does what the log could not show."""
    if not weight.any():
        raise LogError(
            "no row of the log is an action that the other policy takes: the supports do not overlap"
        )
    if log.unseen is not None and float(log.unseen.mean()) > UNSEEN:
        raise LogError(
            f"{float(log.unseen.mean()):.0%} of what the other policy does could not happen in the log (at "
            f"most {UNSEEN:.0%}): the supports do not overlap; let the next plan explore these options"
        )


def _enough(weight: np.ndarray) -> None:
    """Refuse a log that is too little, or whose weights cannot be those of these two policies."""
    effective, rows = effective_size(weight), len(weight)
    least = max(FEWEST, LEAST_SHARE * rows)
    if effective < least:
        raise LogError(
            f"{rows:,} rows say as much about the other policy as {effective:.0f} of its own (at least "
            f"{least:.0f}): it cannot be told; a log with a larger exploring share would do, or a policy "
            "nearer to the logged one"
        )
    error = float(weight.std(ddof=1)) / np.sqrt(rows)
    if abs(float(weight.mean()) - 1) > max(DRIFT * error, SHIFT):
        raise LogError(
            f"the weights' mean is {float(weight.mean()):.2f} and should be 1: the log lacks actions that "
            "the other policy takes (the supports do not overlap), or its probabilities are not those it used"
        )


def _value(method: str, part: np.ndarray, effective: float) -> Value:
    rows = len(part)
    middle = float(part.mean())
    # Effective and not plain rows: few weighted rows know their own spread badly.
    wide = Z * float(part.std(ddof=1)) / np.sqrt(rows) * np.sqrt(effective / max(effective - 1, 1))
    return Value(method, middle, middle - float(wide), middle + float(wide), effective, rows)
