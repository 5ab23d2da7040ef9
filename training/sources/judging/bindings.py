"""Which account on a platform is which member.

An account is ``platform:account_id``; on the platform ``member`` it is a member's own id, so that
two ids of one person can be merged.
"""

from dataclasses import dataclass

import polars as pl

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
