"""MBG/NBD: buying while alive as a Poisson process, drop-out after any purchase, the first included.

The model of Batislam, Denizel and Filiztekin 2007 (also Wagner and Hoppe 2008). In the BG/NBD of
Fader, Hardie and Lee 2005 nobody can drop out before the second purchase, so that everyone who
bought once is alive for ever; here that is mended. Rates are gamma distributed over members
(``r``, ``alpha`` days), drop-out probabilities beta (``a``, ``b``).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

COLUMNS = ("orders", "days_since_first_order", "days_since_order")
MOST = 20_000  # members to fit on
START = np.log([1.0, 30.0, 1.0, 3.0])
RIDGE = 1e-3  # keeps parameters finite where the data say nothing about one of them


@dataclass(frozen=True)
class History:
    """``x`` repeat purchases, the last after ``last`` days, known for ``age`` days; shape (members,)."""

    x: np.ndarray
    last: np.ndarray
    age: np.ndarray

    @classmethod
    def of(cls, rows: pl.DataFrame) -> "History":
        """Read features as the catalogue has them; who never bought has no history and is refused."""
        orders, first, since = (rows[name].cast(pl.Float64).to_numpy() for name in COLUMNS)
        if not (np.isfinite(first).all() and np.isfinite(since).all() and (orders >= 1).all()):
            raise ValueError("mbgnbd: needs members with at least one order")
        return cls(orders - 1, np.maximum(first - since, 0.0), np.maximum(first, 0.0))


@dataclass(frozen=True)
class MbgNbd:
    """Parameters of the two mixing distributions; ``alpha`` in days."""

    r: float
    alpha: float
    a: float
    b: float

    @classmethod
    def fit(cls, history: History) -> "MbgNbd":
        """Fit by maximum likelihood with a slight pull of the log-parameters to their start.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> found = MbgNbd.fit(simulate(MbgNbd(0.8, 40.0, 1.0, 4.0), 4000, 700.0, rng))
        >>> 0.6 < found.r < 1.0, 25 < found.alpha < 55
        (True, True)
        """

        def loss(log: np.ndarray) -> float:
            value = cls(*np.exp(np.clip(log, -8, 12)))._log_likelihood(history).mean()
            return float(-value + RIDGE * np.sum((log - START) ** 2))

        return cls(*(float(v) for v in np.exp(minimize(loss, START, method="L-BFGS-B").x)))

    def _log_likelihood(self, h: History) -> np.ndarray:
        ahead = gammaln(self.r + h.x) - gammaln(self.r) + self.r * np.log(self.alpha)
        ahead = ahead + betaln(self.a, self.b + h.x + 1) - betaln(self.a, self.b)
        alive = -(self.r + h.x) * np.log(self.alpha + h.age)
        gone = np.log(self.a / (self.b + h.x)) - (self.r + h.x) * np.log(self.alpha + h.last)
        return ahead + np.logaddexp(alive, gone)

    def alive(self, h: History) -> np.ndarray:
        """Return the probability that the member has not dropped out, shape (members,)."""
        odds = np.log(self.a / (self.b + h.x))
        odds = odds + (self.r + h.x) * (np.log(self.alpha + h.age) - np.log(self.alpha + h.last))
        return 1 / (1 + np.exp(np.minimum(odds, 700)))

    def silence(self, h: History, days: float) -> np.ndarray:
        """Return the probability of no purchase in the coming ``days``, shape (members,)."""
        quiet = np.exp((self.r + h.x) * (np.log(self.alpha + h.age) - np.log(self.alpha + h.age + days)))
        return 1 - self.alive(h) * (1 - quiet)


def churn(past: pl.DataFrame, asked: pl.DataFrame, days: float) -> np.ndarray:
    """Return the probability of silence for each row of ``asked``,
    fitted on each member's newest row of ``past``.

    A gap before the window is not counted: within it hardly anybody drops out.
    """
    newest = past.sort("as_of", "row_id").group_by("member_id", maintain_order=True).last()
    known = newest.filter(pl.col("orders") >= 1, *(pl.col(name).is_not_null() for name in COLUMNS))
    model = MbgNbd.fit(History.of(known.head(MOST)))
    return model.silence(History.of(asked), days)


def simulate(model: MbgNbd, members: int, age: float, rng: np.random.Generator) -> History:
    """Return members who all bought first ``age`` days ago, as the model has it."""
    rate, drop = rng.gamma(model.r, 1 / model.alpha, members), rng.beta(model.a, model.b, members)
    x, now, last = np.zeros(members), np.zeros(members), np.zeros(members)
    active = rng.random(members) >= drop
    while active.any():
        now = now + rng.exponential(1, members) / rate
        active &= now < age
        x[active] += 1
        last[active] = now[active]
        active &= rng.random(members) >= drop
    return History(x, last, np.full(members, age))
