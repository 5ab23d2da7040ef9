"""Logs of messages in a file an event: what was sent, opened and clicked is told by names of files alone."""

import re
from dataclasses import dataclass

from training.sources.proposal.cell_proposal import cell_of
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.mapping_keys import Cells, PartKeys, Tables, short
from training.sources.proposal.message_log import ANSWERED, OTHERS, RESPONSES, event_of, whose
from training.sources.proposal.name_patterns import means
from training.sources.proposal.table_proposal import TableProposal, in_order
from training.sources.proposal.time_columns import time_of
from training.sources.reading.files import ROW
from training.sources.reading.money_columns import plain_name

SENT, ANSWERS = ("sent", "delivered"), ("clicked", "opened")  # each the surer first
Tried = list[tuple[File, TableProposal | None]]


@dataclass(frozen=True)
class _Log:
    """A file of one event, and its columns of member, campaign and time."""

    file: File
    kind: str
    member: Column
    campaign: Column
    time: Column

    @property
    def key(self) -> tuple[str, str]:
        """By what its rows meet those of another: columns of the same names."""
        return self.member.name, self.campaign.name


def logs_by_file(tried: Tried) -> Tried:
    """Take files of sent messages and of what became of them as contacts and responses.

    A file of clicks alone may be of a web site: it is one of messages beside those that were sent to the same
    members in the same campaigns.
    """
    logs = [log for file, made in tried if (log := _log(file, made)) is not None]
    sent = next((log for kind in SENT for log in logs if log.kind == kind), None)
    answers = [log for log in logs if sent is not None and log.key == sent.key and log.kind in ANSWERS]
    if sent is None or not answers:
        return tried
    surest = min(answers, key=lambda log: ANSWERS.index(log.kind))
    found = {id(sent.file): _contacts(sent)}
    found |= {id(log.file): _responses(log, log is surest) for log in answers}
    return [(file, found.get(id(file), made)) for file, made in tried]


def _log(file: File, made: TableProposal | None) -> _Log | None:
    kind = _kind(file)
    if kind is None or (made is not None and (made.preset or made.apart)):
        return None
    if any(means(column.name, name) for column in file.columns for name in OTHERS):
        return None
    (member, campaign), time = whose(file), time_of(file, "contacts")
    if member is None or campaign is None or time is None:
        return None
    return _Log(file, kind, member, campaign, time)


def _kind(file: File) -> str | None:
    """What became of messages by a file's name: ``_Sent``, ``email_opens_2024``."""
    name = re.sub(r"[\W\d_]+", "_", plain_name(file.path.stem)).strip("_")
    found = (event_of(one) for one in (name, name.rpartition("_")[2]))
    return next((kind for kind in found if kind in (*SENT, *ANSWERS)), None)


def _cells(log: _Log, unsure: list[str]) -> Cells:
    told = {"occurred_at": log.time, "campaign_id": log.campaign, "member_id": log.member}
    return {name: cell_of(log.file, name, column.name, unsure) for name, column in told.items()}


def _contacts(log: _Log) -> TableProposal:
    unsure = [f"{log.file.label}: taken as messages that were sent, by its name"]
    cells = in_order("contacts", {"contact_id": {"column": ROW}, **_cells(log, unsure)})
    return TableProposal(log.file, "contacts", cells, unsure=unsure)


def _responses(log: _Log, is_answer: bool) -> TableProposal:
    unsure = [f"{log.file.label}: taken as messages that were {log.kind}, by its name"]
    cells = _cells(log, unsure)
    further: Tables = {}
    if is_answer:
        plain = {name: short(cell) for name, cell in cells.items()}
        part: PartKeys = {"columns": {**plain, "kind": ANSWERED}}
        further = {"responses": [part]}
        unsure.append(
            f"{log.file.label}: a message that was {log.kind} counts as answered; if the aim is another, say "
            "it under `responses`"
        )
    kind = RESPONSES[log.kind]
    made = in_order("responses", cells | {"kind": {"value": kind}})
    return TableProposal(log.file, "responses", made, unsure=unsure, further=further)
