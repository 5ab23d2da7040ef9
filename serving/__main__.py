"""python -m serving COMMAND: what is done beside the running service."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from serving import settings
from serving.champion import follower
from serving.edge.keys import SCOPES, KeysLost, KeyStore

if TYPE_CHECKING:
    import polars as pl

    from serving.consent.consents import Consents
    from serving.database import Database

ALLOWED = "one or more of " + ", ".join(SCOPES)
DEFAULT = ["score:read"]
app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
keys_app = typer.Typer(help="API keys: issue, list, revoke.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")
outcomes_app = typer.Typer(help="What became of those who were scored.", no_args_is_help=True)
app.add_typer(outcomes_app, name="outcomes")


acting_app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def private() -> None:
    """Run a task beside the running service."""
    os.umask(0o077)  # copies and keys are for this user only


@app.command()
def pull() -> None:
    """Copy the released champions here; the copies serve on while the registry is away."""
    from serving.champion import registry
    from serving.tasks import OPTIONAL, TASK_NAMES

    found, here = 0, settings.load()
    for task in TASK_NAMES:
        try:
            typer.echo(f"{task}: version {registry.pull(here, task)}")
        except registry.failures() as error:
            if not (task in OPTIONAL and isinstance(error, LookupError)):  # not of this source: no fault
                typer.echo(f"{task}: {error}", err=True)
        found += registry.local(here, task) is not None
    if not found:
        typer.echo("No model to serve; release one first (`make demo`).", err=True)
        raise typer.Exit(1)


@app.command()
def follow(parent: Annotated[int, typer.Option()]) -> None:
    """Copy new champions for as long as the process PARENT lives; the service starts this itself."""
    follower.follow(settings.load(), parent)


@app.command()
def erase(ref: str, kind: Annotated[str, typer.Option(help="member or lead")] = "member") -> None:
    """Erase the subject REF from outcomes, audit and jobs; answers suppress it from now on."""
    from datetime import UTC, datetime

    from serving.database import Database
    from serving.ledger import erasure

    if kind not in ("member", "lead"):
        typer.echo(f"kind: found {kind}, allowed are member and lead", err=True)
        raise typer.Exit(2)
    here = settings.load()
    database = Database(here.state_dir / "service.db")
    if not here.build_dir.exists():  # else somebody is told that all is erased, in a folder where nothing was
        _require_kept(database, "erase")
    typer.echo(erasure.command(database, here.build_dir, here.state_dir, (kind, ref), datetime.now(UTC)))


@keys_app.command()
def issue(client: str, scope: Annotated[list[str], typer.Option(help=ALLOWED)] = DEFAULT) -> None:
    """Make a key for CLIENT; it is shown once and never again."""
    try:
        keys = _keys()
        typer.echo(keys.issue(client, scope))
        typer.echo(f"kept in {keys.path}, for the service of this folder", err=True)
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


@keys_app.command("list")
def list_keys() -> None:
    """List all keys: name, client, scopes, dates."""
    keys = _keys()
    if not keys.all():
        typer.echo(f"no key was issued: {keys.path} is not there", err=True)
    for key in keys.all().values():
        ended = f"revoked {key.revoked_at}" if key.revoked_at else "live"
        typer.echo(f"{key.name}  {key.client}  {' '.join(key.scopes)}  issued {key.issued_at}  {ended}")


@keys_app.command()
def revoke(name: str) -> None:
    """End the key NAME at once."""
    try:
        typer.echo(f"revoked a key of {_keys().revoke(name).client}")
    except KeyError:
        typer.echo(f"there is no key {name}", err=True)
        raise typer.Exit(2) from None


@acting_app.command()
def audience(
    name: Annotated[str, typer.Argument(help="of a plan, or the id of an audience of the service")],
    out: Annotated[Path | None, typer.Option(help="file to write, .csv or .parquet; else printed")] = None,
    arm: Annotated[
        str | None, typer.Option(help="due: all who get something; or contact, care, explore, held_out, none")
    ] = None,
    keep: Annotated[
        bool, typer.Option(help="make a plan of the service's audience, whose readout can be made")
    ] = False,
) -> None:
    """Print or write who gets what, without those who have withdrawn since."""
    from datetime import UTC, datetime

    from serving.acting import kept_lists
    from serving.database import Database
    from serving.ledger.audience_store import Audiences

    here = settings.load()
    database, now, asked = Database(here.state_dir / "service.db"), datetime.now(UTC), None
    if database.path.exists():  # where nothing is found, nothing is made either
        database.prepare()
        asked = Audiences(database).made(name)
    found, told = kept_lists.named(here.build_dir, name, asked, now.date())
    rows = kept_lists.may_be_told(_consents(here), found, arm, now)
    if keep:
        results = here.home / "experiments" / here.data
        typer.echo(f"kept as {kept_lists.keep(found, told, here.build_dir, results)}", err=True)
    _hand_over(rows, out, "members")


@acting_app.command()
def top(
    task: Annotated[str, typer.Argument(help="a model, such as churn")],
    by: Annotated[
        str,
        typer.Option(
            help="highest first: probability, expected_value, value_at_risk, value_per_cost, uplift"
        ),
    ] = "probability",
    rows: Annotated[int, typer.Option(min=1, help="so many at most")] = 20,
    band: Annotated[
        list[str] | None, typer.Option(help="of this band alone; may stand several times")
    ] = None,
    language: Annotated[Literal["en", "zh"], typer.Option(help="of the reasons")] = "en",
    out: Annotated[Path | None, typer.Option(help="file to write, .csv or .parquet; else printed")] = None,
) -> None:
    """Print or write who stands highest in last night's scores, and why; none who has withdrawn since."""
    from datetime import UTC, datetime

    from serving.acting import score_list

    here = settings.load()
    found = score_list.ranked(score_list.read(here.build_dir, task), by, band or [], language)
    found = score_list.allowed(_consents(here), task, found, datetime.now(UTC))
    _hand_over(found.head(rows), out, "rows")


@outcomes_app.callback()
def outcomes() -> None:
    """Tell what became of those who were scored."""


@outcomes_app.command()
def export(folder: Path) -> None:
    """Write outcomes and scores to FOLDER: responses, contacts, scores and outcomes as Parquet."""
    from serving.database import Database
    from serving.ledger import outcome_exports

    here = settings.load()
    _require_kept(Database(here.state_dir / "service.db"), "outcomes export")
    for name, rows in outcome_exports.export(here, folder).items():
        typer.echo(f"{folder / name}.parquet: {rows:,} rows")


def _require_kept(database: "Database", command: str) -> None:
    """Make what the service kept ready; where it kept nothing, say so and end, and make nothing."""
    if not database.path.exists():
        typer.echo(
            f"{command}: {database.path} is not there, so that no service kept anything here; run this from "
            "the service's folder, or name that by MEMBERLENS_HOME",
            err=True,
        )
        raise typer.Exit(1)
    database.prepare()


def _consents(here: settings.Settings) -> "Consents":
    """What everybody says now: the pipeline's list, and what was told to the service since."""
    from serving.consent.consents import Consents
    from serving.database import Database

    database = Database(here.state_dir / "service.db")
    database.prepare()
    found = Consents(here.build_dir / "consent", database)
    found.refresh()
    return found


def _hand_over(rows: "pl.DataFrame", out: Path | None, what: str) -> None:
    """Print rows as CSV, or write them and say how many."""
    from serving.acting import audience_rows, kept_lists

    if out is None:
        typer.echo(audience_rows.packed(rows, "csv").decode(), nl=False)
    else:
        kept_lists.write(rows, out)
        typer.echo(f"{out}: {len(rows):,} {what}")


def _keys() -> KeyStore:
    """The keys; says why and ends where they were lost."""
    store = KeyStore(settings.load().state_dir / "keys.json")
    try:
        store.all()
    except KeysLost as lost:
        typer.echo(f"{lost}; bring the file back, or remove {store.marker.name} to begin anew", err=True)
        raise typer.Exit(1) from None
    return store


if __name__ == "__main__":
    app()
