"""Whatever is changed in the log of releases is found, by its own hashes or by the registry's tags."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import stages

from training.registry import release_log, tracking


@pytest.fixture
def registry(monkeypatch):
    """Tags by model and version, as the registry would have them."""
    found: dict[str, dict[str, dict[str, str]]] = {"made-up-churn": {"1": {}, "2": {}, "3": {}}}
    monkeypatch.setattr(
        tracking, "tag", lambda model, version, key, value: found[model][version].update({key: value})
    )
    monkeypatch.setattr(tracking, "versions", lambda model: iter(found.get(model, {}).items()))
    return found


@pytest.fixture
def log(registry, tmp_path, monkeypatch):
    """A log of four decisions about two versions; a third was never decided on."""
    monkeypatch.chdir(tmp_path)
    params = stages.params()
    for version, decision in (("1", "refuse"), ("1", "release"), ("2", "release"), ("1", "rollback")):
        release_log.append(params, "made-up-churn", version, {"decision": decision, "by": "A. Tester"})
    return params


def rewrite(params, rows) -> None:
    (params.results / release_log.LOG).write_text("".join(json.dumps(row) + "\n" for row in rows))


def rechained(rows):
    """As somebody would write it who knows how the hashes are made."""
    before = ""
    for row in rows:
        row["before"] = before
        row["hash"] = before = release_log._hash(row)
    return rows


def test_an_untouched_log_has_no_fault(log):
    assert release_log.faults(log) == []
    assert [row["decision"] for row in release_log.read(log)] == ["refuse", "release", "release", "rollback"]


@pytest.mark.parametrize("at", range(4))
def test_an_edit_of_any_line_is_found(log, at):
    rows = release_log.read(log)
    rows[at]["by"] = "A. Nother"
    rewrite(log, rows)
    assert release_log.faults(log) == [
        f"log of releases, line {at + 1}: was edited, it does not have the hash that it names"
    ]


@pytest.mark.parametrize("at", range(4))
def test_a_line_that_was_taken_out_is_found(log, at):
    rows = release_log.read(log)
    del rows[at]
    rewrite(log, rows)
    assert release_log.faults(log) != []


@pytest.mark.parametrize("at", range(4))
def test_a_chain_that_was_written_anew_is_found(log, at):
    rows = release_log.read(log)
    rows[at]["by"] = "A. Nother"
    rewrite(log, rechained(rows))
    found = release_log.faults(log)
    assert found
    assert all("the registry says" in line for line in found)


def test_a_log_that_was_removed_or_renumbered_is_found(log):
    rows = release_log.read(log)
    rewrite(log, rechained([row | {"version": "9"} for row in rows]))
    assert len(release_log.faults(log)) == 2
    (log.results / release_log.LOG).unlink()
    assert len(release_log.faults(log)) == 2


def test_what_is_no_json_is_named(log):
    (log.results / release_log.LOG).write_text("{broken\n")
    assert release_log.faults(log)[0].startswith("log of releases: a line is no JSON")


def test_git_keeps_the_records_and_none_of_the_results(tmp_path):
    shutil.copy(Path(__file__).parents[2] / ".gitignore", tmp_path)
    kept = ["experiments/brand/releases.jsonl", "experiments/brand/churn/looks.jsonl"]
    made = [
        "experiments/brand/churn/report.html",
        "experiments/brand/reports/churn-1.json",
        "experiments/brand/index.html",
    ]
    for path in (*kept, *made):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    seen = subprocess.run(
        ["git", "status", "--porcelain", "-uall"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert sorted(line[3:] for line in seen.stdout.splitlines()) == sorted([".gitignore", *kept])
