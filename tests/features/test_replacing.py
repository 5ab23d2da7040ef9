"""A file is replaced as a whole or not at all."""

import re
from pathlib import Path

import pytest

from features.replacing import replacing
from training.io import write_text


def test_a_file_is_what_it_was_until_all_of_the_new_one_is_written(tmp_path):
    path = tmp_path / "folder" / "rows.json"
    with replacing(path) as aside:
        aside.write_text("first")
    with replacing(path) as aside:
        aside.write_text("second")
        assert path.read_text() == "first"
    assert path.read_text() == "second"
    assert [file.name for file in path.parent.iterdir()] == ["rows.json"]


def test_what_fails_half_way_leaves_the_former_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "rows.json"
    path.write_text("former")

    def fail() -> None:
        with replacing(path) as aside:
            aside.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"rows.json": "former"}


def test_a_page_that_cannot_be_written_leaves_the_former_one(tmp_path):
    path = tmp_path / "brief.html"
    write_text(path, "former")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "half \ud800")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"brief.html": "former"}


def test_two_that_write_the_same_file_at_once_leave_one_of_both(tmp_path):
    path = tmp_path / "part-0.parquet"
    with replacing(path, contended=True) as one, replacing(path, contended=True) as other:
        one.write_text("first")
        other.write_text("second")
        assert one.name.startswith(".")
        assert other.name.startswith(".")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {path.name: "first"}


def test_a_private_file_is_nobody_elses_from_its_first_byte_on(tmp_path):
    path = tmp_path / "keys.json"
    with replacing(path, mode=0o600) as aside:
        assert aside.stat().st_mode & 0o777 == 0o600
        aside.write_text("secret")
    assert path.stat().st_mode & 0o777 == 0o600


def test_nobody_else_writes_aside_and_renames():
    """But a release that workers copy at once, of which the first is kept."""
    root = Path(__file__).parents[2]
    files = [
        path for top in ("features", "models", "training", "serving") for path in (root / top).rglob("*.py")
    ]
    found = {
        str(path.relative_to(root))
        for path in files
        if re.search(r"\b(aside|former)\.rename\(|os\.(rename|replace)\(", path.read_text())
    }
    assert found == {"features/replacing.py", "serving/champion/registry.py"}
