"""One log of what became of messages, a row an event: sent, opened, clicked, bounced, unsubscribed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from features import unique_yaml
from training.sources.proposal import sql
from training.sources.proposal.cell_proposal import cell_of, personal_key
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, all_of
from training.sources.proposal.mapping_keys import Cell, CellKeys, Cells, PartKeys, Value, full, short
from training.sources.proposal.name_patterns import means
from training.sources.proposal.returned_messages import came_back, sent_with_returned
from training.sources.proposal.table_proposal import TableProposal, in_order
from training.sources.proposal.time_columns import time_of
from training.sources.reading.files import ROW
from training.sources.reading.money_columns import plain_name

SURE = 100.0  # of a score: such a file is nothing else
FOLLOWS = 0.5  # of the messages that were opened or clicked have a row of their sending
OTHERS = ("order_id", "ticket_id", "quantity", "unit_price_cents")
RESPONSES = {"opened": "opened", "clicked": "clicked", "refused": "blocked"}
SENDING = {"sent", "delivered", "bounced", "nothing"}  # what a status tells of a log of sendings alone
ANSWERED: CellKeys = {"value": "answered"}
Events = dict[str, list[str]]


@cache
def log_words(kind: str) -> dict[str, Any]:
    """Read the words of logs of one kind: ``messages`` or ``stages``."""
    found: dict[str, Any] = unique_yaml.read(Path(__file__).with_name("log_words.yaml"))[kind]
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
    told = {"occurred_at": log.time, "campaign_id": log.campaign, "member_id": log.member}
    made = {name: cell_of(file, name, column.name, unsure) for name, column in told.items()}
    answers, refused = _answers(log, made), _refused(log, made)
    further = {"responses": answers, "members": refused}
    sent = log.events.get(log.sends, [])
    if not sent and not answers:
        return None
    if sent:
        row: Cells = {"contact_id": {"column": ROW}}
        cells, where = row | made, sql.among(log.event.name, sent)
        named = [f'"{c.name}" IS NOT NULL' for c in (log.member, log.campaign) if c.filled < file.rows]
        where = " AND ".join([where, *named])
    else:
        cells, where = made | {"kind": full(answers[0]["columns"]["kind"])}, answers[0]["where"]
        further["responses"] = answers[1:]
    table = "contacts" if sent else "responses"
    return TableProposal(
        file,
        table,
        in_order(table, cells),
        where,
        unsure=[*_said(file, log), *unsure],
        score=SURE,
        further={name: parts for name, parts in further.items() if parts},
        apart=(log.event.name,),
    )


def one_answer(guesses: list[TableProposal]) -> list[TableProposal]:
    """Count as answers what another file says, else clicks, where one log has them and another openings."""
    kinds = {id(made): _answered(made) for made in guesses}
    own = any(m.table == "responses" and not m.apart and "lead_id" not in m.cells for m in guesses)
    fewer = {"opened", "clicked"} if own else {"opened"} if "clicked" in kinds.values() else set()
    return [_without_answers(made) if kinds[id(made)] in fewer else made for made in guesses]


def _answered(made: TableProposal) -> str | None:
    """By what a log says that members answered."""
    part = next(
        (one for one in made.further.get("responses", ()) if one["columns"]["kind"] == ANSWERED), None
    )
    if part is None or not made.apart:
        return None
    words = [word for word in _words(made) if f"'{word}'" in part["where"]]
    return next((kind for word in words if (kind := event_of(word)) in RESPONSES), None)


def _words(made: TableProposal) -> tuple[str, ...]:
    event = made.file.column(made.apart[0])
    return event.values if event else ()


def _without_answers(made: TableProposal) -> TableProposal:
    rest = [one for one in made.further["responses"] if one["columns"]["kind"] != ANSWERED]
    further = made.further | {"responses": rest}
    told = [said for said in made.unsure if "counts as answered" not in said]
    return replace(made, further={name: parts for name, parts in further.items() if parts}, unsure=told)


def unnamed_messages(file: File) -> Iterator[str]:
    """Say of a log of messages that is read as none what it does not tell."""
    log = _log(file)
    if log is None:
        return
    words = ", ".join(log.event.values)
    if not log.lacks:
        yield f"{file.label}: messages of which {log.event.name} says {words}; nothing is made of them"
        return
    yield (
        f"{file.label}: {log.event.name} looks like a log of messages ({words}), but no "
        f"column tells {' nor '.join(log.lacks)}; without, it is neither contacts nor responses"
    )


def is_message_log(file: File) -> bool:
    """Tell whether a file is a log of messages, though it may lack what makes it a table."""
    return _log(file) is not None


def _log(file: File) -> _Log | None:
    found = [(column, _events(column)) for column in file.columns if column.kind == "text" and column.values]
    told = [(column, events) for column, events in found if _is_told(column, events)]
    if not told or any(means(column.name, name) for column in file.columns for name in OTHERS):
        return None  # what is open, sent and delivered may be an order or a ticket
    event, events = max(told, key=lambda one: (_is_whole(one[1]), len(one[1])))
    member, campaign = whose(file, event)
    log = _Log(events, event, member, time_of(file, "contacts"), campaign)
    if not _is_whole(events):
        return None if log.lacks else _with_returned(file, log)
    return log if _is_of_events(file, log) else None


def _with_returned(file: File, log: _Log) -> _Log:
    keys = [column.name for column in (log.member, log.campaign) if column is not None]
    return replace(log, events=sent_with_returned(file, log.event.name, keys, log.events, log.sends))


def whose(file: File, event: Column | None = None) -> tuple[Column | None, Column | None]:
    """Find the columns of a log's members and campaigns, beside that of its events."""
    rest = [column for column in file.columns if column is not event and column.filled]
    member = _member(rest)
    return member, _campaign([c for c in rest if c is not member and not personal_key(c)])


def _is_whole(events: Events) -> bool:
    """Whether messages and what became of them are both there."""
    return bool({"sent", "delivered"} & set(events)) and bool({"opened", "clicked"} & set(events))


def _is_told(column: Column, events: Events) -> bool:
    """Whether a column tells of messages and what became of them, or of nothing else, as its name says."""
    kinds = [event_of(word) for word in column.values]
    named = log_words("messages")
    of_one_kind = None not in kinds and re.fullmatch(named["event"], plain_name(column.name))
    of_sends = (
        {*kinds} <= SENDING and len({*kinds}) > 1 and re.fullmatch(named["status"], plain_name(column.name))
    )
    return _is_whole(events) or bool(events and (of_one_kind or of_sends))


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
        kind = event_of(word)
        if kind and kind != "nothing":
            found.setdefault(kind, []).append(word)
    return found


@cache
def event_of(word: str) -> str | None:
    """Tell what a word as ``Opened Email`` or ``users.messages.email.Send`` says became of a message."""
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
    found = [c for way in ways for c in columns if way(c) and c.kind != "time"]
    most = max((c.distinct for c in found), default=0)  # few values are those of accounts or senders
    return next((c for c in found if c.distinct >= most / 2), None)


def _campaign(columns: list[Column]) -> Column | None:
    forms = log_words("messages")["campaign"]
    return next(
        (c for form in forms for c in columns if re.fullmatch(form, plain_name(c.name)) and c.kind != "time"),
        None,
    )


def _answers(log: _Log, made: Cells) -> list[PartKeys]:
    """What members did, and what counts as their answer."""
    kinds: dict[str, Value] = {
        word: meant for kind, meant in RESPONSES.items() for word in log.events.get(kind, ())
    }
    plain: dict[str, Cell] = {name: short(cell) for name, cell in made.items()}
    event, answer = log.event.name, _answer(log)
    did: PartKeys = {
        "where": sql.among(event, [*kinds]),
        "columns": plain | {"kind": {"column": event, "map": kinds}},
    }
    if answer is None:
        return [did] if kinds else []
    return [did, {"where": sql.among(event, log.events[answer]), "columns": plain | {"kind": ANSWERED}}]


def _refused(log: _Log, made: Cells) -> list[PartKeys]:
    """Who refused further messages, from then on."""
    if "refused" not in log.events:
        return []
    who: dict[str, Cell] = {name: short(made[name]) for name in ("occurred_at", "member_id")}
    said: CellKeys = {"value": "withdrawn"}
    where = sql.among(log.event.name, log.events["refused"])
    return [{"keep": "changes", "where": where, "columns": who | {"consent_marketing": said}}]


def _answer(log: _Log) -> str | None:
    return next((kind for kind in ("clicked", "opened") if kind in log.events), None)


def _said(file: File, log: _Log) -> Iterator[str]:
    label = file.label
    told = "; ".join(f"{kind}: {', '.join(words)}" for kind, words in log.events.items())
    yield f"{label}: taken as a log of messages by {log.event.name} ({told})"
    if _answer(log):
        yield (
            f"{label}: a message that was {_answer(log)} counts as answered; if the aim is another, say it "
            "under `responses`"
        )
    known = [word for words in log.events.values() for word in words]
    out = [word for word in log.event.values if word not in known]
    out += log.events.get("delivered", []) if log.sends == "sent" else []
    out += [] if log.sends in log.events else log.events.get("bounced", [])  # nobody knows of what
    if out:
        yield f"{label}: rows that say {', '.join(out)} are left out"
    if "bounced" in log.events and log.sends in log.events:
        yield f"{label}: {came_back(file, log.event.name, log.events['bounced'], log.events[log.sends])}"
