"""The base of everything that is read from a file of settings."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of a file of settings: every key known, nothing changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
