"""What is kept how long: settings in days, one line a table."""

from datetime import datetime, timedelta

from serving.consent.consents import Consents
from serving.ledger.audience_store import Audiences
from serving.ledger.score_log import ScoreLog
from serving.settings import Settings

# Table, the column with its moment, and the setting; moments are ISO texts in UTC.
KEPT = (("outcomes", "received", "outcomes_days"), ("audit", "at", "audit_days"))


def purge(consents: Consents, log: ScoreLog, settings: Settings, now: datetime) -> None:
    """Forget what is older than its setting, and tombstones and words that the pipeline has followed."""
    with consents.database.use() as connection:
        for table, column, days in KEPT:
            before = now - timedelta(days=getattr(settings, days))
            limit = (before.isoformat(timespec="seconds"),)
            connection.execute(f"DELETE FROM {table} WHERE {column} < ?", limit)
    Audiences(consents.database).purge(now - timedelta(days=settings.results_days))
    log.purge(now - timedelta(days=settings.scores_days))
    consents.forget()
