"""The mechanisms of the simulated brand can be seen in its data."""

import brand_outcomes as outcomes
import numpy as np
import polars as pl
import pytest
from brand_outcomes import DAY, SECONDS
from sklearn.linear_model import LogisticRegression


def nurtured() -> pl.DataFrame:
    """New leads with the delay of the reply (minutes) and whether a talk came on the first day."""
    frames = []
    for seed in outcomes.SEEDS:
        of = outcomes.brand(seed)
        events = of.tables["events"].filter(
            pl.col("lead_id").is_not_null(), pl.col("channel") == "consultant"
        )
        replies = events.filter(pl.col("kind") == "reply").group_by("lead_id").agg(pl.col("minutes").min())
        talks = events.filter(pl.col("kind") == "talk").group_by("lead_id").agg(first_talk=SECONDS.min())
        new = outcomes.leads(seed).filter(pl.col("age_days") == 1)
        joined = new.join(replies, on="lead_id", how="left").join(talks, on="lead_id", how="left")
        frames.append(joined.with_columns(talk=pl.col("first_talk").is_not_null()))
    return pl.concat(frames)


def test_fast_replies_and_touches_convert_more_leads() -> None:
    leads = nurtured()
    fast = pl.col("minutes") <= 60
    late = pl.col("minutes").is_null() | (pl.col("minutes") > 1440)

    def rate(which: pl.Expr) -> float:
        return leads.filter(which)["label"].mean()

    assert rate(fast) > 1.25 * rate(late)
    assert rate(pl.col("talk")) > 1.2 * rate(~pl.col("talk"))
    gain = rate(fast & pl.col("talk")) - rate(late & ~pl.col("talk"))
    assert 0.01 < gain < 0.04


def test_consultants_answer_late_at_night() -> None:
    replies = outcomes.brand(1).tables["events"].filter(pl.col("kind") == "reply")
    asked = replies.with_columns(hour=(pl.col("occurred_at") - pl.duration(minutes="minutes")).dt.hour())
    by_day = asked.filter(pl.col("hour").is_between(2, 10))["minutes"].median()
    assert asked.filter(pl.col("hour").is_between(14, 22))["minutes"].median() > 5 * by_day


def with_messages(seed: int) -> pl.DataFrame:
    """Contacts that were sent, with messages in 30 days and visits in 90 days before."""
    of, sent = outcomes.brand(seed), outcomes.contacts(seed).filter("sent")
    asked = sent.select("member_id", "campaign_id", "contact_id", "time", "label").sort("time")
    before = asked.with_columns(one=1).rolling(
        "time", period=f"{30 * DAY}i", closed="left", group_by="member_id"
    )
    counts = before.agg(pl.col("one").sum().alias("messages"))
    asked = asked.sort("member_id", "time").with_columns(
        messages=counts.sort("member_id", "time")["messages"]
    )
    visits = of.truth["visits"].join(
        of.truth["members"].with_row_index("member").select(pl.col("member").cast(pl.Int64), "member_id"),
        on="member",
    )
    latest = asked.sort("time").join_asof(
        visits.select("member_id", "time", seen="time").sort("time"), on="time", by="member_id"
    )
    blocks = (
        of.tables["responses"].filter(pl.col("kind") == "blocked").select("member_id", "campaign_id", block=1)
    )
    return latest.join(blocks, on=["member_id", "campaign_id"], how="left").with_columns(
        blocked=pl.col("block").is_not_null(), days=((pl.col("time") - pl.col("seen")) / DAY).fill_null(999)
    )


def test_many_messages_tire_and_make_people_block() -> None:
    contacts = pl.concat([with_messages(seed) for seed in outcomes.SEEDS])
    many, few = contacts.filter(pl.col("messages") >= 3), contacts.filter(pl.col("messages") == 0)
    assert many["blocked"].mean() > 1.5 * few["blocked"].mean()
    active = contacts.filter(pl.col("days") < 60)
    inputs = active.select("messages", pl.col("days").log1p()).to_numpy()
    fitted = LogisticRegression().fit(inputs, active["label"].to_numpy())
    assert -0.4 < fitted.coef_[0, 0] < -0.1


def test_base_rate_changes_once() -> None:
    truth = outcomes.brand(1).truth
    change = int(truth["calendar"]["change"][0])
    start, end = int(truth["calendar"]["start"][0]), outcomes.end(outcomes.brand(1))
    assert start + 2 / 3 * (end - start) < change < end
    members = outcomes.pooled("contacts").filter("sent")
    before = members.filter(pl.col("time").is_between(change - 200 * DAY, change))["label"].mean()
    after = members.filter(pl.col("time").is_between(change, change + 200 * DAY))["label"].mean()
    assert after < 0.9 * before


def test_one_region_wins_members_and_loses_those_of_one_tier() -> None:
    of = [outcomes.brand(seed) for seed in outcomes.SEEDS]
    members = pl.concat([brand.tables["members"].group_by("member_id").first() for brand in of])
    new = members.filter(pl.col("joined_at") >= pl.datetime(2023, 7, 1, time_zone="UTC"))
    west, third = pl.col("region") == "west", pl.col("city_tier") == "tier3"
    expected = new.select(west.mean() * third.mean()).item()
    assert new.select((west & third).mean()).item() > 1.15 * expected
    labels = pl.concat(
        [
            outcomes.churn(seed).join(
                brand.tables["members"].group_by("member_id").first(), on="member_id", how="left"
            )
            for seed, brand in zip(outcomes.SEEDS, of, strict=True)
        ]
    )
    weak = labels.filter(west & third)["label"].mean()
    assert weak > 0.08 + labels.filter(west & ~third)["label"].mean()
    assert weak > 0.08 + labels.filter(~west & third)["label"].mean()


def test_bad_tickets_drive_members_away() -> None:
    """The share of the visits of 90 days before a ticket that is left a month after it, by topic."""
    parts = []
    for seed in outcomes.SEEDS:
        of = outcomes.brand(seed)
        tickets = of.tables["care"].filter(pl.col("kind") == "resolved").with_columns(resolved=SECONDS)
        tickets = tickets.filter(pl.col("resolved") < outcomes.end(of) - 120 * DAY)
        visits = outcomes.bound(of, "events").filter(pl.col("channel") != "message")
        around = tickets.select("member_id", "topic", "resolved").join(
            visits.select("member_id", "time"), on="member_id"
        )
        days = (pl.col("time") - pl.col("resolved")) / DAY
        parts.append(around.select("topic", before=days.is_between(-90, 0), after=days.is_between(30, 120)))
    sums = pl.concat(parts).group_by("topic").agg(pl.col("before", "after").sum())
    stay = {topic: after / before for topic, before, after in sums.iter_rows()}
    assert stay["quality"] < 0.85 * stay["price"]
    assert stay["service"] < 0.9 * stay["price"]


@pytest.mark.parametrize("seed", outcomes.SEEDS)
def test_members_fade_over_weeks_before_they_have_left_and_a_few_look_in_later(seed: int) -> None:
    truth = outcomes.brand(seed).truth
    members = (
        truth["members"].with_row_index("member").filter(pl.col("left") < outcomes.end(outcomes.brand(seed)))
    )
    members = members.filter(pl.col("fades") - pl.col("since") > 60 * DAY)
    seen = truth["visits"].join(members.with_columns(pl.col("member").cast(pl.Int64)), on="member")
    age = ((seen["time"] - seen["fades"]) / DAY).to_numpy()
    per_week = [np.sum((age >= start) & (age < start + 30)) / (30 / 7) for start in (-30, 0, 30, 60, 90)]
    assert 0.5 < per_week[1] / per_week[0] < 0.85
    assert 0.15 < per_week[2] / per_week[0] < 0.4
    assert 0.05 < per_week[3] / per_week[0] < 0.25
    assert 0 < per_week[4] / per_week[0] < 0.1


def test_an_empty_shelf_is_complained_about_in_weeks_of_short_supply() -> None:
    care = pl.concat([outcomes.brand(seed).tables["care"] for seed in outcomes.SEEDS])
    asked = care.filter(pl.col("kind") == "opened", pl.col("topic") == "availability")
    week = (asked["occurred_at"].dt.epoch("s") - 3 * DAY) // (7 * DAY) % 26
    assert len(asked) > 300
    assert (week < 5).mean() > 0.5


@pytest.mark.parametrize("seed", outcomes.SEEDS)
def test_types_like_different_contents(seed: int) -> None:
    of = outcomes.brand(seed)
    sent = outcomes.contacts(seed).filter("sent").join(of.truth["members"], on="member_id")
    sent = sent.join(of.tables["campaigns"].select("campaign_id", "content_type"), on="campaign_id")
    means = sent.group_by("segment", "content_type").agg(pl.col("label").mean())
    rates = {(segment, content): rate for segment, content, rate in means.iter_rows()}
    assert rates["discount", "discount"] > 1.5 * rates["content", "discount"]
    assert rates["content", "new_product"] > 1.5 * rates["discount", "new_product"]
    assert rates["quiet", "discount"] < rates["discount", "discount"]


@pytest.mark.parametrize("seed", outcomes.SEEDS)
def test_pages_seen_rise_before_an_order(seed: int) -> None:
    of = outcomes.brand(seed)
    orders = (
        outcomes.bound(of, "purchases").filter(pl.col("kind") == "sale").select("member_id", bought="time")
    )
    pages = outcomes.bound(of, "events").filter(pl.col("kind").is_in(["view", "cart", "visit"]))
    gaps = orders.unique().join(pages.select("member_id", "time"), on="member_id")
    days = (gaps["bought"] - gaps["time"]) / DAY
    near, far = days.is_between(0, 7).sum() / 7, days.is_between(20, 60).sum() / 40
    assert near > 2.5 * far


def test_most_kinds_of_members_are_there() -> None:
    of = outcomes.brand(1)
    orders = outcomes.bound(of, "purchases").filter(pl.col("kind") == "sale")
    counts = orders.group_by("member_id").agg(pl.col("order_id").n_unique(), pl.col("time").max())
    share = len(counts) / len(of.truth["members"])
    assert 0.6 < share < 0.95
    assert 0.05 < (counts["order_id"] == 1).mean() < 0.4
    silent = (outcomes.end(of) - counts["time"]) / DAY
    assert (silent > 180).mean() > 0.15
    assert np.quantile(counts["order_id"], 0.95) > 15
