"""Every task of a data set on Spark, one after the other."""

from collections.abc import Callable
from typing import Any

from training.data.artifacts import Ingest, read_artifact
from training.params import Params
from training.spark.life import Life
from training.spark.place import Place
from training.spark.report_steps import Told
from training.spark.steps import code


def life(session: Callable[[], Any], params: Params, count: int) -> None:
    """Run every step of every task that is out of date, on tables cut into ``count`` buckets.

    ``session`` is called where there is anything to do.

    Raises
    ------
    FileNotFoundError
        No tables, or no list of consents.
    ValueError
        A task without questions, with outcomes of one kind, or about nobody.
    """
    build = params.build.resolve()
    for name in params.tasks:
        place = Place(params.model_dump_json(), str(build), name, count, code())
        Told(Life(session, place, read_artifact(Ingest, build))).run()


def require_tables(params: Params) -> None:
    """Refuse, before a session is opened, a folder without tables and settings that Spark does not know."""
    stale = [name for name in params.tasks if getattr(params.spine, name).stale is not None]
    if stale:
        raise ValueError(f"params.yaml: spine.{stale[0]}.stale is not there on Spark; leave it out")
    for path in (params.build / "ingest.json", params.build / "tables", params.build / "consent"):
        if not path.exists():
            raise FileNotFoundError(
                f"{path}: not found; `memberlens ingest` and `memberlens consent` write what Spark reads"
            )
