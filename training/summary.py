"""The last screen of a run."""

from typing import Any

from training.files import read_json
from training.params import Params


def summarise(params: Params) -> str:
    """One line a task, what was left out and why, and the next commands."""
    lines = [f"{params.data}: out of time, with 95 % intervals"]
    for name in params.tasks:
        out = params.results / name
        detail = read_json(out / "detail.json")
        lines.append(_line(name, detail))
        lines.append(f"  {'':10}report {out / 'report.html'}")
    ingest = read_json(params.build / "ingest.json")
    lines += [f"  {task:10}left out: {why}" for task, why in ingest.get("left_out", {}).items()]
    bad = sum(table["quarantined"] for table in ingest["tables"].values())
    lines.append(f"{bad:,} rows in quarantine: {params.build / 'quarantine.parquet'}")
    lines.append("next: make serve (scores on localhost), make ui (MLflow), make help")
    return "\n".join(lines)


def _line(name: str, detail: dict[str, Any]) -> str:
    best = detail["best_baseline"]
    found = {key: detail["estimators"][key]["average_precision"] for key in ("model", best)}
    auc = detail["estimators"]["model"]["auc"]
    ap, other = found["model"], found[best]
    return (
        f"  {name:10}average precision {ap['value']:.3f} [{ap['low']:.3f}-{ap['high']:.3f}]"
        f" against {other['value']:.3f} of the best baseline ({best});"
        f" AUC {auc['value']:.3f} [{auc['low']:.3f}-{auc['high']:.3f}];"
        f" {detail['n']:,} rows, base rate {detail['base_rate']:.1%}"
    )
