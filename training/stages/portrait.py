"""Stage ``portrait``: one readable row a member, derived from the catalogue's features as of the extract.

Tags have stable codes for machines and one sentence a language for people. Risk is read from the
buying rhythm; the churn model's score is another thing and has its own place.
"""

from pathlib import Path
from typing import Any

import polars as pl

from features import catalog, engines
from features.consent import REASON
from features.feature import Group
from features.groups.care import CARE
from features.groups.engagement import CHANNELS, ENGAGEMENT
from features.groups.purchases import PURCHASES
from features.lifecycle import STAGES
from features.replacing import replacing
from features.timestamps import extract_moment
from training.data.artifacts import Ingest, read_artifact
from training.data.consents import warn, with_reasons
from training.data.feature_groups import available
from training.io import say
from training.params import Params

GROUPS = (PURCHASES, ENGAGEMENT, CARE)
FEW, STEADY, OVERDUE, BARGAIN = 4, 0.5, (1.0, 2.0), 0.2
TIERS = ((0.2, "A"), (0.5, "B"), (1.0, "C"))  # of the buyers, the most valuable first
RHYTHMS = {
    "steady": ("buys steadily", "购买规律"), "irregular": ("buys irregularly", "购买不规律"),
    "few": ("bought a few times", "购买次数较少"), "none": ("has not bought", "未购买"),
}  # fmt: skip
RISKS = {
    "low": ("in rhythm", "节奏正常"), "watch": ("later than usual", "晚于往常"),
    "high": ("long overdue", "严重逾期"), "unknown": ("no rhythm yet", "尚无节奏"),
}  # fmt: skip


def portrait(params: Params) -> None:
    """Write ``portrait/portrait.parquet``: every member of the source, in order of id."""
    tables, folder = params.build / "tables", params.build / "portrait"
    folder.mkdir(parents=True, exist_ok=True)
    moment = extract_moment(read_artifact(Ingest, params.build)) + 1
    people = everyone(tables).rename({"member_id": "subject_id"})
    people = with_reasons(people, "member", params, moment).rename({"subject_id": "member_id"})
    warn("portrait", people)
    allowed = people.filter(pl.col(REASON).is_null()).select("member_id")
    found = _everybody(people, tags(_features(allowed, moment, tables, params), tables, moment))
    with replacing(folder / "portrait.parquet") as aside:
        found.write_parquet(aside, compression="zstd")
    say(f"portraits of {len(found):,} members")


def everyone(tables: Path) -> pl.DataFrame:
    """Return the ids of all members: of the members' table, or where there is none of those who bought."""
    for name in ("members", "purchases"):
        path = tables / f"{name}.parquet"
        if path.exists():
            return pl.read_parquet(path, columns=["member_id"]).drop_nulls().unique().sort("member_id")
    return pl.DataFrame(schema={"member_id": pl.String})


def _everybody(people: pl.DataFrame, tagged: pl.DataFrame) -> pl.DataFrame:
    """The tags with a ``status``; who is suppressed has a reason and no tag."""
    status = pl.when(pl.col(REASON).is_null()).then(pl.lit("ok")).otherwise(pl.lit("suppressed"))
    rows = people.select("member_id", status.alias("status"), REASON)
    return rows.join(tagged, on="member_id", how="left", maintain_order="left")


def _features(people: pl.DataFrame, moment: int, tables: Path, params: Params) -> pl.DataFrame:
    groups = available(params, GROUPS, tables)
    asked, out = tables.parent / "portrait" / "asked.parquet", tables.parent / "portrait" / "features.parquet"
    spine = people.with_columns(row_id=pl.int_range(pl.len(), dtype=pl.Int64), as_of=pl.lit(moment, pl.Int64))
    if not groups or people.is_empty():
        return spine.with_columns(_absent(GROUPS, set()))
    spine.write_parquet(asked)
    engines.to_parquet(asked, tables, groups, out, params.engine.memory, params.engine.threads)
    frame = pl.read_parquet(out)
    asked.unlink()
    out.unlink()
    return frame.with_columns(_absent(GROUPS, set(frame.columns)))


def _absent(groups: tuple[Group, ...], there: set[str]) -> list[pl.Expr]:
    """What a source without the table would say: the empty value of each feature."""
    return [
        pl.lit(feature.empty, pl.String if feature.is_category else pl.Float64).alias(feature.name)
        for feature in catalog.features(groups)
        if feature.name not in there
    ]


def tags(rows: pl.DataFrame, tables: Path, moment: int) -> pl.DataFrame:
    """Return one row a member: ``as_of``, codes, numbers and a sentence in each language.

    Parameters
    ----------
    rows
        ``member_id``, ``as_of`` (seconds) and the features of ``GROUPS``.
    """
    answered = _answered(tables, moment)
    stage = pl.col("stage").fill_null("prospect")
    frame = rows.join(answered, on="member_id", how="left").with_columns(
        as_of=pl.from_epoch(pl.lit(moment - 1), time_unit="s").dt.replace_time_zone("UTC"),
        stage=pl.when((stage == "prospect") & pl.col("answers").is_not_null())
        .then(pl.lit("responder"))
        .otherwise(stage),
        value_tier=_tier(),
        rhythm=_rhythm(),
        risk=_risk(),
        channel=_channel(),
        roles=_roles(),
    )
    return frame.sort("member_id").select(
        "member_id", "as_of", "stage", "roles", "value_tier", "rhythm", "risk", "channel",
        pl.col("last_category").alias("category"),
        pl.col("preferred_hours").alias("hours"),
        (pl.col("discount_share").fill_null(0) >= BARGAIN).alias("bargain_hunter"),
        pl.col("orders").cast(pl.Int64), pl.col("revenue").cast(pl.Int64).alias("revenue_cents"),
        pl.col("gap_mean_days").round(1).alias("usual_pause_days"),
        pl.col("open_tickets").fill_null(0).cast(pl.Int64),
        _sentence(0, ", ", "prefers ").alias("en"), _sentence(1, "，", "偏好").alias("zh"),
    )  # fmt: skip


def _answered(tables: Path, moment: int) -> pl.DataFrame:
    path = tables / "responses.parquet"
    if not path.exists():
        return pl.DataFrame(schema={"member_id": pl.String, "answers": pl.UInt32})
    known = pl.scan_parquet(path).filter(pl.col("member_id").is_not_null(), pl.col("known_time") < moment)
    return known.filter(pl.col("kind") == "answered").group_by("member_id").agg(answers=pl.len()).collect()


def _tier() -> pl.Expr:
    """Rank of tenure, frequency and revenue together, among those who bought; a tie is its highest."""
    bought = pl.col("orders") > 0
    ranks = [
        pl.when(bought).then(pl.col(name)).rank("max", descending=True)
        for name in ("days_since_first_order", "orders", "revenue")
    ]
    share = pl.when(bought).then(pl.sum_horizontal(ranks)).rank("max") / bought.sum()
    tier = pl.lit(None, pl.String)
    for limit, name in reversed(TIERS):
        tier = pl.when(share <= limit).then(pl.lit(name)).otherwise(tier)
    return pl.when(bought).then(tier)


def _rhythm() -> pl.Expr:
    regular = pl.col("gap_std_days") <= STEADY * pl.col("gap_mean_days")
    several = pl.when(regular).then(pl.lit("steady")).otherwise(pl.lit("irregular"))
    some = pl.when(pl.col("orders") < FEW).then(pl.lit("few")).otherwise(several)
    return pl.when(pl.col("orders") == 0).then(pl.lit("none")).otherwise(some)


def _risk() -> pl.Expr:
    late = pl.col("overdue_ratio")
    risk = pl.when(late <= OVERDUE[0]).then(pl.lit("low")).when(late <= OVERDUE[1]).then(pl.lit("watch"))
    return pl.when(late.is_null()).then(pl.lit("unknown")).otherwise(risk.otherwise(pl.lit("high")))


def _channel() -> pl.Expr:
    """The channel with most touches in 90 days; without any the one of the last purchase."""
    counts = [pl.col(f"{name}_events_90d") for name, _, _ in CHANNELS]
    most = pl.max_horizontal(counts)
    found = pl.coalesce(
        pl.when(count == most).then(pl.lit(name))
        for count, (name, _, _) in zip(counts, CHANNELS, strict=True)
    )
    return pl.when(most > 0).then(found).otherwise(pl.col("last_purchase_channel"))


def _roles() -> pl.Expr:
    """A stage is one, roles are several at once."""
    consumer = pl.col("days_since_order").fill_null(1e9) <= 365
    fan = pl.col("role") == "fan"
    roles = [pl.lit("member"), pl.when(consumer).then(pl.lit("consumer")), pl.when(fan).then(pl.lit("fan"))]
    return pl.concat_list(roles).list.drop_nulls()


def _sentence(language: int, between: str, prefers: str) -> pl.Expr:
    words: dict[str, dict[str, tuple[str, str]]] = {"stage": STAGES, "rhythm": RHYTHMS, "risk": RISKS}
    parts: list[Any] = [
        pl.col(name).replace_strict({code: pair[language] for code, pair in known.items()})
        for name, known in words.items()
    ]
    parts.insert(1, pl.lit(("value tier ", "价值层级 ")[language]) + pl.col("value_tier"))
    names = {name: (en, zh)[language] for name, en, zh in (*CHANNELS, ("shop", "shop", "商城"))}
    parts.append(pl.lit(prefers) + pl.col("channel").replace(names))
    return pl.concat_str(parts, separator=between, ignore_nulls=True)
