"""The thread that plans audiences, one at a time: the pipeline's own code over the offers it published."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import time
from typing import Any, ParamSpec, TypeVar

import polars as pl
from polars.exceptions import PolarsError

from models.acting import brief, draft, inputs, plan_approval, published_plans
from models.acting.documents import PlanFacts
from models.acting.draft import PlanRequest
from models.acting.inputs import Inputs
from models.acting.refusal import RefusalError
from models.phrases import LANGUAGES
from serving import background
from serving.acting.audience_rows import withdrawn
from serving.ledger.audience_store import Audiences
from serving.state import State

P = ParamSpec("P")
R = TypeVar("R")
BEAT_SECONDS, STALE_SECONDS = 5.0, 60.0
logger = logging.getLogger("memberlens.audiences")


@dataclass
class Planning:
    """One worker; several processes may have one on the same store."""

    state: State
    audiences: Audiences
    clock: Callable[[], float] = time

    @property
    def owner(self) -> str:
        return background.owner()

    def run(self, stop: threading.Event) -> None:
        """Plan until ``stop``."""
        background.run(self.step, stop, "audience store", logger)

    def step(self) -> bool:
        """Make one audience; False where nothing is asked for."""
        one = self.audiences.claim(self.owner, self.clock(), STALE_SECONDS)
        if one is None:
            return False
        with self._beating(one["id"]):
            try:
                rows, told = self._made(one["asked"])
            except ValueError as error:  # one sentence of the planner's that says what to change
                said = error.said if isinstance(error, RefusalError) else dict.fromkeys(LANGUAGES, str(error))
                self.audiences.fail(one["id"], self.owner, said, self.clock())
            else:
                self.audiences.keep(one["id"], self.owner, rows, told, self.clock())
        return True

    def _made(self, asked: dict[str, Any]) -> tuple[pl.DataFrame, PlanFacts]:
        """The list of a plan that is there, or a plan of its own without those who have withdrawn since."""
        published = self.state.settings.build_dir
        if "plan" in asked:
            folder = published / published_plans.FOLDER
            approval = _read(published_plans.approval, folder, asked["plan"])
            plan_approval.require(approval, self.state.now().date())
            return _read(published_plans.read, folder, asked["plan"])
        return planned(_read(inputs.load, published / inputs.FOLDER), _asked(asked), self.state)

    @contextmanager
    def _beating(self, audience: str) -> Iterator[None]:
        """Say every few seconds that this worker lives: a plan of a million members takes a minute."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(BEAT_SECONDS):
                try:
                    self.audiences.beat(audience, self.owner, self.clock())
                except sqlite3.OperationalError as error:
                    logger.error("audience store: %s", error)

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _asked(asked: dict[str, Any]) -> PlanRequest:
    only = asked.get("options")
    return PlanRequest(
        asked["name"], asked.get("budget"), asked["hold_out"], asked["explore"], asked.get("salt"),
        None if only is None else tuple(only), asked["blind"],
    )  # fmt: skip


def _read(read: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What the pipeline published; ``RefusalError`` in words for callers where it cannot be read."""
    try:
        return read(*args, **kwargs)
    except (ValueError, KeyError, OSError, PolarsError) as error:
        logger.error("audience refused reason=%s", type(error).__name__)
        raise RefusalError.worded("unreadable") from None


def planned(found: Inputs, asked: PlanRequest, state: State) -> tuple[pl.DataFrame, PlanFacts]:
    """Return the list and what is told of it, as ``memberlens plan`` makes both from the same inputs."""
    gone = withdrawn(state.consents, found.people.audience.ids, state.now())
    made = draft.drafted(inputs.without(found, gone), asked)
    return draft.listed(made), brief.facts(asked, made)
