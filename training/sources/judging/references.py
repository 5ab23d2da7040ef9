"""What a row is judged by: the extract's moment, the bindings, the ids that exist."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from features import tables
from training.sources.judging.bindings import Bindings, bindings
from training.sources.judging.identity import bind
from training.sources.judging.validate import referred, validate
from training.sources.source_rows import REASON, SourceRows

IDS = {"members": "member_id", "leads": "lead_id", "campaigns": "campaign_id", "products": "product_id"}
BASE = ("identities", *IDS)  # read first: the rows of the other tables refer to them


@dataclass(frozen=True)
class Known:
    """Learned from the base tables.

    Parameters
    ----------
    extracted
        Moment of the extract.
    found
        Which account is which member.
    profiles
        Ids with rows of their own in ``members``, accounts among them.
    ids
        By table, the ids that other tables may name; an empty one is not asked.
    """

    extracted: datetime
    found: Bindings
    profiles: pl.Series
    ids: Mapping[str, pl.Series]


def learned(base: Mapping[str, SourceRows], extracted: datetime, strict: bool = True) -> Known:
    """Judge the base tables and keep what the others are judged by.

    Parameters
    ----------
    strict
        Whether rows of members without a row of their own are bad.
    """
    good = {
        name: validate(name, base[name].frame, extracted).filter(pl.col(REASON).is_null())
        if name in base
        else tables.empty(name)
        for name in BASE
    }
    found = bindings(good["identities"])
    profiles = good["members"]["member_id"]
    ids = {name: good[name][key].unique() for name, key in IDS.items()}
    if not strict:
        ids["members"] = ids["members"].clear()
    return Known(extracted, found, profiles.unique(), ids)


def judged_rows(table: str, rows: SourceRows, known: Known) -> pl.DataFrame:
    """Bind the rows of one table, and mark those that break the contract or name what is not there."""
    frame = validate(table, rows.frame, known.extracted)
    frame = bind(table, frame, known.found, known.profiles)
    return referred(table, frame, known.ids)
