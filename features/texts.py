"""Free text as a topic and a tone: plain words without anything personal, and a linear reading of them.

What a text says is a function of the text and of a ``TextModel`` that was learnt from earlier texts
(``training.sources.texts``); ingest and the service read by the same code. The text itself is not kept.
"""

from collections.abc import Callable, Collection
from functools import cached_property

import polars as pl
from pydantic import BaseModel, ConfigDict

from features.text_terms import Known, terms

OTHER = "other"
FITS = 0.15  # cosine of a text and a topic below which the text is about something else


class Topic(BaseModel):
    """What several texts are about.

    Parameters
    ----------
    words
        Terms that name it, the most telling first.
    texts
        How many of the texts learnt from are about it.
    found_again
        Share of random splits of the subjects both halves of which, from other starts, find it too.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: tuple[str, ...]
    texts: int
    found_again: float

    @property
    def name(self) -> str:
        """Its name, the words side by side."""
        return " · ".join(self.words)


class TextModel(BaseModel):
    """How the texts of one column are read, and what it was learnt from.

    Parameters
    ----------
    column, en, zh
        The column of the own table, and what it is in words.
    topics
        Those with words are named; the others were not found again, and their texts are ``other``.
    weights
        By term its weight for each topic, by the topic's place; a topic's weights have length 1.
    idf
        By term how telling it is.
    tone
        By term, ``!`` before it where it is negated, what it adds to the tone.
    tone_from
        ``words``: a list of words; else the column of ratings that it was learnt from.
    start
        The tone before any term.
    texts, subjects, learnt_until
        How many it was learnt from, of how many subjects, known before when (seconds).
    same_topic
        Share of later texts that a model of half the subjects puts into the same topic; None of none.
    tone_auc
        Of later rated texts: how often a bad one has the lower tone than another; None where unrated.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str
    en: str = ""
    zh: str = ""
    topics: tuple[Topic, ...] = ()
    weights: dict[str, dict[int, float]] = {}
    idf: dict[str, float] = {}
    tone: dict[str, float] = {}
    tone_from: str = "words"
    start: float = 0.0
    texts: int = 0
    subjects: int = 0
    learnt_until: int = 0
    same_topic: float | None = None
    tone_auc: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the topics that were found again."""
        return tuple(topic.name for topic in self.topics if topic.words)

    @cached_property
    def _toned(self) -> Known:
        """The terms that have a tone, negated or not."""
        return Known.of(term.removeprefix("!") for term in self.tone)

    @cached_property
    def _weighed(self) -> Known:
        return Known.of(self.weights)

    def topic(self, text: str | None) -> str | None:
        """Return the name of the topic that fits best, ``other``, or None of no text."""
        if text is None or not self.topics:
            return None
        fit = self.fits(terms(text, self._weighed))
        place = max(fit, key=lambda at: (fit[at], -at), default=None)
        if place is None or fit[place] < FITS:
            return OTHER
        return self.topics[place].name or OTHER

    def fits(self, found: Collection[str]) -> dict[int, float]:
        """Return the cosine of a text's terms and each topic, by the topic's place."""
        here = {term: self.idf[term] for term in sorted({term.removeprefix("!") for term in found})}
        length = sum(weight**2 for weight in here.values()) ** 0.5
        fit: dict[int, float] = {}
        for term, idf in here.items():
            for place, weight in self.weights[term].items():
                fit[place] = fit.get(place, 0.0) + idf * weight / length
        return fit

    def tone_of(self, text: str | None) -> float | None:
        """Return the tone of a text, from -1 (bad) to 1 (good); None of a text without a telling word."""
        if text is None:
            return None
        found = [self.tone[term] for term in sorted(set(terms(text, self._toned))) if term in self.tone]
        return round(max(-1.0, min(1.0, self.start + sum(found))), 4) if found else None


def read_texts(models: Collection[TextModel], frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with topic and tone of each text in place of the text.

    Parameters
    ----------
    models
        How the columns ``x_<column>`` of the frame are read.
    """
    for model in models:
        stored = f"x_{model.column}"
        different = frame[stored].drop_nulls().unique().to_list()
        read: list[tuple[str, Callable[[str | None], str | float | None], pl.DataType]]
        read = [("topic", model.topic, pl.String())] if model.names else []
        read.append(("tone", model.tone_of, pl.Float64()))
        for word, reading, kind in read:
            found = {text: reading(text) for text in different}
            values = [found.get(text) for text in frame[stored]]
            frame = frame.with_columns(pl.Series(f"{stored}_{word}", values, kind))
        frame = frame.drop(stored)
    return frame
