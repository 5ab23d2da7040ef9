"""Stage ``report``: one file for reviewers, from what the stages before it wrote."""

import json
import shutil
from pathlib import Path
from typing import Any

from training.io import read_json, say, write_json
from training.params import Params
from training.reporting.build import build
from training.reporting.info import load
from training.reporting.render import index, page
from training.reporting.source import Source
from training.review.signoff import digest, signatures

LARGEST = 3_000_000  # bytes: a report is sent by mail and opened on a phone


def report(params: Params, name: str) -> None:
    """Write ``report.json`` and ``report.html`` of one task, and the index of the data set."""
    found = build(Source(params, name), load(params.data, name))
    write_json(params.results / name / "report.json", json.loads(json.dumps(found, allow_nan=False)))
    write_pages(params, name)


def write_pages(params: Params, name: str) -> None:
    """The pages of one task and the index, from ``report.json`` and the signatures under it.

    Raises
    ------
    ValueError
        Where the report would be larger than 3 MB.
    """
    out = params.results / name
    found = read_json(out / "report.json")
    html = page(found, signed(params, name), params.report.language)
    size = len(html.encode())
    if size > LARGEST:
        raise ValueError(f"{out / 'report.html'}: {size:,} bytes, allowed are {LARGEST:,}")
    _write(out / "report.html", html)
    write_index(params)
    say(f"{name}: {out / 'report.html'}, {size / 1e6:.1f} MB, {found['sections']['verdict']['status']}")


def write_index(params: Params) -> None:
    """The page that links the reports of all tasks and their kept versions."""
    _write(params.results / "index.html", index(_reports(params), _versions(params), params.report.language))


def keep(params: Params, name: str) -> Path:
    """Copy the present report to ``reports/``, where signed and released versions stay."""
    out = params.results / "reports" / f"{name}-{digest(params, name)[:12]}"
    out.parent.mkdir(parents=True, exist_ok=True)
    for kind in (".json", ".html"):
        shutil.copyfile(params.results / name / f"report{kind}", out.with_suffix(kind))
    return out.with_suffix(".html")


def _versions(params: Params) -> list[dict[str, Any]]:
    """What the index says of each kept version, by task, the newest data first."""
    found = []
    for path in sorted((params.results / "reports").glob("*.json")):
        data = read_json(path)
        facts = {key: data[key] for key in ("task", "extracted_at")}
        status = data["sections"]["verdict"]["status"]
        found.append(facts | {"status": status, "file": path.with_suffix(".html").name})
    found.sort(key=lambda row: row["extracted_at"], reverse=True)
    return sorted(found, key=lambda row: row["task"])


def _reports(params: Params) -> list[dict[str, object]]:
    """What the index says of each task that has a report."""
    tasks = [task for task in params.tasks if (params.results / task / "report.json").exists()]
    return [
        read_json(params.results / task / "report.json")
        | {"sha256": digest(params, task), "signed": sum(row["holds"] for row in signed(params, task))}
        for task in tasks
    ]


def signed(params: Params, name: str) -> list[dict[str, Any]]:
    """Every signature, and whether it is under the present report."""
    present = digest(params, name)
    return [
        row.model_dump(mode="json") | {"holds": row.report == present} for row in signatures(params, name)
    ]


def _write(path: Path, text: str) -> None:
    aside = path.with_suffix(path.suffix + ".part")
    aside.write_text(text)
    aside.rename(path)
