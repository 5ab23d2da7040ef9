"""Which model serves: gates from a file, aliases in the registry, a log that only grows."""

import shutil
from typing import Literal

from features.replacing import replacing_folder
from models.acting_model import champion_folder, has_acting_scores
from models.fitted.release_format import BEST, CHALLENGER, CHAMPION, FOLDER, PREVIOUS
from training.data.artifacts import Dataset, read_artifact
from training.io import say
from training.params import Params
from training.registry import tracking
from training.registry.release_log import Decision, append
from training.reporting.sections.challenger import is_best
from training.reporting.source import Source
from training.results.report_verdict import Gate
from training.results.run_record import Tracked
from training.review.gates import release_gates
from training.stages.report import keep, tell_service, write_index
from training.stages.score import score


class RefusedError(Exception):
    """A gate is not passed; the message says which and by how much."""


def release(params: Params, name: str, by: str = "pipeline", why: str = "") -> str:
    """Make the newest tracked model the champion, if every gate is passed.

    The former champion becomes ``previous``. A model that is refused stays ``challenger``, and everybody is
    scored by the champion again: what lists and plans start from is never a model that was refused.
    Every decision is appended to ``experiments/<data>/releases.jsonl``.
    """
    api, registered = tracking.client(), tracking.registered_name(params, name)
    tracked = read_artifact(Tracked, params.build / name)
    version, champion = tracked["model_version"], tracking.holder(registered, CHAMPION)
    if champion == version:
        say(f"{registered}: version {version} is the champion already")
        return version
    api.set_registered_model_alias(registered, CHALLENGER, version)
    copy_serving(params, name)
    gates = release_gates(params, name)
    passed = all(gate["passed"] for gate in gates)
    append(params, registered, version, _decision("release" if passed else "refuse", by, why, gates))
    if not passed:
        failed = "; ".join(
            f"{g['gate']}: {g['value']} (needs {g['needs']})" for g in gates if not g["passed"]
        )
        score_by_champion(params, name)
        raise RefusedError(f"{registered} version {version} is not released: {failed}")
    if champion is not None:
        api.set_registered_model_alias(registered, PREVIOUS, champion)
    api.set_registered_model_alias(registered, CHAMPION, version)
    api.delete_registered_model_alias(registered, CHALLENGER)
    if tracking.holder(registered, BEST) is None or is_best(Source(params, name)):
        api.set_registered_model_alias(registered, BEST, version)
    copy_serving(params, name)
    tell_service(params, name)
    keep(params, name)
    write_index(params)
    say(f"{registered}: version {version} is the champion")
    return version


def rollback(params: Params, name: str, by: str = "pipeline", why: str = "") -> str:
    """Make ``previous`` the champion again."""
    api, registered = tracking.client(), tracking.registered_name(params, name)
    previous, champion = (tracking.holder(registered, alias) for alias in (PREVIOUS, CHAMPION))
    if previous is None:
        raise RefusedError(f"{registered}: there is no previous champion to go back to")
    api.set_registered_model_alias(registered, CHAMPION, previous)
    if champion is not None:
        api.set_registered_model_alias(registered, PREVIOUS, champion)
    if tracking.holder(registered, BEST) == champion:  # who was taken back is no measure for others
        api.set_registered_model_alias(registered, BEST, previous)
    append(params, registered, previous, _decision("rollback", by, why, []))
    copy_serving(params, name)
    score_by_champion(params, name)
    say(f"{registered}: version {previous} is the champion again")
    return previous


def score_by_champion(params: Params, name: str) -> None:
    """Score everybody by the champion where the scores that are published are another model's.

    Where it cannot, that is said and the decision stands: nobody acts on the scores that lie there.
    """
    folder = params.build / name
    if not (folder / "scores.parquet").exists() or has_acting_scores(folder):
        return
    if read_artifact(Dataset, folder).get("sample"):
        say(f"{name}: the scores in {folder} are not the champion's; run its pipeline on Spark again")
        return
    try:
        score(params, name, champion_folder(folder))
    except ValueError as error:  # its features are gone, or mean otherwise now
        say(str(error))


def copy_serving(params: Params, name: str) -> None:
    """Copy ``champion/``, ``previous/`` and ``best/`` of the task from the registry, each by one rename."""
    registered = tracking.registered_name(params, name)
    for alias in (CHAMPION, PREVIOUS, BEST):
        folder, version = params.build / name / alias, tracking.holder(registered, alias)
        mark = folder / "version"
        if version is None or (mark.exists() and mark.read_text() == version):
            continue
        with replacing_folder(folder) as aside, tracking.logged(registered, version, FOLDER) as found:
            shutil.copytree(found, aside, dirs_exist_ok=True)
            (aside / "version").write_text(version)


def _decision(
    decision: Literal["release", "refuse", "rollback"], by: str, why: str, gates: list[Gate]
) -> Decision:
    return {"decision": decision, "by": by, "why": why, "gates": gates}
