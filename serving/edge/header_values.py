"""Headers as RFC 9110 has them: lists over several lines, weights, and what may stand once only."""

import re
from collections import Counter
from collections.abc import Iterable

from serving.contract.problems import Fault, Problem, pointer

Headers = Iterable[tuple[bytes, bytes]]
WEIGHT = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")
# Of two values every reader takes another one: a proxy the first, say, and the service the last.
SINGLE = {
    one.lower().encode(): one
    for one in ("Authorization", "X-API-Key", "Host", "Idempotency-Key", "Content-Type", "Content-Encoding")
}


def once(headers: Headers) -> None:
    """Raise ``Problem`` where a header stands twice that has one value."""
    counts = Counter(name for name, _ in headers)
    if twice := [said for name, said in SINGLE.items() if counts[name] > 1]:
        faults = [Fault(pointer("header", said), "duplicate_key", "stands twice") for said in twice]
        raise Problem("validation_failed", "A header stands twice.", faults)


def listed(headers: Headers, name: bytes) -> str:
    """Return all lines of a header as one list."""
    return ",".join(value.decode("latin-1") for given, value in headers if given == name)


def weights(text: str) -> dict[str, float]:
    """Return what a list names, in lower case, with its weights; of one that is named twice the greater.

    What has a weight that cannot be read is passed over.

    >>> weights("gzip;q=0, text/csv; charset=utf-8 ; q=0.5, *")
    {'gzip': 0.0, 'text/csv': 0.5, '*': 1.0}
    """
    found: dict[str, float] = {}
    for part in text.lower().split(","):
        name, *more = (one.strip() for one in part.split(";"))
        said = [WEIGHT.fullmatch(one) for one in more if one.startswith("q=")]
        if name and all(said):
            weight = float(said[0][1]) if said and said[0] else 1.0
            found[name] = max(found.get(name, 0.0), weight)
    return found
