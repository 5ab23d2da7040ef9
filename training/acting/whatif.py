"""``memberlens whatif``: what another policy would have brought on a log, or why that cannot be told."""

from pathlib import Path
from typing import TypedDict

import numpy as np
import polars as pl

from models.acting.off_policy import Log, LogError, Value, judge
from training.acting.contact_files import CHANCE, NUMBER, TAKEN, TEXT, Cell, read_table, require_one_row
from training.acting.readout_words import BOTH, line

NEEDED = ("subject", "option", "reward")
CELLS = {
    "subject": TEXT, "option": Cell(pl.String, empty=True), "planned": Cell(pl.String, empty=True),
    "probability": CHANCE, "reward": NUMBER,
}  # fmt: skip
NOTHING = "-"  # stands for an option that is null while tables are joined


class Logged(TypedDict):
    """Mean reward of a row of the log, and its standard error."""

    value: float
    error: float


class WhatIf(TypedDict):
    """What the log brought, and by method what the other policy would have."""

    rows: int
    logged: Logged
    policy: dict[str, Value]


def make(log: Path, policy: Path) -> WhatIf:
    """Return what each action of the log brought, and what the policy's would have, by each method.

    Parameters
    ----------
    log
        Parquet or CSV: ``subject``, ``option`` (null for nothing), ``probability``, ``reward``; such as
        the ``log.parquet`` of a readout.
    policy
        Parquet or CSV: ``subject``, ``option`` and, where it is drawn, ``probability``, a row an option.
        The list of a plan stands for what it meant to do: its column ``planned``.

    Raises
    ------
    LogError
        A cell that holds something else, a row that is there twice, no probabilities, members that the
        policy does not know, supports that do not overlap, too few rows; with what would help.
    """
    rows, other = _log(log), _policy(policy)
    unknown = ~rows["subject"].is_in(other["subject"].unique().to_list())
    if unknown.any():
        raise LogError(
            f"{policy}: {int(unknown.sum()):,} of {len(rows):,} members of the log have no row; say of each "
            "what the policy does, an empty option for nothing"
        )
    target = rows.join(other, on=["subject", "option"], how="left", suffix="_target", maintain_order="left")
    probability = rows["probability"].to_numpy() if "probability" in rows.columns else None
    of = target["target"].fill_null(0.0).to_numpy()
    found = judge(Log(rows["reward"].to_numpy(), probability, of))
    reward = rows["reward"].to_numpy()
    return {
        "rows": len(rows),
        "logged": {"value": float(reward.mean()), "error": float(reward.std(ddof=1) / np.sqrt(len(reward)))},
        "policy": {**found},
    }


def _option(name: str) -> pl.Expr:
    """Of CSV an empty cell, of Parquet null: nothing."""
    return pl.col(name).replace("", None).fill_null(NOTHING).alias("option")


def _log(path: Path) -> pl.DataFrame:
    rows = read_table(path, NEEDED, LogError, CELLS | {"probability": TAKEN}).with_columns(_option("option"))
    require_one_row(rows, NEEDED[:1], path, LogError)  # rows of one member are no independent ones
    return rows


def _policy(path: Path) -> pl.DataFrame:
    rows = read_table(path, NEEDED[:2], LogError, CELLS)
    if "planned" in rows.columns:
        require_one_row(rows, NEEDED[:1], path, LogError)
        return rows.select("subject", _option("planned"), target=pl.lit(1.0))
    chance = pl.col("probability") if "probability" in rows.columns else pl.lit(1.0)
    found = rows.select("subject", _option("option"), target=chance)
    require_one_row(found, NEEDED[:2], path, LogError)
    total = found.group_by("subject").agg(pl.col("target").sum())
    if (off := total.filter((pl.col("target") - 1).abs() > 1e-6)).height:
        raise LogError(
            f"{path}: the probabilities of {off.height:,} members do not add up to 1; state every option of "
            "each, nothing (an empty option) among them"
        )
    return found


def text(found: WhatIf) -> str:
    """Return the comparison as lines in English, then in Chinese."""
    logged = found["logged"]
    lines = []
    for words in BOTH:
        before = {"value": f"{logged['value']:.4f}", "rows": f"{found['rows']:,}"}
        lines += [
            line("logged", words, **before),
            *(_value(value, words) for value in found["policy"].values()),
        ]
    return "\n".join(lines)


def _value(value: Value, language: str) -> str:
    numbers = {name: f"{getattr(value, name):.4f}" for name in ("value", "low", "high")}
    return line("policy", language, method=value.method, effective=f"{value.effective:,.0f}", **numbers)
