"""What stands on a report's page beside ``report.json`` and changes while that stays.

Signatures, the comparison with the model that serves, and how often the test was looked at: none of them
may change the report's hash, to which signatures are tied.
"""

from typing import Any

import polars as pl

from training.data.artifacts import FILES, read_artifact
from training.evaluation import looks
from training.params import Params
from training.reporting.source import unassessed
from training.results.challenger import Challenger
from training.review.gates import wanted_gates
from training.review.signoff import digest, rows


def beside(params: Params, name: str) -> dict[str, Any]:
    """Return everything beside the task's present report, as plain data; ``report`` is the report's hash."""
    out, present = params.results / name, digest(params, name)
    compared, test = out / FILES[Challenger], params.build / name / "test.parquet"
    return {
        "report": present,
        "language": params.report.language,
        "signatures": [row | {"holds": row["report"] == present} for row in rows(params, name)],
        "challenger": read_artifact(Challenger, out) if compared.exists() else unassessed("not_compared"),
        "looks": {**looks.past_looks(out, pl.read_parquet(test)), "most": wanted_gates()["test"]["looks"]},
    }
