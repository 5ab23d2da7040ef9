"""Refusals of the planner: errors whose sentence stands in both languages in ``phrases.yaml``."""

from collections.abc import Mapping
from typing import Self

from models.phrases import LANGUAGES, catalogue


class RefusalError(ValueError):
    """What cannot be planned; its message is English, ``texts`` the same in each language where known."""

    texts: Mapping[str, str] | None = None

    @classmethod
    def worded(cls, code: str, **values: object) -> Self:
        """Return the error of a code of ``acting.refusals``.

        Parameters
        ----------
        values
            What is set in; a value that is a text in each language is told in the language around it.
        """
        words = catalogue()["acting"]["refusals"][code]
        texts = {
            word: str(words[word]).format(
                **{name: one[word] if isinstance(one, Mapping) else one for name, one in values.items()}
            )
            for word in LANGUAGES
        }
        found = cls(texts["en"])
        found.texts = texts
        return found

    @property
    def said(self) -> dict[str, str]:
        """The sentence in each language; the English one where there is no other."""
        return dict(self.texts or dict.fromkeys(LANGUAGES, str(self)))
