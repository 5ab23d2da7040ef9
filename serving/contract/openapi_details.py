"""What the OpenAPI document tells beside schemas: tags, ids, scopes, headers, examples, warnings."""

import json
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parent / "examples.json"
ABOUT = """Scores of leads, of members' response to campaigns and of members' churn; what is due for whom.

A subject is named by reference (`ref`, the pseudonymous id that the CRM knows; answered from the published
snapshot) or by record (`record`, raw rows in the shape of the member-data contract).

Where members are named by e-mail addresses or phone numbers under a key, `ref` in a body may be
`email:ann@x.example` or `phone:+49170…`, which becomes the pseudonymous id at once; addresses refuse it.
Jobs keep what is sent until they are done: name people by pseudonymous ids there.

- **Keys**: as bearer token, as `X-API-Key`, or as the password of basic authentication. Each operation names
  the scope that its key needs.
- **Time**: every moment is a text of RFC 3339 with its zone; answers are in UTC.
- **Money**: a field that ends in `_cents` is a whole number of hundredths, as in the member-data contract;
  every other amount (`expected_value`, `value_at_risk`) is in units of the answer's `currency`.
- **Acting**: `next-action` says what is due for one subject, an audience who gets what within a budget;
  nothing is sent from here. No system may contact who is `held_out`: they show what contacts add.
- **Errors**: problem documents (RFC 9457). `code` is stable, `retryable` says whether the same call may
  succeed later, `errors` have JSON pointers; for parameters `/query/<name>` and `/header/<name>`.
- **Unknown** fields of a body are refused, unknown query parameters and own attributes are warned about.
- **Packed**: bodies may come with `Content-Encoding: gzip`; long answers go out so where it is accepted.
"""
TAGS = {
    "scores": "One subject, many subjects, stored scores, explanations, rankings.",
    "models": "Which models are live, and what their scores mean.",
    "jobs": "Many subjects scored in the background.",
    "audiences": "Who gets what within a budget, planned in the background.",
    "members": "Portraits, the next action, holdouts, words about consent, erasure.",
    "outcomes": "What became of those who were scored.",
    "service": "Whether it answers.",
}
SHOWN = {
    "X-Request-ID": "the call's mark: the caller's own where it is plain, else a new one",
    "RateLimit-Limit": "calls that the quota allows in a window",
    "RateLimit-Remaining": "calls that are left",
    "RateLimit-Reset": "seconds until the quota is full again",
    "RateLimit-Policy": "the quota, as calls;w=seconds",
    "X-Model-Version": "the registry's version of the model that answers",
    "Retry-After": "whole seconds to wait before the same call",
    "Location": "the address of the job or audience",
    "X-Next-Cursor": "where to go on; not there after the last member",
    "ETag": "the answer's tag, to be sent back as If-None-Match",
    "Cache-Control": "how long the answer may be kept",
    "WWW-Authenticate": "how a key is sent",
    "Allow": "the methods that the address takes",
    "Accept-Encoding": "how a body may be packed, where it came otherwise",
}
QUOTA = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy")
OF_STATUS = {
    "202": ("Location",), "401": ("WWW-Authenticate",), "405": ("Allow",), "415": ("Accept-Encoding",),
    "429": ("Retry-After",), "503": ("Retry-After",),
}  # fmt: skip
OF_MODEL = ("200", "304", "400", "404", "413", "415", "422", "500", "504")  # once the model is known
SENT = {
    "Accept-Language": "language of words where the body or query names none: en or zh",
    "X-Request-ID": "a mark of your own for this call: 1 to 64 letters, digits, - and _",
    "traceparent": "W3C trace context; comes back with the answer",
}
WARNING = {
    "type": "object",
    "description": "What to know about a call.",
    "required": ["code", "parameters"],
    "properties": {
        "code": {"type": "string", "enum": ["unknown_parameter"]},
        "parameters": {"type": "array", "items": {"type": "string"}},
    },
}
COMPONENTS = "#/components/"


def carried(found: dict[str, Any], answers: list[str]) -> dict[str, Any]:
    """Return ``found`` with everything that an integrator asks for.

    ``answers`` are the schemas of whole answers.
    """
    parts = found["components"]
    parts["headers"] = {
        name: {"description": words, "schema": {"type": "string"}} for name, words in SHOWN.items()
    }
    parts["parameters"] = {
        name: {"name": name, "in": "header", "description": words, "schema": {"type": "string"}}
        for name, words in SENT.items()
    }
    parts["schemas"]["CallWarning"] = WARNING
    for name in answers:
        listed = {"type": "array", "items": {"$ref": COMPONENTS + "schemas/CallWarning"}}
        parts["schemas"][name]["properties"]["warnings"] = listed
    examples = json.loads(EXAMPLES.read_text())
    used = [
        _operation(operation, method, path, examples)
        for path, operations in found["paths"].items()
        for method, operation in operations.items()
    ]
    found["info"]["description"] = ABOUT
    found["tags"] = [{"name": tag, "description": TAGS.get(tag, tag)} for tag in dict.fromkeys(used)]
    return found


def _operation(operation: dict[str, Any], method: str, path: str, examples: dict[str, Any]) -> str:
    """Complete one operation in place; its tag."""
    tag = _tag(path)
    operation["tags"] = [tag]
    scopes: dict[str, list[str]] = next(iter(operation.get("security", [{}])), {})
    scope = next((named[0] for named in scopes.values() if named), None)
    told = f"The key needs the scope `{scope}`." if scope else ""
    operation["description"] = "\n\n".join(filter(None, (operation.get("description"), told)))
    listed = [{"$ref": f"{COMPONENTS}parameters/{name}"} for name in SENT]
    operation["parameters"] = [*operation.get("parameters", ()), *listed]
    for status, answer in operation["responses"].items():
        answer["headers"] = {
            name: {"$ref": f"{COMPONENTS}headers/{name}"} for name in _headers(status, method, path, tag)
        }
    if operation["operationId"] in examples:
        _shown(operation, examples[operation["operationId"]])
    return tag


def _shown(operation: dict[str, Any], example: dict[str, Any]) -> None:
    if "answer" not in example:
        return
    if "body" in example:
        operation["requestBody"]["content"]["application/json"]["example"] = example["body"]
    good = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
    good["content"]["application/json"]["example"] = example["answer"]
    given = example.get("path", {}) | example.get("query", {}) | example.get("headers", {})
    for parameter in operation["parameters"]:
        if parameter.get("name") in given:
            parameter["example"] = given[parameter["name"]]


def _headers(status: str, method: str, path: str, tag: str) -> list[str]:
    """Names of the headers of an answer."""
    names = ["X-Request-ID"]
    if tag != "service" and status != "401":
        names += QUOTA
    names += OF_STATUS.get(status, ())
    if tag == "scores" and status in OF_MODEL and path.startswith("/v1/models/"):
        names.append("X-Model-Version")
    if status == "200" and path.endswith("/{audience}/members"):
        names.append("X-Next-Cursor")
    return names + (
        ["ETag", "Cache-Control"] if path.endswith("/lookup") and status in ("200", "304") else []
    )


def _tag(path: str) -> str:
    parts = path.strip("/").split("/")
    if parts[0] != "v1":
        return "service"
    return "scores" if parts[1] == "models" and len(parts) > 3 else parts[1].partition(":")[0]


def operation_id(route: Any) -> str:
    """Return the route's function as a name,
    with the model or the thing where several have it: ``score_lead``.
    """
    name, parts = str(route.name), route.path_format.strip("/").split("/")
    if parts[:2] == ["v1", "models"] and len(parts) > 2:
        return f"{name}_{parts[2]}"
    return f"{name}_job" if parts[:2] == ["v1", "jobs"] and not name.endswith("results") else name
