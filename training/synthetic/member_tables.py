"""Members, leads, identities and their events as the contract has them."""

import numpy as np
import polars as pl

from training.synthetic import leads as lead_model
from training.synthetic.calendar import Calendar, Flags, Ints
from training.synthetic.frames import codes, known, recorded, stamps
from training.synthetic.leads import Leads, Touches
from training.synthetic.people import CATEGORIES, REGIONS, SOURCES, TIERS, People

PROFILING = ("granted", "withdrawn", "unknown")
FORM_PROFILING, FORM_MARKETING = (0.90, 0.04, 0.06), (0.82, 0.08, 0.10)  # of leads, in the same order


def _rows(people: People, member_ids: pl.Series, member: Ints, time: Ints, marketing: Flags) -> pl.DataFrame:
    """One row a member with all attributes, valid from ``time``."""
    return pl.DataFrame(
        {
            "occurred_at": stamps(time),
            "member_id": member_ids.gather(member),
            "joined_at": stamps(people.joined[member]),
            "region": codes(REGIONS, people.region[member]),
            "city_tier": codes(TIERS, people.tier[member]),
            "source": codes(SOURCES, people.source[member]),
            "birth_year": people.birth_year[member],
            "gender": codes(["male", "female"], people.female[member].astype(np.int64)),
            "consent_profiling": codes(PROFILING, people.profiling[member]),
            "consent_marketing": codes(["withdrawn", "granted"], marketing.astype(np.int64)),
            "deceased": time >= people.deceased[member],
            "x_consultant": people.friend[member],
        }
    )


def members(people: People, member_ids: pl.Series, withdrawn: Ints, calendar: Calendar) -> pl.DataFrame:
    """Return attributes at the beginning, and a new row when a consent changes or somebody dies."""
    everybody = np.arange(len(people))
    gone, back = np.flatnonzero(withdrawn < calendar.end), np.flatnonzero(people.renewed < calendar.end)
    dead = np.flatnonzero((people.deceased < calendar.end) & (people.deceased > people.since))
    consent = (people.marketing | (people.renewed <= people.deceased)) & (withdrawn > people.deceased)
    frames = [
        _rows(people, member_ids, everybody, people.since, people.marketing),
        _rows(people, member_ids, gone, withdrawn[gone], np.zeros(len(gone), dtype=bool)),
        _rows(people, member_ids, back, people.renewed[back], np.ones(len(back), dtype=bool)),
        _rows(people, member_ids, dead, people.deceased[dead], consent[dead]),
    ]
    return known(pl.concat(frames), calendar.end)


def leads(
    all_leads: Leads, lead_ids: pl.Series, calendar: Calendar, rng: np.random.Generator
) -> pl.DataFrame:
    """Return the leads at their creation, with what they ticked in the form."""
    count = len(all_leads)
    profiling, marketing = (rng.choice(3, count, p=share) for share in (FORM_PROFILING, FORM_MARKETING))
    frame = pl.DataFrame(
        {
            "occurred_at": stamps(all_leads.created),
            "lead_id": lead_ids,
            "source": codes(lead_model.SOURCES, all_leads.source),
            "landing_page": codes(lead_model.PAGES, all_leads.page),
            "region": codes(REGIONS, all_leads.region),
            "city_tier": codes(TIERS, all_leads.tier),
            "interest": codes(CATEGORIES, all_leads.interest),
            "cost_cents": all_leads.cost,
            "consent_profiling": codes(PROFILING, profiling),
            "consent_marketing": codes(PROFILING, marketing),
        }
    )
    return known(frame, calendar.end)


def lead_events(
    all_leads: Leads, touched: Touches, lead_ids: pl.Series, rng: np.random.Generator
) -> pl.DataFrame:
    """Return pages that leads saw, replies of consultants with their delay, and talks."""
    count, page = len(touched.time), touched.kind == 0
    kind = np.where(page, rng.choice(4, count, p=[0.6, 0.2, 0.1, 0.1]), touched.kind + 3)
    channel = np.where(page, rng.choice(2, count, p=[0.55, 0.45]), 2)
    return pl.DataFrame(
        {
            "occurred_at": stamps(touched.time),
            "recorded_at": recorded(touched.time, rng),
            "member_id": pl.Series([None], dtype=pl.String).new_from_index(0, count),
            "lead_id": lead_ids.gather(touched.lead),
            "channel": codes(["web", "mini_program", "consultant"], channel),
            "kind": codes(["view", "search", "favourite", "cart", "reply", "talk"], kind),
            "category": codes(CATEGORIES, np.where(page, all_leads.interest[touched.lead], -1)),
            "minutes": pl.Series(touched.minutes).replace(-1, None),
        }
    )
