"""The log of scenes: whom each met in which night, and how the draw fell; a file a night.

What a scene brought can be read from nothing else: who is held out of it is met again night after night,
who got something is not for a while, so that only the first meeting of each compares like with like.
"""

from collections.abc import Collection
from pathlib import Path

import polars as pl

from features.feature import DAY
from features.replacing import replacing
from models.acting import holdout
from models.acting.facts import LEAD
from models.acting.scene_file import Scene, Scenes
from models.acting.scenes import ACT, HELD_OUT, scene_salt

FOLDER = "log"
KEYS = ("kind", "subject")
SCHEMA = {
    "at": pl.Int64, "kind": pl.String, "subject": pl.String, "scene": pl.String, "acts": pl.Boolean,
    "of_all": pl.Boolean, "share": pl.Float64, "share_of_all": pl.Float64, "score": pl.Float64,
    "content": pl.String, "channel": pl.String, "cost": pl.Float64,
}  # fmt: skip
OF_NIGHT = ("at", "of_all", "share_of_all")
COVARIATE = {LEAD: "lead_probability"}  # where a scene names no fact `first`; of members what they bought
BOUGHT = "orders"


def night(rows: pl.DataFrame, scenes: Scenes, known: pl.DataFrame, salt: str, at: int) -> pl.DataFrame:
    """Return what is kept of a night, the columns of ``SCHEMA``.

    Scenes of care are left out: nobody is held out of them, and nothing can be said of what they add.

    Parameters
    ----------
    rows
        Of ``models.acting.scenes.judged``.
    known
        ``kind``, ``subject`` and every fact: what was known before is the covariate of a readout.
    at
        Moment of the night, seconds.
    """
    parts = [_of_scene(rows, one, known) for one in scenes.scenes if not one.is_care]
    found = pl.concat([pl.DataFrame(schema=SCHEMA).drop(OF_NIGHT), *parts])
    held = holdout.held_out(found["subject"].to_list(), scene_salt(salt), scenes.hold_out)
    return found.with_columns(
        at=pl.lit(at, pl.Int64),
        of_all=pl.Series(held, dtype=pl.Boolean),
        share_of_all=pl.lit(scenes.hold_out),
    ).select(list(SCHEMA))


def _of_scene(rows: pl.DataFrame, scene: Scene, known: pl.DataFrame) -> pl.DataFrame:
    score = scene.first or COVARIATE.get(scene.about, BOUGHT)
    own = rows.filter(pl.col("scene") == scene.name, pl.col("state").is_in([ACT, HELD_OUT]))
    told = known.select(*KEYS, score=pl.col(score).cast(pl.Float64).fill_null(0.0))
    found = own.join(told, on=KEYS, how="left", maintain_order="left").with_columns(
        acts=pl.col("state") == ACT,
        share=pl.lit(scene.hold_out),
        content=pl.lit(scene.action.content),
        cost=pl.lit(scene.action.cost),
    )
    return found.select(name for name in SCHEMA if name not in OF_NIGHT)


def write(folder: Path, day: str, rows: pl.DataFrame) -> None:
    """Keep a night below ``folder``; a second run of the same day replaces the first."""
    with replacing(folder / f"{day}.parquet") as aside:
        rows.write_parquet(aside, compression="zstd")


def read(folder: Path) -> pl.DataFrame:
    """Read every night, the oldest first; no rows where nothing was kept."""
    parts = [pl.read_parquet(path) for path in sorted(folder.glob("*.parquet"))]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *parts]).sort("at", maintain_order=True)


def forget(folder: Path, known: pl.DataFrame, erased: Collection[str] = ()) -> int:
    """Take out of every night who is not known any more or was erased; return how many rows there were."""
    gone = 0
    for path in sorted(folder.glob("*.parquet")):
        rows = pl.read_parquet(path)
        left = rows.join(known.select(KEYS), on=KEYS, how="semi", maintain_order="left")
        left = left.filter(~pl.col("subject").is_in(list(erased)))
        if len(left) < len(rows):
            write(folder, path.stem, left)
            gone += len(rows) - len(left)
    return gone


def first_met(log: pl.DataFrame, scene: str) -> pl.DataFrame:
    """Return the first meeting of each with a scene, with ``held_out``: the draw of its own holdout.

    Who is held out of all scenes is left out: of them nothing is known of this scene alone.
    """
    own = log.filter(pl.col("scene") == scene, ~pl.col("of_all"))
    return _first(own.with_columns(held_out=~pl.col("acts")))


def first_met_by_any(log: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Return the first meeting of each with any scene, with ``held_out``: the draw for all scenes."""
    own = log.filter(pl.col("kind") == kind, pl.col("share_of_all") > 0)
    return _first(own.with_columns(held_out="of_all"))


def _first(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort("at", maintain_order=True).unique(KEYS, keep="first", maintain_order=True)


def acted_on(met: pl.DataFrame, log: pl.DataFrame, days: float) -> pl.Series:
    """Tell who got something within ``days`` of the meeting, as after another salt, shape (met,)."""
    acts = log.filter("acts").select(*KEYS, then="at")
    later = met.select(*KEYS, "at").join(acts, on=KEYS)
    soon = later.filter(pl.col("then").is_between(pl.col("at"), pl.col("at") + int(days * DAY)))
    named = soon.select(KEYS).unique().with_columns(found=True)
    return met.join(named, on=KEYS, how="left", maintain_order="left")["found"].fill_null(False)
