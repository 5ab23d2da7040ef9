"""Flat tables of leads and customers with made-up outcomes: honest ones, and ones filled in afterwards."""

from collections.abc import Callable

import numpy as np
import polars as pl

Columns = dict[str, np.ndarray | pl.Series]
ROWS = 5000


def drawn(rng: np.random.Generator, odds: np.ndarray) -> np.ndarray:
    """Outcomes with these log-odds."""
    return rng.random(len(odds)) < 1 / (1 + np.exp(-odds))


def texts(rng: np.random.Generator, kinds: str, weights: np.ndarray) -> np.ndarray:
    """One word of ``kinds`` a row, by weights of shape (rows, words)."""
    words = np.array(kinds.split())
    shares = (weights / weights.sum(axis=1, keepdims=True)).cumsum(axis=1)
    return words[(rng.random((len(weights), 1)) > shares[:, :-1]).sum(axis=1)]


def emptied(values: np.ndarray, empty: np.ndarray) -> pl.Series:
    """``values`` with gaps."""
    return pl.Series([None if gap else value for value, gap in zip(values.tolist(), empty, strict=True)])


def leads(rng: np.random.Generator) -> tuple[np.ndarray, Columns]:
    """Leads as a site sees them: visits and minutes are strong, the rest weak; occupation has gaps."""
    visits, minutes = rng.poisson(4, ROWS), rng.gamma(1.2, 6, ROWS)
    source = rng.choice(["search", "advert", "partner", "direct"], ROWS)
    region = rng.choice(["north", "south", "west"], ROWS)
    unknown = rng.random(ROWS) < 0.25
    odds = -2.6 + 0.12 * visits + 0.16 * minutes + 0.7 * (source == "partner") - 0.5 * unknown
    columns: Columns = {
        "visits": visits.astype(float),
        "minutes": minutes,
        "pages": rng.poisson(2 + visits / 2).astype(float),
        "source": source,
        "region": region,
        "device": rng.choice(["phone", "desk"], ROWS),
        "occupation": emptied(rng.choice(["student", "working", "other"], ROWS), unknown),
    }
    return drawn(rng, odds), columns


def _filled(rng: np.random.Generator, label: np.ndarray, won: float, lost: float) -> np.ndarray:
    """Whether the sales team wrote anything."""
    return rng.random(len(label)) < np.where(label, won, lost)


def _weights(label: np.ndarray, won: list[float], lost: list[float]) -> np.ndarray:
    return np.where(label[:, None], won, lost)


def half_empty(rng: np.random.Generator, label: np.ndarray) -> Columns:
    """A grade that is given mostly to leads that were handled."""
    grade = texts(rng, "high unsure low", _weights(label, [6, 3, 1], [1, 4, 5]))
    return {"grade": emptied(grade, ~_filled(rng, label, 0.85, 0.3))}


def in_one_act(rng: np.random.Generator, label: np.ndarray) -> Columns:
    """Three columns of one form, written for some of the leads; two scores and a profile."""
    gone = ~_filled(rng, label, 0.75, 0.4)
    profile = texts(rng, "fits may not", _weights(label, [6, 3, 1], [1, 4, 5]))
    scores = {name: emptied(rng.normal(1.2 * label), gone) for name in ("score_a", "score_b")}
    return {"profile": emptied(profile, gone), **scores}


def mostly_right(rng: np.random.Generator, label: np.ndarray) -> Columns:
    """A mark that is right in 85 % of the rows."""
    right = rng.random(len(label)) < 0.85
    return {"handled": (label == right).astype(float)}


def last_activity(rng: np.random.Generator, label: np.ndarray) -> Columns:
    """What was done last, and its channel: contracts are sent to who signs."""
    weights = _weights(label, [1, 2, 1, 4], [5, 4, 4, 0.1])
    last = texts(rng, "mail sms chat contract", weights)
    notable = np.where(rng.random(len(label)) < 0.8, last, texts(rng, "mail sms chat contract", weights))
    return {"last_activity": last, "last_notable": notable}


def two_states(rng: np.random.Generator, label: np.ndarray) -> Columns:
    """Two states of a CRM, each nearly the outcome: neither outranks the other."""
    weights = _weights(label, [1, 3, 9], [9, 3, 0.3])
    return {name: texts(rng, "lost open won", weights) for name in ("state", "stage")}


def the_sales_team(rng: np.random.Generator, label: np.ndarray) -> Columns:
    """All of these columns in one table."""
    made = (half_empty, in_one_act, last_activity, two_states)
    return {name: column for make in made for name, column in make(rng, label).items()}


def two_scores(rng: np.random.Generator, label: np.ndarray) -> Columns:
    """Two scores of a vendor with the outcome in them, never empty: looks like any good number."""
    return {name: rng.normal(1.3 * label) for name in ("vendor_a", "vendor_b")}


LATE: dict[str, Callable[[np.random.Generator, np.ndarray], Columns]] = {
    made.__name__: made
    for made in (half_empty, in_one_act, mostly_right, last_activity, two_states, the_sales_team, two_scores)
}


def telephone(rng: np.random.Generator) -> tuple[np.ndarray, Columns]:
    """Customers of a telephone company: tenure and contract are strong, services are missing together."""
    tenure = np.minimum(rng.exponential(30, ROWS).round(), 72)
    contract = texts(
        rng, "monthly year years", np.stack([70 - tenure * 0.9, 10 + tenure / 3, 2 + tenure], axis=1)
    )
    price = rng.gamma(6, 11, ROWS)
    none = rng.random(ROWS) < 0.22
    fibre = ~none & (rng.random(ROWS) < 0.55)
    odds = -0.6 - 0.06 * tenure + 1.0 * fibre - 0.9 * none + 0.008 * price
    odds += np.select([contract == "monthly", contract == "year"], [0.8, -0.5], -1.9)
    services = {
        name: np.where(none, "none", np.where(rng.random(ROWS) < 0.4, "yes", "no"))
        for name in ("security", "backup", "support")
    }
    columns: Columns = {"tenure": tenure, "contract": contract, "price": price, "paid": price * tenure}
    return drawn(rng, odds), columns | services | {
        "net": np.where(fibre, "fibre", np.where(none, "none", "dsl"))
    }


def nobody_leaves_late(rng: np.random.Generator) -> tuple[np.ndarray, Columns]:
    """Of long tenures hardly anybody leaves, at one of them nobody: its neighbours tell as much."""
    label, columns = telephone(rng)
    tenure = columns["tenure"]
    label &= tenure < 66
    return label, columns


def everybody_leaves_at_once(rng: np.random.Generator) -> tuple[np.ndarray, Columns]:
    """At one month everybody leaves: the end of a trial."""
    label, columns = telephone(rng)
    return label | (columns["tenure"] == 3), columns


def visits_and_price(rng: np.random.Generator) -> tuple[np.ndarray, Columns]:
    """Two strong numbers and weak ones."""
    visits, price, weak = rng.poisson(5, ROWS), rng.gamma(4, 20, ROWS), rng.normal(size=(4, ROWS))
    odds = 0.4 * (visits - 5) - 0.02 * (price - 80) + 0.15 * weak.sum(axis=0) - 1
    rest = {f"weak_{at}": column for at, column in enumerate(weak)}
    return drawn(rng, odds), {"visits": visits.astype(float), "price": price, **rest}


def half_have_the_app(rng: np.random.Generator) -> tuple[np.ndarray, Columns]:
    """Who has the app buys more, and the more it is used: its columns are empty together, and honest."""
    weak, visits = rng.normal(size=(5, ROWS)), rng.poisson(4, ROWS).astype(float)
    has, days = rng.random(ROWS) < 0.5, rng.poisson(5, ROWS).astype(float)
    views = rng.poisson(1 + 3 * days)
    odds = -2 + 0.5 * weak.sum(axis=0) + 0.15 * visits + has * (0.5 + 0.06 * days)
    rest: Columns = {f"weak_{at}": column for at, column in enumerate(weak)}
    app = {"app_days": emptied(days, ~has), "app_views": emptied(views, ~has)}
    return drawn(rng, odds), rest | {"visits": visits} | app


HONEST: dict[str, Callable[[np.random.Generator], tuple[np.ndarray, Columns]]] = {
    made.__name__: made
    for made in (
        leads, telephone, nobody_leaves_late, everybody_leaves_at_once, visits_and_price, half_have_the_app,
    )
}  # fmt: skip


def rows(label: np.ndarray, columns: Columns) -> pl.DataFrame:
    """A table as the stage ``dataset`` writes it: development, and a fifth of test."""
    n = len(label)
    moments = [1_700_000_000 + 3600 * at for at in range(n)]
    split = ["train"] * (n - n // 5) + ["test"] * (n // 5)
    ids = {"row_id": range(n), "subject_id": [str(at) for at in range(n)], "label": label.astype(np.int8)}
    times = {"as_of": moments, "window_end": moments, "split": split}
    return pl.DataFrame({**ids, **times, **{f"x_{name}": column for name, column in columns.items()}})


def late(kind: str, seed: int) -> pl.DataFrame:
    """Leads, with what was filled in afterwards."""
    rng = np.random.default_rng(seed)
    label, columns = leads(rng)
    return rows(label, columns | LATE[kind](rng, label))


def honest(kind: str, seed: int) -> pl.DataFrame:
    """A table of which every column was known before."""
    return rows(*HONEST[kind](np.random.default_rng(seed)))
