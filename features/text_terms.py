"""The terms of a text: words and pairs of words, and runs of characters in scripts without spaces."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from features.plain_text import BARE, pieces

LONGEST_TERM = 4  # characters of a term in scripts that put no space between words
NEGATORS = frozenset(("not", "no", "never", "without", "hardly", "nicht", "kein", "keine", "cannot"))
NEGATING = "不没无未別别"


@dataclass(frozen=True)
class Known:
    """Terms to look for: words, two words with a space between, runs of characters, and how they begin."""

    terms: frozenset[str]
    heads: frozenset[str]
    signs: frozenset[str]

    @classmethod
    def of(cls, found: Iterable[str]) -> "Known":
        """Prepare them."""
        plain = frozenset(found)
        heads = frozenset(term.split()[0] for term in plain if " " in term)
        return cls(plain, heads, frozenset(term[0] for term in plain if BARE.match(term)))


def terms(text: str, known: Known) -> list[str]:
    """Return the known terms of a text, the longest first at each place, ``!`` before those negated.

    A term is a word, two words with a space between, or up to four characters of a run without spaces.

    Examples
    --------
    >>> terms("The parcel was not good, very late.", Known.of(["good", "very late", "late"]))
    ['!good', 'very late']
    >>> terms("快递太慢，不满意", Known.of(["快递", "太慢", "慢", "满意"]))
    ['快递', '太慢', '!满意']
    """
    found: list[str] = []
    lower, skipped = [piece.lower() for piece in pieces(text)], -1
    for at, piece in enumerate(lower):
        if at == skipped:
            continue
        if BARE.match(piece):
            found += _in_run(piece, known)
            continue
        pair = " ".join(lower[at : at + 2]) if piece in known.heads else ""
        term = pair if pair in known.terms else piece
        if term in known.terms:
            skipped = at + 1 if term == pair else -1
            found.append(f"!{term}" if _is_negated(lower[max(0, at - 2) : at]) else term)
    return found


def _is_negated(before: Sequence[str]) -> bool:
    """Tell whether one of the words right before a term negates it; no word does over other signs."""
    if before and not before[-1][0].isalpha():
        return False
    near = before if len(before) == 2 and before[0][0].isalpha() else before[-1:]
    return any(word in NEGATORS or word.endswith(("n't", "n’t")) for word in near)


def _in_run(run: str, known: Known) -> Iterator[str]:
    at = 0
    while at < len(run):
        if run[at] not in known.signs:
            at += 1
            continue
        longest = next((n for n in range(LONGEST_TERM, 0, -1) if run[at : at + n] in known.terms), 0)
        if longest:
            term, is_negated = run[at : at + longest], at > 0 and run[at - 1] in NEGATING
            yield f"!{term}" if is_negated else term
        at += max(longest, 1)


def candidates(text: str) -> Counter[str]:
    """Return how often everything that could be a term, or stand around one, stands in a text."""
    found: Counter[str] = Counter()
    for piece in map(str.lower, pieces(text)):
        if BARE.match(piece):
            for n in range(1, LONGEST_TERM + 2):
                found.update(piece[at : at + n] for at in range(len(piece) - n + 1))
        elif piece[0].isalpha() and len(piece) > 1:
            found[piece] += 1
    return found
