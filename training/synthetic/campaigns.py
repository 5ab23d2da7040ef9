"""The campaigns: when, over which channel, with what content, to whom."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from training.synthetic.calendar import DAY, HOUR, Calendar, Floats, Ints, season
from training.synthetic.frames import stamps
from training.synthetic.people import CATEGORIES, CATEGORY_SHARE

CHANNELS = ("sms", "wecom", "push", "call")
CHANNEL_SHARE = np.array([0.32, 0.33, 0.25, 0.10])
CHANNEL_COST = np.array([5, 10, 1, 300])  # cents a contact
CONTENTS = ("new_product", "discount", "sample", "event", "care_tip")
CONTENT_SHARE = np.array([0.25, 0.30, 0.17, 0.13, 0.15])
OFFERS = ("launch", "coupon", "free_sample", "store_event", "advice")
AUDIENCES = ("all", "recent", "silent")
AUDIENCE_SHARE = np.array([0.55, 0.30, 0.15])
DEPTHS = np.array([10, 15, 20, 30, 40])  # percent, of discount campaigns
EVERY = 10.0  # days between campaigns in an average season
WINDOW = 14  # days


@dataclass(frozen=True)
class Campaigns:
    """Campaigns in order of time; arrays of shape (campaigns,), codes where not said."""

    time: Ints  # when the sending begins
    channel: Ints
    content: Ints
    category: Ints
    depth: Ints  # percent of discount
    audience: Ints
    reach: Floats  # share of the audience that is chosen
    held_out: Floats  # share of the chosen that is held out


def draw(calendar: Calendar, rng: np.random.Generator) -> Campaigns:
    """Return campaigns about every ten days, denser where the season is high."""
    moments, time = [], calendar.start + 5 * DAY
    while time < calendar.end - DAY:
        moments.append(time // DAY * DAY + int(rng.integers(1, 11)) * HOUR)
        level = season(np.datetime64(time, "s").astype("datetime64[D]").item())
        time += int(max(2.5, EVERY / level**2 + rng.normal(0, 2)) * DAY)
    count = len(moments)
    content = rng.choice(len(CONTENTS), count, p=CONTENT_SHARE)
    return Campaigns(
        np.array(moments, dtype=np.int64),
        rng.choice(len(CHANNELS), count, p=CHANNEL_SHARE),
        content,
        rng.choice(len(CATEGORIES), count, p=CATEGORY_SHARE),
        np.where(content == 1, rng.choice(DEPTHS, count), 0),
        rng.choice(len(AUDIENCES), count, p=AUDIENCE_SHARE),
        rng.uniform(0.2, 0.45, count),
        rng.uniform(0.1, 0.2, count),
    )


def table(campaigns: Campaigns, ids: pl.Series, rng: np.random.Generator) -> pl.DataFrame:
    """Return the campaigns as the contract has them; planned a few days before they are sent."""
    planned = campaigns.time - rng.integers(1, 5, len(campaigns.time)) * DAY
    frame = {
        "occurred_at": stamps(planned),
        "campaign_id": ids,
        "channel": pl.Series(CHANNELS).gather(campaigns.channel),
        "content_type": pl.Series(CONTENTS).gather(campaigns.content),
        "offer": pl.Series(OFFERS).gather(campaigns.content),
        "category": pl.Series(CATEGORIES).gather(campaigns.category),
        "discount_percent": campaigns.depth,
        "cost_cents": CHANNEL_COST[campaigns.channel],
        "window_days": np.full(len(planned), WINDOW),
        "x_audience": pl.Series(AUDIENCES).gather(campaigns.audience),
    }
    return pl.DataFrame(frame)
