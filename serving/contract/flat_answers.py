"""Answers without nesting: for systems that map one field of an answer to one field of theirs."""

from collections.abc import Mapping
from typing import Any

from pydantic import create_model

from serving.contract.schema_answers import Result
from serving.contract.schema_record import Row

NESTED = ("reasons", "warnings", "error", "contributions", "counterfactual")
MOST_REASONS = 5
PLAIN = {name: field for name, field in Result.model_fields.items() if name not in NESTED}
REASONS = [f"reason_{number}{part}" for number in range(1, MOST_REASONS + 1) for part in ("", "_code")]


class _Envelope(Row):
    """An answer in flat fields: reasons are `reason_1` to `reason_5`, warnings their codes with commas."""

    request_id: str
    model: str
    version: str
    warning_codes: str


_fields: dict[str, Any] = {name: (field.annotation, field) for name, field in PLAIN.items()}
_fields |= dict.fromkeys(REASONS, (str | None, None))
FlatScored = create_model("FlatScored", __base__=_Envelope, __doc__=_Envelope.__doc__, **_fields)


def flat(model: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer of ``model`` as one level of fields; what is not known is not there."""
    told = {name: result[name] for name in PLAIN if name in result}
    for number, reason in enumerate(result.get("reasons", ()), 1):
        told |= {f"reason_{number}": reason["text"], f"reason_{number}_code": reason["code"]}
    codes = ",".join(warning["code"] for warning in result.get("warnings", ()))
    return {"model": model["name"], "version": model["version"], "warning_codes": codes} | told
