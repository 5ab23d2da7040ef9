"""Files between stages are held against their types, and stay as they are."""

import json

import pytest
import stages

from training.data.artifacts import FILES, Dataset, Ingest, Tuned, read_artifact, write_artifact
from training.results.audited import Audit
from training.results.backtested import Backtest
from training.results.effects import Ranking, Uplift
from training.results.evaluated import Detail, Metrics
from training.results.explained import Explained, Stress
from training.results.served import Served
from training.results.valued import Value


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


WRITTEN = (
    Audit,
    Backtest,
    Dataset,
    Detail,
    Explained,
    Ingest,
    Metrics,
    Ranking,
    Served,
    Stress,
    Tuned,
    Uplift,
    Value,
)


def places(kind, made_up):
    """Where the stages of the made-up task wrote the file of a kind; released folders and plots left out."""
    return [
        path
        for top in ("build", "experiments")
        for path in (made_up / top).rglob(FILES[kind])
        if not {"plots", "champion"} & set(path.parts)
    ]


@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: FILES[kind])
def test_every_file_of_the_stages_is_read_and_written_with_the_same_bytes(kind, made_up, tmp_path):
    (path,) = places(kind, made_up)
    write_artifact(tmp_path, kind, read_artifact(kind, path.parent))
    assert (tmp_path / FILES[kind]).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: FILES[kind])
def test_every_field_of_a_file_is_asked_for_and_no_other_is_taken(kind, made_up, tmp_path):
    (path,) = places(kind, made_up)
    content = json.loads(path.read_text())
    changed = [without(content, key) for key in kind.__required_keys__] + [content | {"typo": 1}]
    for other in changed:
        (tmp_path / FILES[kind]).write_text(json.dumps(other))
        (field,) = set(content) ^ set(other)
        with pytest.raises(ValueError, match="run the stages again") as error:
            read_artifact(kind, tmp_path)
        assert str(error.value).startswith(f"{tmp_path / FILES[kind]}: {field}")


def test_only_a_file_that_says_why_may_lack_what_was_not_assessed(tmp_path):
    nothing = {"assessed": False, "ranking": "propensity", "reason": "no_arm"}
    write_artifact(tmp_path, Uplift, nothing)
    with pytest.raises(ValueError, match=r"uplift\.json: is assessed and has no candidates, cross_fitted"):
        write_artifact(tmp_path, Uplift, nothing | {"assessed": True})
