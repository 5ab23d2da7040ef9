"""``report.json``: every section in the order of the report, a pure function of the stage files.

A section is a function of ``Source`` in the module of its name: the function's name is the section's, and
what it is annotated to return is the section's type. ``ORDER`` is the one list of them.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, cast, get_type_hints

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema
from typing_extensions import ReadOnly, TypedDict

from training.data.artifacts import artifact
from training.reporting.sections.calibration import calibration
from training.reporting.sections.challenger import challenger
from training.reporting.sections.checks import checks, with_result
from training.reporting.sections.data import data
from training.reporting.sections.dissatisfaction import dissatisfaction
from training.reporting.sections.drift import drift
from training.reporting.sections.drivers import drivers
from training.reporting.sections.economics import economics
from training.reporting.sections.examples import examples
from training.reporting.sections.gates import gates
from training.reporting.sections.groups import groups
from training.reporting.sections.lineage import lineage
from training.reporting.sections.method import method
from training.reporting.sections.monitoring import monitoring
from training.reporting.sections.purpose import purpose
from training.reporting.sections.ranking import ranking
from training.reporting.sections.rights import rights
from training.reporting.sections.robustness import robustness
from training.reporting.sections.stability import stability
from training.reporting.sections.today import today
from training.reporting.sections.verdict import verdict
from training.reporting.source import Source
from training.results.report_verdict import Gap, Limitations
from training.results.section import Unassessed

SCHEMA = 1


class Filled(TypedDict):
    """What every section says of itself."""

    assessed: ReadOnly[bool]


def limitations(source: Source) -> Limitations:
    """Return what was not assessed and what failed, in words of the catalogue."""
    found = {one.__name__: source.section(one) for one in WRITTEN if one not in (verdict, limitations)}
    unassessed = {name: cast(Unassessed, one) for name, one in found.items() if not one["assessed"]}
    left: list[Gap] = [
        {"section": name, "reason": one["reason"], "values": one["values"]}
        for name, one in unassessed.items()
    ]
    money, held = source.section(economics), source.section(stability)
    if money["assessed"] and money["assumptions"] is None:
        left.append({"section": "economics", "reason": "no_economics", "values": {}})
    if money["assessed"] and (effect := money["uplift"]["reason"]) in ("few_held_out", "arm_not_random"):
        left.append({"section": "economics", "reason": effect, "values": {}})
    if held["assessed"] and not held["backtest"]:
        left.append({"section": "stability", "reason": "no_backtest", "values": {}})
    return {
        "assessed": True,
        "unassessed": left,
        "failed": with_result(source, "bad"),
        "warned": with_result(source, "warn"),
        "unrun": with_result(source, "unrun"),
    }


ORDER: tuple[Callable[[Source], Filled], ...] = (
    verdict, purpose, today, data, checks, method, ranking, calibration, economics,
    stability, drift, groups, drivers, examples, challenger, robustness, monitoring,
    rights, limitations, lineage, gates, dissatisfaction,
)  # fmt: skip
NAMES = tuple(one.__name__ for one in ORDER)
# What hangs on the registry stands beside the report: its hash, to which signatures are tied, must stay.
WRITTEN = tuple(one for one in ORDER if one is not challenger)


class OfOrder:
    """Sections by name, each held against what its function returns."""

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return a schema that wants every section of ``WRITTEN`` and no other."""
        kinds = {one.__name__: get_type_hints(one)["return"] for one in WRITTEN}
        fields = {name: core_schema.typed_dict_field(handler(kind)) for name, kind in kinds.items()}
        return core_schema.typed_dict_schema(fields, extra_behavior="forbid")


@artifact("report.json")
class Report(TypedDict):
    """The whole report as plain data; ``one_of`` its sections reads one."""

    schema: int
    task: str
    data: str
    extracted_at: str
    sections: Annotated[Mapping[str, object], OfOrder()]


def build(source: Source) -> Report:
    """Return the whole report as plain data, without what hangs on the registry: that stands beside it."""
    return {
        "schema": SCHEMA,
        "task": source.task,
        "data": source.params.data,
        "extracted_at": source.facts["extracted_at"],
        "sections": {one.__name__: source.section(one) for one in WRITTEN},
    }
