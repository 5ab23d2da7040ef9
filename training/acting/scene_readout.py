"""``memberlens scenes-readout``: what each scene brought against those held out of it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from features.timestamps import extract_moment
from models.acting import scene_file, scene_log
from models.acting.documents import SceneName
from models.acting.facts import LEAD, MEMBER
from models.acting.options import read as read_options
from models.acting.readout import Readout
from models.acting.scene_file import Scene, Scenes
from models.acting.scene_readout import SceneReadout, scene_readout, verdicts
from models.phrases import LANGUAGES
from training.acting import claims, pages
from training.acting.readout import total
from training.acting.scene_outcomes import with_outcomes
from training.acting.scenes import SceneRequest, log_folder, window_days
from training.data.artifacts import Ingest, read_artifact
from training.io import read_json, write_json, write_text
from training.params import Params
from training.reporting.words import joined, said
from training.results.scenes import SceneCounts, SceneFound, SceneHead, SceneRead, ScenesRead

FILE, PAGE, NAME = "readout.json", "readout.html", "scenes"
ALL = {MEMBER: "all_of_members", LEAD: "all_of_leads"}  # no scene's name: those have no words of their own


def make(params: Params, asked: SceneRequest) -> ScenesRead:
    """Write ``readout.json`` and its page beside the log; return what the first one says.

    Parameters
    ----------
    asked
        The files of options and scenes; salt and reach are not read.

    Raises
    ------
    ValueError
        Files that cannot be used.
    FileNotFoundError
        Nothing was logged yet, or a table of outcomes is missing.
    """
    options = read_options(asked.options)
    scenes = scene_file.read(asked.scenes, options)
    chosen = [one for one in scenes.scenes if not one.is_care]  # nobody is held out of care
    log = scene_log.read(log_folder(params))
    if log.is_empty():
        raise FileNotFoundError(
            f"{log_folder(params)}: no night is logged; `memberlens scenes` logs one each time it runs"
        )
    now = extract_moment(read_artifact(Ingest, params.build)) + 1
    looks = _looks(params, _day(now - 1))
    found = _read(params, chosen, scenes, log, now, looks)
    told: ScenesRead = {
        "name": NAME, "data": params.data, "day": _day(now - 1), "looks": looks,
        "currency": options.currency, "nights": log["at"].n_unique(),
        "since": _day(log["at"].min() - 1), "until": _day(log["at"].max() - 1), "scenes": found,
        "care": [_words(one) for one in scenes.scenes if one.is_care],
    }  # fmt: skip
    folder = log_folder(params).parent
    write_json(folder / FILE, told)
    write_text(folder / PAGE, pages.scenes(told, params.report.language))
    return told


def page(params: Params) -> Path:
    """Return where the page is."""
    return log_folder(params).parent / PAGE


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


def _looks(params: Params, day: str) -> int:
    """How many extracts have been looked at, this one included: the same one again is no new look."""
    path = log_folder(params).parent / FILE
    if not path.exists():
        return 1
    before = read_json(path)
    return int(before["looks"]) + (before["day"] != day)


def _read(
    params: Params, chosen: list[Scene], scenes: Scenes, log: pl.DataFrame, now: int, looks: int
) -> list[SceneRead]:
    """Each scene, and where several share a holdout all of them together."""
    heads, read = dict[str, SceneHead](), dict[str, SceneReadout]()
    for one in chosen:
        met, days = scene_log.first_met(log, one.name), window_days(params, one)
        added = None if one.worth_finding is None else one.worth_finding.added
        heads[one.name] = {**_words(one), "window_days": days, "together": False}
        read[one.name] = scene_readout(
            _followed(params, met, log, one.name, days, now), days, now, added, looks
        )
    for kind, name in ALL.items():
        together = [one for one in chosen if one.about == kind]
        if len(together) > 1 and scenes.hold_out > 0:
            days = max(window_days(params, one) for one in together)
            met = scene_log.first_met_by_any(log, kind)
            words = said(f"scenes.{name}")
            heads[name] = {
                "name": name, "en": words["en"], "zh": words["zh"], "window_days": days, "together": True
            }  # fmt: skip
            read[name] = scene_readout(_followed(params, met, log, None, days, now), days, now, None, looks)
    judged = verdicts(read)
    return [{**heads[name], **_told(one), "verdict": judged[name]} for name, one in read.items()]


def _words(scene: Scene) -> SceneName:
    option = None if scene.action.content == "" else scene.action.name
    return {"name": scene.name, "en": scene.en, "zh": scene.zh, "about": scene.about, "owner": scene.owner,
            "option": option, "channel": scene.action.channel}  # fmt: skip


def _followed(
    params: Params, met: pl.DataFrame, log: pl.DataFrame, scene: str | None, days: float, now: int
) -> pl.DataFrame:
    """Meetings with what became of each, and whether something was done in spite of the draw."""
    own = log if scene is None else log.filter(pl.col("scene") == scene)
    found = with_outcomes(met, params.build / "tables", days, now)
    return found.with_columns(again=scene_log.acted_on(met, own, days))


def _told(one: SceneReadout) -> SceneCounts:
    return {
        "met": one.met, "held_out": one.held_out, "waiting": one.waiting, "held_answers": one.held_answers,
        "next_over": None if one.next_over is None else _day(one.next_over),
        "worth_finding": one.worth_finding, "smallest_added": one.smallest_added,
        "found": None if one.found is None else _found(one.found),
    }  # fmt: skip


def _found(found: Readout) -> SceneFound:
    return {
        "answers": total(found.answers), "margin": total(found.margin), "opt_outs": total(found.opt_outs),
        "cost": found.cost, "contacted_though_held_out": found.contacted_though_held_out,
        "not_contacted": found.not_contacted, "variance_left": found.variance_left,
    }  # fmt: skip


def text(told: ScenesRead, only: Sequence[str] = ()) -> str:
    """Return the readout as lines in English, then in Chinese.

    Parameters
    ----------
    only
        Names of scenes; all where it is empty. Judged are all together, whichever are told.

    Raises
    ------
    ValueError
        A scene that was not read.
    """
    names = [one["name"] for one in told["scenes"]]
    if unknown := [name for name in only if name not in names]:
        raise ValueError(f"no scene {unknown[0]!r} with a holdout; allowed are {', '.join(names)}")
    shown = [one for one in told["scenes"] if not only or one["name"] in only]
    chosen: ScenesRead = {**told, "scenes": shown}
    return "\n".join(line for word in LANGUAGES for line in _lines(chosen, word))


def _lines(told: ScenesRead, language: str) -> list[str]:
    head = said(
        "scenes.line.head",
        day=told["day"], nights=told["nights"], since=told["since"], until=told["until"],
    )  # fmt: skip
    lines = [head[language]]
    lines += [line for one in told["scenes"] for line in _of_scene(one, told, language)]
    if told["care"]:
        lines.append("  " + said("scenes.line.care", names=joined(told["care"]))[language])
    return lines


def _of_scene(one: SceneRead, told: ScenesRead, language: str) -> list[str]:
    counts, found = _counts(one), one["found"]
    verdict = said(f"scenes.verdict.{one['verdict']}")
    lines: list[tuple[str, dict[str, Any]]] = [("line.scene", {"name": one, "verdict": verdict})]
    if one["met"]:
        lines.append(("line.met", counts))
    if one["waiting"]:
        lines.append(("line.waiting", counts))
    if found is not None and one["verdict"] in claims.SHOWN:
        lines.append(("line.brought", _figures(found, told)))
    if found is not None and found["contacted_though_held_out"]:
        lines.append(
            ("compared.leaked", counts | {"name": one, "leaked": found["contacted_though_held_out"]})
        )
    if found is not None and found["not_contacted"] and not one["together"]:
        lines.append(
            ("compared.missed", {"name": one, "missed": found["not_contacted"], "meant": counts["got"]})
        )
    texts = [said(f"scenes.{key}", **values)[language] for key, values in lines]
    return [f"  {texts[0]}", *(f"    {text}" for text in texts[1:])]


def _counts(one: SceneRead) -> dict[str, str]:
    return {
        "got": f"{one['met'] - one['held_out']:,}", "held": f"{one['held_out']:,}",
        "answers": f"{one['held_answers']:,.0f}", "waiting": f"{one['waiting']:,}",
        "days": f"{one['window_days']:g}", "next": one["next_over"] or "",
    }  # fmt: skip


def _figures(found: SceneFound, told: ScenesRead) -> dict[str, str]:
    ends = {
        f"{name}_{end}": f"{amount:,.0f}"
        for name, added in (("answers", found["answers"]), ("margin", found["margin"]))
        for end, amount in (("value", added["value"]), ("low", added["low"]), ("high", added["high"]))
    }
    return ends | {"cost": f"{found['cost']:,.2f}", "currency": told["currency"] or ""}
