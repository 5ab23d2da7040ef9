"""``memberlens arms``: which of several options of a randomised log goes to whom, or one to all."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from models.acting import arm_balance
from models.acting.arms import ArmLog, Comparison, Estimate, OneArm, compare, estimate, score
from models.acting.off_policy import LogError
from models.learners.encoder import Column, Encoder
from training.acting.contact_files import NUMBER, TAKEN, TEXT, Cell, read_table, require_one_row
from training.acting.readout_words import BOTH, line

NEEDED = ("subject", "option", "reward")
CELLS = {
    "subject": TEXT, "option": Cell(pl.String, empty=True), "reward": NUMBER,
    "probability": TAKEN,
}  # fmt: skip
MOST_VALUES = 100  # of a category


def read(path: Path, known: Sequence[str], cost: Mapping[str, float]) -> ArmLog:
    """Return a log of one row a subject.

    Parameters
    ----------
    path
        Parquet or CSV: ``subject``, ``option`` (empty for nothing), ``reward``, what was known before, and
        ``probability`` where the draw was not alike for everybody.
    known
        Columns that were known before the options were drawn.
    cost
        Of a message of each option; without any, each message counts 1.

    Raises
    ------
    LogError
        What cannot be judged, with what would help.
    """
    if not known:
        raise LogError(f"{path}: say which columns were known before, such as --by recency,region")
    if after := [name for name in known if name in CELLS]:
        raise LogError(f"{path}: --by {after[0]}: is not known before the draw; allowed are attributes")
    rows = read_table(path, (*NEEDED, *known), LogError, CELLS)
    require_one_row(rows, NEEDED[:1], path, LogError)
    option = rows["option"].fill_null("")
    names = sorted(option.unique().to_list())
    if names[0] != "":
        raise LogError(f"{path}: every row has an option; rows that got nothing (an empty one) are needed")
    encoder = Encoder(tuple(_column(rows[name]) for name in known))
    matrix, kinds = encoder.transform(rows), encoder.feature_types
    arm = option.replace_strict(
        {name: code for code, name in enumerate(names)}, return_dtype=pl.Int64
    ).to_numpy()
    if "probability" in rows.columns:
        probability = rows["probability"].to_numpy()
    else:
        arm_balance.check(matrix, known, kinds, arm)
        probability = (np.bincount(arm) / len(arm))[arm]
    reward = rows["reward"].to_numpy()
    return ArmLog(matrix, kinds, arm, probability, reward, names, _costs(names, cost))


def _column(values: pl.Series) -> Column:
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        return Column(values.name)
    if values.dtype != pl.String or values.n_unique() > MOST_VALUES:
        raise LogError(
            f"{values.name}: allowed are numbers, and texts of at most {MOST_VALUES} values; this one is "
            f"{values.dtype} with {values.n_unique():,}"
        )
    return Column(values.name, tuple(sorted(values.drop_nulls().unique())))


def _costs(names: Sequence[str], cost: Mapping[str, float]) -> np.ndarray:
    unknown = [name for name in cost if name not in names]
    absent = [name for name in names[1:] if name not in cost]
    if unknown or (cost and absent):
        raise LogError(
            f"cost: needed is one for each of {', '.join(names[1:])}; not there: {(unknown + absent)[0]}"
        )
    return np.array([0.0, *(cost.get(name, 1.0) for name in names[1:])])


def columns(said: str) -> list[str]:
    """Return the names of a list such as ``recency,region``, each once."""
    return list(dict.fromkeys(name.strip() for name in said.split(",") if name.strip()))


def costs(said: Sequence[str]) -> dict[str, float]:
    """Read costs said as ``option=money``.

    Raises
    ------
    LogError
        Of another form.
    """
    found = {}
    for one in said:
        name, _, money = one.rpartition("=")
        if name in found:
            raise LogError(f"cost {one}: {name} has a cost already; allowed is one an option")
        try:
            found[name] = float(money)
        except ValueError:
            raise LogError(f"cost {one}: allowed is OPTION=MONEY, such as sms=0.05") from None
    return found


def text(log: ArmLog, shares: Sequence[float]) -> str:
    """Return what options add, alone and chosen by member, as lines in English, then in Chinese."""
    scores = score(log)
    added = [estimate(scores.added[:, arm]) for arm in range(1, len(log.names))]
    found = [compare(log, scores, share) for share in shares]
    lines = []
    for language in BOTH:
        lines.append(line("arms_rows", language, rows=f"{len(log.arm):,}", arms=len(log.names) - 1))
        for name, one in zip(log.names[1:], added, strict=True):
            lines.append(line("arms_all", language, name=name, **_figures(one)))
        for comparison in found:
            lines += _compared(comparison, language)
    return "\n".join(lines)


def _compared(found: Comparison, language: str) -> list[str]:
    def arm(one: OneArm) -> list[str]:
        parts = {
            "alike": one.alike, "over_alike": one.over_alike,
            "targeted": one.targeted, "over_targeted": one.over_targeted,
        }  # fmt: skip
        return [line(f"arms_{key}", language, name=one.name, **_figures(part)) for key, part in parts.items()]

    return [
        line("arms_spend", language, share=f"{found.share:.0%}", spend=f"{found.spend:.4g}"),
        line("arms_chosen", language, **_figures(found.policy)),
        *(told for one in found.arms for told in arm(one)),
        line(f"arms_verdict_{found.verdict}", language, name=found.best),
    ]


def _figures(one: Estimate) -> dict[str, str]:
    return {name: f"{getattr(one, name):.4f}" for name in ("value", "low", "high")}
