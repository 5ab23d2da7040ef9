"""serving/settings.yaml, typed: an unknown key or a wrong value stops at once and is named."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from features import unique_yaml
from features.section import Section, validated
from features.yaml_lines import lines_of

OWN = Path(__file__).parent / "settings.yaml"


# Calls that a worker may have waiting: by record they take some milliseconds each, so that the last of them
# is answered after half a second where all come at once, well inside `seconds`.
WAITING = 64


class Rate(Section):
    """So many requests in so many seconds; as many may come at once."""

    requests: int = Field(ge=1)
    seconds: int = Field(ge=1)


class Limits(Section):
    """What one call and all calls together may take."""

    body_bytes: int = Field(default=4_000_000, ge=1_000)
    job_bytes: int = Field(default=10_000_000, ge=1_000)
    in_flight: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    bulk_in_flight: int = Field(default=8, ge=1)
    arriving: int = Field(default=64, ge=1)
    queued_items: int = Field(default=5_000_000, ge=1)
    workers: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    threads: int = Field(default=2, ge=1)
    seconds: float = Field(default=1.5, gt=0)
    bulk_seconds: float = Field(default=20, gt=0)
    body_seconds: float = Field(default=10, gt=0)

    @property
    def single_in_flight(self) -> int:
        """How many calls about one subject at a time, of all workers: as stated, or ``WAITING`` each."""
        return WAITING * self.processes if self.in_flight == "auto" else self.in_flight

    @property
    def processes(self) -> int:
        """How many workers: as many as stated, or two where the machine has two cores."""
        if self.workers != "auto":
            return self.workers
        return min(
            2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        )


class Experiment(Section):
    """An experiment that answers name an arm for."""

    name: str = Field(min_length=1)
    salt: str = Field(min_length=1, description="kept secret, and another one for each experiment")
    control_share: float = Field(ge=0, le=1)


class Adapters(Section):
    """Secrets shared with systems that sign their calls; without one its routes are closed."""

    public_url: str = ""
    hubspot_secret: str | None = Field(default=None, repr=False)
    sfmc_secret: str | None = Field(default=None, repr=False)

    @classmethod
    def of_environment(cls) -> "Adapters":
        """Return ``MEMBERLENS_PUBLIC_URL``, ``MEMBERLENS_HUBSPOT_SECRET``, ``MEMBERLENS_SFMC_SECRET``."""
        named = {name: os.environ.get(f"MEMBERLENS_{name.upper()}") for name in cls.model_fields}
        return cls.model_validate({name: value for name, value in named.items() if value})


class Settings(Section):
    """The whole of the settings; paths are relative to ``home``."""

    home: Path = Path()
    data: str = Field(
        default="brand", pattern=r"^[a-z0-9][a-z0-9_-]*$", description="which data set is served"
    )
    build: Path = Path("build")
    state: Path = Path("build/serving")
    registry: str = "sqlite:///mlflow.db"
    follow_seconds: float = Field(default=10, gt=0)
    valid_hours: int = Field(default=24, ge=1)
    stale_days: float = Field(default=3, gt=0)
    clock: dict[str, Literal["wall", "data"]] = Field(default_factory=dict, description="by data set")
    reasons: int = Field(default=3, ge=0, le=5)
    results_days: int = Field(default=7, ge=1, description="how long a job's results are kept")
    scores_days: int = Field(default=400, ge=1, description="how long scores can be looked up by their id")
    outcomes_days: int = Field(default=730, ge=1, description="how long outcomes are kept")
    audit_days: int = Field(default=365, ge=1, description="how long lines of the audit are kept")
    without_key: Literal["this_machine", "nobody"] = "this_machine"
    hosts: tuple[str, ...] = Field(default=(), description="names that calls may use; any where empty")
    rate: Rate = Rate(requests=60_000, seconds=60)
    explain_rate: Rate = Rate(requests=600, seconds=60)
    limits: Limits = Limits()
    recommended: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="bands, by task; else those that its file says are acted on"
    )
    experiment: Experiment | None = None

    @property
    def build_dir(self) -> Path:
        """Where the pipeline publishes the snapshots of this data set, one folder a task."""
        return self.home / self.build / self.data

    @property
    def state_dir(self) -> Path:
        """What the service itself keeps: keys, jobs, outcomes."""
        return self.home / self.state

    @property
    def champions(self) -> Path:
        """Local copies of the released models, one folder a task."""
        return self.state_dir / "champions" / self.data

    def store(self) -> str:
        """Return the registry's address, with a relative SQLite path made absolute."""
        path = self.registry.removeprefix("sqlite:///")
        if path == self.registry or path.startswith("/"):
            return self.registry
        return f"sqlite:///{(self.home / path).absolute()}"


def load() -> Settings:
    """Return settings of this process: the file, the folder and the data set that is in use there."""
    file = Path(os.environ.get("MEMBERLENS_SETTINGS", OWN))
    home = Path(os.environ.get("MEMBERLENS_HOME", "."))
    found = {"home": home, "data": _in_use(home)} | (unique_yaml.read(file) or {})
    text = file.read_text(encoding="utf-8")
    return validated(Settings, found, lambda *keys: lines_of(text, file).at(*keys))


def _in_use(home: Path) -> str:
    """The data set that the pipeline of this folder works on."""
    params = home / "params.yaml"
    return str(unique_yaml.read(params)["data"]) if params.exists() else "brand"
