"""Stage ``economics``: what is stated about money, a file a task, so that a change stays in its task."""

from training.io import write_json
from training.params import Params


def economics(params: Params) -> None:
    """Write ``economics/<task>.json`` and ``<task>-capacity.json``, null where nothing is stated.

    They exist for DVC, which tracks parameters by key and stops where a task's key is not there: the
    stages depend on these files and read the parameters. The capacity cuts the bands, which are part of
    the model; another cost must not fit it anew.
    """
    for task in params.tasks:
        stated = getattr(params.economics, task)
        folder = params.build / "economics"
        write_json(folder / f"{task}.json", None if stated is None else stated.model_dump(mode="json"))
        write_json(folder / f"{task}-capacity.json", None if stated is None else stated.capacity)
