"""What the file of gates asks, typed: a key that no gate reads would let a model through in silence."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from features import unique_yaml
from features.section import Section, validated
from features.yaml_lines import lines_of
from training.review.signoff import PlanRole, ReportRole

Share = Annotated[float, Field(ge=-1, le=1)]


class _Data(Section):
    positives: int = Field(ge=0)


class _Calibration(Section):
    expected_over_observed_within: float = Field(gt=0)


class _Champion(Section):
    margin: Share


class _Test(Section):
    looks: int = Field(ge=1)


class _Signoff(Section):
    roles: tuple[ReportRole, ...]
    four_eyes: bool


class _Plan(Section):
    roles: tuple[PlanRole, ...]
    four_eyes: bool


class Gates(Section):
    """All gates; ``baseline`` by the name of a baseline, and ``default`` for those that are not named."""

    data: _Data
    baseline: dict[str, Share]
    calibration: _Calibration
    champion: _Champion
    test: _Test
    signoff: _Signoff
    plan: _Plan


def read(path: Path) -> dict[str, Any]:
    """Return what the file asks; ``ValueError`` names file, line, key and what is allowed."""
    place = lines_of(path.read_text(encoding="utf-8"), path)
    found = validated(Gates, unique_yaml.read(path), place.at)
    if "default" not in found.baseline:
        raise ValueError(f"{place.at('baseline')}: default is missing; allowed is a gain from -1 to 1")
    told = found.model_dump()
    for part in ("signoff", "plan"):
        told[part]["roles"] = list(told[part]["roles"])
    return told
