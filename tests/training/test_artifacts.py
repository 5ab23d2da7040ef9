"""Files between stages are held against their types, and stay as they are."""

import json

import pytest
import stages

from training.data.artifacts import Ingest, Tuned, read_artifact, write_artifact


def without(content, key):
    return {name: value for name, value in content.items() if name != key}


def test_what_is_written_is_read_with_the_bytes_that_it_has(tmp_path):
    tuned = stages.tuned()
    tuned["best"]["params"] |= {"max_depth": 3, "gamma": 0}  # an integer where others are floats stays one
    write_artifact(tmp_path, Tuned, tuned)
    assert (tmp_path / "tune.json").read_text() == json.dumps(tuned, indent=1, ensure_ascii=False) + "\n"
    assert read_artifact(Tuned, tmp_path) == tuned


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (without(stages.tuned(), "best"), "best: Field required"),
        (stages.tuned() | {"bset": 1}, "bset: Extra inputs are not permitted"),
        (stages.tuned() | {"best": without(stages.tuned()["best"], "rounds")}, "best.rounds: Field required"),
        (stages.tuned() | {"holds": "perhaps"}, "holds: Input should be a valid boolean"),
    ],
)
def test_a_field_that_is_missing_unknown_or_of_another_type_is_named_with_its_file(tmp_path, content, said):
    (tmp_path / "tune.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match="run the stages again") as error:
        read_artifact(Tuned, tmp_path)
    assert str(error.value).startswith(f"{tmp_path / 'tune.json'}: {said}")


def test_nothing_is_written_that_could_not_be_read(tmp_path):
    write_artifact(tmp_path, Ingest, stages.ingest())
    before = (tmp_path / "ingest.json").read_bytes()
    with pytest.raises(ValueError, match="extracted_at: Field required"):
        write_artifact(tmp_path, Ingest, without(stages.ingest(), "extracted_at"))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


def test_a_stage_that_has_not_run_is_named_by_its_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"ingest\.json: not found; run the stages before"):
        read_artifact(Ingest, tmp_path)
