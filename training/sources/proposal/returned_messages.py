"""Messages that came back: they were sent, and stay contacts without an answer."""

import polars as pl

from training.sources.proposal.file_profile import File, all_of

AGAIN = 0.5  # of the messages that came back have a row of their sending
Events = dict[str, list[str]]


def sent_with_returned(file: File, event: str, keys: list[str], events: Events, sends: str) -> Events:
    """Take words of messages that came back as those of sent ones, too, where no other row says so."""
    back, sent = (events.get(kind, []) for kind in ("bounced", sends))
    if not back or not sent or not keys:
        return events
    rows = all_of(file, [*dict.fromkeys([event, *keys])])
    one, other = (rows.filter(pl.col(event).is_in(words)).select(keys) for words in (back, sent))
    is_again = one.join(other.unique(), on=keys, how="semi").height >= AGAIN * one.height
    return events if is_again else events | {sends: [*sent, *back]}


def came_back(file: File, event: str, back: list[str], sent: list[str]) -> str:
    """Say how many came back, and why they stay: a score is about sending, and so is a control group."""
    words = all_of(file, [event])[event]
    came, of = (int(words.is_in(one).sum()) for one in (back, sent))
    told = f"messages that came back ({', '.join(back)}: {came:,} of {of:,})"
    return (
        f"{told} stay contacts without an answer: a score says what comes of sending, and in a control group "
        "nobody knows whose would have come back; mappings/README.md says how they are left out. Plans take "
        "an address as known where something was sent to it: say by --reach whose no longer works"
    )
