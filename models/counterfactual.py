"""What would have had to be otherwise for another band: the right to know that goes with an explanation.

The Court of Justice (C-203/22, 27 February 2025) asks to be told how far other data would have led to
another result. So the smallest change is sought that does: one kind of event more or a kind of record less,
then two of them, then three; for a lead, at last, some days without anything. What is looked for is the band
below; from the lowest, the one above.

Each change is one that could have been (``models.histories``), and none is told before the very scorer has
scored the changed row: it is inside the task's population, and in another band.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from typing import Any

import numpy as np
import polars as pl
from xgboost import config_context

from features import catalog
from features.lifecycle_limits import LifecycleLimits
from features.own_tables import OwnTable
from models.card import BandRow
from models.changed_rows import Options, Tried
from models.counterfactual_answer import (
    FOUND,
    NO_EVENTS,
    NO_SCORE,
    NOT_WITHIN,
    Change,
    Counterfactual,
    Value,
    nothing,
)
from models.events import sources
from models.histories import Source, Variant
from models.learners.encoder import Encoder
from models.own_histories import OwnSource
from models.phrases import LANGUAGES, Phrases, catalogue, percent
from models.population import outside
from models.reasons import is_sensitive
from models.scorer import OK, Scorer
from models.waiting import Waiting

BEST = {2: 8, 3: 5}  # how many of a table's variants are tried with those of others: of two tables, of three
TOGETHER = 4  # tables that are tried with others, however many there are
CONFIRMED = 8  # changes that the scorer is asked about, the smallest first


@dataclass(frozen=True)
class Counterfactuals:
    """Finds counterfactuals with one scorer; keep it, since what events do is computed once."""

    scorer: Scorer

    def prepare(self) -> None:
        """Compute what events do, and the words, before anybody waits for it."""
        for source in self.sources:
            source.prepare()
        _ = self._phrases, self._encoders, self._waiting

    @cached_property
    def sources(self) -> list[Source]:
        """The tables that could be otherwise, without those of which a sensitive feature is read."""
        card, known = self.scorer.model.card, {group.name: group for group in catalog.GROUPS}
        groups = [known[name] for name in card["groups"] if name in known]
        kinds: dict[str, dict[str, bool]] = {group.table: {} for group in groups if group.table}
        limits = LifecycleLimits.model_validate(card["lifecycle"])
        names = set(self.scorer.model.reads)
        whole = catalog.available(groups, kinds, limits)
        found = (Source.of(table, key, own, names) for (table, key), own in sources(whole).items())
        every = [*found, *(OwnSource.of_table(one, names) for one in self._own)]
        return [one for one in every if one is not None and not any(map(is_sensitive, one.names))]

    @property
    def _own(self) -> list[OwnTable]:
        """The brand's own tables that the model may read."""
        return [OwnTable.model_validate(one) for one in self.scorer.model.card.get("own_tables", ())]

    @cached_property
    def _phrases(self) -> dict[str, Phrases]:
        return {row["name"]: Phrases.of(row) for row in self.scorer.model.card["features"]}

    @cached_property
    def _encoders(self) -> list[tuple[np.ndarray, Encoder]]:
        """For each table where its features are among the inputs, and how they are read."""
        return [self._encoder(source.names) for source in self.sources]

    def _encoder(self, names: Collection[str]) -> tuple[np.ndarray, Encoder]:
        columns = self.scorer.model.encoder.columns
        at = [place for place, column in enumerate(columns) if column.name in names]
        return np.array(at, dtype=np.int64), Encoder(tuple(columns[one] for one in at))

    @cached_property
    def _waiting(self) -> tuple[Waiting, tuple[np.ndarray, Encoder]] | None:
        """Days without anything, and where what they change is among the inputs."""
        found = Waiting.of_leads(self.sources, self.scorer.model.reads)
        return None if found is None else (found, self._encoder(found.names))

    def of(self, frame: pl.DataFrame) -> Counterfactual:
        """Return what would have led the one row of features in ``frame`` to another band."""
        with config_context(nthread=1):
            now = self.scorer.numbers(frame).row(0, named=True)
            if now["status"] != OK:
                return nothing(NO_SCORE)
            if not self.sources:
                return nothing(NO_EVENTS)
            before = frame.select(self.scorer.model.reads)
            options = self._options(before.row(0, named=True))
            for level in self._levels(options, before, self._direction(now["band"])):
                if told := self._confirmed(level, before, now["band"]):
                    return told
            told = self._confirmed(self._waited(before), before, now["band"])
        return told or nothing(NOT_WITHIN)

    def _direction(self, band: str) -> int:
        """1: to a lower probability, -1: from the lowest band to a higher one."""
        return -1 if band == self._bands[-1] else 1

    @cached_property
    def _bands(self) -> list[str]:
        return [band["name"] for band in self.scorer.model.card["bands"]]

    def _options(self, row: Mapping[str, Any]) -> list[Options]:
        found = []
        for source, (at, encoder) in zip(self.sources, self._encoders, strict=True):
            variants, frame = source.variants(row)
            if variants:
                held = max(1, int(row.get(source.counts) or 0))
                cost = np.array([_cost(one, held) for one in variants])
                found.append(Options(source, variants, frame, at, encoder.transform(frame), cost))
        return found

    def _levels(self, options: list[Options], before: pl.DataFrame, direction: int) -> Iterator[list[Tried]]:
        """Rows with one table otherwise, then with two, then three: of each table what helps most alone."""
        start = self.scorer.model.encoder.transform(before)
        everything = [np.arange(len(one.variants))[:, None] for one in options]
        single = [self._scored((one,), picks, start) for one, picks in zip(options, everything, strict=True)]
        yield single
        ranked = [np.argsort(direction * one.probability, kind="stable") for one in single]
        for many, best in BEST.items():
            groups = combinations(self._helpful(single, direction), many)
            yield [
                self._scored(tuple(options[at] for at in chosen), np.array(picks, dtype=np.int64), start)
                for chosen in groups
                for picks in [list(product(*(ranked[at][:best].tolist() for at in chosen)))]
            ]

    @staticmethod
    def _helpful(single: list[Tried], direction: int) -> list[int]:
        """The tables that are tried together: those of which one alone helps most."""
        best = [np.min(direction * one.probability, initial=np.inf) for one in single]
        return sorted(np.argsort(best, kind="stable")[:TOGETHER].tolist())

    def _waited(self, before: pl.DataFrame) -> list[Tried]:
        """The row some days later, nothing having happened."""
        if self._waiting is None:
            return []
        waiting, (at, encoder) = self._waiting
        variants, frame = waiting.variants(before.row(0, named=True))
        days = np.array([one.days for one in variants], dtype=np.int64)
        option = Options(waiting, variants, frame, at, encoder.transform(frame), days)
        every = np.arange(len(variants))[:, None]
        return [self._scored((option,), every, self.scorer.model.encoder.transform(before))]

    def _scored(self, parts: tuple[Options, ...], picks: np.ndarray, start: np.ndarray) -> Tried:
        """Changed rows with what the booster says as they stand; what is unknown is left to the scorer."""
        matrix = np.repeat(start, len(picks), axis=0)
        for at, part in enumerate(parts):
            matrix[:, part.at] = part.matrix[picks[:, at]]
        model = self.scorer.model
        margin = model.booster.inplace_predict(matrix, predict_type="margin")
        return Tried(parts, picks, model.calibration.probability(margin))

    def _confirmed(self, level: list[Tried], before: pl.DataFrame, band: str) -> Counterfactual | None:
        """The smallest of a level's changes that the scorer finds in another band, if any."""
        for at, rows in self._promising(level, before, band):
            tried = level[at].take(rows)
            frame = tried.frame(before)
            numbers = self.scorer.numbers(frame)
            for row, told in enumerate(numbers.iter_rows(named=True)):
                if told["status"] == OK and self._is_beyond(told["band"], band):
                    return self._told(tried, row, before, frame[row], told)
        return None

    def _is_beyond(self, band: str, now: str) -> bool:
        """Whether a band lies where one is looked for."""
        return self._direction(now) * (self._bands.index(band) - self._bands.index(now)) > 0

    def _promising(
        self, level: list[Tried], before: pl.DataFrame, band: str
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Rows that the booster finds beyond and the task is about, the cheapest ``CONFIRMED``, by table."""
        direction, now, found = self._direction(band), self._bands.index(band), []
        for at, tried in enumerate(level):
            rows = np.flatnonzero(direction * (self.scorer.bands(tried.probability) - now) > 0)
            inside = self._is_inside(tried.take(rows), before)
            found += [
                (tried.cost[row], direction * tried.probability[row], at, row)
                for row in rows[inside].tolist()
            ]
        for _, _, at, row in sorted(found)[:CONFIRMED]:
            yield at, np.array([row])

    def _is_inside(self, tried: Tried, before: pl.DataFrame) -> np.ndarray:
        boundaries = self.scorer.model.boundaries
        reads = list(dict.fromkeys(name for one in boundaries for name in one.reads))
        if not reads or not len(tried.picks):
            return np.ones(len(tried.picks), dtype=bool)
        return outside(tried.frame(before.select(reads)), boundaries).is_null().to_numpy()

    def _told(
        self, tried: Tried, at: int, before: pl.DataFrame, after: pl.DataFrame, numbers: Mapping[str, Any]
    ) -> Counterfactual:
        """In words: what differs, and which band it leads to."""
        was, would = before.row(0, named=True), after.row(0, named=True)
        picks = zip(tried.parts, tried.picks[at].tolist(), strict=True)
        chosen = [(part.source, part.variants[pick]) for part, pick in picks]
        stated = [name for source, variant in chosen for name in _stated(variant, source)]
        differ = [name for name in was if was[name] != would[name]]
        order = [
            *(name for name in stated if name in differ),
            *(name for name in differ if name not in stated),
        ]
        changes = tuple(self._change(name, was[name], would[name], name in stated) for name in order)
        facts = [self._fact(source, variant, was, would) for source, variant in chosen]
        text = {
            word: self._sentence(
                [fact[word] for fact in facts], numbers["band"], numbers["probability"], word
            )
            for word in LANGUAGES
        }
        return Counterfactual(FOUND, text, numbers["band"], numbers["probability"], changes)

    def _change(self, name: str, was: Value, would: Value, stated: bool) -> Change:
        return Change(name, was, would, stated, self._instead(name, was, would))

    def _instead(self, name: str, was: Value, would: Value) -> dict[str, str]:
        says, clause = self._phrases[name], catalogue()["counterfactual"]["instead"]
        return {
            word: clause[word].format(after=says.fact(would, word), before=says.fact(was, word))
            for word in LANGUAGES
        }

    def _fact(
        self, source: Source | Waiting, variant: Variant, was: Mapping[str, Value], would: Mapping[str, Value]
    ) -> dict[str, str]:
        """One table's part of the sentence."""
        words, names = catalogue()["counterfactual"], _stated(variant, source)
        if isinstance(source, Waiting):
            facts = self._instead(names[-1], was[names[-1]], would[names[-1]])
            return {word: words["later"][word].format(days=variant.days, fact=facts[word]) for word in facts}
        group = source.groups[0]
        if isinstance(source, OwnSource) and variant.happening is not None:
            return source.told(variant.happening, variant.emptied)
        if not variant.emptied:
            return self._instead(names[-1], was[names[-1]], would[names[-1]])
        clause = words["nothing"] if variant.happening is None else words["nothing_but"]
        says = self._phrases[names[-1]]
        return {
            word: clause[word].format(
                group=getattr(group, word).lower(), after=says.fact(would[names[-1]], word)
            )
            for word in LANGUAGES
        }

    def _sentence(self, facts: Sequence[str], band: str, probability: float, word: str) -> str:
        words = catalogue()["counterfactual"]
        shown = next(_words(one)[word] for one in self.scorer.model.card["bands"] if one["name"] == band)
        told = {"name": band, "band": shown, "probability": percent(probability)}
        return words["found"][word].format(facts=words["and"][word].join(facts), **told)


def _cost(variant: Variant, held: int) -> int:
    """How many events are more, and how many of those ``held`` less."""
    more = 0 if variant.happening is None else len(variant.happening.ages)
    return more + held * variant.emptied


def _stated(variant: Variant, source: Source | Waiting) -> list[str]:
    """The features that say a variant: that nothing is left, and how many events there are."""
    if isinstance(source, Waiting):
        return [source.age]
    found = [source.total] if variant.emptied else []
    says = None if variant.happening is None else source.says(variant.happening)
    return found if says is None else [*found, says]


def _words(band: BandRow) -> dict[str, str]:
    return {"en": band["en"], "zh": band["zh"]}
