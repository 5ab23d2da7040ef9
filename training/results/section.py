"""What sections of the report share: texts in both languages, and a section that could not be filled."""

from typing import Literal

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT

Words = dict[str, str]  # a text by language


@with_config(STRICT)
class Named(TypedDict):
    """What something is called in each language, where the name stands among its figures."""

    en: str
    zh: str


@with_config(STRICT)
class Unassessed(TypedDict):
    """A section that could not be filled; ``reason`` is a key of the report's words, told with ``values``."""

    assessed: Literal[False]
    reason: str
    values: dict[str, int]
