"""What scenes brought: ``readout.json`` beside the log of a brand's nights."""

from typing import NotRequired

from typing_extensions import TypedDict

from models.acting.documents import SceneName
from models.acting.scene_readout import Verdict
from models.card import Words
from training.results.campaign import AddedTotal


class SceneFound(TypedDict):
    """What a scene added over those not held out of it; ``margin`` is in sales."""

    answers: AddedTotal
    margin: AddedTotal
    opt_outs: AddedTotal
    cost: float
    contacted_though_held_out: int
    not_contacted: int
    variance_left: float


class SceneCounts(TypedDict):
    """Whom a scene met; ``found`` is None with fewer than two in an arm."""

    met: int
    held_out: int
    waiting: int
    held_answers: float
    next_over: str | None
    worth_finding: float | None
    smallest_added: float | None
    found: SceneFound | None


class SceneHead(Words):
    """A scene, or all of a kind ``together``, and the days in which an answer counts."""

    name: str
    about: NotRequired[str]  # of a scene, as of ``SceneName``
    owner: NotRequired[str]
    option: NotRequired[str | None]
    channel: NotRequired[str]
    window_days: float
    together: bool


class SceneRead(SceneHead, SceneCounts):
    """One scene, read."""

    verdict: Verdict


class ScenesRead(TypedDict):
    """``readout.json`` of scenes."""

    name: str
    data: str
    day: str
    looks: int
    currency: str | None
    nights: int
    since: str
    until: str
    scenes: list[SceneRead]
    care: list[SceneName]
