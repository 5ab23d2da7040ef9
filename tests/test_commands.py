"""The one command line: each command is there, and the cheap ones do what they say."""

import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import memberlens
from models.acting.refusal import RefusalError
from training.__main__ import run

ROOT = Path(__file__).parents[1]
RUNNER = CliRunner()


def walk(command, words=()):
    """The words of every command below one, groups included."""
    yield words
    for name, below in getattr(command, "commands", {}).items():
        yield from walk(below, (*words, name))


COMMANDS = list(walk(typer.main.get_command(memberlens.app)))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_says_what_it_is_for(words):
    found = RUNNER.invoke(memberlens.app, [*words, "--help"])
    assert found.exit_code == 0, found.output
    assert "Usage:" in found.output


def test_pipeline_registry_and_service_are_there():
    assert {("init",), ("use",), ("keys", "issue"), ("serving", "keys", "issue"), ("serving", "pull")} <= set(
        COMMANDS
    )


@pytest.mark.parametrize("words", [["keys"], ["serving", "keys"]])
def test_a_key_is_issued_listed_and_revoked(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = RUNNER.invoke(memberlens.app, [*words, "issue", "crm"])
    assert given.exit_code == 0, given.output
    assert given.output.startswith("ml.")
    name = given.output.split(".")[1]
    assert "crm" in RUNNER.invoke(memberlens.app, [*words, "list"]).output
    assert RUNNER.invoke(memberlens.app, [*words, "revoke", name]).exit_code == 0
    assert "revoked" in RUNNER.invoke(memberlens.app, [*words, "list"]).output


@pytest.mark.parametrize("words", [["serving", "nothing"], ["nothing"], ["keys", "nothing"]])
def test_an_unknown_command_is_an_error(words):
    assert RUNNER.invoke(memberlens.app, words).exit_code == 2


@pytest.mark.parametrize("module", ["memberlens", "training", "serving"])
def test_modules_are_command_lines_too(module):
    done = subprocess.run([sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout


WHERE_NOTHING_IS = {
    "audience spring": "audience spring: no such plan",
    "audience spring --keep": "audience spring: no such plan",
    "top churn": "scores.parquet is not there",
    "outcomes export out": "outcomes export: build/serving/service.db is not there",
    "serving erase m1": "erase: build/serving/service.db is not there",
    "keys list": "no key was issued: build/serving/keys.json is not there",
    "keys revoke k": "there is no key k",
    "serving pull": "No model to serve",
    "init none.csv": "",
    "init none.csv --no-settings": "none.csv",
    "check own": "",
    "use own": "",
    **dict.fromkeys(("plan spring", "scenes", "offers", "truth"), ""),
}
BEGIN = ("operate", "publish", "source", "ingest")  # make something where the settings are
SETTINGS = ("params.yaml", "experiments/options.yaml", "experiments/scenes.yaml")


@pytest.mark.parametrize(
    ("words", "there"),
    [*product((*WHERE_NOTHING_IS, *BEGIN), [()]), *product(WHERE_NOTHING_IS, [SETTINGS])],
)
def test_where_nothing_was_found_nothing_is_made(words, there, tmp_path, monkeypatch):
    for name in there:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    found = RUNNER.invoke(memberlens.app, words.split())
    assert bool(found.exit_code) == (words != "keys list")
    expected = WHERE_NOTHING_IS.get(words) or (
        "" if there else "params.yaml: not found; run from the project's"
    )
    assert expected in found.output + str(found.exception)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_expected_error_is_one_sentence(tmp_path):
    command = [sys.executable, "-m", "memberlens", "use", "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: mappings/nothing.yaml: no such mapping")


def test_a_day_that_is_none_is_named_with_its_option_and_form():
    words = ["sign", "churn", "--role", "owner", "--decision", "approve", "--by", "A. Owner"]
    found = RUNNER.invoke(memberlens.app, [*words, "--expires", "2026-13-01"], env={"COLUMNS": "200"})
    assert found.exit_code == 2
    told = " ".join(found.output.replace("│", " ").split())  # the box around an error breaks lines anywhere
    assert "--expires" in told
    assert "'2026-13-01' is no day; allowed is YYYY-MM-DD, as in 2027-06-30" in told


@pytest.mark.parametrize("word", ["release", "rollback", "rebase", "track"])
def test_a_task_that_is_none_and_a_decision_of_nobody_are_refused(word, monkeypatch, tmp_path):
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    found = RUNNER.invoke(memberlens.app, [word, "chrun"])
    assert found.exit_code == 1
    assert "task 'chrun': params.yaml has tasks ['lead'" in str(found.exception)
    if word != "track":
        assert RUNNER.invoke(memberlens.app, [word, "churn", "--by", " "]).exit_code == 2


@pytest.mark.parametrize(
    ("refused", "code"), [([], 0), (["lead"], 0), (["lead", "churn"], 3)], ids=["none", "some", "all"]
)
def test_publish_fails_where_nothing_was_released_and_says_why(refused, code, monkeypatch, tmp_path):
    from training.registry import release, tracking

    def decide(params, task):
        if task in refused:
            raise release.RefusedError(f"{task} is not released: positives in the test: 3 (needs >= 50)")

    given = (
        (ROOT / "params.yaml")
        .read_text()
        .replace("tasks: [lead, response, churn, recall]", "tasks: [lead, churn]")
    )
    (tmp_path / "params.yaml").write_text(given)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tracking, "track", lambda params, task: None)
    monkeypatch.setattr(release, "release", decide)
    found = RUNNER.invoke(memberlens.app, ["publish"])
    assert found.exit_code == code
    assert all(f"{task} is not released: positives in the test" in found.output for task in refused)
    assert ("nothing was released: refused were lead, churn" in found.output) == (code == 3)


@pytest.mark.parametrize("name", ["", "a" * 300])
def test_what_the_machine_refuses_is_a_sentence_with_its_file(name, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["memberlens"])
    with pytest.raises(SystemExit) as ended:
        run(lambda: (tmp_path / name).write_text("none"))
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / name}: ")


def test_a_refusal_of_the_planner_is_said_in_both_languages(monkeypatch, capsys):
    def refuse():
        raise RefusalError.worded("buys_nothing", budget="1", least="2")

    monkeypatch.setattr(sys, "argv", ["memberlens"])
    with pytest.raises(SystemExit) as ended:
        run(refuse)
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert "error: a budget of 1 buys nothing" in said
    assert "错误：预算 1 不足以触达任何会员" in said
