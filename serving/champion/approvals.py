"""What people decided about the champion's report, as `memberlens sign` published it."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from models import approval
from models.fitted.release_format import SIGNATURES
from serving.champion.champion import Champion

UNKNOWN = {"word": "unknown", "decisions": []}


def approval_facts(champion: Champion, published: Path, today: date) -> dict[str, Any]:
    """Return one ``word`` and the newest decision of each role under the report that the champion names.

    ``unsigned`` where nobody decided or every approval has ended; ``unknown`` where what was published
    cannot be read: that is no approval.
    """
    path, report = published / champion.task / SIGNATURES, champion.release.get("report_sha256")
    try:
        rows = json.loads(path.read_text()) if path.exists() else []
        held = approval.holding(rows, str(report))
        return {"word": approval.word(held, today), "decisions": held}
    except (OSError, ValueError, KeyError, TypeError):
        return UNKNOWN
