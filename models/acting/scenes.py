"""Which scene each member and lead is in, what is due there, and why nothing is where nothing is.

Every scene that fits is judged by the rules of plans (consent, complaints, quiet members, contacts of a
fortnight); then the scenes take their places of the day, the most urgent first, with their own holdouts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from models.acting import holdout
from models.acting.facts import facts
from models.acting.options import Options
from models.acting.scene_file import Scene, Scenes
from models.acting.terms import Audience, Limits, Offers, open_to
from models.phrases import LANGUAGES

ACT, HELD_OUT, LATER, DAILY_CAP, AGAIN = "act", "held_out", "later", "daily_cap", "again"
SUPPRESSED, NO_SCENE, NEXT_NIGHT, CARE_OWED = "suppressed", "no_scene", "next_night", "care"
OPEN = ""
# Who says no to advertising or to a profile may still have a complaint answered: they asked for that
# themselves, and nothing but their ticket is read. Of the dead, the erased and minors nothing is done.
STILL_ANSWERED = (
    *("profiling_refused", "profiling_consent_unknown"),
    *("do_not_contact", "marketing_consent_unknown"),
)


@dataclass(frozen=True)
class Situation:
    """Everybody whom scenes may be about, in one order; shapes are (people,) where not said.

    Parameters
    ----------
    facts
        A column each of ``models.acting.facts``, null where not known.
    kind
        ``member`` or ``lead`` of each.
    suppressed
        Why nobody may act on a profile of them, None where they may; of them only facts ``of_service`` are
        known.
    consent, address
        Shape (people, channels).
    since
        Days since each was sent a content, by content; inf where never.
    """

    facts: pl.DataFrame
    kind: np.ndarray
    suppressed: np.ndarray
    audience: Audience
    consent: np.ndarray
    address: np.ndarray
    since: Mapping[str, np.ndarray]


def judged(scenes: Scenes, options: Options, people: Situation, salt: str) -> pl.DataFrame:
    """Return a row a person and scene that fits, the most urgent first, and one of who is in none.

    Columns: ``kind``, ``subject``, ``scene``, ``option`` (null for care without one), ``channel``,
    ``state``, ``suppressed``, ``of_service``, and ``why_en``, ``why_zh``: the facts as sentences. Of the
    states ``act`` is told of one scene of a person at most; sorted by kind and subject.
    """
    fits = np.column_stack([_fits(scene, people) for scene in scenes.scenes])
    state = _ruled(scenes, options, people, fits)
    _places(scenes, options, people, state, fits, salt)
    rows = [_rows(scene, at, people, fits[:, at], state[:, at]) for at, scene in enumerate(scenes.scenes)]
    return (
        pl.concat([*rows, _none(people, np.flatnonzero(~fits.any(axis=1)))])
        .sort("kind", "subject", "place")
        .drop("place")
    )


def _fits(scene: Scene, people: Situation) -> np.ndarray:
    found = people.facts.select(pl.all_horizontal(part.holds() for part in scene.when)).to_series().to_numpy()
    return found & (people.kind == scene.about)


def _ruled(scenes: Scenes, options: Options, people: Situation, fits: np.ndarray) -> np.ndarray:
    """What the rules say of each scene that fits, ``OPEN`` where they leave it, shape (people, scenes)."""
    every, audience = scenes.scenes, people.audience
    reached = options.reached(people.consent, people.address)[:, [_channel(options, one) for one in every]]
    is_care, of_service = (
        np.array([getattr(one, name) for one in every]) for name in ("is_care", "of_service")
    )
    refused = people.suppressed != None  # noqa: E711 - of an array of objects
    answered = np.isin(people.suppressed.astype(str), STILL_ANSWERED)[:, None] & of_service
    allowed = np.where(refused[:, None], answered & _addressed(options, people, every), reached)
    offers = Offers(np.zeros(fits.shape), np.zeros(len(every)), allowed, np.arange(len(every)), is_care)
    free = open_to(
        offers, audience, Limits(1.0, options.capacity, options.channel_capacity, options.per_fortnight)
    )
    soon = np.column_stack([_since(people, one) < one.again_after_days for one in every])
    names = [SUPPRESSED, "complaint", "no_consent", "quiet", "capped", "no_consent", AGAIN]
    holds = [
        refused[:, None] & ~answered,
        audience.complaint[:, None] & ~is_care,
        ~allowed,
        audience.quiet[:, None] & ~is_care,
        (audience.contacts >= options.per_fortnight)[:, None] & ~is_care,
        ~free,
        soon,
    ]
    return np.select([np.broadcast_to(one, fits.shape) for one in holds], names, OPEN).astype(object)


def _channel(options: Options, scene: Scene) -> int:
    return [channel.name for channel in options.channels].index(scene.action.channel)


def _addressed(options: Options, people: Situation, every: tuple[Scene, ...]) -> np.ndarray:
    """Whether each may be reached as far as addresses go: an answer that was asked for needs no consent."""
    agreed = np.ones_like(people.consent)
    return options.reached(agreed, people.address)[:, [_channel(options, one) for one in every]]


def _since(people: Situation, scene: Scene) -> np.ndarray:
    return people.since.get(scene.action.content, np.full(len(people.kind), np.inf))


def _places(
    scenes: Scenes, options: Options, people: Situation, state: np.ndarray, fits: np.ndarray, salt: str
) -> None:
    """Fill in, in place, who gets a place of the day, who is held out and who comes later."""
    left = dict(zip([one.name for one in options.options], options.capacity.tolist(), strict=True))
    over = dict(zip([one.name for one in options.channels], options.channel_capacity.tolist(), strict=True))
    decided = np.zeros(len(fits), dtype=bool)
    for at, scene in enumerate(scenes.scenes):
        is_open = fits[:, at] & (state[:, at] == OPEN)
        state[is_open & decided, at] = LATER
        rows = _ranked(scene, people, np.flatnonzero(is_open & ~decided), salt)
        shares = (0.0, 0.0) if scene.is_care else (scene.hold_out, scenes.hold_out)
        held = held_out_of(_ids(people, rows), scene.name, *shares, salt)
        places = min(scene.members_a_day, left.get(scene.action.name, np.inf), over[scene.action.channel])
        within = np.cumsum(~held) <= places
        state[rows, at] = np.where(~within, DAILY_CAP, np.where(held, HELD_OUT, ACT))
        decided[rows[within]] = True
        used = int((within & ~held).sum())
        over[scene.action.channel] -= used
        if scene.action.name in left:
            left[scene.action.name] -= used


def _ranked(scene: Scene, people: Situation, rows: np.ndarray, salt: str) -> np.ndarray:
    """Who comes first: the most of the fact ``first``, else by lot."""
    lot = holdout.position(_ids(people, rows), f"{salt}:scene:{scene.name}:order")
    if scene.first is None:
        return rows[np.argsort(lot, kind="stable")]
    most = people.facts[scene.first].cast(pl.Float64).fill_null(-np.inf).to_numpy()[rows]
    return rows[np.lexsort((lot, -most))]


def scene_salt(salt: str, name: str | None = None) -> str:
    """Return the salt of a scene's holdout; of that of all scenes where no name is given."""
    return f"{salt}:scenes" if name is None else f"{salt}:scene:{name}"


def held_out_of(ids: list[str], name: str, share: float, of_all: float, salt: str) -> np.ndarray:
    """Tell who is held out of the scene ``name``, by its own share or that of all scenes, shape (ids,).

    The answer to a complaint is owed: nobody is held out of it, so that both shares are 0 there.
    """
    own = holdout.held_out(ids, scene_salt(salt, name), share)
    return own | holdout.held_out(ids, scene_salt(salt), of_all)


def _rows(scene: Scene, at: int, people: Situation, fits: np.ndarray, state: np.ndarray) -> pl.DataFrame:
    rows = np.flatnonzero(fits)
    known = people.facts[rows]
    return pl.DataFrame(
        {
            "kind": people.kind[rows].tolist(),
            "subject": _ids(people, rows),
            "scene": [scene.name] * len(rows),
            "place": [at] * len(rows),
            "option": [None if scene.action.content == "" else scene.action.name] * len(rows),
            "channel": [scene.action.channel] * len(rows),
            "state": state[rows].tolist(),
            "suppressed": people.suppressed[rows].tolist(),
            "of_service": [scene.of_service] * len(rows),
            **{f"why_{word}": _why(scene, known, word) for word in LANGUAGES},
        },
        schema=SCHEMA,
    )


SCHEMA = {
    "kind": pl.String, "subject": pl.String, "scene": pl.String, "place": pl.Int64, "option": pl.String,
    "channel": pl.String, "state": pl.String, "suppressed": pl.String, "of_service": pl.Boolean,
    "why_en": pl.List(pl.String), "why_zh": pl.List(pl.String),
}  # fmt: skip


def _ids(people: Situation, rows: np.ndarray) -> list[str]:
    return [people.audience.ids[row] for row in rows.tolist()]


def _why(scene: Scene, known: pl.DataFrame, language: str) -> pl.Series:
    """The facts that the scene's conditions read, as sentences: a list a row."""
    said = pl.DataFrame(
        [
            pl.Series(part.fact, _sentences(part.fact, known[part.fact].to_list(), language), pl.String)
            for part in scene.when
        ]
    )
    return said.select(pl.concat_list(pl.all())).to_series()


def _sentences(name: str, values: list[object], language: str) -> list[str]:
    once = {value: facts()[name].says(name, value, language) for value in set(values)}
    return [once[value] for value in values]


def _none(people: Situation, at: np.ndarray) -> pl.DataFrame:
    why = people.suppressed[at].tolist()
    given = {
        "kind": people.kind[at].tolist(),
        "subject": _ids(people, at),
        "state": [NO_SCENE if one is None else SUPPRESSED for one in why],
        "suppressed": why,
    }
    empty = {name: [None] * len(at) for name in SCHEMA if name not in given}
    return pl.DataFrame(given | empty, schema_overrides=SCHEMA).select(list(SCHEMA))


@dataclass(frozen=True)
class Answer:
    """What is done for one person now: a row of ``judged`` and ``act``, or None and why nothing is."""

    row: Mapping[str, object] | None
    reason: str


def answer(rows: Sequence[Mapping[str, object]], suppressed: str | None) -> Answer:
    """Choose among one person's rows of ``judged``, given what is known of consent now.

    Parameters
    ----------
    suppressed
        Why nobody may act on a profile now, None where they may.
    """
    if suppressed is not None:
        owed = [row for row in rows if row["of_service"] and row["state"] == ACT]
        if owed and suppressed in STILL_ANSWERED:
            return Answer(owed[0], CARE_OWED)
        return Answer(None, SUPPRESSED)
    found = next((row for row in rows if row["state"] in (ACT, HELD_OUT)), None)
    if found is not None:
        return Answer(found, str(found["state"]))
    first = str(rows[0]["state"])
    return Answer(None, NEXT_NIGHT if first == SUPPRESSED else first)
