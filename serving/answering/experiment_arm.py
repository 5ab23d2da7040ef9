"""Who is in the control arm of an experiment: always the same answer for the same subject."""

import hashlib
from typing import Literal

from serving.settings import Experiment

Arm = Literal["treat", "control", "none"]


def arm(experiment: Experiment | None, task: str, subject: str | None) -> Arm:
    """Split by a salted hash, so that it depends on nothing that is known of the subject.

    >>> from serving.settings import Experiment
    >>> quarter = Experiment(name="spring", salt="s", control_share=0.25)
    >>> arms = [arm(quarter, "churn", f"m{i}") for i in range(1000)]
    >>> 0.2 < arms.count("control") / 1000 < 0.3
    True
    """
    if experiment is None or subject is None:
        return "none"
    text = "\x00".join((experiment.salt, experiment.name, task, subject))
    place = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64
    return "control" if place < experiment.control_share else "treat"
