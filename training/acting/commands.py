"""Commands that act on scores, a part of ``python -m training``."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from training.command_types import day_of
from training.params import load

app = typer.Typer()


@app.command()
def plan(
    name: Annotated[str, typer.Argument(help="of the plan, such as spring-2027")],
    budget: Annotated[float | None, typer.Option(help="money to spend; without it there is no limit")] = None,
    options: Annotated[Path, typer.Option(help="what can be done, and what it costs")] = Path(
        "experiments/options.yaml"
    ),
    holdout: Annotated[float, typer.Option(help="share held out at random, to see what contacts add")] = 0.05,
    explore: Annotated[float, typer.Option(help="share that gets an option drawn at random")] = 0.0,
    day: Annotated[
        date | None, typer.Option(parser=day_of, metavar="YYYY-MM-DD", help="by default the day of the data")
    ] = None,
    salt: Annotated[str | None, typer.Option(help="of the holdout; the same salt, the same members")] = None,
    reach: Annotated[
        Path | None,
        typer.Option(help="consents and addresses by channel: subject_id, channel, consent, address"),
    ] = None,
    blind: Annotated[bool, typer.Option(help="plan even if the holdout would show nothing")] = False,
) -> None:
    """Plan who gets what within a budget, and who is left in peace; sends nothing, writes a list."""
    from models.acting import brief
    from training.acting import plan as acting
    from training.acting import signing
    from training.acting.draft import Request

    params = load()
    told = acting.make(params, Request(name, options, budget, holdout, explore, day, salt, reach, blind))
    signing.publish(params, name)
    if warning := brief.older(told):
        print(f"warning: {warning}")
    print(brief.text(told, acting.folder(params, name) / acting.LIST))
    _say_assumed(reach)


@app.command(name="brief")
def brief_page(name: Annotated[str, typer.Argument(help="of the plan")]) -> None:
    """Make the page of a plan again from its figures and signatures."""
    from training.acting import signing

    params = load()
    print(signing.write_page(params, name))
    signing.publish(params, name)


@app.command()
def readout(
    name: Annotated[str, typer.Argument(help="of the plan")],
    contacts: Annotated[
        Path, typer.Argument(help="Parquet or CSV: subject, contacted, answered; margin, cost, opted_out")
    ],
    day: Annotated[
        date | None,
        typer.Option(parser=day_of, metavar="YYYY-MM-DD", help="of the look; the day of the data"),
    ] = None,
) -> None:
    """Say what a plan brought against its holdout, with intervals, in both languages."""
    from training.acting import readout as acting

    print(acting.text(acting.make(load(), name, contacts, day)))


@app.command()
def whatif(
    log: Annotated[Path, typer.Argument(help="subject, option, probability, reward")],
    policy: Annotated[Path, typer.Argument(help="subject, option, probability; or the list of a plan")],
) -> None:
    """Say what another policy would have brought on a log, or why that cannot be told."""
    from training.acting import whatif as acting

    print(acting.text(acting.make(log, policy)))


@app.command()
def arms(
    log: Annotated[
        Path, typer.Argument(help="subject, option drawn at random (empty: nothing), reward, attributes")
    ],
    by: Annotated[str, typer.Option(help="attributes known before the draw, such as recency,region")],
    cost: Annotated[
        list[str] | None,
        typer.Option(metavar="OPTION=MONEY", help="of a message; without any, each counts 1"),
    ] = None,
    share: Annotated[
        list[float] | None, typer.Option(help="of the spend for everybody; may stand several times")
    ] = None,
) -> None:
    """Say which of several options goes to whom, or one to all, judged on a log drawn at random."""
    from training.acting import arms as acting

    print(
        acting.text(acting.read(log, acting.columns(by), acting.costs(cost or [])), share or (0.1, 0.3, 1.0))
    )


@app.command(name="acting-truth")
def acting_truth(
    weeks: Annotated[
        int | None, typer.Option(min=1, help="contacts week after week instead, with fatigue, such as 26")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="of the weeks, how often luck is drawn")] = 3,
    budget: Annotated[
        float | None,
        typer.Option(help="of each week, money; by default a quarter of what a plan without one spends"),
    ] = None,
) -> None:
    """Compare plans with the best one that the simulated brand would allow, beside simpler orders."""
    from training.acting import truth, weeks_report

    params = load()
    print(
        truth.text(params)
        if weeks is None
        else weeks_report.text(weeks_report.make(params, weeks, seeds, budget))
    )


@app.command()
def scenes(
    scenes: Annotated[Path, typer.Option(help="when which action is due")] = Path("experiments/scenes.yaml"),
    options: Annotated[Path, typer.Option(help="what can be done, and what it costs")] = Path(
        "experiments/options.yaml"
    ),
    salt: Annotated[str | None, typer.Option(help="of the holdouts; the same salt, the same members")] = None,
    reach: Annotated[
        Path | None,
        typer.Option(help="consents and addresses by channel: subject_id, channel, consent, address"),
    ] = None,
) -> None:
    """Say for everybody which scene they are in and what is due; sends nothing, writes a list."""
    from training.acting import scenes as acting

    params = load()
    told = acting.make(params, acting.SceneRequest(scenes, options, salt, reach))
    print(acting.text(told, acting.place(params)))
    _say_assumed(reach)


@app.command(name="scenes-readout")
def scenes_readout(
    scene: Annotated[list[str] | None, typer.Option(help="this scene alone; may stand several times")] = None,
    scenes: Annotated[Path, typer.Option(help="when which action is due")] = Path("experiments/scenes.yaml"),
    options: Annotated[Path, typer.Option(help="what can be done, and what it costs")] = Path(
        "experiments/options.yaml"
    ),
) -> None:
    """Say what each scene brought against those held out of it, with intervals, in both languages."""
    from training.acting import scene_readout as acting
    from training.acting.scenes import SceneRequest

    params = load()
    print(acting.text(acting.make(params, SceneRequest(scenes, options)), scene or ()))
    print(acting.page(params))


@app.command()
def offers(
    options: Annotated[Path, typer.Option(help="what can be done, and what it costs")] = Path(
        "experiments/options.yaml"
    ),
    reach: Annotated[
        Path | None,
        typer.Option(help="consents and addresses by channel: subject_id, channel, consent, address"),
    ] = None,
) -> None:
    """Compute what every option would bring every member, for audiences that are asked of the service."""
    from training.acting import offers as acting

    print(acting.text(acting.publish(load(), options, reach)))
    _say_assumed(reach)


def _say_assumed(reach: Path | None) -> None:
    """Say what is taken as known of consents and addresses where no file tells it."""
    from training.reporting.words import said

    if reach is None:
        print("\n".join(said("reach.assumed").values()))
