"""Stage ``consent``: the one list of what every member and lead says now, for all tasks and the service.

A word is the newest known at the extract; who has withdrawn as a member has withdrawn as a lead too. Beside
it stands whose an account on a platform is, since a system that calls the service may know no other id.
"""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from features.consent import FACTS, WORDS, reasons
from features.timestamps import extract_moment
from training.data.artifacts import Ingest, read_artifact
from training.io import say, sha256, write_json
from training.params import Params
from training.sources.judging.bindings import bindings

TIMES = tuple(f"{word}_at" for word in WORDS)
TYPES = {
    **dict.fromkeys(WORDS, pl.String), "deceased": pl.Boolean, "birth_year": pl.Int64,
    **dict.fromkeys(TIMES, pl.Int64),
}  # fmt: skip
LEAD = "lead"


def consent(params: Params) -> None:
    """Write ``consent/consent.parquet`` and, with the policy, ``consent/consent.json``.

    Columns: ``kind`` (member or lead), ``subject_id``, ``member_id`` (whom a lead is bound to),
    ``FACTS``, and since when (seconds) each word has been what it is. ``accounts.parquet`` has ``account``
    (``platform:id``) and ``member_id``.
    """
    folder = params.build / "consent"
    folder.mkdir(parents=True, exist_ok=True)
    moment = extract_moment(read_artifact(Ingest, params.build)) + 1
    rows = current(params.build / "tables", moment)
    path = folder / "consent.parquet"
    rows.write_parquet(path)
    bound = folder / "accounts.parquet"
    accounts(params.build / "tables", moment).write_parquet(bound)
    policy, hashes = params.consent.model_dump(), {"sha256": sha256(path), "accounts_sha256": sha256(bound)}
    write_json(folder / "consent.json", {"as_of": moment - 1, "rows": len(rows), **hashes, "policy": policy})
    why = reasons(rows, datetime.fromtimestamp(moment, UTC), params.consent)
    say(f"consent: {len(rows):,} members and leads, {len(rows) - why.null_count():,} of them suppressed")


def accounts(tables: Path, moment: int) -> pl.DataFrame:
    """Return the ``account`` s that are bound before ``moment`` (seconds), and the ``member_id`` of each."""
    path = tables / "identities.parquet"
    if not path.exists():
        return pl.DataFrame(schema={"account": pl.String, "member_id": pl.String})
    found = bindings(pl.read_parquet(path).filter(pl.col("known_time") < moment)).accounts
    return found.select("account", member_id="owner").sort("account")


def current(tables: Path, moment: int) -> pl.DataFrame:
    """Return what is known of everybody before ``moment`` (seconds)."""
    members = _newest(tables / "members.parquet", "member_id", moment)
    leads = _newest(tables / "leads.parquet", "lead_id", moment)
    bound = leads.join(_bound(tables, moment), on="subject_id", how="left")
    whose = members.rename({"subject_id": "member_id"})
    strict = bound.join(whose, on="member_id", how="left", suffix="_member").with_columns(*_strictest())
    order = ["kind", "subject_id", "member_id", *TYPES]
    parts = [
        members.with_columns(kind=pl.lit("member"), member_id=pl.lit(None, pl.String)),
        strict.with_columns(kind=pl.lit(LEAD)),
    ]
    return pl.concat([part.select(order) for part in parts]).sort("kind", "subject_id")


def _newest(path: Path, key: str, moment: int) -> pl.DataFrame:
    """Of each subject the facts that happened last, and since when its words are these."""
    if not path.exists():
        return pl.DataFrame(schema={"subject_id": pl.String, **TYPES})
    rows = pl.scan_parquet(path).filter(pl.col("known_time") < moment).rename({key: "subject_id"})
    names = rows.collect_schema().names()
    absent = [pl.lit(None, TYPES[name]).alias(name) for name in FACTS if name not in names]
    order = ["subject_id", "event_time", "known_time", *FACTS]  # of one moment the strictest comes last
    sorted_rows = rows.with_columns(*absent).select(order).sort(order).collect()
    begins = pl.col("subject_id").ne_missing(pl.col("subject_id").shift())
    since = [
        pl.when(pl.col(word).is_not_null(), begins | pl.col(word).ne_missing(pl.col(word).shift()))
        .then("event_time")
        .alias(time)
        for word, time in zip(WORDS, TIMES, strict=True)
    ]
    by_subject = sorted_rows.with_columns(since).group_by("subject_id", maintain_order=True)
    newest = by_subject.agg(pl.col(*FACTS).last(), pl.col(*TIMES).max())  # a subject's times rise
    return newest.select("subject_id", *(pl.col(name).cast(kind) for name, kind in TYPES.items()))


def _bound(tables: Path, moment: int) -> pl.DataFrame:
    """The member whom a lead is bound to: by its own row, by what it answered, or by an identity."""
    parts = [pl.DataFrame(schema={"subject_id": pl.String, "member_id": pl.String, "known_time": pl.Int64})]
    for name in ("leads", "responses", "identities"):
        path = tables / f"{name}.parquet"
        if not path.exists():
            continue
        rows = pl.scan_parquet(path).filter(pl.col("known_time") < moment)
        if name == "identities":
            rows = rows.filter(pl.col("platform") == LEAD).rename({"account_id": "lead_id"})
        rows = rows.filter(pl.col("lead_id").is_not_null(), pl.col("member_id").is_not_null())
        parts.append(rows.select("member_id", "known_time", subject_id="lead_id").collect())
    found = pl.concat(parts, how="diagonal").sort("subject_id", "known_time", "member_id")
    return found.group_by("subject_id", maintain_order=True).last().select("subject_id", "member_id")


def _strictest() -> list[pl.Expr]:
    """Of a lead's facts and those of its member (suffix ``_member``) the stricter ones."""
    found = [
        pl.max_horizontal(name, f"{name}_member").alias(name) for name in ("deceased", "birth_year", *TIMES)
    ]
    for word in WORDS:
        both = [pl.col(word), pl.col(f"{word}_member")]
        chosen = pl.coalesce(both)
        for said in ("granted", "withdrawn"):
            either = pl.any_horizontal(one.eq_missing(pl.lit(said)) for one in both)
            chosen = pl.when(either).then(pl.lit(said)).otherwise(chosen)
        found.append(chosen.alias(word))
    return found
