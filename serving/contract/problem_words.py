"""The words of errors in the caller's language: English stands in the code, Chinese beside it."""

import re
from functools import cache, lru_cache
from pathlib import Path

from features import unique_yaml

WORDS = Path(__file__).parent / "problem_words.yaml"
FILLED = re.compile(r"\\\{(\w+)\\\}")  # a place of the template, as ``re.escape`` writes it


@lru_cache(4096)
def spoken(detail: str, language: str) -> str:
    """Say ``detail`` in ``language`` (``en`` or ``zh``); what has no words in Chinese is quoted there."""
    if language != "zh" or not detail:
        return detail
    for pattern, words in _patterns():
        if found := pattern.fullmatch(detail):
            return words.format(**found.groupdict())
    return f"不符合约定（{detail}）"


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Templates and their words; the first that fits is said, so that the plainer ones come first."""
    words = unique_yaml.read(WORDS)
    return tuple((re.compile(FILLED.sub(r"(?P<\1>.*)", re.escape(en))), zh) for en, zh in words.items())
