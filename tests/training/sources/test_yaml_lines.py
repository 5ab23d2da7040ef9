"""YAML with the line of every key."""

from pathlib import Path

import pytest

from features.yaml_lines import read_yaml


def written(folder: Path, text: str) -> Path:
    path = folder / "m.yaml"
    path.write_text(text)
    return path


def test_a_place_is_file_line_and_keys(tmp_path: Path) -> None:
    _, place = read_yaml(written(tmp_path, "a: 1\nb:\n  - c: 2\n  - d: 3\n"))
    assert place.at("b", 1, "d") == f"{tmp_path / 'm.yaml'}, line 4, b.1.d"


def test_a_key_that_is_not_there_has_the_line_of_what_it_belongs_to(tmp_path: Path) -> None:
    _, place = read_yaml(written(tmp_path, "a: 1\nb:\n  c: 2\n"))
    assert "line 2, b.missing" in place.at("b", "missing")


def test_yes_no_and_dates_are_texts(tmp_path: Path) -> None:
    content, _ = read_yaml(written(tmp_path, "a: yes\nb: No\nc: 2024-01-05\nd: true\ne: 5\n"))
    assert content == {"a": "yes", "b": "No", "c": "2024-01-05", "d": True, "e": 5}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: key 'a' is there twice"),
        ("a: [1\n", "not readable as YAML"),
        ("- a\n", "line 1: keys are expected at the top level, found list"),
        ("", "keys are expected at the top level"),
    ],
)
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_yaml(written(tmp_path, text))


def test_a_missing_file_names_those_that_are_there(tmp_path: Path) -> None:
    written(tmp_path, "a: 1\n")
    with pytest.raises(FileNotFoundError, match=r"shop\.yaml: not found; .*\['m'\]"):
        read_yaml(tmp_path / "shop.yaml")
