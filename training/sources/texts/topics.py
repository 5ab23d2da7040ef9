"""What texts are about: a matrix factorisation of their terms, kept where halves of the subjects agree.

Non-negative matrix factorisation of tf-idf rows (Lee and Seung 1999); how many topics there are is told by
how many are found again on halves of the subjects from other starts (Greene, O'Callaghan and Cunningham
2014).
"""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import normalize

from features.text_terms import Known, terms
from features.texts import FITS, Topic

FEWEST = 200  # texts with a term
TOPICS = (3, 4, 5, 6, 8, 10, 12, 15)
HALVES = 3  # random splits of the subjects into two
ALIKE = 0.7  # cosine of two topics' weights that are one
FOUND_AGAIN = 2 / 3
NAMED_BY = 3  # terms
TELLING = 0.05  # of the first term's weight has at least each that names a topic
LEAST = 0.02  # a smaller weight of a term is none


@dataclass(frozen=True)
class Found:
    """Topics, and the weights of each term for them.

    Parameters
    ----------
    weights
        Shape (topics, terms), rows of length 1.
    """

    topics: tuple[Topic, ...]
    weights: np.ndarray
    again: tuple[np.ndarray, ...] = ()


def term_rows(texts: Sequence[str], vocabulary: Sequence[str]) -> csr_matrix:
    """Return which term stands in which text, 1 or 0, shape (texts, terms)."""
    place, known = {term: at for at, term in enumerate(vocabulary)}, Known.of(vocabulary)
    found = [sorted({place[term.removeprefix("!")] for term in terms(text, known)}) for text in texts]
    ends = np.cumsum([0, *(len(one) for one in found)])
    columns = np.array([at for one in found for at in one], dtype=np.int64)
    return csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(texts), len(vocabulary)))


def idf_of(rows: csr_matrix) -> np.ndarray:
    """Return how telling each term is, shape (terms,)."""
    there = np.asarray((rows > 0).sum(axis=0)).ravel()
    return np.round(np.log((1 + rows.shape[0]) / (1 + there)) + 1, 4)


def topics(
    rows: csr_matrix, idf: np.ndarray, vocabulary: Sequence[str], subjects: np.ndarray, seed: int
) -> Found | None:
    """Return the topics; None of fewer than 200 texts with a term.

    Parameters
    ----------
    rows
        See ``term_rows``.
    subjects
        Whose each text is, as numbers, shape (texts,).
    """
    filled = np.asarray(rows.sum(axis=1)).ravel() > 0
    if filled.sum() < FEWEST or len(vocabulary) < 2 * TOPICS[0]:
        return None
    scaled, whose = normalize(rows[filled].multiply(idf).tocsr()), subjects[filled]
    tried = [_tried(scaled, whose, k, seed) for k in TOPICS if k <= len(vocabulary) // 2]
    weights, again, halves = max(tried, key=lambda one: ((one[1] >= FOUND_AGAIN).sum(), -len(one[1])))
    fit = np.asarray(scaled @ weights.T)
    about = Counter(fit.argmax(axis=1)[fit.max(axis=1) >= FITS].tolist())
    return Found(tuple(_named(weights, again, about, vocabulary)), weights, halves)


def _tried(rows: csr_matrix, whose: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray, Any]:
    """Weights of ``count`` topics, the share of splits whose halves both find each, the halves' weights.

    Halves have no text in common, so what both find is no luck of the texts.
    """
    weights = _factors(rows, count, "nndsvda", seed)
    rng, refits = np.random.default_rng(seed), []
    for number in range(HALVES):
        side = rng.random(whose.max() + 1) < 0.5
        refits += [
            _factors(rows[side[whose] == half], count, "random", seed + number + 1) for half in (True, False)
        ]
    aligned = tuple(_aligned(weights, one) for one in refits)
    alike = [
        np.minimum.reduce([_cosine(weights, one), _cosine(weights, other), _cosine(one, other)]) >= ALIKE
        for one, other in zip(aligned[::2], aligned[1::2], strict=True)
    ]
    return weights, np.mean(alike, axis=0), aligned


def _cosine(weights: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.asarray(np.sum(weights * other, axis=1))


def _factors(rows: csr_matrix, count: int, init: str, seed: int) -> np.ndarray:
    model = NMF(count, init=init, random_state=seed, max_iter=200, tol=1e-3)
    with warnings.catch_warnings():  # a fit that has not quite settled is held against refits anyway
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows)
    weights = normalize(model.components_)
    return np.asarray(normalize(np.where(weights < LEAST, 0, weights)).round(4))


def _aligned(weights: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The topics of a refit in the order of those that they are most alike."""
    _, place = linear_sum_assignment(-weights @ other.T)
    return other[place]


def _named(
    weights: np.ndarray, again: np.ndarray, about: Counter[int], vocabulary: Sequence[str]
) -> list[Topic]:
    """Topics with the terms that tell them from the others; none of those not found again."""
    own = weights * weights / np.maximum(weights.sum(axis=0), 1e-9)
    found = []
    for place, row in enumerate(own):
        named = again[place] >= FOUND_AGAIN
        telling = [at for at in np.argsort(-row, kind="stable")[:12] if row[at] > TELLING * row.max()]
        words = _words([vocabulary[at] for at in telling]) if named else ()
        found.append(Topic(words=words, texts=about[place], found_again=round(float(again[place]), 4)))
    return found


def _words(ordered: Sequence[str]) -> tuple[str, ...]:
    """The first terms of which none contains another."""
    kept: list[str] = []
    for term in ordered:
        if not any(term in other or other in term for other in kept):
            kept.append(term)
    return tuple(kept[:NAMED_BY])
