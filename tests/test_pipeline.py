"""dvc.yaml tells the truth: a stage depends on every module that it imports."""

from pathlib import Path

import grimp
import pytest
import yaml

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
