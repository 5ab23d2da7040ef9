"""Which words and runs of characters are terms: frequent, of many subjects, and no names of people."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from features.plain_text import BARE, names_in, pieces
from features.text_terms import LONGEST_TERM, candidates

SUBJECTS = 10  # different subjects whose texts have a term: what fewer wrote may name one of them
RARE, COMMON = 0.002, 0.5  # shares of texts that have a term
MOST_TERMS = 800
COHESION = 3.0  # how much oftener characters stand together than by chance
SWALLOWED = 0.7  # share of a term's texts that have one longer term around it
PROPER = 0.6  # share of a word's places inside of sentences with a capital
CAPITALS = 0.2  # share of words inside of sentences with a capital, above which a language writes nouns so
FUNCTION = frozenset(
    "的了着过我你您他她它们是在有和与就都也很还又这那个一上下吗呢吧啊呀嘛哦给把被让对从到为以及但而且或因所其之于"
    "去来说想要会能可将已只才再最更太真好不没无未别什么怎样么点些次每自己时候后前里中天"
)
ENDING = FUNCTION - frozenset(
    "好不没无未太真最更里中天点后前上下到"
)  # signs that no term ends or begins with


@dataclass
class Texts:
    """Texts to learn from, whose they are, and words that are to be no terms."""

    texts: Sequence[str]
    subjects: Sequence[str]
    never: Collection[str] = ()


@dataclass
class _Counts:
    times: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    capital: Counter[str] = field(default_factory=Counter)
    inside: Counter[str] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)
    whose: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @cached_property
    def signs(self) -> int:
        """How many characters of scripts without spaces there are."""
        return sum(n for term, n in self.times.items() if len(term) == 1 and BARE.match(term))

    def add(self, text: str, subject: str) -> None:
        found = candidates(text)
        self.times.update(found)
        self.texts.update(found.keys())
        self.names.update(names_in(text))
        for term in found:
            if len(self.whose[term]) < SUBJECTS:
                self.whose[term].add(subject)
        self._capitals(text)

    def _capitals(self, text: str) -> None:
        """Of words inside of sentences, how many begin with a capital."""
        before = "."
        for piece in pieces(text):
            if before.isalpha() and not BARE.match(piece) and piece[0].isalpha():
                self.inside[piece.lower()] += 1
                self.capital[piece.lower()] += piece[0].isupper()
            before = piece


def vocabulary(given: Texts) -> list[str]:
    """Return the terms, the most frequent first.

    A term stands in the texts of at least ten subjects, in at least 0.2 % and at most half of the texts;
    it is no word of grammar, none that is written as names are, none of ``never``. Runs of characters
    stand together three times as often as by chance, and not mostly inside of one longer term.
    """
    counts = _Counts()
    for text, subject in zip(given.texts, given.subjects, strict=True):
        counts.add(text, subject)
    banned = {word.lower() for word in given.never} | counts.names | _proper(counts)
    low, high = RARE * len(given.texts), COMMON * len(given.texts)
    kept = {
        term: n
        for term, n in counts.texts.items()
        if low <= n <= high and len(counts.whose[term]) >= SUBJECTS and _is_term(term, counts, banned)
    }
    whole = kept.keys() - _swallowed(kept, counts.texts)
    return sorted(whole, key=lambda term: (-kept[term], term))[:MOST_TERMS]


def _is_term(term: str, counts: _Counts, banned: Collection[str]) -> bool:
    if BARE.match(term):
        plain = 1 < len(term) <= LONGEST_TERM and term[0] not in ENDING and term[-1] not in ENDING
        return plain and not any(word in term for word in banned if BARE.match(word)) and _holds(term, counts)
    return len(term) > 2 and term not in banned and term not in ENGLISH_STOP_WORDS


def _holds(term: str, counts: _Counts) -> bool:
    """Tell whether the characters stand together more often than by chance, wherever they are cut."""
    total = counts.signs
    apart = (counts.times[term[:at]] * counts.times[term[at:]] for at in range(1, len(term)))
    return all(counts.times[term] * total >= COHESION * product for product in apart)


def _swallowed(kept: dict[str, int], texts: Mapping[str, int]) -> set[str]:
    """Runs of characters most of whose texts have one longer run around them."""
    found: set[str] = set()
    for other, n in texts.items():
        if BARE.match(other):
            found.update(term for term in _inside(other) if term in kept and n >= SWALLOWED * kept[term])
    return found


def _inside(run: str) -> Iterator[str]:
    return (run[at : at + n] for n in range(2, len(run)) for at in range(len(run) - n + 1))


def _proper(counts: _Counts) -> set[str]:
    """Words that are written with a capital inside of sentences, where not all nouns are."""
    total = sum(counts.inside.values())
    if not total or sum(counts.capital.values()) > CAPITALS * total:
        return set()
    return {word for word, n in counts.inside.items() if counts.capital[word] >= PROPER * n}
