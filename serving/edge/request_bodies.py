"""Request bodies: JSON to models, and what was wrong as JSON pointers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from serving.contract.problems import NAME, Fault, Problem, pointer
from serving.contract.schema import Item, Options
from serving.contract.schema_items import ITEMS
from serving.edge import call_context, duplicate_keys, strict_json

Model = TypeVar("Model", bound=BaseModel)


async def body(request: Request, model: type[Model]) -> Model:
    """Read the request's body as ``model``; a ``Problem`` says what is wrong with it."""
    require_json(request)
    found, call = read(await request.body(), model), call_context.of(request)
    options = getattr(found, "options", None)
    speak(call, options or found)
    if isinstance(options, Options) and options.language is None:
        return found.model_copy(update={"options": options.model_copy(update={"language": call.language})})
    return found


def speak(call: call_context.Call, asked: BaseModel) -> None:
    """Answer a call in the language that its body or query names, if any, what is refused too."""
    if language := getattr(asked, "language", None):
        call.language = language[:2]


def require_json(request: Request) -> None:
    """Raise ``Problem`` unless the body is said to be JSON."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise Problem("unsupported_media_type", "Send JSON with the header Content-Type: application/json.")


def read(raw: bytes, model: type[Model]) -> Model:
    """Read ``raw`` as ``model``; a ``Problem`` says what is wrong with it."""
    strict_json.check(raw)
    once(raw)
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise invalid(error) from None


def in_language(entry: Any, language: str) -> Any:
    """Return one item of many as it was sent, in the caller's language where it names none."""
    options = entry.get("options", {}) if isinstance(entry, dict) else None
    if language == "en" or not isinstance(options, dict) or options.get("language") is not None:
        return entry
    return entry | {"options": options | {"language": language}}


def once(content: bytes, *place: str | int) -> None:
    """Raise ``Problem`` with a pointer, below ``place``, to every name that stands twice in one object."""
    if found := duplicate_keys.places(content):
        wrong = [pointer(*place, *map(_safe, where)) for where in found[:20]]
        faults = [Fault(where, "duplicate_key", "stands twice") for where in wrong]
        raise Problem("validation_failed", "A name stands twice in one object.", faults)


def validated(model: type[Model], content: Any) -> Model:
    """Read ``content`` as ``model``; a ``Problem`` says what is wrong with it."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise invalid(error) from None


def invalid(error: ValidationError, *place: str | int) -> Problem:
    """Turn a validation error into a problem, its pointers below ``place``; no value is told."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if any(entry["type"] == "json_invalid" for entry in found):
        return strict_json.malformed()
    return Problem("validation_failed", "The request does not follow the contract.", faults(found, *place))


def faults(found: Sequence[Any], *place: str | int) -> list[Fault]:
    """Return what pydantic found wrong, place by place, 20 at most."""
    return [
        Fault(
            pointer(*place, *map(_safe, entry["loc"])),
            entry["type"],
            entry["msg"].removeprefix("Value error, "),
        )
        for entry in found[:20]
    ]


def parse_item(entry: Any, at: int, task: str) -> Item | Problem:
    """Return one item of many, or what is wrong with it."""
    try:
        return ITEMS[task].model_validate(entry)
    except ValidationError as error:
        return replace(invalid(error, "items", at), record_id=_mark(entry), language=_language(entry))


def _language(entry: Any) -> str:
    """What an item that is otherwise wrong asks to be answered in."""
    options = entry.get("options") if isinstance(entry, dict) else None
    asked = options.get("language") if isinstance(options, dict) else None
    return "zh" if asked in ("zh", "zh-CN") else "en"


def _mark(entry: Any) -> str | None:
    """The caller's mark of an item that is otherwise wrong."""
    mark = entry.get("record_id") if isinstance(entry, dict) else None
    return mark if isinstance(mark, str) and 0 < len(mark) <= 200 else None


def _safe(part: str | int) -> str | int:
    """A name that looks like a field's; anything else could be a value in a key's place."""
    return part if isinstance(part, int) or NAME.fullmatch(part) else "?"
