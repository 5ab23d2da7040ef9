"""Outcomes and scores as tables of the member-data contract, to learn from what was served.

The log knows subjects by pseudonym only. Ids come back from outcomes that name them and from the
published snapshots: whoever has left both stays a pseudonym.
"""

from pathlib import Path

import polars as pl

from features.tables import RESPONSE_KINDS
from serving.database import Database
from serving.ledger import access_log, outcomes
from serving.ledger.score_batches import Batches
from serving.ledger.score_log import SCHEMA
from serving.settings import Settings
from serving.tasks import LEADS, TASK_NAMES

SENT = ("contacted", "delivered")
AS_RESPONSE = {kind: kind for kind in RESPONSE_KINDS} | {"unsubscribed": "blocked"}


def export(settings: Settings, folder: Path) -> dict[str, int]:
    """Write ``responses``, ``contacts``, ``scores`` and ``outcomes`` as Parquet; return their rows."""
    secret = access_log.secret_of(settings.state_dir)
    told = outcomes.read(Database(settings.state_dir / "service.db"))
    scores = _scores(settings, secret)
    ids = pl.concat([_published(settings), told.select(id="ref").drop_nulls()]).unique().sort("id")
    marks = [access_log.mark(secret, one) for one in ids["id"]]
    known = ids.with_columns(pl.Series("subject", marks, pl.String))
    scores = scores.join(known, on="subject", how="left", maintain_order="left")
    joined = _joined(told, scores)
    made = {
        "responses": _responses(joined),
        "contacts": _contacts(joined),
        "scores": scores,
        "outcomes": told,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in made.items():
        frame.write_parquet(folder / f"{name}.parquet")
    return {name: len(frame) for name, frame in made.items()}


def _scores(settings: Settings, secret: bytes) -> pl.DataFrame:
    """Every line of the log, answers and batches, by id."""
    database = Database(settings.state_dir / "scores.db", schema=SCHEMA)
    database.prepare()
    with database.use() as connection:
        names = [column[1] for column in connection.execute("PRAGMA table_info(scores)")]
        rows = [tuple(row) for row in connection.execute("SELECT * FROM scores")]
    schema = {name: pl.Float64 if name == "probability" else pl.String for name in names}
    parts = [pl.DataFrame(rows, schema=schema, orient="row")]
    for file in sorted(Batches(settings.state_dir / "batches", secret).folder.glob("*.parquet")):
        parts.append(pl.read_parquet(file).select(pl.col(name).cast(kind) for name, kind in schema.items()))
    return pl.concat(parts).sort("score_id")


def _published(settings: Settings) -> pl.DataFrame:
    """The ids of everybody in the published snapshots."""
    files = [settings.build_dir / task / "snapshot" / "snapshot.parquet" for task in TASK_NAMES]
    found = [pl.read_parquet(file, columns=["subject_id"]) for file in files if file.exists()]
    return pl.concat([pl.DataFrame(schema={"subject_id": pl.String}), *found]).rename({"subject_id": "id"})


def _joined(told: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
    """Outcomes with their scores: whom, which campaign, which arm; without those about nobody known."""
    of = scores.select("score_id", "id", "campaign_id", arm="experiment_arm", scored="model")
    found = told.join(of, on="score_id", how="left", maintain_order="left")
    who, lead = pl.coalesce("ref", "id"), pl.coalesce("model", "scored").fill_null("").is_in(LEADS)
    return found.filter(who.is_not_null()).with_columns(
        member_id=pl.when(~lead).then(who),
        lead_id=pl.when(lead).then(who),
        occurred_at=pl.col("occurred").str.to_datetime(time_unit="us", time_zone="UTC"),
        recorded_at=pl.col("received").str.to_datetime(time_unit="us", time_zone="UTC"),
    )


def _responses(joined: pl.DataFrame) -> pl.DataFrame:
    kinds = pl.col("kind").replace_strict(AS_RESPONSE, default=None, return_dtype=pl.String)
    rows = joined.with_columns(kind=kinds).drop_nulls("kind")
    return rows.select(
        "occurred_at", "recorded_at", "member_id", "lead_id", "campaign_id", "kind", "score_id"
    ).sort("occurred_at", "kind", "member_id", "lead_id")


def _contacts(joined: pl.DataFrame) -> pl.DataFrame:
    """What was sent to members: one row a score, at its first mark, where the campaign is known."""
    sent = joined.filter(pl.col("kind").is_in(SENT), pl.col("campaign_id").is_not_null())
    sent = (
        sent.drop_nulls("member_id").sort("occurred_at").unique("score_id", keep="first", maintain_order=True)
    )
    arm = pl.when(pl.col("arm") != "none").then("arm")
    return sent.select(
        "occurred_at", "recorded_at", "campaign_id", "member_id", contact_id="score_id", arm=arm
    ).sort("occurred_at", "contact_id")
