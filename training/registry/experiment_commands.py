"""Commands of experiments and releases, a part of ``python -m training``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from training.command_types import By, Conditions, Decision, Expires, Signer, Task
from training.params import Params, load

app = typer.Typer()
Why = Annotated[str, typer.Option(help="the reason, kept in the log")]


def _params(task: str) -> Params:
    """The parameters of a folder that has the task."""
    found = load()
    found.require(task)
    return found


@contextmanager
def _told_by_code(refused: type[Exception]) -> Iterator[None]:
    """A refusal is a sentence on standard error and exit code 3, for whoever runs the command by night."""
    try:
        yield
    except refused as refusal:
        print(refusal, file=sys.stderr)
        raise typer.Exit(3) from None


@app.command()
def track(task: Task) -> None:
    """Log what the stages wrote to MLflow and register the model."""
    from training.registry import tracking

    tracking.track(_params(task), task)


@app.command()
def release(task: Task, by: By = "pipeline", why: Why = "") -> None:
    """Make the newest model the champion, if the gates are passed (exit code 3 if not)."""
    from training.registry import release as releases

    with _told_by_code(releases.RefusedError):
        releases.release(_params(task), task, by, why)


@app.command(name="sign-plan")
def sign_plan(
    name: Annotated[str, typer.Argument(help="of the plan")],
    role: Annotated[str, typer.Option(help="manager, budget or protection")],
    decision: Decision,
    by: Signer,
    condition: Conditions = None,
    expires: Expires = None,
) -> None:
    """Sign a plan's brief and list; the decision goes into the log of releases."""
    from training.acting import signing
    from training.registry import release_log

    params = load()
    found = signing.sign(params, name, role, decision, by, condition or (), expires=expires)
    release_log.append_plan(params, name, found.model_dump(mode="json", exclude={"signed"}))
    print(f"{name}: {found.role} {found.decision}, until {found.expires}; commit experiments/signoff.yaml")


@app.command()
def publish() -> None:
    """Track and release every task of params.yaml; a refused model is named, the others go on.

    Exit code 3 where every model was refused. Where only some were, their former champions go on
    serving beside the new ones, and the exit code is 0.
    """
    from training.registry import release as releases
    from training.registry import tracking
    from training.stages.report import AnotherPageError

    params, refused = load(), []
    for task in params.tasks:
        try:
            tracking.track(params, task)
            releases.release(params, task)
        except (releases.RefusedError, AnotherPageError) as refusal:
            print(refusal, file=sys.stderr)
            refused.append(task)
    if len(refused) == len(params.tasks):
        print(f"nothing was released: refused were {', '.join(refused)}, see above", file=sys.stderr)
        raise typer.Exit(3)


@app.command()
def rebase(task: Task, by: By = "pipeline", why: Why = "") -> None:
    """Move the champion's level to the newest outcomes, as a version of its own; for every month."""
    from training.registry import rebase as levels

    levels.rebase(_params(task), task, by, why)


@app.command()
def rollback(task: Task, by: By = "pipeline", why: Why = "") -> None:
    """Make the previous champion serve again (exit code 3 if there is none)."""
    from training.registry import release as releases

    with _told_by_code(releases.RefusedError):
        releases.rollback(_params(task), task, by, why)


@app.command()
def verify(
    task: Task, version: Annotated[str, typer.Argument(help="a version or an alias")] = "champion"
) -> None:
    """Make a released model again from its commit, lock and data (exit code 4 if something differs)."""
    from training.registry.verify import verify as run

    found = run(load(), task, version)
    for line in found:
        print(f"differs: {line}")
    if found:
        raise typer.Exit(4)
    print(f"{task} {version}: made again, with the same data, model, metrics and scores")


@app.command()
def compare(
    task: Task,
    first: Annotated[
        str, typer.Argument(help="workspace, a git revision, a DVC experiment, a run, a version or an alias")
    ],
    second: Annotated[str, typer.Argument(help="the same; this folder by default")] = "workspace",
) -> None:
    """Say what differs between two executions: params, data, metrics with paired intervals, the top 10 %."""
    from training.registry import compare as comparing

    sides = [comparing.open_record(word, task) for word in (first, second)]
    print(comparing.table(comparing.compare(*sides), first, second))


@app.command()
def curve(task: Task) -> None:
    """Draw the learning curve: what more history and more members would bring, on the validation blocks."""
    from training.evaluation import ablation

    print(ablation.table(ablation.curve(_params(task), task)))


@app.command()
def ablate(task: Task) -> None:
    """Try each group of features left out, and alone, on the validation blocks."""
    from training.evaluation import ablation

    print(ablation.table(ablation.ablate(_params(task), task)))
