"""A page that shows the OpenAPI document to people, with nothing loaded from elsewhere."""

import html
import json
import re
from typing import Any

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:1.6rem 0 .2rem}h3{font-size:.95rem;margin:1rem 0 .2rem}
code,pre{font:13px/1.45 ui-monospace,monospace}small{color:#57606a}
details{border:1px solid #d7dce1;border-radius:6px;margin:.5rem 0;padding:.6rem .9rem}
details details{border-width:0 0 0 2px;border-radius:0;margin:.1rem 0;padding:.1rem .8rem}
summary{cursor:pointer}summary b{display:inline-block;min-width:3.6rem;color:#0b57a4}
pre{background:#f5f7f9;padding:.7rem;overflow:auto;border-radius:4px;max-height:24rem;white-space:pre-wrap}
table{border-collapse:collapse}td{padding:.15rem .8rem .15rem 0;vertical-align:top}
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
Parts = dict[str, Any]


def page(document: Parts) -> str:
    """Return by tag one entry an operation: its key, parameters, body and answers, with examples."""
    parts, info = document["components"], document["info"]
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{_text(info['title'])}</title>"
        f"<meta name=viewport content='width=device-width'><style>{STYLE}</style>"
        f"<h1>{_text(info['title'])}</h1><p>The contract itself: <a href=openapi.json>openapi.json</a>.</p>"
        f"{_words(info['description'])}{_keys(parts)}"
        f"{''.join(_tagged(tag, document) for tag in document['tags'])}</html>"
    )


def _keys(parts: Parts) -> str:
    rows = (
        (name, f"{scheme['type']} {scheme.get('scheme', scheme.get('name'))}", scheme.get("description", ""))
        for name, scheme in parts["securitySchemes"].items()
    )
    return f"<h2>Authentication</h2>{_table(rows)}"


def _tagged(tag: Parts, document: Parts) -> str:
    entries = "".join(
        _entry(method, path, operation, document["components"])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if tag["name"] in operation["tags"]
    )
    return f"<h2>{_text(tag['name'])}</h2><p>{_text(tag['description'])}</p>{entries}"


def _entry(method: str, path: str, operation: Parts, parts: Parts) -> str:
    head = (
        f"<summary><b>{method.upper()}</b> <code>{_text(path)}</code> {_text(operation['summary'])}</summary>"
    )
    told = f"{_words(operation['description'])}<small>{_text(operation['operationId'])}</small>"
    asked = _parameters(operation, parts) + _body(operation, parts)
    return f"<details>{head}{told}{asked}{_answers(operation, parts)}</details>"


def _parameters(operation: Parts, parts: Parts) -> str:
    rows = []
    for given in operation["parameters"]:
        one = _found(given, parts)
        needed = ", required" if one.get("required") else ""
        words = one.get("description") or one["schema"].get("description", "")
        rows.append((one["name"], one["in"] + needed, _kind(one["schema"]), words))
    return f"<h3>Parameters</h3>{_table(rows)}"


def _body(operation: Parts, parts: Parts) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return ""
    media = content["application/json"]
    others = ", ".join(content)
    return f"<h3>Body</h3><small>{_text(others)}</small>{_fields(media['schema'], parts)}{_example(media)}"


def _answers(operation: Parts, parts: Parts) -> str:
    found = ""
    for status, answer in sorted(operation["responses"].items()):
        media = answer.get("content", {}).get("application/json", {})
        headers = ", ".join(answer.get("headers", ()))
        inner = f"<p><small>Headers: {_text(headers)}</small></p>"
        inner += _fields(media["schema"], parts) + _example(media) if media else ""
        label = f"<code>{status}</code> {_text(answer['description'])}"
        found += f"<details><summary>{label}</summary>{inner}</details>"
    return f"<h3>Answers</h3>{found}"


def _fields(schema: Parts, parts: Parts, above: tuple[str, ...] = ()) -> str:
    """The fields of a schema, those of nested ones below them; a schema within itself is named only."""
    name = schema.get("$ref", "").rpartition("/")[2]
    if name in above:
        return f"<code>{_text(name)}</code>"
    schema, above = _found(schema, parts), (*above, name) if name else above
    forms = [one for kind in ("oneOf", "anyOf") for one in schema.get(kind, ()) if "$ref" in one]
    if forms:
        return "".join(_nested(form["$ref"].rpartition("/")[2], form, parts, above) for form in forms)
    if "items" in schema:
        return _fields(schema["items"], parts, above)
    needed, rows = schema.get("required", ()), ""
    for field, said in schema.get("properties", {}).items():
        words = f"{_kind(said)}{', required' if field in needed else ''}"
        label = (
            f"<code>{_text(field)}</code> <small>{_text(words)}</small> {_text(said.get('description', ''))}"
        )
        inner = _fields(said, parts, above) if _is_nested(said) else ""
        rows += f"<details><summary>{label}</summary>{inner}</details>" if inner else f"<div>{label}</div>"
    return rows


def _nested(label: str, schema: Parts, parts: Parts, above: tuple[str, ...]) -> str:
    return f"<details><summary><code>{_text(label)}</code></summary>{_fields(schema, parts, above)}</details>"


def _is_nested(schema: Parts) -> bool:
    return "$ref" in json.dumps(
        {key: schema[key] for key in ("$ref", "items", "anyOf", "oneOf") if key in schema}
    )


def _kind(schema: Parts) -> str:
    """What a value may be, in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema or "const" in schema:
        return " | ".join(map(str, schema.get("enum", [schema.get("const")])))
    if "anyOf" in schema or "oneOf" in schema:
        return " | ".join(map(_kind, schema.get("anyOf") or schema["oneOf"]))
    kind = schema.get("format") or schema.get("type", "any")
    return f"list of {_kind(schema['items'])}" if "items" in schema else str(kind)


def _found(schema: Parts, parts: Parts) -> Parts:
    """What a reference leads to."""
    if "$ref" not in schema:
        return schema
    section, name = schema["$ref"].split("/")[-2:]
    return parts[section][name]


def _example(media: Parts) -> str:
    if "example" not in media:
        return ""
    return f"<pre>{_text(json.dumps(media['example'], indent=1, ensure_ascii=False))}</pre>"


def _table(rows: Any) -> str:
    lines = (
        "<tr>"
        + "".join(
            f"<td>{_text(cell) if at else f'<code>{_text(cell)}</code>'}" for at, cell in enumerate(row)
        )
        for row in rows
    )
    return f"<table>{''.join(lines)}</table>"


def _words(text: str) -> str:
    """Paragraphs and lists of a description."""
    told = _text(text)
    told = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", re.sub(r"`(.+?)`", r"<code>\1</code>", told))
    blocks = (block.strip() for block in told.split("\n\n") if block.strip())
    return "".join(
        "<ul>" + "".join(f"<li>{line}" for line in re.split(r"(?:^|\n)- ", block)[1:]) + "</ul>"
        if block.startswith("- ")
        else f"<p>{block}</p>"
        for block in blocks
    )


def _text(words: str) -> str:
    return html.escape(str(words))
