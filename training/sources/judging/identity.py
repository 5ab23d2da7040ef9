"""Identity binding: accounts on platforms become members, from the moment the binding is known.

An account is ``platform:account_id``; on the platform ``member`` it is a member's own id, so that
two ids of one person can be merged. Rows of an account count for the member that it is bound to,
but are known no earlier than the binding is: what was known before does not change.
"""

from dataclasses import dataclass

import polars as pl

from features.own_tables import is_own
from training.sources.source_rows import COLUMN, REASON

BOUND = ("members", "purchases", "events", "contacts", "responses", "care")
TIME = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Bindings:
    """Which account is which member.

    Parameters
    ----------
    accounts
        ``account``, ``owner`` (a member) and ``bound_at`` (when the last link was known).
    conflicts
        ``account``, ``kept`` and ``refused``: bound to two members, the one known first is kept;
        or ``refused`` empty: bound in a circle, to nobody.
    platforms
        Names of the platforms; what starts with one and is not bound is no member.
    """

    accounts: pl.DataFrame
    conflicts: pl.DataFrame
    platforms: tuple[str, ...]


def bindings(identities: pl.DataFrame) -> Bindings:
    """Follow every account through its chain of bindings to a member.

    Where an account is bound more than once, the binding known first counts.
    """
    links = _links(identities)
    first = links.unique("account", keep="first", maintain_order=True)
    followed = _followed(first)
    in_circle = followed["owner"].is_in(first["account"].implode())
    accounts = followed.filter(~in_circle)
    circles = followed.filter(in_circle).select("account", kept="owner", refused=pl.lit(None, pl.String))
    platforms = tuple(sorted(set(identities["platform"]) - {"member"}))
    return Bindings(
        accounts, pl.concat([_refused(links, accounts), circles]).sort("account", "refused"), platforms
    )


def _links(identities: pl.DataFrame) -> pl.DataFrame:
    """``account``, ``owner``, ``bound_at``, the first known first."""
    account = pl.when(pl.col("platform") == "member").then(pl.col("account_id"))
    known = pl.max_horizontal(name for name in ("occurred_at", "recorded_at") if name in identities.columns)
    return (
        identities.select(
            account.otherwise(pl.concat_str("platform", pl.lit(":"), "account_id")).alias("account"),
            owner="member_id",
            bound_at=known.cast(TIME),
            since="occurred_at",
        )
        .sort("bound_at", "since", "account", "owner")
        .drop("since")
    )


def _followed(links: pl.DataFrame) -> pl.DataFrame:
    """Chains followed to their ends, doubling the stride; a circle ends on an account."""
    for _ in range(links.height.bit_length()):
        step = links.select(owner="account", next_owner="owner", next_bound="bound_at")
        found = links.join(step, on="owner", how="left", maintain_order="left")
        if found["next_owner"].null_count() == found.height:
            break
        links = found.select(
            "account",
            owner=pl.coalesce("next_owner", "owner"),
            bound_at=pl.max_horizontal("bound_at", "next_bound"),
        )
    return links


def _refused(links: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    final = accounts.select(owner="account", final="owner")
    every = links.join(final, on="owner", how="left").with_columns(refused=pl.coalesce("final", "owner"))
    kept = accounts.select("account", kept="owner")
    other = every.join(kept, on="account").filter(pl.col("refused") != pl.col("kept"))
    return other.select("account", "kept", "refused").unique(maintain_order=True)


def bind(table: str, frame: pl.DataFrame, found: Bindings, members: pl.Series) -> pl.DataFrame:
    """Return rows of accounts as rows of their members; an account that is bound to nobody is marked.

    Parameters
    ----------
    frame
        See ``rows.Rows``.
    members
        Ids with a row of their own in ``members``: an account among them is a member until it is bound.
    """
    if not (table in BOUND or is_own(table)) or "member_id" not in frame.columns:
        return frame
    if "recorded_at" not in frame.columns:
        frame = frame.with_columns(recorded_at=pl.lit(None, TIME))
    joined = frame.join(
        found.accounts, left_on="member_id", right_on="account", how="left", maintain_order="left"
    )
    known = pl.max_horizontal("occurred_at", "recorded_at", "bound_at")
    final, alone = pl.coalesce("owner", "member_id"), pl.lit(False)
    if found.platforms:
        alone = pl.any_horizontal(final.str.starts_with(f"{name}:") for name in found.platforms)
        alone &= ~final.is_in(members.implode()) & pl.col(REASON).is_null()
    return joined.with_columns(
        member_id=final,
        recorded_at=pl.when(pl.col("owner").is_not_null()).then(known).otherwise("recorded_at"),
        **{
            COLUMN: pl.when(alone).then(pl.lit("member_id")).otherwise(COLUMN),
            REASON: pl.when(alone).then(pl.lit("account not bound")).otherwise(REASON),
        },
    ).drop("owner", "bound_at")
