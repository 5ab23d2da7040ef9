"""YAML that remembers its lines, so that an error can name the place."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Keys = tuple[str | int, ...]


class Loader(yaml.CSafeLoader):
    """Of truth values only ``true`` and ``false``; ``yes`` and ``no`` are texts, and so are dates."""


Loader.yaml_implicit_resolvers = {
    letter: [pair for pair in pairs if pair[0].rpartition(":")[2] not in ("bool", "timestamp")]
    for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


@dataclass(frozen=True)
class Place:
    """A YAML file, and the line on which each key stands; none where it was not read from text."""

    path: Path
    lines: dict[Keys, int]

    def at(self, *keys: str | int) -> str:
        """Return ``file, line 12, tables.purchases.0.where``.

        The nearest known key's line where there is none.
        """
        if not self.lines:
            return f"{self.path}: {'.'.join(map(str, keys)) or 'top level'}"
        return f"{self.path}, {self.line(*keys)}"

    def line(self, *keys: str | int) -> str:
        """Return ``line 12, tables.purchases.0.where``, as ``at`` without the file."""
        known = keys
        while known and known not in self.lines:
            known = known[:-1]
        return f"line {self.lines.get(known, 1)}, {'.'.join(map(str, keys)) or 'top level'}"


def read_yaml(path: Path) -> tuple[dict[str, Any], Place]:
    """Return the content of a YAML file and its lines.

    Raises
    ------
    FileNotFoundError
        No such file.
    ValueError
        No YAML, no keys at the top, or a key that is there twice; file and line are named.
    """
    if not path.is_file():
        known = sorted(found.stem for found in path.parent.glob("*.yaml"))
        raise FileNotFoundError(f"{path}: not found; in {path.parent} there are {known}")
    try:
        text = path.read_text(encoding="utf-8")
        node, content = yaml.compose(text, Loader), yaml.load(text, Loader)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not readable as YAML: {error}; allowed is text in UTF-8") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict) or node is None:
        raise ValueError(
            f"{path}, line 1: keys are expected at the top level, found {type(content).__name__}"
        )
    lines: dict[Keys, int] = {}
    _walk(node, (), lines, path)
    return content, Place(path, lines)


def lines_of(text: str, path: Path) -> Place:
    """Return the lines of a text that was read before; ``ValueError`` for a key that is there twice."""
    lines: dict[Keys, int] = {}
    if (node := yaml.compose(text, Loader)) is not None:
        _walk(node, (), lines, path)
    return Place(path, lines)


def _walk(node: yaml.Node, keys: Keys, lines: dict[Keys, int], path: Path) -> None:
    lines.setdefault(keys, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                raise ValueError(f"{path}, line {line}: key {key.value!r} is there twice")
            seen.add(key.value)
            lines[*keys, key.value] = line
            _walk(value, (*keys, key.value), lines, path)
    if isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[*keys, index] = value.start_mark.line + 1
            _walk(value, (*keys, index), lines, path)
