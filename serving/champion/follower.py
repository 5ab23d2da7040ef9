"""A process beside the service that asks the registry for new champions.

MLflow stays out of the serving process: it takes seconds to import and some hundred megabytes,
and a store that hangs or fails must not touch a request.
"""

import os
import subprocess
import sys
import threading
import time

from serving.champion import registry
from serving.settings import Settings
from serving.tasks import TASK_NAMES

AGAIN_SECONDS = 30.0
LATER_SECONDS = 5.0


def keep(stop: threading.Event) -> None:
    """Run the following process until ``stop``; start it again where it ends by itself."""
    stop.wait(LATER_SECONDS)  # the service answers first
    while not stop.is_set():
        command = [sys.executable, "-m", "serving", "follow", "--parent", str(os.getpid())]
        process = subprocess.Popen(command)
        while process.poll() is None and not stop.wait(1.0):
            pass
        process.terminate()
        stop.wait(AGAIN_SECONDS)


def follow(settings: Settings, parent: int) -> None:
    """Copy every new champion, for as long as the process ``parent`` lives."""
    told: dict[str, str] = {}
    while os.getppid() == parent:
        for task in TASK_NAMES:
            try:
                word = f"version {registry.pull(settings, task)}"
            except registry.failures() as error:
                word = f"not asked: {type(error).__name__}"
            if told.get(task) != word:
                print(f"registry: {task}: {word}", file=sys.stderr, flush=True)
                told[task] = word
        registry.mark_asked(settings)
        time.sleep(settings.follow_seconds)
