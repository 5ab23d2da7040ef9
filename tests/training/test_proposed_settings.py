"""A new mapping begins with the window and the odds that leave less of churn's outcomes to chance."""

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from training.label_chance import LIMIT
from training.proposed_settings import begin_with
from training.sources.proposal.propose import propose
from training.trainable import trainable


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Orders of members who buy at random times and of whom half leave; its mapping as proposed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("training.label_chance.DAYS", (60,))  # quicker than all windows
    rng, members = np.random.default_rng(0), 250
    who = np.repeat(np.arange(members), rng.choice([6, 15, 40], members))
    days = rng.random(len(who)) * np.where(rng.random(members) < 0.5, 500, 900)[who]
    when = pl.from_epoch(pl.Series((days * 86_400).astype(int) + 1_640_995_200))
    orders = {"order_id": np.arange(len(who)), "customer_id": who, "order_date": when, "price": 9.5}
    pl.DataFrame(orders).write_csv("orders.csv")
    Path("mappings").mkdir()
    return Path("mappings/shop.yaml")


def test_a_mapping_begins_with_what_leaves_less_to_chance(shop: Path) -> None:
    from models.task import requirements

    shop.write_text(propose([Path("orders.csv")], requirements=requirements()).text)
    (said,) = begin_with("shop", {})
    before, after = map(int, re.findall(r"(\d+)%", said))
    assert before > 100 * LIMIT
    assert after < before
    content = yaml.safe_load(shop.read_text())
    assert content["params"]["tasks"] == ["churn", "recall"]
    assert content["params"]["spine"]["churn"] | {"days": 0, "odds": 0} == {
        "days": 0, "gap": 7, "test_share": 0.25, "folds": 3, "every_days": 30, "cutoffs": 18, "fall": 0.2,
        "odds": 0,
    }  # fmt: skip
    assert f"# {said}" in shop.read_text()
    check, warnings = trainable("shop", {})
    assert check.tasks["churn"] == ""
    still = [one for one in warnings if "unchanged rhythm" in one]
    assert [f"would give {after}% of" in one for one in still] == [True] * (after > 100 * LIMIT)


def test_a_mapping_that_cannot_be_read_yet_stays_as_it_is(shop: Path) -> None:
    shop.write_text(propose([Path("orders.csv")]).text + "params: {tasks: [churn]}\n")
    Path("orders.csv").unlink()
    before = shop.read_text()
    (said,) = begin_with("shop", {})
    assert said.startswith("settings are the usual ones, since the tables cannot be read yet: ")
    assert shop.read_text() == before


def test_texts_that_taught_later_than_the_test_begins_are_said_by_check(shop: Path) -> None:
    """The pipeline would stop at the data set: `check` promises nothing that it does not keep."""
    who = pl.read_csv("orders.csv")["customer_id"].unique().sort()
    days = pl.Series([f"2022-{1 + n % 12:02}-{1 + n % 28:02}" for n in range(len(who))])
    words = [f"{('late', 'broken', 'kind')[n % 3]} parcel {n}" for n in range(len(who))]
    pl.DataFrame({"customer": who, "day": days, "note": words}).write_csv("notes.csv")
    from models.task import requirements

    proposed = propose([Path("orders.csv")], requirements=requirements()).text
    content = yaml.safe_load(proposed)
    content["params"]["tasks"] = ["churn"]
    content["sources"]["notes"] = {"file": "notes.csv"}
    note = {"cell": "note", "unit": "text", "en": "note", "zh": "备注"}
    content["own_tables"] = {
        "notes": {
            "en": "notes", "zh": "备注", "source": "notes", "key": {"member_id": "customer"},
            "occurred_at": "day", "learn_until": "2030-01-01", "columns": {"note": note},
        }
    }  # fmt: skip
    shop.write_text(yaml.safe_dump(content))
    why = trainable("shop", {})[0].tasks["churn"]
    assert "cannot be trained" in why
    begins = re.search(r"learn_until: (\d{4}-\d\d-\d\d)", why)
    assert begins
    content["own_tables"]["notes"]["learn_until"] = begins[1]
    shop.write_text(yaml.safe_dump(content))
    assert trainable("shop", {})[0].tasks["churn"] == ""
