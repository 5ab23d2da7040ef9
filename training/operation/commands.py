"""Commands of every night, a part of ``python -m training``."""

import sys
from datetime import date
from typing import Annotated

import typer

from training.command_types import day_of
from training.params import load

app = typer.Typer()
FOUND = 5  # the exit code where somebody should look


@app.command()
def operate(
    day: Annotated[
        date | None,
        typer.Option(parser=day_of, metavar="YYYY-MM-DD", help="for which the lists are; the data's last"),
    ] = None,
) -> None:
    """Read the newest data and score everybody by the champions, without learning; for every night.

    Exit code 5 where somebody should look at what was found; the lists are published all the same. That of
    DVC where the data could not be read: then last night's lists go on, until they are stale.
    """
    from training import pipeline
    from training.operation import operate as nights

    params = load()
    if code := pipeline.shared():
        print("operate: the newest data were not read, see above; the lists stay", file=sys.stderr)
        raise typer.Exit(code)
    night = nights.operate(params, day)
    found = list(nights.findings(night))
    for task, one in found:
        print(f"look at {task or 'the data'}: {one['en']}")
    told = f"{len(night['tasks'])} lists, {len(found)} findings"
    print(f"{night['day']}: {told}; kept in {nights.journal(params)}")
    if found:
        raise typer.Exit(FOUND)
