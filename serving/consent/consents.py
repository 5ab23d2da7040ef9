"""What everybody says now: the pipeline's list, and what was told to the service since.

In memory, so that an answer costs lookups in dictionaries; a thread of every worker looks
several times a second whether the list or the database has changed.
"""

import hashlib
import json
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from features import consent
from features.consent_policy import Policy, Unknown
from serving.consent import consent_updates
from serving.consent.consent_updates import Subject
from serving.contract.personal_refs import Bound
from serving.damage import DAMAGED
from serving.database import Database

LOOK_SECONDS = 0.25
Facts = Mapping[str, Any]
logger = logging.getLogger("memberlens.serving")


@dataclass(frozen=True)
class Listed:
    """The pipeline's list: facts by kind and id, and the member whom a lead or an account is bound to."""

    policy: Policy = field(default_factory=Policy)
    as_of: int = 0
    facts: Mapping[str, Mapping[str, Facts]] = field(default_factory=lambda: {"member": {}, "lead": {}})
    bound: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    since: Callable[[Iterable[Subject]], Mapping[Subject, Facts]] = lambda _: {}

    @cached_property
    def words_alone(self) -> Policy:
        """The policy under which only a known word suppresses."""
        free = Unknown(profiling="score", marketing="score")
        return self.policy.model_copy(update={"unknown": free})

    @classmethod
    def load(cls, folder: Path) -> "Listed":
        """Read the list; ``ValueError`` where file and facts do not belong together: it is being written."""
        said = json.loads((folder / "consent.json").read_text())
        frame = pl.read_parquet(_named(folder / "consent.parquet", said["sha256"]))
        owners: dict[str, str] = {}
        if digest := said.get("accounts_sha256"):  # a list of before there was one has none
            accounts = pl.read_parquet(_named(folder / "accounts.parquet", digest))
            owners = dict(accounts.select("account", "member_id").iter_rows())
        kinds = {kind: frame.filter(pl.col("kind") == kind) for kind in ("member", "lead")}
        leads = kinds["lead"].filter(pl.col("member_id").is_not_null())
        bound = dict(leads.select("subject_id", "member_id").iter_rows())
        facts = {kind: _shared(rows) for kind, rows in kinds.items()}
        policy = Policy.model_validate(said["policy"])
        return cls(policy, int(said["as_of"]), facts, bound, owners, lambda subjects: _since(frame, subjects))

    def subject(self, one: Subject) -> Subject:
        """Return whom a word is about that was told of an account, maybe before it was known whose it is."""
        kind, name = one
        return (kind, self.accounts.get(name, name)) if kind == "member" else one


def _named(file: Path, digest: str) -> Path:
    if hashlib.sha256(file.read_bytes()).hexdigest() != digest:
        raise ValueError(f"{file}: is not the file that consent.json names")
    return file


def _shared(rows: pl.DataFrame) -> dict[str, Facts]:
    """Facts by id; the same ones are kept once."""
    once: dict[tuple[Any, ...], Facts] = {}
    found = {}
    for subject, *values in rows.select("subject_id", *consent.FACTS).iter_rows():
        key = tuple(values)
        found[subject] = once.setdefault(key, dict(zip(consent.FACTS, key, strict=True)))
    return found


def _since(frame: pl.DataFrame, subjects: Iterable[Subject]) -> dict[Subject, Facts]:
    """Since when (seconds) the words of these subjects are what they are."""
    names = list({name for _, name in subjects})
    rows = frame.filter(pl.col("subject_id").is_in(names))
    return {(row["kind"], row["subject_id"]): row for row in rows.iter_rows(named=True)}


@dataclass(frozen=True)
class View:
    """One state of all that is known, never changed: a new one takes its place in one assignment."""

    listed: Listed = field(default_factory=Listed)
    own: Mapping[Subject, Facts] = field(default_factory=dict)  # list and told words in one, where told
    stamps: tuple[Any, ...] = ()


@dataclass
class Consents:
    """Who may be scored, now."""

    folder: Path
    database: Database
    refusal: str | None = None  # why the list that is there now is not followed
    _view: View = field(default_factory=View)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def known(self, kind: str, subject: str) -> tuple[Facts, ...]:
        """Return what is known of a subject, and for a lead of its member; empty where nothing is."""
        view = self._view
        own = view.own.get((kind, subject)) or view.listed.facts[kind].get(subject)
        found = () if own is None else (own,)
        if kind == "lead" and (member := view.listed.bound.get(subject)) is not None:
            return found + self.known("member", member)
        return found

    def lists(self, kind: str, subject: str) -> bool:
        """Tell whether the pipeline's list has the subject."""
        return subject in self._view.listed.facts[kind]

    def is_erased(self, kind: str, subject: str) -> bool:
        return "erased" in self._view.own.get((kind, subject), ())

    def subjects(self) -> Iterator[Subject]:
        """Yield everybody whom the pipeline's list has."""
        return ((kind, subject) for kind, facts in self._view.listed.facts.items() for subject in facts)

    def leads_of(self, member: str) -> list[str]:
        """Return the leads that are bound to a member."""
        return [lead for lead, owner in self._view.listed.bound.items() if owner == member]

    def accounts_of(self, member: str) -> list[str]:
        """Return the accounts that are bound to a member."""
        return [account for account, owner in self._view.listed.accounts.items() if owner == member]

    def subject(self, one: Subject) -> Subject:
        """Return the member of an account; others as they are."""
        return self._view.listed.subject(one)

    def suppression(self, facts: tuple[Facts, ...], now: datetime) -> str | None:
        """Return why a subject with these facts is not scored, or None."""
        return consent.suppression(facts, now, self._view.listed.policy)

    def withdrawal(self, facts: tuple[Facts, ...], now: datetime) -> str | None:
        """Return the same by what is known alone: an unknown word takes back no answer that was given."""
        return consent.suppression(facts, now, self._view.listed.words_alone)

    def refresh(self) -> None:
        """Read again what has changed; what cannot be read now stays as it was."""
        with self._lock:  # so that no older state takes the place of a newer one
            self._refresh()

    def _refresh(self) -> None:
        file, view = self.folder / "consent.json", self._view
        stamp = file.stat().st_mtime_ns if file.exists() else None
        with self.database.use() as connection:
            stamps: tuple[Any, ...] = (stamp, consent_updates.stamp(connection))
            if stamps == view.stamps:
                return
            listed = view.listed
            if stamp is not None and stamp != (view.stamps or (None,))[0]:
                listed = self._listed(listed)
                if self.refusal is not None:
                    stamps = ("refused", *stamps[1:])  # tried again at the next look
            words = _of_subjects(listed, consent_updates.words(connection))
            erased = {listed.subject(one) for one in consent_updates.erased(connection)}
        since = listed.since(words) if words else {}
        own: dict[Subject, Facts] = {
            subject: _merged(listed.facts[subject[0]].get(subject[1], {}), since.get(subject, {}), said)
            for subject, said in words.items()
        }
        Bound.accounts = listed.accounts
        self._view = View(listed, own | {subject: {"erased": True} for subject in erased}, stamps)

    def _listed(self, former: Listed) -> Listed:
        """The list as it is now, or the former one where it cannot be read; told once for each reason."""
        try:
            found, reason = Listed.load(self.folder), None
        except DAMAGED as error:
            found, reason = former, f"{type(error).__name__}: {error}"
        if reason is not None and reason != self.refusal:
            logger.error("consent list refused reason=%s", reason)
        self.refusal = reason
        return found

    def watch(self, stop: threading.Event) -> None:
        """Follow changes until ``stop``."""
        while not stop.wait(LOOK_SECONDS):
            try:
                self.refresh()
            except (sqlite3.Error, OSError) as error:
                logger.error("consents could not be read: %s", error)
            except Exception:  # the thread must live: without it no further word would ever be followed
                logger.exception("consents could not be read")

    def forget(self) -> None:
        """Drop tombstones of whom the pipeline no longer has, and words that it has taken over."""
        view = self._view
        with self.database.use() as connection:
            for one, at in consent_updates.erased(connection).items():
                if view.listed.as_of > at and not self.lists(*view.listed.subject(one)):
                    consent_updates.drop_tombstone(connection, one)
            for one, said in consent_updates.words(connection).items():
                kind, name = view.listed.subject(one)
                facts = view.listed.facts[kind].get(name, {})
                if all(view.listed.as_of > at and facts.get(word) == one for word, (one, at) in said.items()):
                    consent_updates.drop_words(connection, one)


def _of_subjects(
    listed: Listed, told: Mapping[Subject, consent_updates.Words]
) -> dict[Subject, consent_updates.Words]:
    """Words by subject: of one that was told of by several ids the newest, of one moment the stricter."""
    found: dict[Subject, consent_updates.Words] = {}
    for one, words in told.items():
        kept = dict(found.get(listed.subject(one), {}))
        for word, (value, at) in words.items():
            there = kept.get(word)
            if there is None or (at, value == "withdrawn") > (there[1], there[0] == "withdrawn"):
                kept[word] = (value, at)
        found[listed.subject(one)] = kept
    return found


def _merged(facts: Facts, since: Facts, said: consent_updates.Words) -> Facts:
    """A told word counts where it is newer than the list's; else the stricter of both."""
    found = dict(facts)
    for word, (one, at) in said.items():
        there = since.get(f"{word}_at")
        if there is None or at > there or one == "withdrawn":
            found[word] = one
    return found
