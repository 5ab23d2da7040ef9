"""``memberlens``: the entry of notebooks, and the commands of pipeline, registry and service."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from serving.__main__ import acting_app as acting
from serving.__main__ import app as serving
from serving.__main__ import keys_app as keys
from serving.__main__ import outcomes_app as outcomes
from training.__main__ import app as training
from training.__main__ import run

if TYPE_CHECKING:
    from training.project import Project

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True, help=__doc__)
app.add_typer(training)
app.add_typer(acting)
app.add_typer(keys, name="keys")
app.add_typer(outcomes, name="outcomes")
app.add_typer(serving, name="serving", help="What is done beside the running service.")


def open(folder: Path | str = ".") -> "Project":
    """Open a working folder, where ``params.yaml`` is: data sets, champions and scores in pandas.

    Raises
    ------
    FileNotFoundError, ValueError
        No ``params.yaml`` there, or one that does not hold.
    """
    from training.project import Project  # scikit-learn takes a second that no command needs

    return Project.open(Path(folder))


def main() -> None:
    """Run a command; an expected error is one sentence and exit code 1."""
    run(app)


if __name__ == "__main__":
    main()
