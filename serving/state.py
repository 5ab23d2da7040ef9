"""What the routes share: the champions that answer in this process, and how they change."""

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import ParamSpec, TypeVar

from xgboost.core import XGBoostError

from serving.answering import answers
from serving.answering.answers import Answer
from serving.champion import registry
from serving.champion.acceptance_test import run_acceptance_test
from serving.champion.champion import Champion
from serving.champion.retries import Attempts
from serving.consent.consents import Consents
from serving.contract.problems import Problem
from serving.contract.schema import Item
from serving.damage import DAMAGED
from serving.database import Database
from serving.edge import instance
from serving.edge.connections import Connections
from serving.edge.gathering import Gathering
from serving.edge.in_flight import InFlight
from serving.edge.service_metrics import Metrics
from serving.edge.threads import Threads
from serving.ledger.score_log import ScoreLog
from serving.settings import Settings
from serving.tasks import OPTIONAL, TASK_NAMES

P = ParamSpec("P")
R = TypeVar("R")
Asking = tuple[Champion, asyncio.AbstractEventLoop, Gathering[Item, Answer | Problem]]
BROKEN = (*DAMAGED, XGBoostError)
LOOK_SECONDS = 1.0
logger = logging.getLogger("memberlens.serving")


@dataclass
class State:
    """One of it a process.

    A new champion is loaded beside the old one, put on trial and then takes its place in one
    assignment: calls that have begun end with the one they began with.
    """

    settings: Settings
    champions: dict[str, Champion] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=Metrics)
    fresh: bool = False  # started without a copy of any champion
    attempts: Attempts = field(default_factory=Attempts)
    gatherings: dict[str, Asking] = field(default_factory=dict)

    @cached_property
    def threads(self) -> Threads:
        return Threads(self.settings.limits.threads)

    @cached_property
    def in_flight(self) -> InFlight:
        """Calls being answered, of all workers of this instance."""
        file = instance.shared_file("in_flight")
        return InFlight() if file is None else InFlight.shared(file)

    @cached_property
    def connections(self) -> Connections:
        """Kept connections, shared out among all workers of this instance."""
        file = instance.shared_file("connections")
        return Connections() if file is None else Connections.shared(file)

    @cached_property
    def score_log(self) -> ScoreLog:
        return ScoreLog(self.settings.state_dir, self.metrics.unlogged)

    @cached_property
    def consents(self) -> Consents:
        """Who may be scored, now; in the database that jobs and outcomes are in."""
        return Consents(self.settings.build_dir / "consent", Database(self.settings.state_dir / "service.db"))

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``work`` about one subject in a thread; the caller's deadline does not wait for it."""
        return await self.threads.run("single", work, *args, **kwargs)

    async def answer(self, champion: Champion, item: Item) -> Answer:
        """Answer for one item, with those who wait at the same time; ``Problem`` where there is no answer."""
        ready = answers.at_once(champion, item, self.settings, self.now(), self.consents)
        if ready is not None:  # quicker than a thread
            return ready
        return answers.given(await self._gathering(champion).ask(item))

    def _gathering(self, champion: Champion) -> Gathering[Item, Answer | Problem]:
        """Return where questions to a champion gather; those to the one before it end with that one."""
        found, loop = self.gatherings.get(champion.task), asyncio.get_running_loop()
        if found is None or found[0] is not champion or found[1] is not loop:

            async def run(items: list[Item]) -> list[Answer | Problem]:
                work = (champion, items, self.settings, self.now(), self.consents)
                return await self.run(answers.outcomes, *work)

            found = self.gatherings[champion.task] = champion, loop, Gathering(run)
        return found[2]

    async def run_bulk(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``work`` about many subjects in a thread that single answers do not wait for."""
        return await self.threads.run("bulk", work, *args, **kwargs)

    async def run_store(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run ``work`` with the store on disk, which may be slow or locked."""
        return await self.threads.run("store", work, *args, **kwargs)

    def load(self) -> None:
        """Look for what is new, and for what failed and is due again, once."""
        for task in TASK_NAMES:
            try:
                found = self._published(task)
            except BROKEN as error:
                self._refuse(task, f"{type(error).__name__} where its version should stand")
                self.attempts.forget(task)
                continue
            if found is not None and self.attempts.due(task, found):
                self._change(task, found[0])
                self.attempts.ended(task, found, self.doubtful(task))

    def doubtful(self, task: str) -> bool:
        """Tell whether the newest release of a task, or what was published for it, was refused."""
        champion = self.champions.get(task)
        return task in self.refused or (champion is not None and champion.refusal is not None)

    @property
    def ready(self) -> bool:
        """Whether everything that should answer does, or was refused.

        On the very first start copies of the champions come one by one: not ready with the first.
        """
        here = [task for task in TASK_NAMES if registry.local(self.settings, task) is not None]
        coming = any(task not in self.champions and task not in self.refused for task in here)
        first = self.fresh and not registry.was_asked(self.settings)
        return bool(self.champions) and not coming and not first

    def watch(self, stop: threading.Event) -> None:
        """Look for what is new until ``stop``."""
        while not stop.wait(LOOK_SECONDS):
            try:
                self.load()
            except Exception:  # the thread must live: without it nothing new would ever be seen
                logger.exception("champions could not be looked for")

    def _published(self, task: str) -> tuple[str, int] | None:
        """The version that should serve, and when its snapshot was last published."""
        folder = registry.local(self.settings, task)
        if folder is None:
            return None
        facts = self.settings.build_dir / task / "snapshot" / "snapshot.json"
        return folder.name, facts.stat().st_mtime_ns if facts.exists() else 0

    def _change(self, task: str, version: str) -> None:
        reason = self._try(task, version)
        if reason is None:
            self.refused.pop(task, None)
        else:
            self._refuse(task, f"version {version}: {reason}")
            self._fall_back(task, version)
        self.metrics.refused.labels(task).set(reason is not None)
        champion = self.champions.get(task)
        self.metrics.snapshot_refused.labels(task).set(champion is None or champion.refusal is not None)

    def _refuse(self, task: str, why: str) -> None:
        """Tell once that the newest release does not answer."""
        if self.refused.get(task) != why:
            self.refused[task] = why
            logger.error("champion refused task=%s %s", task, why)
        self.metrics.refused.labels(task).set(True)

    def _fall_back(self, task: str, version: str) -> None:
        """Answer, beside a refused ``version``, with the last good one and the snapshot that is there now.

        Another worker may have found it good: all of them answer with the same.
        """
        champion, good = self.champions.get(task), registry.good(self.settings, task)
        other = good or (None if champion is None else champion.version)
        if other is not None and other != version:
            self._try(task, other)

    def _try(self, task: str, version: str) -> str | None:
        """Why the version may not answer, or None: then it does from now on."""
        folder, former = self.settings.champions / task / version, self.champions.get(task)
        try:
            found = Champion.load(folder, self.settings.build_dir, self.settings.state_dir / "history")
            run_acceptance_test(found, folder)
            logger.debug("champion read: %s", found.name)  # what it says of itself, too
        except BROKEN as error:
            return str(error)
        self._take(task, _with_snapshot(found, former), former)
        registry.keep_good(self.settings, task, version)
        return None

    def _take(self, task: str, found: Champion, former: Champion | None) -> None:
        self.champions = self.champions | {task: found}
        self.metrics.loaded(found.name, None if former is None else former.name)
        logger.info("champion task=%s version=%s snapshot=%s", task, found.version, found.refusal or "ok")

    def champion(self, task: str) -> Champion:
        """Return the one that answers for ``task``; a ``Problem`` where there is none yet."""
        if task not in self.champions:
            if task in OPTIONAL:  # waiting would not help
                raise Problem("unknown_model", "No model of this name has been released here.")
            wait = {"Retry-After": "30"}
            raise Problem("not_ready", "No model of this name has been released yet.", headers=wait)
        return self.champions[task]

    def now(self) -> datetime:
        return datetime.now(UTC)


def _with_snapshot(found: Champion, former: Champion | None) -> Champion:
    """A refused snapshot does not take away the one before it, as long as the features are the same."""
    if found.snapshot is not None or former is None or former.snapshot is None:
        return found
    same = former.card["fingerprint"] == found.card["fingerprint"]
    return replace(found, snapshot=former.snapshot) if same else found
