"""What rules ask for, row by row: met, not met, or for people to state. Not legal advice."""

from training.reporting.info import Info
from training.reporting.source import Source
from training.results.report_duties import Demand, Rights

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


def rights(source: Source) -> Rights:
    """Return one line a demand; ``open`` where somebody still has to state something."""
    rows = [_demand(source.info, *rule) for rule in RULES]
    rows.insert(1 + [rule for rule, *_ in RULES].index("gdpr22"), _otherwise(source))
    return {"assessed": True, "rows": rows, "assessment_id": source.info.assessment_id}


def _demand(info: Info, rule: str, demand: str, evidence: str) -> Demand:
    met = evidence == "product" or bool(getattr(info, evidence))
    return {
        "rule": rule,
        "demand": demand,
        "evidence": evidence,
        "result": "good" if met else "warn",
        "shown": demand if met else "missing",
        "values": {},
    }


def _otherwise(source: Source) -> Demand:
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
