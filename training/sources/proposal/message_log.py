"""One log of what became of messages, a row an event: sent, opened, clicked, bounced, unsubscribed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from training.sources.proposal.cell_proposal import cell_of, personal_key
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, all_of
from training.sources.proposal.name_patterns import means
from training.sources.proposal.table_proposal import TableProposal, among, short
from training.sources.proposal.time_columns import time_of
from training.sources.reading.money_columns import plain_name

SURE = 100.0  # of a score: such a file is nothing else
FOLLOWS = 0.5  # of the messages that were opened or clicked have a row of their sending
OTHERS = ("order_id", "ticket_id", "quantity", "unit_price_cents")
RESPONSES = {"opened": "opened", "clicked": "clicked", "refused": "blocked"}
Events = dict[str, list[str]]


@cache
def log_words(kind: str) -> dict[str, Any]:
    """Read the words of logs of one kind: ``messages`` or ``stages``."""
    text = Path(__file__).with_name("log_words.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)[kind]
    return found


@dataclass(frozen=True)
class _Log:
    """Which columns of a log say what happened, to whom, when, and of which campaign.

    ``events`` are the words of ``event`` by what they say became of a message.
    """

    events: Events
    event: Column
    member: Column | None
    time: Column | None
    campaign: Column | None

    @property
    def lacks(self) -> list[str]:
        """What no column tells, in words."""
        told = {"whom": self.member, "when": self.time, "which campaign": self.campaign}
        return [what for what, column in told.items() if column is None]

    @property
    def sends(self) -> str:
        """What stands for a message that was sent; what was delivered, where no row says sent."""
        return "sent" if "sent" in self.events else "delivered"


def message_log(file: File) -> TableProposal | None:
    """Take a log of messages as contacts and responses, and refusals as such; ``None`` where it is none."""
    log = _log(file)
    if log is None or log.member is None or log.time is None or log.campaign is None:
        return None
    unsure: list[str] = []
    made = {
        "occurred_at": cell_of(file, "occurred_at", log.time.name, unsure),
        "campaign_id": cell_of(file, "campaign_id", log.campaign.name, unsure),
        "member_id": cell_of(file, "member_id", log.member.name, unsure),
    }
    cells = {
        "occurred_at": made["occurred_at"],
        "contact_id": {"column": "_row"},
        "campaign_id": made["campaign_id"],
        "member_id": made["member_id"],
    }
    named = [f'"{c.name}" IS NOT NULL' for c in (log.member, log.campaign) if c.filled < file.rows]
    where = " AND ".join([among(log.event.name, log.events[log.sends]), *named])
    further = _further(log, {name: short(cell) for name, cell in made.items()})
    return TableProposal(
        file,
        "contacts",
        cells,
        where,
        unsure=[*_said(file.label, log), *unsure],
        score=SURE,
        further=further,
    )


def unnamed_messages(file: File) -> Iterator[str]:
    """Say of a log of messages that is read as none what it does not tell."""
    log = _log(file)
    if log is not None and log.lacks:
        words = ", ".join(log.event.values)
        yield (
            f"{file.label}: {log.event.name} looks like a log of messages ({words}), but no "
            f"column tells {' nor '.join(log.lacks)}; without, it is neither contacts nor responses"
        )


def is_message_log(file: File) -> bool:
    """Tell whether a file is a log of messages, though it may lack what makes it a table."""
    return _log(file) is not None


def _log(file: File) -> _Log | None:
    found = [(column, _events(column)) for column in file.columns if column.kind == "text" and column.values]
    told = [(column, events) for column, events in found if _is_told(events)]
    if not told:
        return None
    event, events = max(told, key=lambda one: len(one[1]))
    rest = [column for column in file.columns if column is not event and column.filled]
    if any(means(column.name, name) for column in rest for name in OTHERS):
        return None  # what is open, sent and delivered there is an order or a ticket
    log = _Log(events, event, _member(rest), time_of(file, "contacts"), _campaign(rest))
    return log if _is_of_events(file, log) else None


def _is_of_events(file: File, log: _Log) -> bool:
    """Whether what was opened was sent in another row; where a row has the newest state, it was not."""
    whose = [column.name for column in (log.member, log.campaign) if column is not None]
    if not whose:
        return True
    rows = all_of(file, [*dict.fromkeys([log.event.name, *whose])])
    word = pl.col(log.event.name)
    sent = rows.filter(word.is_in(log.events[log.sends])).select(whose).unique()
    told = rows.filter(word.is_in([*log.events.get("opened", []), *log.events.get("clicked", [])]))
    told = told.select(whose).unique()
    return told.join(sent, on=whose, how="semi").height >= FOLLOWS * told.height


def _events(column: Column) -> Events:
    """The words of a column by what they say became of a message."""
    found: Events = {}
    for word in column.values:
        kind = _kind(word)
        if kind:
            found.setdefault(kind, []).append(word)
    return found


def _is_told(events: Events) -> bool:
    return bool({"sent", "delivered"} & set(events)) and bool({"opened", "clicked"} & set(events))


@cache
def _kind(word: str) -> str | None:
    """What a word as ``Opened Email`` or ``users.messages.email.Send`` says."""
    words = log_words("messages")
    last = word.rpartition(".")[2] if re.fullmatch(r"\w+(\.\w+)+", word) else word
    plain = plain_name(last)
    bare = re.sub(rf"(?<![^\W_])(?:{words['about']})(?![^\W_])|(?:邮件|短信|消息|通知)", "", plain)
    written = (plain, re.sub(r"_+", "_", bare).strip("_"))
    kinds: dict[str, str] = words["events"]
    return next(
        (kind for kind, form in kinds.items() if any(re.fullmatch(form, one) for one in written)), None
    )


def _member(columns: list[Column]) -> Column | None:
    ways = (
        lambda column: means(column.name, "member_id"),
        lambda column: re.fullmatch(log_words("messages")["member"], plain_name(column.name)),
        personal_key,
    )
    return next((column for way in ways for column in columns if way(column) and column.kind != "time"), None)


def _campaign(columns: list[Column]) -> Column | None:
    forms = log_words("messages")["campaign"]
    return next(
        (c for form in forms for c in columns if re.fullmatch(form, plain_name(c.name)) and c.kind != "time"),
        None,
    )


def _further(log: _Log, made: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """What members did, what counts as their answer, and who refused further messages."""
    kinds = {word: meant for kind, meant in RESPONSES.items() for word in log.events.get(kind, ())}
    event = log.event.name
    parts = [{"where": among(event, [*kinds]), "columns": made | {"kind": {"column": event, "map": kinds}}}]
    answer = log.events[_answer(log)]
    parts.append({"where": among(event, answer), "columns": made | {"kind": {"value": "answered"}}})
    found = {"responses": parts}
    if "refused" in log.events:
        who = {name: made[name] for name in ("occurred_at", "member_id")}
        refused = {"keep": "changes", "where": among(event, log.events["refused"])}
        found["members"] = [refused | {"columns": who | {"consent_marketing": {"value": "withdrawn"}}}]
    return found


def _answer(log: _Log) -> str:
    return "clicked" if "clicked" in log.events else "opened"


def _said(label: str, log: _Log) -> Iterator[str]:
    told = "; ".join(f"{kind}: {', '.join(words)}" for kind, words in log.events.items())
    yield f"{label}: taken as a log of messages by {log.event.name} ({told})"
    yield (
        f"{label}: a message that was {_answer(log)} counts as answered; if the aim is another, say it under "
        "`responses`"
    )
    known = [word for words in log.events.values() for word in words]
    out = [word for word in log.event.values if word not in known]
    out += log.events.get("delivered", []) if log.sends == "sent" else []
    if out:
        yield f"{label}: rows that say {', '.join(out)} are left out"
    if "bounced" in log.events:
        back = ", ".join(log.events["bounced"])
        yield f"{label}: messages that came back ({back}) stay contacts without an answer"
