"""What tasks ask of a source: the sources do not know the tasks, and are told."""

from collections.abc import Container, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Requirement:
    """What one task needs.

    Parameters
    ----------
    tables
        Tables of the contract, and what each is, for people.
    response
        The kind of response that is its outcome; None where the outcome is none.
    optional
        It concerns only sources that have its tables; of others nothing is said: subjects of a flat table,
        or a table of a brand's own.
    """

    tables: Mapping[str, str]
    response: str | None = None
    optional: bool = False

    def missing(self, there: Container[str]) -> str:
        """Return what a source with these tables lacks, as a sentence; empty where it lacks nothing."""
        lacks = [what for table, what in self.tables.items() if table not in there]
        return f"The source has no {' and no '.join(lacks)}." if lacks else ""


Requirements = Mapping[str, Requirement]  # by task
NONE: Requirements = {}


def concerned(requirements: Requirements, there: Container[str]) -> Requirements:
    """Return those of the tasks that a source with these tables is about."""
    return {name: one for name, one in requirements.items() if not one.optional or not one.missing(there)}
