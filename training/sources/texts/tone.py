"""How texts sound: learnt from ratings where rows have them, else from a list of words in two languages."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from features.plain_text import BARE
from features.text_terms import Known, terms
from features.unique_yaml import read

FEWEST = 200  # rated texts from which a tone is learnt
FEWEST_EACH = 20  # of the rarer of good and bad
PENALTY = 5.0  # of the ridge, in texts: a word of five texts counts half of what they say


@cache
def word_list() -> dict[str, float]:
    """Return the weights of the list, ``!`` before a term that is negated."""
    parts = _parts()
    plain = {word: part["weight"] for part in parts.values() for word in part["words"] if part["weight"]}
    turned = {f"!{word}": -weight for word, weight in plain.items()}
    return plain | turned | _given()["as_they_are"]["words"]


@cache
def opinions() -> frozenset[str]:
    """Return the words that say how something was liked, or are manners, and so name no topic."""
    return frozenset(word for part in _parts().values() if not part.get("is_topic") for word in part["words"])


def is_opinion(term: str) -> bool:
    """Tell whether a term says how something was liked, alone or with other signs around it."""
    parts = term.split()
    return any(word in opinions() for word in (term, *parts)) or any(
        len(word) > 1 and word in term and BARE.match(word) for word in opinions()
    )


def _parts() -> dict[str, Any]:
    return {name: part for name, part in _given().items() if name != "as_they_are"}


@cache
def _given() -> dict[str, Any]:
    found: dict[str, Any] = read(Path(__file__).with_name("tone_words.yaml"))
    return found


def plain_words() -> frozenset[str]:
    """Return the words of the list: of no text and of nobody, so that a tone may be learnt of each."""
    return frozenset(term.removeprefix("!") for term in word_list())


def scaled(ratings: np.ndarray) -> np.ndarray:
    """Return ratings from -1 for the lowest to 1 for the highest, shape as given; not known stays so."""
    low, high = np.nanmin(ratings), np.nanmax(ratings)
    return np.asarray(2 * (ratings - low) / (high - low) - 1)


def learnt(
    texts: Sequence[str], rated: np.ndarray, vocabulary: Sequence[str]
) -> tuple[float, dict[str, float]] | None:
    """Return the tone at the start and what each term adds; None where too few texts are rated.

    Parameters
    ----------
    rated
        From -1 to 1, shape (texts,), not a number where not known.
    """
    there = ~np.isnan(rated)
    if there.sum() < FEWEST or min((rated[there] < 0).sum(), (rated[there] > 0).sum()) < FEWEST_EACH:
        return None
    known = Known.of(vocabulary)
    found = [sorted(set(terms(text, known))) for text, is_rated in zip(texts, there, strict=True) if is_rated]
    names = sorted({term for one in found for term in one})
    place = {term: at for at, term in enumerate(names)}
    columns = [place[term] for one in found for term in one]
    ends = np.cumsum([0, *(len(one) for one in found)])
    rows = csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(found), len(names)))
    model = Ridge(alpha=PENALTY, solver="lsqr", tol=1e-8).fit(rows, rated[there])
    weights = np.round(np.ravel(model.coef_), 4).tolist()
    return round(float(model.intercept_), 4), {t: w for t, w in zip(names, weights, strict=True) if w}


def auc(tone: np.ndarray, rated: np.ndarray) -> float | None:
    """Return how often a bad text (rated below 0) has a lower tone than another; None of too few.

    Both of shape (texts,); a text without a tone counts as between.
    """
    known = ~np.isnan(rated)
    bad = rated[known] < 0
    if min(bad.sum(), (~bad).sum()) < FEWEST_EACH:
        return None
    return round(float(roc_auc_score(~bad, np.nan_to_num(tone[known]))), 4)
