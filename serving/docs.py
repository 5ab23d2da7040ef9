"""A page that shows the OpenAPI document to people, with nothing loaded from elsewhere."""

import html
import json
from typing import Any

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
h1{font-size:1.5rem}h2{font-size:1rem;margin:0}code,pre{font:13px/1.45 ui-monospace,monospace}
details{border:1px solid #d7dce1;border-radius:6px;margin:.5rem 0;padding:.6rem .9rem}
summary{cursor:pointer;list-style:none}summary b{display:inline-block;min-width:3.6rem;color:#0b57a4}
pre{background:#f5f7f9;padding:.7rem;overflow:auto;border-radius:4px}table{border-collapse:collapse}
td{padding:.15rem .8rem .15rem 0;vertical-align:top}
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(document: dict[str, Any]) -> str:
    """One entry an operation: what it takes, with an example, and what it answers."""
    schemas = document["components"]["schemas"]
    entries = [
        _entry(method, path, operation, schemas)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{_text(document['info']['title'])}</title>"
        f"<meta name=viewport content='width=device-width'><style>{STYLE}</style>"
        f"<h1>{_text(document['info']['title'])}</h1><p>The contract itself: "
        f"<a href=openapi.json>openapi.json</a>.</p>{''.join(entries)}</html>"
    )


def _entry(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{status}</code><td>{_text(answer['description'])}"
        for status, answer in sorted(operation["responses"].items())
    )
    head = (
        f"<summary><b>{method.upper()}</b> <code>{_text(path)}</code> {_text(operation['summary'])}</summary>"
    )
    return f"<details>{head}{_body(operation, schemas)}<table>{rows}</table></details>"


def _body(operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return ""
    schema = schemas[content["schema"]["$ref"].rpartition("/")[2]]
    fields = "".join(
        f"<tr><td><code>{_text(name)}</code><td>{_text(field.get('description', ''))}"
        for name, field in schema.get("properties", {}).items()
    )
    example = json.dumps(schema.get("examples", [{}])[0], indent=1, ensure_ascii=False)
    return f"<p>{_text(schema.get('description', ''))}</p><table>{fields}</table><pre>{_text(example)}</pre>"


def _text(words: str) -> str:
    return html.escape(words)
