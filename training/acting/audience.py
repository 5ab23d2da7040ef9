"""Who the members are that a plan may write to: consent, addresses, contacts, complaints, peace."""

from pathlib import Path

import numpy as np
import polars as pl

from features.feature import DAY
from models.acting.inputs import Members
from models.acting.options import Options
from models.acting.terms import Audience
from models.scorer import OK
from training.acting.contact_files import TEXT, Cell, read_table, require_one_row
from training.acting.fatigue import LEAN, MONTH, fatigue
from training.params import Params

FORTNIGHT, QUARTER = 14 * DAY, 90 * DAY
UNHEARD = 6  # messages of a quarter, none opened, after which a further one only annoys
ABSENT = {
    **dict.fromkeys(("member_id", "content_channel", "content_content_type", "kind", "arm"), pl.String),
    **dict.fromkeys(("event_time", "known_time"), pl.Int64),
}  # what is read of contacts and responses
NEEDED = ("subject_id", "channel", "consent", "address")
KNOWN = Cell(pl.Boolean, empty=True)  # what is not known of somebody is no consent, nor an address


def scored(params: Params) -> pl.Series:
    """Return whom the response model scored, in order of id.

    Raises
    ------
    ValueError
        Nobody was.
    """
    scores = pl.read_parquet(params.build / "response" / "scores.parquet", columns=["subject_id", "status"])
    subjects = scores.filter(pl.col("status") == OK)["subject_id"].unique().sort()
    if subjects.is_empty():
        raise ValueError(f"{params.data}: nobody was scored for response; see the counts by status")
    return subjects


def members(
    params: Params, options: Options, subjects: pl.Series, moment: int, now: int, reach: Path | None
) -> Members:
    """Read what is known of each of ``subjects`` before ``moment`` (seconds).

    Parameters
    ----------
    now
        From when (seconds) the last fortnight and quarter are counted back.
    reach
        Parquet or CSV with the columns of ``NEEDED``, a row a member and channel, from the system that
        sends. Without it the word on marketing stands for every channel, and an address is known where
        something was sent over the channel before.

    Raises
    ------
    ValueError
        A file of the wrong shape.
    """
    tables = params.build / "tables"
    sent = messages(tables, moment)
    answers = _known(tables / "responses.parquet", moment).filter(pl.col("member_id").is_not_null())
    if reach is None:
        address = holds(subjects, options, sent.select(subject_id="member_id", channel="content_channel"))
        consent = np.ones_like(address)
    else:
        listed = read_reach(reach)
        consent, address = (holds(subjects, options, listed.filter(pl.col(name))) for name in NEEDED[2:])
    complaint = _open_complaint(subjects, tables / "care.parquet", moment)
    audience = Audience(
        subjects.to_list(),
        np.zeros(len(subjects), dtype=np.int64),
        _count(subjects, sent.filter(pl.col("event_time") >= now - FORTNIGHT)),
        _quiet(subjects, sent, answers, now),
        complaint,
    )
    year = answers.filter(pl.col("event_time") >= moment - 365 * DAY, pl.col("kind") == "answered")
    month = _count(subjects, sent.filter(pl.col("event_time") >= now - MONTH))
    risk = _risk(options, sent, answers), fatigue(sent, answers)
    return Members(subjects, audience, consent, address, _yearly(_count(subjects, year)), month, *risk)


def messages(tables: Path, moment: int) -> pl.DataFrame:
    """Return what was sent to members, as known before ``moment`` (seconds); the held-out got nothing."""
    return _known(tables / "contacts.parquet", moment).filter(pl.col("arm") == "treat")


def _known(path: Path, moment: int) -> pl.DataFrame:
    """Rows of a table known before ``moment``; none where the source has no such table."""
    if not path.exists():
        return pl.DataFrame(schema=ABSENT)
    return pl.read_parquet(path).filter(pl.col("known_time") < moment)


def _count(subjects: pl.Series, rows: pl.DataFrame) -> np.ndarray:
    counted = rows.group_by(subject_id="member_id").agg(pl.len().alias("n"))
    found = subjects.to_frame("subject_id").join(counted, on="subject_id", how="left", maintain_order="left")
    return found["n"].fill_null(0).to_numpy().astype(np.int64)


def _yearly(answers: np.ndarray) -> np.ndarray:
    """Answers to be expected of each in a year: last year's, and as much weight on the mean of all."""
    return (answers + answers.mean()) / 2


def holds(subjects: pl.Series, options: Options, rows: pl.DataFrame) -> np.ndarray:
    """Tell whether a row names each subject and channel, shape (subjects, channels)."""
    named = [rows.filter(pl.col("channel") == channel.name)["subject_id"] for channel in options.channels]
    return np.column_stack([subjects.is_in(ids.unique().to_list()).to_numpy() for ids in named])


def read_reach(path: Path) -> pl.DataFrame:
    """Read consents and addresses by channel: the columns of ``NEEDED``."""
    cells = dict(zip(NEEDED, (TEXT, TEXT, KNOWN, KNOWN), strict=True))
    found = read_table(path, NEEDED, cells=cells)
    require_one_row(found, NEEDED[:2], path)  # of two rows that differ one would be a consent withdrawn
    return found


def _open_complaint(subjects: pl.Series, care: Path, moment: int) -> np.ndarray:
    """Who has a ticket that was opened and not resolved yet."""
    if not care.exists():
        return np.zeros(len(subjects), dtype=bool)
    still = open_tickets(pl.read_parquet(care).filter(pl.col("known_time") < moment))
    return subjects.is_in(still["member_id"].drop_nulls().unique().to_list()).to_numpy()


def open_tickets(care: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of tickets that were opened and not resolved yet."""
    done = care.filter(pl.col("kind") == "resolved")["ticket_id"].unique().to_list()
    return care.filter(pl.col("kind") == "opened", ~pl.col("ticket_id").is_in(done))


def _quiet(subjects: pl.Series, sent: pl.DataFrame, answers: pl.DataFrame, now: int) -> np.ndarray:
    """Who blocked a message in a quarter, or opened none of ``UNHEARD`` and more."""
    recent = pl.col("event_time") >= now - QUARTER
    seen = answers.filter(recent)
    blocked = seen.filter(pl.col("kind") == "blocked")
    heard = seen.filter(pl.col("kind").is_in(["opened", "clicked", "answered"]))
    unheard = (_count(subjects, sent.filter(recent)) >= UNHEARD) & (_count(subjects, heard) == 0)
    return unheard | (_count(subjects, blocked) > 0)


def _risk(options: Options, sent: pl.DataFrame, answers: pl.DataFrame) -> np.ndarray:
    """Blocks over messages by channel; a channel of few messages leans on all of them together."""
    blocked = answers.filter(pl.col("kind") == "blocked")
    overall = len(blocked) / max(len(sent), 1)
    named = [channel.name for channel in options.channels]
    messages, blocks = (
        np.array([(rows["content_channel"] == name).sum() for name in named]) for rows in (sent, blocked)
    )
    return (blocks + LEAN * overall) / (messages + LEAN)
