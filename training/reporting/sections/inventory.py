"""Which personal information goes in: kind, sensitivity, what it is used for."""

from models.reasons import is_sensitive
from training.reporting.source import Source
from training.results.report_data import Information

# Table, kind of information, columns told, and the feature groups that read it.
KINDS = (
    ("members", "attributes", ("profile",)),
    ("leads", "lead", ("lead",)),
    ("subjects", "given", ("given",)),
    ("purchases", "trade", ("purchases", "affinity")),
    ("events", "behaviour", ("engagement", "interest", "nurturing")),
    ("contacts", "contact", ("campaigns", "content_history")),
    ("responses", "answers", ("campaigns", "content_history")),
    ("care", "care", ("care",)),
    ("identities", "identities", ()),
)


def inventory(source: Source) -> list[Information]:
    """Return one line a kind of information that the source has; sensitive inputs are named."""
    there, used = set(source.ingest["tables"]), {row["group"] for row in source.card["features"]}
    lines: list[Information] = [
        {"kind": kind, "table": table, "use": _use(table, bool(used & set(groups)))}
        for table, kind, groups in KINDS
        if table in there
    ]
    if "members" in there:
        lines.append({"kind": "tested", "table": "members", "use": "tested"})
    sensitive = [name for name in source.model.encoder.names if is_sensitive(name)]
    lines += [{"kind": "sensitive", "table": name, "use": "model"} for name in sensitive]
    return lines


def _use(table: str, read: bool) -> str:
    if table == "identities":
        return "binding"
    return "model" if read else "none"
