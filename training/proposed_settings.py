"""Settings that a new mapping begins with where the usual ones would leave too much to chance."""

import re
from pathlib import Path

import yaml

from training.trainable import Chance, less_chance
from training.use_dataset import MAPPINGS

BEGINS = re.compile(r"^params:\n", re.MULTILINE)


def begin_with(data: str, own: dict[str, object]) -> list[str]:
    """Write window and odds into the mapping of a data set where chance would give many of its outcomes.

    The tables are read once, as ``check`` reads them. A mapping that cannot be read yet, or whose tables
    cannot be trained, stays as it is: ``check`` says why.

    Returns
    -------
    What was written and why, one sentence a task.
    """
    path = MAPPINGS / f"{data}.yaml"
    try:
        found = less_chance(data, own)
    except (ValueError, OSError) as error:
        return [f"settings are the usual ones, since the tables cannot be read yet: {error}"]
    if found:
        _write(path, found)
    return [_why(one) for one in found]


def _write(path: Path, found: list[Chance]) -> None:
    lines = ["  spine:"]
    for one in found:
        lines += [f"    # {_why(one)}", f"    {one.task}: {_flow(one)}"]
    text = path.read_text(encoding="utf-8")
    path.write_text(BEGINS.sub("params:\n" + "\n".join(lines) + "\n", text, count=1), encoding="utf-8")


def _why(one: Chance) -> str:
    return (
        f"{one.task}: an unchanged rhythm alone would give {one.share:.0%} of the outcomes under the usual "
        f"settings, {one.setting.share:.0%} with {one.setting.written}"
    )


def _flow(one: Chance) -> str:
    content = {name: value for name, value in one.spine.told().items() if value is not None}
    return yaml.safe_dump(content, default_flow_style=True, sort_keys=False, width=1_000).strip()
