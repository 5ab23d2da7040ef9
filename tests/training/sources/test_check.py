"""What a mapping yields is said in lines; what is missing for a task, in sentences."""

from pathlib import Path

import pytest

from models.task import requirements
from training.sources.check import check

MAPPING = """about: A shop.
folder: .
sources:
  leads: {file: leads.csv}
  won: {file: won.csv}
  links: {file: links.csv}
tables:
  leads:
    - {source: leads, columns: {lead_id: id, occurred_at: at}}
  responses:
    - {source: won, columns: {lead_id: id, occurred_at: at, kind: KIND}}
  identities:
    - {source: links, columns: {occurred_at: at, platform: platform, account_id: id, member_id: who}}
left_out:
  churn: Orders are kept elsewhere.
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "leads.csv").write_text("id,at\n1,2024-01-01\n2,2024-01-02\n1,2024-01-03\n")
    (tmp_path / "won.csv").write_text("id,at\n1,2024-02-01\n9,2024-02-01\n")
    (tmp_path / "links.csv").write_text("platform,id,who,at\nshop,7,m1,2024-01-05\nshop,7,m2,2024-01-06\n")
    return tmp_path / "shop.yaml"


def test_counts_conflicts_and_tasks(shop: Path) -> None:
    shop.write_text(MAPPING.replace("KIND", "{value: converted}"))
    found = check(shop, requirements())
    said = list(found.lines())
    assert said[0] == "extract of 2024-02-01 23:59 UTC"
    assert any(
        "3 read, 2 accepted, 1 quarantined (lead_id: same id as an earlier row 1)" in line for line in said
    )
    assert any("2 read, 1 accepted, 1 quarantined (lead_id: not in leads 1)" in line for line in said)
    assert "accounts of shop that are bound to several members; the binding known first counts: 1" in said
    assert "task lead: can be trained" in said
    assert "task churn: Orders are kept elsewhere." in said
    assert "task response: The source has no contacts (who was sent what, when)." in said
    assert "no events: nothing is known about visits, views and talks" in said


def test_responses_of_another_kind_are_no_outcome(shop: Path) -> None:
    shop.write_text(MAPPING.replace("KIND", "{value: opened}"))
    assert (
        check(shop, requirements()).tasks["lead"]
        == "No response is of kind 'converted'; found are {'opened': 1}."
    )
