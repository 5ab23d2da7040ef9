"""``memberlens scenes``: what is due with whom today, for everybody; sends nothing.

Writes ``scenes/scenes.parquet``, which the service answers from, and ``scenes/scenes.json`` beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from features.consent import REASON
from features.feature import DAY
from features.timestamps import extract_moment, iso
from models.acting import holdout, published_scenes, scene_file, scene_log
from models.acting.documents import SceneFacts, ScenesFacts, SceneWait
from models.acting.facts import LEAD, MEMBER, facts
from models.acting.inputs import Members
from models.acting.options import Options
from models.acting.options import read as read_options
from models.acting.reason_words import why
from models.acting.scene_file import Scene, Scenes
from models.acting.scenes import ACT, HELD_OUT, SUPPRESSED, Situation, judged
from models.acting.terms import Audience
from models.phrases import LANGUAGES
from training.acting.audience import holds, members, messages, read_reach
from training.acting.scene_facts import known_facts
from training.data.artifacts import Ingest, read_artifact
from training.params import Params

SUPPRESSED_WORDS = ("consent forbids it", "同意状态不允许")
WINDOW_DAYS = {MEMBER: ("response", 14.0), LEAD: ("lead", 30.0)}  # where scene and task do not say


@dataclass(frozen=True)
class SceneRequest:
    """The files of options and scenes, the salt of holdouts, and consents by channel where there are any."""

    scenes: Path = Path("experiments/scenes.yaml")
    options: Path = Path("experiments/options.yaml")
    salt: str | None = None
    reach: Path | None = None


def make(params: Params, asked: SceneRequest) -> ScenesFacts:
    """Write who is in which scene and what is due; return what is told of it.

    Raises
    ------
    ValueError
        Files of options or scenes that cannot be used.
    FileNotFoundError
        A stage of the pipeline is missing.
    """
    options = read_options(asked.options)
    scenes = scene_file.read(asked.scenes, options)
    moment = extract_moment(read_artifact(Ingest, params.build)) + 1
    known = known_facts(params, moment)
    people = _situation(params, options, known, moment, asked.reach)
    salt = asked.salt or params.data
    rows = judged(scenes, options, people, salt)
    told: ScenesFacts = {
        "data": params.data, "as_of": str(iso(moment - 1)), "salt": salt, "sent": False,
        "scenes_file": str(asked.scenes), "options_file": str(asked.options),
        "people": {kind: int((people.kind == kind).sum()) for kind in (MEMBER, LEAD)},
        "scenes": [_counted(params, one, rows, known, scenes) for one in scenes.scenes],
        "nothing": _nothing(rows),
        "hold_out": scenes.hold_out,
    }  # fmt: skip
    published_scenes.write(params.build / published_scenes.FOLDER, rows, told)
    _log(params, scene_log.night(rows, scenes, known, salt, moment), known, told["as_of"][:10])
    return told


def place(params: Params) -> Path:
    """Return where the list is."""
    return params.build / published_scenes.FOLDER / published_scenes.ROWS


def log_folder(params: Params) -> Path:
    """Return where the nights are kept; ``memberlens scenes-readout`` reads them."""
    return params.results / published_scenes.FOLDER / scene_log.FOLDER


def window_days(params: Params, scene: Scene) -> float:
    """Return within how many days of the meeting an answer counts."""
    task, usual = WINDOW_DAYS[scene.about]
    own = scene.window_days
    return float(getattr(getattr(params.spine, task, None), "days", usual)) if own is None else own


def _log(params: Params, rows: pl.DataFrame, known: pl.DataFrame, day: str) -> None:
    """Keep the night; who was erased, or is no longer in the tables, leaves the nights before as well."""
    scene_log.write(log_folder(params), day, rows)
    erased = known.filter(pl.col(REASON) == "erased")["subject"].to_list()
    scene_log.forget(log_folder(params), known, erased)


def _situation(
    params: Params, options: Options, known: pl.DataFrame, moment: int, reach: Path | None
) -> Situation:
    """Everybody of ``known``; of leads nobody is quiet, counted or complains."""
    is_member = (known["kind"] == MEMBER).to_numpy()
    there = members(params, options, known["subject"].filter(pl.Series(is_member)), moment, moment, reach)
    consent, address = (_with_leads(getattr(there, name), is_member) for name in ("consent", "address"))
    leads = known["subject"].filter(pl.Series(~is_member))
    if len(leads):
        consent[~is_member], address[~is_member] = _lead_reach(leads, options, reach)
    return Situation(
        known.select(*facts()),
        np.array(known["kind"].to_list(), dtype=object),
        np.array(known[REASON].to_list(), dtype=object),
        _audience(known["subject"].to_list(), there, is_member),
        consent, address,
        _contents(params, known["subject"], moment),
    )  # fmt: skip


def _with_leads(table: np.ndarray, is_member: np.ndarray) -> np.ndarray:
    found = np.zeros((len(is_member), table.shape[1]), dtype=bool)
    found[is_member] = table
    return found


def _lead_reach(leads: pl.Series, options: Options, reach: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """A lead left its number to be called; other channels need the file of who may be reached."""
    if reach is not None:
        listed = read_reach(reach)
        return holds(leads, options, listed.filter("consent")), holds(
            leads, options, listed.filter("address")
        )
    by_call = np.array([channel.name == "call" for channel in options.channels])
    return np.ones((len(leads), len(by_call)), dtype=bool), np.broadcast_to(
        by_call, (len(leads), len(by_call))
    )


def _audience(ids: list[str], there: Members, is_member: np.ndarray) -> Audience:
    own = there.audience
    contacts = np.zeros(len(ids), dtype=np.int64)
    quiet, complaint = np.zeros(len(ids), dtype=bool), np.zeros(len(ids), dtype=bool)
    contacts[is_member], quiet[is_member], complaint[is_member] = own.contacts, own.quiet, own.complaint
    return Audience(ids, np.zeros(len(ids), dtype=np.int64), contacts, quiet, complaint)


def _contents(params: Params, subjects: pl.Series, moment: int) -> dict[str, np.ndarray]:
    """Days since each was sent a content, by content; inf where never."""
    sent = messages(params.build / "tables", moment)
    last = sent.group_by("member_id", "content_content_type").agg(pl.col("event_time").max())
    found = {}
    for (content,), rows in last.drop_nulls().group_by("content_content_type"):
        joined = subjects.to_frame("member_id").join(rows, on="member_id", how="left", maintain_order="left")
        since = (moment - joined["event_time"].cast(pl.Float64)) / DAY
        found[str(content)] = since.fill_null(np.inf).to_numpy()
    return found


def _counted(
    params: Params, scene: Scene, rows: pl.DataFrame, known: pl.DataFrame, scenes: Scenes
) -> SceneFacts:
    """A scene's words and rules, how many fit, what became of them, and what its holdout costs in time."""
    own = rows.filter(pl.col("scene") == scene.name)
    states = dict(own["state"].value_counts().sort("state").rows())
    absent = [part.fact for part in scene.when if known[part.fact].null_count() == len(known)]
    return {
        "name": scene.name, "en": scene.en, "zh": scene.zh, "about": scene.about, "owner": scene.owner,
        "urgency": scene.urgency, "window_days": window_days(params, scene),
        "option": None if scene.action.content == "" else scene.action.name,
        "channel": scene.action.channel, "care": scene.is_care,
        "hold_out": 0.0 if scene.is_care else scene.hold_out,
        "fit": len(own), "acted": states.get(ACT, 0), "held_out": states.get(HELD_OUT, 0),
        "by_state": states, "not_known": absent, "waiting": _waiting(params, scene, scenes, states),
    }  # fmt: skip


def _waiting(params: Params, scene: Scene, scenes: Scenes, states: Mapping[str, int]) -> SceneWait | None:
    """How long until the holdout shows the effect that is worth finding, were as many met every time."""
    met, effect = states.get(ACT, 0) + states.get(HELD_OUT, 0), scene.worth_finding
    share = 1 - (1 - scene.hold_out) * (1 - scenes.hold_out)
    if effect is None or not met or share <= 0:
        return None
    every, window = max(scene.again_after_days, 1.0), window_days(params, scene)
    found = holdout.waiting(holdout.Effect(effect.rate, effect.added), share, met, every, window)
    return {
        "members": found.members, "campaigns": found.campaigns, "days": found.days,
        "against_half": found.against_half, "missed": found.missed, "share": share,
    }  # fmt: skip


def _nothing(rows: pl.DataFrame) -> dict[str, int]:
    """How many get nothing, by why: of several reasons that of the most urgent scene."""
    got = rows.filter(pl.col("state") == ACT).select("kind", "subject")
    rest = rows.join(got, on=["kind", "subject"], how="anti", maintain_order="left")
    held = rest.filter(pl.col("state") == HELD_OUT)
    first = pl.concat([held, rest]).unique(["kind", "subject"], keep="first", maintain_order=True)
    return dict(first["state"].value_counts().sort("state").rows())


def text(told: ScenesFacts, place: Path) -> str:
    """Return what a campaign manager reads first, in both languages."""
    counted = ", ".join(f"{count:,} {kind}s" for kind, count in told["people"].items())
    lines = [f"scenes of {told['as_of'][:10]}: {counted}"]
    for one in told["scenes"]:
        what = f"{one['option'] or 'care'} over {one['channel']}"
        lines.append(
            f"  {one['en']} | {one['zh']}: {one['fit']:,} fit, {one['acted']:,} get {what}, "
            f"{one['held_out']:,} held out ({one['owner']})"
        )
        if one["not_known"]:
            lines.append(f"    not known of anybody here: {', '.join(one['not_known'])}")
        if one["waiting"]:
            lines.append("    " + _said(one["waiting"]))
    for state, count in told["nothing"].items():
        said = SUPPRESSED_WORDS if state == SUPPRESSED else tuple(why(state, word) for word in LANGUAGES)
        lines.append(f"  {count:>9,}  {' | '.join(said)}")
    return "\n".join([*lines, f"dry: nothing was sent; the list is {place}"])


def _said(waiting: SceneWait) -> str:
    return (
        f"{waiting['share']:.1%} held out shows the effect that is worth finding after "
        f"{waiting['days']:,.0f} days ({waiting['campaigns']:,.0f} times as many), for "
        f"{waiting['missed']:,.0f} answers missed; half held out would need "
        f"{1 / waiting['against_half']:.0%} of the members"
    )
