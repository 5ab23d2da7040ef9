"""What time it is for an answer, and until when it holds.

Real data are judged by the wall clock. A data set that ended long ago may be served by its own clock,
which stands at the moment of its snapshot; the setting ``clock`` says for which sets. Records are asked
about now, whatever the set.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from serving.settings import Settings

if TYPE_CHECKING:
    from serving.answering.inputs import LocatedItem
    from serving.champion.champion import Champion


def of_data(champion: "Champion", settings: Settings) -> bool:
    """Tell whether the snapshot's moment is taken for the present."""
    return settings.clock.get(settings.data) == "data" and champion.snapshot is not None


def moment(champion: "Champion", settings: Settings, now: datetime) -> datetime:
    """Return the present of the data: ``now``, or the moment of the snapshot."""
    if champion.snapshot is None or not of_data(champion, settings):
        return now
    return datetime.fromtimestamp(champion.snapshot.as_of, UTC)


def valid_until(champion: "Champion", one: "LocatedItem", settings: Settings, now: datetime) -> datetime:
    """Return when an answer is over: some hours after a record was sent,
    some days after a snapshot was made.
    """
    if one.question is not None:
        return now + timedelta(hours=settings.valid_hours)
    return datetime.fromtimestamp(one.as_of, UTC) + timedelta(days=settings.stale_days)


def is_over(champion: "Champion", one: "LocatedItem", settings: Settings, now: datetime) -> bool:
    """Tell whether nobody should act on an answer any more: only one of a snapshot can come too late."""
    return one.question is None and moment(champion, settings, now) > valid_until(
        champion, one, settings, now
    )


def is_stale(champion: "Champion", settings: Settings, now: datetime) -> bool:
    """Tell whether the champion's snapshot is older than its answers may be."""
    return age_days(champion, settings, now) > settings.stale_days


def age_days(champion: "Champion", settings: Settings, now: datetime) -> float:
    """Return days since the champion's snapshot was made; 0 where there is none."""
    if champion.snapshot is None:
        return 0.0
    return (moment(champion, settings, now).timestamp() - champion.snapshot.as_of) / 86_400
