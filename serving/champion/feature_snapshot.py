"""The published feature snapshot: what is known of everybody, by pseudonymous id."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from features.consent import FACTS
from features.meaning import differences

KEYS = ("subject_id", "campaign_id")


@dataclass(frozen=True)
class Snapshot:
    """Features of everybody at one moment, checked against the model they were made for.

    ``places`` leads from a subject (and campaign, where the task has one) to its row; ``consent``
    holds the columns about consent, by row.
    """

    frame: pl.DataFrame
    as_of: int
    sha256: str
    places: dict[tuple[str, ...], int]
    consent: dict[str, list[Any]]

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that name a row."""
        return tuple(key for key in KEYS if key in self.frame.columns)

    @classmethod
    def load(cls, folder: Path, features: Mapping[str, str]) -> "Snapshot":
        """Read a snapshot for a model that reads ``features``, by name what each of them means.

        ``ValueError`` says why it is refused; a missing one is a ``FileNotFoundError``.
        """
        facts, file = json.loads((folder / "snapshot.json").read_text()), folder / "snapshot.parquet"
        if told := differences(features, facts.get("features", {})):
            raise ValueError(f"{file}: features that the model reads: {told}")
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        _same(file, "sha256", found, facts["sha256"])
        frame = pl.read_parquet(file)
        _same(file, "rows", len(frame), facts["rows"])
        _same(file, "missing inputs", sorted(set(features) - set(frame.columns)), [])
        keys = [key for key in KEYS if key in frame.columns]
        places = {key: at for at, key in enumerate(frame.select(keys).iter_rows())}
        _same(file, f"different {' and '.join(keys)}", len(places), len(frame))
        consent = {name: frame[name].to_list() for name in FACTS if name in frame.columns}
        return cls(frame, int(facts["as_of"]), found, places, consent)

    @cached_property
    def subjects(self) -> dict[str, int]:
        """For each subject one of its rows."""
        return {key[0]: at for key, at in self.places.items()}

    def known(self, at: int) -> dict[str, Any]:
        """Return what row ``at`` says about consent."""
        return {name: values[at] for name, values in self.consent.items()}

    def facts(self) -> dict[str, Any]:
        """Return what the model's page says about it."""
        return {
            "as_of": datetime.fromtimestamp(self.as_of, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "rows": len(self.frame),
            "sha256": self.sha256,
        }


def _same(file: Path, what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise ValueError(f"{file}: {what}: found {found}, should be {wanted}")
