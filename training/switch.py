"""Switch params.yaml to another data set, comments kept."""

from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

from training.files import say
from training.params import parse

MAPPINGS = Path("mappings")
BRAND = Path("features/sources/brand.yaml")


def switch(data: str, path: Path) -> None:
    """Set ``data`` and the settings that its mapping brings; nothing is written if it is there already."""
    from ruamel.yaml import YAML

    settings = BRAND if data == "brand" else MAPPINGS / f"{data}.yaml"
    if not settings.exists():
        known = sorted(found.stem for found in MAPPINGS.glob("*.yaml"))
        raise FileNotFoundError(f"{settings}: no such mapping; there are brand and {known}")
    yaml = YAML()
    yaml.width = 110
    params = yaml.load(path.read_text())
    if params["data"] == data:
        return
    params.get("economics", {}).clear()  # what one brand assumes about money holds for no other
    _merge(params, {"data": data} | dict(yaml.load(settings.read_text()).get("params", {})))
    text = StringIO()
    yaml.dump(params, text)
    parse(text.getvalue(), f"{path} with the settings of {settings}")
    path.write_text(text.getvalue())
    say(f"params.yaml: data is {data} now")


def _merge(into: Any, new: Any) -> None:
    """Key by key; inside ``spine``, ``tune`` and ``economics`` a task's section is replaced whole.

    Sections keep their place in the file, since the comments around them hang on it.
    """
    for key, value in new.items():
        if not isinstance(value, dict):
            into[key] = value
            continue
        for name, found in value.items():
            if isinstance(found, dict):
                into[key].setdefault(name, {}).clear()
                into[key][name].update({setting: _plain(given) for setting, given in found.items()})
            else:
                into[key][name] = _plain(found)


def _plain(value: Any) -> Any:
    """Dates as texts: DVC takes no dates among its parameters."""
    return value.isoformat() if isinstance(value, date) else value
