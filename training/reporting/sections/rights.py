"""What rules ask for, row by row: met, not met, or for people to state. Not legal advice."""

from typing import Any

from training.reporting.info import Info
from training.reporting.source import Source

# Rule, what it asks for, and what shows it: held by the product's own tests, or by what people state.
RULES = (
    ("pipl24", "transparent", "product"),
    ("pipl24", "price", "product"),
    ("pipl24", "refusal", "product"),
    ("pipl24", "explanation", "product"),
    ("pipl55", "assessment", "assessment_id"),
    ("pipl55", "retention", "retention"),
    ("audit", "audit", "audit_id"),
    ("gbt45392", "scope", "product"),
    ("cac", "switch_off", "product"),
    ("gdpr21", "objection", "product"),
    ("gdpr22", "human", "contact"),
    ("aiact", "out_of_scope", "product"),
)


def rights(source: Source, info: Info) -> dict[str, Any]:
    """One line a demand; ``open`` where somebody still has to state something."""
    rows: list[dict[str, Any]] = [
        {
            "rule": rule,
            "demand": demand,
            "evidence": evidence,
            "result": "good" if evidence == "product" or getattr(info, evidence) else "warn",
        }
        for rule, demand, evidence in RULES
    ]
    for row in rows:
        row |= {"shown": row["demand"] if row["result"] == "good" else "missing", "values": {}}
    rows.insert(1 + [rule for rule, *_ in RULES].index("gdpr22"), _otherwise(source))
    return {"assessed": True, "rows": rows, "assessment_id": info.assessment_id}


def _otherwise(source: Source) -> dict[str, Any]:
    """What would have led to another result: told, and for how many of those who are acted on."""
    values = source.explained["otherwise"]
    told = 0 < values["found"] == values["confirmed"]
    return {
        "rule": "cjeu203",
        "demand": "otherwise",
        "evidence": "product",
        "result": "good" if told else "warn",
        "shown": "otherwise" if told else "otherwise_none",
        "values": values,
    }
