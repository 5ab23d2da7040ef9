"""YAML in which every key stands once: of two, every reader would keep the last and say nothing."""

from pathlib import Path
from typing import Any

import yaml


class Loader(yaml.CSafeLoader):
    """Refuses a key that stands twice in one mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                problem = f"key {key.value!r} is there twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
        return super().construct_mapping(node, deep)


def parse(text: str, source: str | Path = "text") -> Any:
    """Read ``text``.

    Raises
    ------
    ValueError
        No YAML, or a key that stands twice: ``source`` and the line are named.
    """
    try:
        return yaml.load(text, Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise ValueError(f"{source}{line}: {error.problem or 'not readable as YAML'}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{source}: not readable as YAML: {' '.join(str(error).split())}") from None


def read(path: Path) -> Any:
    """Read the file at ``path``; see ``parse``."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not readable as YAML: {error}; allowed is text in UTF-8") from None
    return parse(text, path)
