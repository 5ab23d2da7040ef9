"""Write params.yaml for a data set: the defaults, what its mapping sets, and what is the user's own."""

import re
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

from features import unique_yaml
from features.yaml_lines import Place, read_yaml
from training.io import say, write_text
from training.params import NAME, parse

MAPPINGS = Path("mappings")
BRAND = Path("training/synthetic/brand.yaml")
DEFAULTS = Path(__file__).with_name("defaults.yaml")
# A data set's; the rest is the user's.
BY_DATA = ("tasks", "consent", "lifecycle", "spine", "tune", "release", "economics")


def dataset_name(name: str) -> str:
    """Return the name of a data set, or ``ValueError`` with what one may be."""
    if not re.match(NAME, name) or name == "brand" or name.endswith("\n"):
        raise ValueError(f"name {name!r}: small letters, digits, - and _ are allowed, and not 'brand'")
    return name


def own_settings(path: Path = Path("params.yaml")) -> dict[str, Any]:
    """Return what this folder's file of parameters says, unchecked; ``FileNotFoundError`` without one."""
    if not path.exists():
        raise FileNotFoundError(f"{path}: not found; run from the project's folder")
    found: dict[str, Any] = unique_yaml.read(path) or {}
    return found


def use_dataset(data: str, path: Path, members: int | None = None) -> None:
    """Write data and ``BY_DATA`` of ``data`` anew; nothing of the set before stays.

    The other sections (seed, brand, ingest, engine, fit, evaluate, backtest, explain, score, report) are kept
    as they stand. The file is left alone where its content would be the same.

    Parameters
    ----------
    members
        Of the simulated brand; as many as params.yaml says without.

    Raises
    ------
    FileNotFoundError, ValueError
        No such mapping; a setting that is unknown or wrong, with file, line, key and what is allowed; a size
        asked of data that are there.
    """
    before = own_settings(path)
    own = before
    if members is not None:
        if data != "brand":
            raise ValueError(f"members {members}: is for the simulated brand; {data} has those of its files")
        own = before | {"brand": (before.get("brand") or {}) | {"members": members}}
    text = settings(data, own)
    if unique_yaml.parse(text) == before:
        return
    write_text(path, text)
    say(f"params.yaml: written anew for {data} from the defaults and its mapping")


def settings(data: str, own: dict[str, Any] | None = None) -> str:
    """Return the text of params.yaml for a data set, comments included; raises as ``use_dataset`` does."""
    from ruamel.yaml import YAML

    source = BRAND if data == "brand" else MAPPINGS / f"{data}.yaml"
    if not source.exists():
        known = sorted(found.stem for found in MAPPINGS.glob("*.yaml"))
        raise FileNotFoundError(f"{source}: no such mapping; there are brand and {known}")
    writer = YAML()
    writer.width = 110
    params = writer.load(DEFAULTS.read_text())
    kept = {key: value for key, value in (own or {}).items() if key not in (*BY_DATA, "data")}
    for key, value in kept.items():
        _set(params, key, value)
    given, place = _given(source)
    for key, value in given.items():
        if isinstance(value, dict):
            if any(isinstance(section, dict) for section in value.values()):
                params[key].fa.set_block_style()
            for task, section in value.items():
                _set(params[key], task, section)
        else:
            _set(params, key, value)
    params["data"] = data
    text = StringIO()
    writer.dump(params, text)

    def where(*keys: str | int) -> str:
        """In the mapping, if it says so, else in params.yaml."""
        stands = ("params", *keys) in place.lines or (("params", *keys[:-1]) in place.lines and len(keys) > 1)
        return place.at("params", *keys) if stands else ".".join(map(str, keys))

    parse(text.getvalue(), f"params.yaml with `params:` of {source}", where)
    return text.getvalue()


def _given(source: Path) -> tuple[dict[str, Any], Place]:
    """``params`` of a mapping; keys and shapes are checked here, values with all others."""
    content, place = read_yaml(source)
    found = content.get("params") or {}
    if not isinstance(found, dict):
        raise ValueError(f"{place.at('params')}: keys are expected, allowed are {list(BY_DATA)}")
    for key, value in found.items():
        if key not in BY_DATA:
            raise ValueError(f"{place.at('params', key)}: no such key; allowed are {list(BY_DATA)}")
        if key != "tasks" and not isinstance(value, dict):
            raise ValueError(f"{place.at('params', key)}: tasks are expected, each with its settings")
    return found, place


def _set(into: Any, key: str, value: Any) -> None:
    """Set a key, sections on one line."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(value, dict):
        value = CommentedMap({name: _plain(found) for name, found in value.items()})
        value.fa.set_flow_style()
    elif isinstance(value, list):
        value = CommentedSeq(value)
        value.fa.set_flow_style()
    into[key] = value


def _plain(value: Any) -> Any:
    """Dates as texts: DVC takes no dates among its parameters."""
    return value.isoformat() if isinstance(value, date) else value
