"""The same pipeline on a public data set, from its mapping to an evaluated model."""

import json
import os
from pathlib import Path

import pytest
import yaml

from training import params as settings
from training.stages.audit import audit
from training.stages.consent import consent
from training.stages.dataset import dataset
from training.stages.evaluate import evaluate
from training.stages.fit import fit
from training.stages.ingest import ingest
from training.stages.tune import tune
from training.use_dataset import use_dataset

ROOT = Path(__file__).parent.parent
SETS = {"olist-marketing-funnel": ("lead", 0.6), "online-retail": ("churn", 0.7)}


@pytest.mark.skipif(
    "MEMBERLENS_DATA" not in os.environ, reason="MEMBERLENS_DATA names no folder of public data"
)
@pytest.mark.parametrize("data", SETS)
def test_a_public_set_becomes_a_model_that_ranks_later_rows(data, tmp_path, monkeypatch):
    (tmp_path / "mappings").symlink_to(ROOT / "mappings")
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    use_dataset(data, Path("params.yaml"))
    task, least = SETS[data]
    given = yaml.safe_load(Path("params.yaml").read_text())
    given["tune"][task], given["evaluate"] = {"trials": 2, "rows": 5000}, {"resamples": 50}
    params = settings.parse(yaml.safe_dump(given))
    assert params.tasks[0] == task
    ingest(params)
    consent(params)
    for stage in (dataset, audit, tune, fit, evaluate):
        stage(params, task)
    facts = json.loads((params.build / "ingest.json").read_text())
    for table in facts["tables"].values():
        assert table["read"] == table["accepted"] + table["quarantined"] + table["left_out"]
    found = json.loads((params.results / task / "detail.json").read_text())
    assert found["estimators"]["model"]["auc"]["value"] > least
    assert set(facts["left_out"]) == {"lead", "response", "churn", "recall"} - set(params.tasks)
