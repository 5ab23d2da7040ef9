"""dvc.yaml tells the truth: a stage depends on every module that it imports."""

from pathlib import Path

import grimp
import pytest
import yaml

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


@pytest.mark.parametrize("stage", sorted(set(STAGES) - {"source"}))
def test_a_stage_depends_on_every_module_it_imports(graph, stage):
    module = f"training.stages.{stage}"
    needed = {module, *graph.find_upstream_modules(module)}
    deps = [str(dep) for dep in STAGES[stage]["deps"]]
    paths = {name: name.replace(".", "/") for name in needed}
    missing = [
        name
        for name, path in paths.items()
        if (ROOT / f"{path}.py").exists()
        and f"{path}.py" not in deps
        and not any(path.startswith(f"{dep}/") for dep in deps)
    ]
    assert missing == []


def test_every_module_named_in_dvc_yaml_exists():
    named = {
        str(dep) for stage in STAGES.values() for dep in stage.get("deps", []) if str(dep).endswith(".py")
    }
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
