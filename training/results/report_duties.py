"""Sections of the report on what people answer for: purpose, monitoring, rights, lineage."""

from typing import Literal

from pydantic import with_config
from typing_extensions import TypedDict

from models.card import BandRow
from training.data.artifacts import STRICT
from training.results.explained import OtherwiseCount
from training.results.section import Named, Words


@with_config(STRICT)
class Pauses(TypedDict):
    """How long members pause between purchases, in days, and the share of pauses ``within`` the window."""

    n: int
    median: float
    ninth: float
    window: int
    within: float


@with_config(STRICT)
class CardBand(BandRow):
    """A band as a model's card has it, and nothing else."""


@with_config(STRICT)
class ModelInfo(TypedDict):
    """What people say about a model; see ``training.reporting.info.Info``."""

    owner: str
    developer: str
    validator: str
    contact: str
    decision: Named | None
    actor: Named | None
    frequency: Named | None
    intended: list[Named]
    tier: Named | None
    predecessor: Named | None
    opt_out: Named | None
    assessment_id: str
    audit_id: str
    retention: Named | None


@with_config(STRICT)
class Purpose(TypedDict):
    """What the model is for: the event in one sentence, who may use it for what."""

    assessed: Literal[True]
    dated: bool
    question: Words
    positive: Words
    days: int
    gap: int
    key: str
    base_rate: float
    bands: list[CardBand]
    pauses: Pauses | None
    by_chance: float | None
    info: ModelInfo


@with_config(STRICT)
class Watch(TypedDict):
    """What is measured once the model serves, how often, and its limits in words."""

    name: str
    rhythm: str
    amber: str
    red: str


@with_config(STRICT)
class Monitoring(TypedDict):
    """The plan; ``delay`` is the days until an outcome is known, ``control`` the share held out."""

    assessed: Literal[True]
    rows: list[Watch]
    owner: str
    delay: int
    control: float | None
    valid_days: int


@with_config(STRICT)
class Demand(TypedDict):
    """What a rule asks for, what shows it, and whether it is met; ``values`` of the sentence ``shown``."""

    rule: str
    demand: str
    evidence: str
    result: Literal["good", "warn"]
    shown: str
    values: OtherwiseCount | dict[str, int]


@with_config(STRICT)
class Rights(TypedDict):
    """What rules ask for, row by row."""

    assessed: Literal[True]
    rows: list[Demand]
    assessment_id: str


@with_config(STRICT)
class Lineage(TypedDict):
    """From which code, data and settings the report was made; hashes are SHA-256."""

    assessed: Literal[True]
    commit: str | None
    dirty: bool | None
    data: str
    params: str
    task: str
    fingerprint: str
    extracted_at: str
    seed: int
    files: dict[str, str]
    lock: str | None
    study: str
    python: str
    packages: dict[str, str]
