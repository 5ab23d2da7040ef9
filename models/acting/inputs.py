"""What a plan is made of, kept in a folder: computed once by the night's batch, planned from by anybody.

Pipeline and service plan from the same inputs by the same code, so that they come to the same list.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from features.replacing import replacing_folder
from models.acting.documents import InputFacts
from models.acting.options import Options, as_mapping, parse
from models.acting.terms import Audience

FOLDER = "offers"
ANSWERS, ADDED = "answers", "added answers"
TABLES = ("consent", "address", "risk", "fatigue", "probability", "effect", "levels")
MEMBERS, ARRAYS, ASKED, FACTS = "members.parquet", "arrays.npz", "asked.parquet", "inputs.json"
WITHIN = ("stratum", "contacts", "quiet", "complaint")


@dataclass(frozen=True)
class Members:
    """The members asked about, in their order.

    Parameters
    ----------
    consent, address
        Shape (members, channels).
    loss
        Answers of the last year that an opt-out would end, shape (members,).
    messages
        What was sent to each in the last month, shape (members,).
    risk
        P(opt-out | sent) by channel, shape (channels,).
    fatigue
        By how much the risk is multiplied after so many messages of a month, the last for more, shape (n,).
    """

    subjects: pl.Series
    audience: Audience
    consent: np.ndarray
    address: np.ndarray
    loss: np.ndarray
    messages: np.ndarray
    risk: np.ndarray
    fatigue: np.ndarray

    def opt_out(self, channel: np.ndarray) -> np.ndarray:
        """Return P(opt-out | sent) of each member over each of ``channel``, shape (members, n)."""
        tired = self.fatigue[np.minimum(self.messages, len(self.fatigue) - 1)]
        return np.minimum(tired[:, None] * self.risk[channel], 1.0)


@dataclass(frozen=True)
class Effects:
    """Answers by member and option, and how far such numbers were off before.

    Parameters
    ----------
    probability
        P(answer | sent), shape (members, options); 0 for care.
    effect
        What gains are made of, shape (members, options): ``probability``, or what a contact adds.
    unit
        ``answers`` or ``added answers``: what ``effect`` may be called.
    levels
        Observed over expected answers of past campaigns that were tested, shape (campaigns,).
    asked
        As which past campaign each option was asked, a row an option.
    """

    probability: np.ndarray
    effect: np.ndarray
    unit: str
    levels: np.ndarray
    asked: pl.DataFrame


@dataclass(frozen=True)
class Inputs:
    """Options, members, what options bring them, what an answer is worth (money), and facts to tell.

    Parameters
    ----------
    facts
        ``data``, ``day`` (ISO), ``seed``, ``explained`` (correlation of score and outcome),
        ``left_alone`` (answers of who was held out before, a share of those contacted, or None),
        ``window_days``, ``not_scored``, ``models``, ``options``.
    """

    options: Options
    people: Members
    effects: Effects
    worth: float
    facts: InputFacts


def save(folder: Path, inputs: Inputs) -> None:
    """Write the inputs to ``folder``, aside and renamed: it is there as a whole or as it was."""
    with replacing_folder(folder) as aside:
        _write(aside, inputs)


def _write(aside: Path, inputs: Inputs) -> None:
    people, effects = inputs.people, inputs.effects
    columns = {name: getattr(people.audience, name) for name in WITHIN} | {
        "loss": people.loss,
        "messages": people.messages,
    }
    people.subjects.alias("subject").to_frame().with_columns(
        **{name: pl.Series(part) for name, part in columns.items()}
    ).write_parquet(aside / MEMBERS)
    tables = {name: getattr(people if hasattr(people, name) else effects, name) for name in TABLES}
    with (aside / ARRAYS).open("wb") as file:
        np.savez(file, **tables)
    effects.asked.write_parquet(aside / ASKED)
    told = {
        "options": as_mapping(inputs.options), "worth": inputs.worth, "unit": effects.unit,
        "facts": dict(inputs.facts),
    }  # fmt: skip
    (aside / FACTS).write_text(json.dumps(told, ensure_ascii=False, allow_nan=False) + "\n")


def load(folder: Path) -> Inputs:
    """Read what ``save`` wrote; ``FileNotFoundError`` where nothing was."""
    told = json.loads((folder / FACTS).read_text())
    rows, tables = pl.read_parquet(folder / MEMBERS), np.load(folder / ARRAYS, allow_pickle=False)
    audience = Audience(rows["subject"].to_list(), *(rows[name].to_numpy() for name in WITHIN))
    people = Members(
        rows["subject"],
        audience,
        tables["consent"],
        tables["address"],
        rows["loss"].to_numpy(),
        rows["messages"].to_numpy(),
        tables["risk"],
        tables["fatigue"],
    )
    asked = pl.read_parquet(folder / ASKED)
    effects = Effects(tables["probability"], tables["effect"], told["unit"], tables["levels"], asked)
    options = parse(told["options"], str(folder / FACTS))
    return Inputs(options, people, effects, told["worth"], told["facts"])


def option_names(folder: Path) -> list[str]:
    """Return the names of the options alone; ``FileNotFoundError`` where nothing was published."""
    return list(json.loads((folder / FACTS).read_text())["options"]["options"])


def without(inputs: Inputs, subjects: frozenset[str]) -> Inputs:
    """Return the inputs without some members: as if they had not been scored."""
    keep = np.array([one not in subjects for one in inputs.people.audience.ids])
    if keep.all():
        return inputs
    people, effects, at = inputs.people, inputs.effects, np.flatnonzero(keep)
    ids = [people.audience.ids[row] for row in at.tolist()]
    audience = Audience(ids, *(getattr(people.audience, name)[at] for name in WITHIN))
    fewer = Members(
        people.subjects.gather(at),
        audience,
        people.consent[at],
        people.address[at],
        people.loss[at],
        people.messages[at],
        people.risk,
        people.fatigue,
    )
    shorter = replace(effects, probability=effects.probability[at], effect=effects.effect[at])
    return replace(inputs, people=fewer, effects=shorter)
