"""Switching params.yaml between data sets."""

from pathlib import Path

import pytest

from training.params import Stated, parse
from training.switch import switch

ROOT = Path(__file__).parents[2]
MAPPED = sorted(path.stem for path in (ROOT / "mappings").glob("*.yaml"))


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    copy = tmp_path / "params.yaml"
    copy.write_text((ROOT / "params.yaml").read_text())
    return copy


@pytest.mark.parametrize("data", MAPPED)
def test_there_and_back_is_where_it_was(path, data):
    before = path.read_text()
    switch(data, path)
    assert parse(path.read_text()).data == data
    switch("brand", path)
    ours = ("lead", "response", "churn")  # settings of a task that the brand has not may stay
    there, here = parse(path.read_text()), parse(before)
    assert there.tasks == here.tasks
    assert there.economics == here.economics
    assert all(getattr(there.spine, task) == getattr(here.spine, task) for task in ours)
    assert [line for line in before.splitlines() if line.startswith("#")] == [
        line for line in path.read_text().splitlines() if line.startswith("#")
    ]


def test_what_one_brand_assumes_about_money_holds_for_no_other(path):
    switch("online-retail", path)
    assert parse(path.read_text()).economics == Stated()


def test_an_unknown_data_set_is_refused_and_nothing_changes(path):
    before = path.read_text()
    with pytest.raises(
        FileNotFoundError, match=r"mappings/nothing.yaml: no such mapping; there are brand and"
    ):
        switch("nothing", path)
    assert path.read_text() == before
