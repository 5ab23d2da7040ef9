"""The BentoML service: ``bentoml serve serving.service:MemberScores``."""

import gc
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import bentoml

# Read when Polars is first imported: for the few rows of a request a pool of threads is a loss.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

from serving import app, settings
from serving.audience_worker import Planning
from serving.champion import follower
from serving.database import Database
from serving.edge import instance
from serving.ledger.audience_store import Audiences
from serving.ledger.job_store import Jobs
from serving.state import State
from serving.worker import Work

# A thread that computes for many hands over to the one that answers singly after half a millisecond.
sys.setswitchinterval(0.0005)
os.umask(0o077)  # whatever the service writes is for its own user
loaded = settings.load()
instance.own_metrics(loaded.state_dir)
loaded.state_dir.chmod(0o700)  # what was written below it before, too
state = State(loaded)
jobs = Jobs(Database(state.settings.state_dir / "service.db"))
routes = app.build(state, jobs)


def _log(stop: threading.Event) -> None:
    consents = state.consents
    state.score_log.run(stop, lambda: state.champions.values(), state.settings, consents.is_erased)


@bentoml.service(
    name="memberlens",
    traffic={"timeout": 120},  # the gate keeps shorter ones of its own
    workers=state.settings.limits.processes,
    threads=1,
    tracing={"excluded_urls": ".*"},  # tracing costs half of the throughput
    metrics={"enabled": False},  # labels with raw paths; the routes have their own
    logging={"access": {"enabled": False}},  # raw paths again; the gate logs templates
    http={"host": "127.0.0.1"},
)
class MemberScores:
    """Loads the local copies of the champions, answers for them and looks for new ones."""

    def __init__(self) -> None:
        logging.getLogger("memberlens").setLevel(logging.INFO)
        logging.getLogger("memberlens.serving").info("access: %s", routes.access.said())
        state.load()
        state.fresh = not state.champions
        gc.collect()
        gc.freeze()  # what is loaded stays: going through it again and again would stop every thread
        state.connections.join()
        self._stop = threading.Event()
        self._start("watch", state.watch)
        self._start("scores", _log)
        self._start("consents", state.consents.watch)
        self._start("jobs", Work(state, jobs).run)
        self._start("audiences", Planning(state, Audiences(jobs.database)).run)
        if bentoml.server_context.worker_index in (None, 1):  # one of the workers is enough
            self._start("follow", follower.keep)

    def _start(self, name: str, work: Callable[[threading.Event], None]) -> None:
        threading.Thread(target=work, args=(self._stop,), daemon=True, name=name).start()

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def stop(self) -> None:
        """Let the threads end."""
        self._stop.set()
        state.score_log.close()


class Unframed:
    """Lets the routes answer every call: the framework starts, watches and stops the workers.

    What it would put around a call (a second router, spans, contexts, a timeout) costs more than
    the answer to a reference, and the gate has its own.
    """

    def __init__(self, framework: Any) -> None:
        self.framework = framework

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await (routes if scope["type"] == "http" else self.framework)(scope, receive, send)


MemberScores.add_asgi_middleware(Unframed)  # type: ignore[attr-defined]
