"""What became of the simulated brands' leads, contacts and members, beside the true probabilities."""

from datetime import date
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from training.synthetic.brand import Brand, churn_probability, simulate
from training.synthetic.churn_truth import leaving_probability

DAY = 86_400
SEEDS = (1, 2, 3)
GAP, WINDOW = 7, 60
SECONDS = pl.col("occurred_at").dt.epoch("s")


@cache
def brand(seed: int) -> Brand:
    """A small brand."""
    return simulate(3_000, 6_000, date(2023, 7, 1), date(2026, 7, 1), seed)


def end(of: Brand) -> int:
    return int(of.truth["calendar"]["end"][0])


def bound(of: Brand, table: str) -> pl.DataFrame:
    """The good rows of a table, with the member that an account belongs to in the end, and ``time``."""
    identities = of.tables["identities"]
    owners = identities.select(account=pl.col("platform") + ":" + pl.col("account_id"), owner="member_id")
    frame = of.tables[table].with_columns(time=SECONDS).filter(pl.col("time") < end(of))
    for _ in range(2):
        frame = frame.join(owners, left_on="member_id", right_on="account", how="left")
        frame = frame.with_columns(member_id=pl.coalesce("owner", "member_id")).drop("owner")
    return frame.filter(pl.col("member_id").is_null() | (pl.col("member_id") != "m_nobody"))


@cache
def leads(seed: int) -> pl.DataFrame:
    """``lead_id, age_days, probability, label`` where the 30 days are over."""
    of = brand(seed)
    won = of.tables["responses"].filter(pl.col("kind") == "converted").select("lead_id", won=SECONDS)
    asked = of.truth["lead"].join(of.tables["leads"].select("lead_id", created=SECONDS), on="lead_id")
    asked = asked.with_columns(until=pl.col("created") + (pl.col("age_days") + 30) * DAY)
    asked = asked.filter(pl.col("until") <= end(of)).join(won, on="lead_id", how="left")
    return asked.with_columns(label=(pl.col("won") < pl.col("until")).fill_null(False))


@cache
def contacts(seed: int) -> pl.DataFrame:
    """``contacts_of`` a small brand."""
    return contacts_of(brand(seed))


def contacts_of(of: Brand) -> pl.DataFrame:
    """Contacts with both true probabilities, ``messages`` in 30 days before and ``label``."""
    answers = bound(of, "responses").filter(pl.col("kind") == "answered")
    answers = answers.select("member_id", "campaign_id", answered="time").unique(["member_id", "campaign_id"])
    asked = bound(of, "contacts").join(of.truth["response"], on="contact_id")
    asked = asked.filter(pl.col("time") + 14 * DAY <= end(of))
    asked = asked.join(answers, on=["member_id", "campaign_id"], how="left")
    sent = pl.col("arm") == "treat"
    before = pl.int_range(pl.len()).over("member_id")
    return (
        asked.sort("member_id", "time")
        .with_columns(label=pl.col("answered").is_not_null(), sent=sent, place=before)
        .with_columns(probability=pl.when(sent).then("probability_treated").otherwise("probability_control"))
    )


@cache
def churn(seed: int) -> pl.DataFrame:
    """``churn_of`` a small brand."""
    return churn_of(brand(seed))


def churn_of(of: Brand) -> pl.DataFrame:
    """Active members at four cut-offs: ``member_id, as_of, label, probability``."""
    sales = bound(of, "purchases").filter(pl.col("kind") == "sale", pl.col("quantity") > 0)
    parts = []
    for step in range(4):
        moment = end(of) - (GAP + WINDOW + 150 * step) * DAY
        opens = moment + GAP * DAY
        active = sales.filter(pl.col("time").is_between(moment - 365 * DAY, moment, "left"))
        buyers = sales.filter(pl.col("time").is_between(opens, opens + WINDOW * DAY, "left"))
        asked = active.select("member_id").unique().sort("member_id").with_columns(as_of=pl.lit(moment))
        parts.append(asked.with_columns(label=~pl.col("member_id").is_in(buyers["member_id"].to_list())))
    spine = pl.concat(parts)
    return spine.with_columns(probability=churn_probability(of.truth, spine, GAP, WINDOW))


def leaving(of: Brand, spine: pl.DataFrame) -> pl.DataFrame:
    """Who of those still there leaves in the window, with the true ``probability``."""
    leaves = leaving_probability(of.truth, spine, GAP, WINDOW)
    asked = spine.with_columns(probability=leaves).join(of.truth["members"], on="member_id", how="left")
    days = (pl.col("left") - pl.col("as_of")) / DAY
    return asked.filter(days > 0).with_columns(label=days.is_between(GAP, GAP + WINDOW))


def pooled(name: str) -> pl.DataFrame:
    """One of the outcomes, all seeds together."""
    frames = {"leads": leads, "contacts": contacts, "churn": churn}
    return pl.concat([frames[name](seed) for seed in SEEDS])


def deviations(frame: pl.DataFrame, parts: int = 10) -> NDArray[np.float64]:
    """Observed minus expected labels in standard deviations, by parts of equal size of the probability."""
    ranked = frame.sort("probability")
    probability, label = ranked["probability"].to_numpy(), ranked["label"].to_numpy()
    edges = np.linspace(0, len(label), parts + 1).astype(int)
    spread = np.add.reduceat(probability * (1 - probability), edges[:-1])
    return np.add.reduceat(label - probability, edges[:-1]) / np.sqrt(spread)
