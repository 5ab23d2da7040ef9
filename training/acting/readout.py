"""``memberlens readout``: what a plan brought its brand."""

from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import cast

import numpy as np
import polars as pl

from features.replacing import replacing
from models.acting.comparison import Added
from models.acting.inputs import ADDED
from models.acting.readout import Campaign, Readout, by_group, read
from training.acting import pages
from training.acting.contact_files import NUMBER, TEXT, YES_OR_NO, Cell, read_table, require_one_row
from training.acting.draft import data_day
from training.acting.groups import KINDS, groups_path
from training.acting.plan import FACTS, folder, read_list
from training.acting.readout_words import BOTH, group_words, line, unit
from training.days import require_day, today_or
from training.io import read_json, write_json, write_text
from training.params import Params
from training.results.campaign import AddedTotal, CampaignRead, GroupRead, ReadoutFacts
from training.results.estimate import ENDS

NEEDED = ("subject", "contacted", "answered")
CELLS = {
    "subject": TEXT, "contacted": YES_OR_NO, "answered": YES_OR_NO, "margin": replace(NUMBER, empty=True),
    "cost": Cell(pl.Float64, empty=True, least=0.0), "opted_out": replace(YES_OR_NO, empty=True),
}  # fmt: skip
COMPARED = ("contact", "held_out")
FILE, LOG, PAGE = "readout.json", "log.parquet", "readout.html"


class ContactsError(ValueError):
    """A file of contacts that does not fit its plan; says what is missing."""


def make(params: Params, name: str, contacts: Path, day: date | None = None) -> ReadoutFacts:
    """Write ``readout.json``, its page, and ``log.parquet`` for ``whatif``; return what the first one says.

    Parameters
    ----------
    contacts
        Parquet or CSV, a row a member of the list, the held-out among them: ``subject``, ``contacted``,
        ``answered``, and where known ``margin`` and ``cost`` (money) and ``opted_out``.
    day
        Of the look; None is the day of the data.

    Raises
    ------
    FileNotFoundError
        No such plan or file.
    ValueError
        A file that does not fit, or a campaign that cannot be read.
    """
    target = folder(params, name)
    if not target.exists():
        raise FileNotFoundError(f"plan {name}: {target} is not there; make it with `memberlens plan {name}`")
    told, rows = read_json(target / FACTS), read_list(target)
    days = _days(params, name, date.fromisoformat(told["day"]), day)
    handed = _contacts(contacts)
    joined = _joined(rows, handed, contacts, told["worth_of_an_answer"])
    compared = joined.filter(pl.col("arm").is_in(COMPARED), pl.col("planned").is_not_null())
    groups = _groups(params, name, compared)
    campaign = _campaign(compared, groups)
    if not campaign.contacted.any():
        raise ContactsError(f"{contacts}: contacted: nobody of the comparison was; was the campaign sent?")
    looks = 1 + (read_json(target / FILE)["looks"] if (target / FILE).exists() else 0)
    found = read(campaign, days, told["window_days"], looks, told["unit"] == ADDED)
    same = ("name", "data", "day", "unit", "currency", "window_days", "worth_of_an_answer")
    asked = {key: told[key] for key in same} | {"days": days, "looks": looks, "stated": handed.columns}
    content = cast(ReadoutFacts, {**_content(found, campaign, groups), **asked})
    write_json(target / FILE, content)
    write_text(target / PAGE, pages.readout(content, params.report.language))
    with replacing(target / LOG) as aside:
        _log(joined).write_parquet(aside, compression="zstd")
    return content


def _days(params: Params, name: str, planned: date, stated: date | None) -> int:
    """Days from the plan to the look."""
    known = data_day(params)
    told = f"--day {stated}" if stated else f"--day is not stated, and the data are of {known}"
    first = planned, f"for which {name} was planned"
    return (require_day(told, stated or known, first, today_or(known)) - planned).days


def _contacts(path: Path) -> pl.DataFrame:
    found = read_table(path, NEEDED, ContactsError, CELLS)
    require_one_row(found, NEEDED[:1], path, ContactsError)
    known = found.select(name for name in CELLS if name in found.columns)
    return known.with_columns(pl.col("answered").cast(pl.Float64))


def _joined(rows: pl.DataFrame, contacts: pl.DataFrame, path: Path, worth: float) -> pl.DataFrame:
    """The list with what became of each; who should have a row and has none is named by how many."""
    strange = contacts.filter(~pl.col("subject").is_in(rows["subject"].to_list()))
    if len(strange):
        raise ContactsError(
            f"{path}: {len(strange):,} subjects are not in the plan, such as {strange['subject'][0]}; is it "
            "the file of another?"
        )
    compared = rows.filter(pl.col("arm").is_in(COMPARED), pl.col("planned").is_not_null())
    there = compared["subject"].is_in(contacts["subject"].to_list())
    if not there.all():
        held = int((~there & (compared["arm"] == "held_out")).sum())
        raise ContactsError(
            f"{path}: {int((~there).sum()):,} members of the comparison have no row, {held:,} of them held "
            "out; answers that came without a contact count too: add a row for each, contacted or not"
        )
    found = rows.join(contacts, on="subject", how="left", suffix="_paid", maintain_order="left")
    # What is not known of a row is what it is where nobody says: the plan's cost, the worth of an answer.
    paid = pl.coalesce(name for name in ("cost_paid", "cost") if name in found.columns)
    stated = [pl.col("margin")] if "margin" in found.columns else []
    margin = pl.coalesce(*stated, pl.col("answered") * worth)
    out = pl.col("opted_out") if "opted_out" in found.columns else pl.lit(False)
    return found.with_columns(
        contacted=pl.col("contacted").fill_null(False),
        margin=margin.fill_null(0.0),
        opted_out=out.fill_null(False),
        paid=pl.when("contacted").then(paid).otherwise(0.0).fill_null(0.0),
    )


def _groups(params: Params, name: str, rows: pl.DataFrame) -> pl.DataFrame:
    path = groups_path(params, name)
    if not path.exists():
        return rows.select(pl.repeat("unknown", pl.len()).alias(kind) for kind in KINDS)
    return rows.select("subject").join(
        pl.read_parquet(path), on="subject", how="left", maintain_order="left"
    ).select(KINDS)  # fmt: skip


def _campaign(rows: pl.DataFrame, groups: pl.DataFrame) -> Campaign:
    stratum = groups.select(pl.concat_str(KINDS, separator="|").rank("dense")).to_series()
    names = ("contacted", "answered", "margin", "score", "planned_answers")
    contacted, answered, margin, score, predicted = (rows[name].to_numpy() for name in names)
    held, cost, out = (
        (rows["arm"] == "held_out").to_numpy(),
        rows["paid"].to_numpy(),
        rows["opted_out"].to_numpy(),
    )
    return Campaign(held, contacted, answered, margin, score, predicted, stratum.to_numpy(), cost, out)


def _content(found: Readout, campaign: Campaign, groups: pl.DataFrame) -> CampaignRead:
    on = campaign.contacted & ~campaign.held_out
    return {
        "members": found.members,
        "held_out": found.held_out,
        "held_answers": float(campaign.answered[campaign.held_out].sum()),
        "answers": total(found.answers),
        "margin": total(found.margin),
        "net": total(found.net),
        "opt_outs": total(found.opt_outs),
        "plain": total(found.plain),
        "variance_left": found.variance_left,
        "predicted": found.predicted,
        "realised": {
            "answers": float(campaign.answered[on].sum()),
            "predicted": float(campaign.predicted[on].sum()),
        },
        "cost": found.cost,
        "contacted_though_held_out": found.contacted_though_held_out,
        "not_contacted": found.not_contacted,
        "groups": {kind: _by_group(campaign, groups[kind]) for kind in KINDS},
        "warnings": [
            {"code": remark.code, "en": remark.said("en"), "zh": remark.said("zh")}
            for remark in found.warnings
        ],
    }


def total(found: Added) -> AddedTotal:
    """Return what contacts added as plain data."""
    return cast(AddedTotal, asdict(found))


def _by_group(campaign: Campaign, of: pl.Series) -> dict[str, GroupRead | None]:
    names = of.unique().sort().to_list()
    meant = dict(of.filter(~pl.Series(campaign.held_out)).value_counts().rows())
    answered = dict(
        pl.DataFrame({"name": of, "answered": campaign.answered})
        .filter(pl.Series(campaign.held_out))
        .group_by("name")
        .agg(pl.col("answered").sum())
        .rows()
    )
    found = by_group(campaign, np.searchsorted(np.array(names), of.to_numpy().astype(str)), names)
    return {
        name: None
        if both is None
        else {
            "members": meant[name],
            "held_answers": answered[name],
            "answers": total(both[0]),
            "margin": total(both[1]),
        }
        for name, both in found.items()
    }


def _log(rows: pl.DataFrame) -> pl.DataFrame:
    """What was done, with which probability, and what came of it, of everybody with an outcome."""
    known = rows.filter(pl.col("answered").is_not_null())
    return known.select("subject", "option", "probability", reward=pl.col("margin") - pl.col("paid"))


def text(found: ReadoutFacts) -> str:
    """Return the readout as lines in English, then in Chinese."""
    return "\n".join(part for language in BOTH for part in _lines(found, language))


def _lines(found: ReadoutFacts, language: str) -> list[str]:
    money, realised = found["currency"] or "", found["realised"]
    numbers = {
        "members": found["members"], "held": found["held_out"],
        "leaked": found["contacted_though_held_out"], "missed": found["not_contacted"],
    }  # fmt: skip
    predicted, answered = f"{realised['predicted']:,.0f}", f"{realised['answers']:,.0f}"
    return [
        line("members", language, **{key: f"{value:,}" for key, value in numbers.items()}),
        _interval("answers", found["answers"], language),
        _interval("margin", found["margin"], language, currency=money),
        _interval("net", found["net"], language, currency=money, cost=f"{found['cost']:,.2f}"),
        _interval("opt_outs", found["opt_outs"], language)
        if "opted_out" in found["stated"]
        else line("opt_outs_unknown", language),
        line("predicted", language, unit=unit(found["unit"], language), value=f"{found['predicted']:,.0f}"),
        line("realised", language, value=answered, predicted=predicted),
        line("cuped", language, left=f"{found['variance_left']:.0%}"),
        *(
            _group(kind, name, part, language)
            for kind, parts in found["groups"].items()
            for name, part in parts.items()
        ),
        *(
            line("warning", language, text=cast(dict[str, str], remark)[language])
            for remark in found["warnings"]
        ),
    ]


def _interval(key: str, added: AddedTotal, language: str, **more: str) -> str:
    numbers = {name: f"{round(added[name]):,}" for name in ENDS}  # whole, so that no 0 has a sign
    return line(key, language, **numbers, **more)


def _group(kind: str, name: str, part: GroupRead | None, language: str) -> str:
    words = {"kind": line(kind, language), "name": group_words(kind, name, language)}
    return (
        line("unread", language, **words)
        if part is None
        else _interval("group", part["answers"], language, **words)
    )
