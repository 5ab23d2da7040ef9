"""dvc.yaml tells the truth: a stage depends on every module that it imports, and on little else."""

import sys
from pathlib import Path

import grimp
import pytest
import yaml
from dvc.repo import Repo
from project_copy import copied

from training import pipeline
from training.params import parse
from training.stages.economics import economics

ROOT = Path(__file__).parent.parent
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
# Parameters are tracked key by key; the last reads them.
EXEMPT = {
    "training.params",
    "features.consent_policy",
    "features.lifecycle_limits",
    "features.section",
    "features.unique_yaml",
}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    found = grimp.build_graph("features", "models", "training", "serving", cache_dir=None)
    for module in EXEMPT:
        found.remove_module(module)
    return found


# A stage imports at least this share of a package that it depends on: other edits there run it in vain.
SHARE = 0.25
CODE = sorted(set(STAGES) - {"source"})


def _task_files(graph) -> set[str]:
    return {name for name in graph.modules if name.startswith("models.tasks.")}


def _imported(graph, stage: str) -> set[str]:
    """Files that a stage imports; a file in ``models/tasks`` is loaded by its name, and imports too."""
    module = f"training.stages.{stage}"
    names = {module, *graph.find_upstream_modules(module)}
    if "models.task" in names:
        names |= set().union(*map(graph.find_upstream_modules, _task_files(graph)))
    paths = {f"{name.replace('.', '/')}.py" for name in names - _task_files(graph)}
    return {path for path in paths if (ROOT / path).exists()}


def _deps(stage: str) -> list[str]:
    return [dep for dep in STAGES[stage]["deps"] if dep.split("/")[0] in ("features", "models", "training")]


def _covers(dep: str, path: str) -> bool:
    return path == dep or path.startswith(f"{dep}/")


@pytest.mark.parametrize("stage", CODE)
def test_a_stage_depends_on_every_module_it_imports(graph, stage):
    deps = _deps(stage)
    assert [path for path in _imported(graph, stage) if not any(_covers(dep, path) for dep in deps)] == []


@pytest.mark.parametrize("stage", CODE)
def test_a_stage_depends_on_little_that_it_does_not_import(graph, stage):
    """No module in vain, no package of which it needs hardly anything, such as the report's for ``fit``."""
    imported, wide = _imported(graph, stage), {}
    for dep in _deps(stage):
        if dep.endswith((".yaml", "${item.task}.py")):
            continue
        files = {str(path.relative_to(ROOT)) for path in (ROOT / dep).rglob("*.py")} or {dep}
        share = len(files & imported) / len(files)
        if share < SHARE:
            wide[dep] = share
    assert wide == {}


@pytest.mark.parametrize("stage", CODE)
def test_an_edit_of_a_task_reaches_the_stages_of_that_task_alone(graph, stage):
    own = "models/tasks/${item.task}.py"
    assert (own in _deps(stage)) == ("models/task.py" in _imported(graph, stage))
    assert [dep for dep in _deps(stage) if dep != own and _covers(dep, "models/tasks/churn.py")] == []


def test_everything_of_ours_named_in_dvc_yaml_exists():
    named = {dep for stage in CODE for dep in _deps(stage)}
    assert [dep for dep in named if "${" not in dep and not (ROOT / dep).exists()] == []


def test_another_cost_of_one_task_reaches_that_task_alone(tmp_path, monkeypatch):
    """Stages of a task depend on files of its own; the model, on the capacity alone."""
    users = {name for name, stage in STAGES.items() if "economics" in str(stage.get("params"))}
    assert users == {"economics"}
    folder = "build/${data}/economics/"
    read = {
        name: [d for d in stage["deps"] if str(d).startswith(folder)]
        for name, stage in STAGES.items()
        if "deps" in stage
    }
    assert read["fit"] == [f"{folder}${{item.task}}-capacity.json"]
    assert read["value"] == read["report"] == [f"{folder}${{item.task}}.json"]
    given = parse((ROOT / "params.yaml").read_text())
    monkeypatch.chdir(tmp_path)

    def written(**changed: float) -> dict[str, bytes]:
        churn = given.economics.churn.model_copy(update=changed)
        economics(given.model_copy(update={"economics": given.economics.model_copy(update={"churn": churn})}))
        return {path.name: path.read_bytes() for path in (given.build / "economics").iterdir()}

    before = written()
    assert set(before) == {f"{task}{part}.json" for task in given.tasks for part in ("", "-capacity")}
    assert {name for name, text in written(cost=6).items() if text != before[name]} == {"churn.json"}
    changed = {name for name, text in written(capacity=0.3).items() if text != before[name]}
    assert changed == {"churn.json", "churn-capacity.json"}


def test_compiled_modules_are_no_content_of_a_package(tmp_path, monkeypatch):
    """Else a stage ran again because another program had imported a module for the first time."""
    monkeypatch.chdir(copied(tmp_path, links=False))
    repo = Repo(tmp_path)
    assert not repo.dvcignore.is_ignored_file(str(tmp_path / "features/feature.py"))
    assert repo.dvcignore.is_ignored_file(str(tmp_path / "features/__pycache__/feature.cpython-313.pyc"))


def test_stages_run_by_the_python_of_the_command(monkeypatch):
    """A cron job has another one first on its path, or none."""
    asked = "import shutil, sys; sys.exit(shutil.which('python') != sys.argv[1])"
    monkeypatch.setattr(pipeline, "DVC", (sys.executable, "-c", asked))
    monkeypatch.setenv("PATH", "/nowhere")
    assert pipeline._repro(str(Path(sys.executable).parent / "python")) == 0
