"""Switching params.yaml between data sets."""

from pathlib import Path

import pytest
import yaml

from training.params import Stated, parse
from training.use_dataset import dataset_name, settings, use_dataset

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
    use_dataset(data, path)
    assert parse(path.read_text()).data == data
    use_dataset("brand", path)
    assert path.read_text() == before


def test_the_simulated_brand_takes_a_size_and_keeps_it(path):
    use_dataset("brand", path, 4000)
    use_dataset("online-retail", path)
    use_dataset("brand", path)
    assert parse(path.read_text()).brand.members == 4000
    use_dataset("brand", path, 20_000)
    assert path.read_text() == (ROOT / "params.yaml").read_text()


def test_a_size_that_cannot_be_is_refused_and_nothing_changes(path):
    before = path.read_text()
    with pytest.raises(ValueError, match="members 4000: is for the simulated brand; online-retail has"):
        use_dataset("online-retail", path, 4000)
    with pytest.raises(ValueError, match=r"brand\.members: Input should be greater than or equal to 200"):
        use_dataset("brand", path, 5)
    assert path.read_text() == before


def test_what_one_brand_assumes_about_money_holds_for_no_other(path):
    use_dataset("online-retail", path)
    assert parse(path.read_text()).economics == Stated()


def test_an_unknown_data_set_is_refused_and_nothing_changes(path):
    before = path.read_text()
    with pytest.raises(
        FileNotFoundError, match=r"mappings/nothing.yaml: no such mapping; there are brand and"
    ):
        use_dataset("nothing", path)
    assert path.read_text() == before


@pytest.fixture
def shop(path, monkeypatch):
    """Writes ``params`` of a mapping `my_shop` beside a copy of params.yaml."""
    folder = path.parent / "mappings"
    folder.mkdir()
    monkeypatch.setattr("training.use_dataset.MAPPINGS", folder)

    def write(text):
        (folder / "my_shop.yaml").write_text(f"about: x\n{text}")
        return folder / "my_shop.yaml"

    return write


def test_an_edit_of_the_active_set_takes_effect_and_taken_back_is_gone(path, shop):
    shop("params: {tasks: [churn], spine: {churn: {days: 44}}}")
    use_dataset("my_shop", path)
    assert parse(path.read_text()).spine.churn.days == 44
    shop("params: {tasks: [churn], tune: {churn: {trials: 3}}}")
    use_dataset("my_shop", path)
    found = parse(path.read_text())
    assert (found.spine.churn.days, found.tune.churn.trials) == (60, 3)


def test_every_task_has_settings_that_the_pipeline_can_name(path, shop):
    shop("params: {tasks: [given]}")
    use_dataset("my_shop", path)
    found = yaml.safe_load(path.read_text())
    assert found["spine"]["given"]
    assert found["tune"]["given"]


def test_what_the_user_set_outside_of_the_data_set_is_kept(path, shop):
    path.write_text(path.read_text().replace("memory: 6GB", "memory: 1GB").replace("seed: 7", "seed: 8"))
    shop("params: {tasks: [churn]}")
    use_dataset("my_shop", path)
    found = parse(path.read_text())
    assert (found.engine.memory, found.seed) == ("1GB", 8)


def test_a_file_that_says_the_same_is_left_alone(path):
    path.write_text(path.read_text() + "# mine\n")
    use_dataset("brand", path)
    assert path.read_text().endswith("# mine\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("params: {spines: {}}", r"my_shop.yaml, line 2, params.spines: no such key; allowed are \['tasks'"),
        ("params: {seed: 3}", r"line 2, params.seed: no such key"),
        (
            "params: {spine: {churn: {days: 9, dayz: 3}}}",
            r"line 2, params.spine.churn.dayz: .*allowed are .*'days'",
        ),
        (
            "params: {spine: {chrn: {days: 9}}}",
            r"spine.chrn: no such key; allowed are \['churn', 'given', 'lapse', 'lead'",
        ),
        ("params: {economics: {churn: {worth: 9}}}", r"economics.churn.worth: no such key; .*'value'"),
        ("params: {tune: 3}", r"params.tune: tasks are expected"),
        ("params: {tune: {churn: {trials: none}}}", r"params.tune.churn.trials: .*found 'none'"),
    ],
)
def test_a_wrong_setting_is_named_with_its_line_and_nothing_changes(path, shop, text, says):
    shop(text)
    before = path.read_text()
    with pytest.raises(ValueError, match=says):
        use_dataset("my_shop", path)
    assert path.read_text() == before


def test_one_rule_for_names():
    assert dataset_name("my_shop") == "my_shop"
    for wrong in ("My shop", "../x", "", "brand", "x\n", "-x"):
        with pytest.raises(ValueError, match="small letters"):
            dataset_name(wrong)


def test_the_brand_needs_no_file_of_before():
    assert yaml.safe_load(settings("brand")) == yaml.safe_load((ROOT / "params.yaml").read_text())
