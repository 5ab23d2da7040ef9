"""Why something is done or not, in both languages: reasons of plans, of scenes and of consent."""

from models.phrases import catalogue

PARTS = ("scenes", "reasons", "suppressed")


def why(code: str, language: str) -> str:
    """Return what a reason means.

    Raises
    ------
    KeyError
        No such reason.
    """
    words = catalogue()["acting"]
    return str(next(words[part][code] for part in PARTS if code in words[part])[language])
