"""A key that stands twice is refused and named, in whatever file of the project it stands."""

import subprocess
from pathlib import Path

import pytest

from features import unique_yaml

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [("a: 1\nb: 2\na: 3\n", 3, "a"), ("x:\n  - y: 1\n    y: 2\n", 3, "y"), ("x: {a: 1, a: 1}\n", 1, "a")],
)
def test_a_key_that_stands_twice_is_named(text: str, line: int, key: str, tmp_path: Path):
    (tmp_path / "words.yaml").write_text(text)
    with pytest.raises(ValueError, match=f"words.yaml, line {line}: key '{key}' is there twice"):
        unique_yaml.read(tmp_path / "words.yaml")


def test_what_is_no_yaml_is_said_with_its_line():
    with pytest.raises(ValueError, match="text, line 2"):
        unique_yaml.parse("a: 1\n: [\n")


def test_keys_of_different_mappings_may_be_the_same():
    assert unique_yaml.parse("a: {b: 1}\nb: {b: 1, c: [{b: 1}, {b: 2}]}\n")["b"]["c"] == [{"b": 1}, {"b": 2}]


def test_no_file_of_the_project_has_a_key_twice():
    listed = subprocess.run(
        ["git", "ls-files", "*.yaml"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert len(listed) > 5
    for name in listed:
        unique_yaml.read(ROOT / name)
