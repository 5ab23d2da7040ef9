"""The one command line of the pipeline: ``python -m training STAGE [TASK]``."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from training.acting import commands as acting
from training.command_types import Conditions, Decision, Expires, Signer, Task
from training.operation import commands as operation
from training.params import Params, load
from training.registry import experiment_commands

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True, help=__doc__)
app.add_typer(experiment_commands.app)
app.add_typer(acting.app)
app.add_typer(operation.app)
Engine = Literal["dvc", "spark"]


def _task_stage(name: str) -> None:
    """Register ``python -m training NAME TASK``; the stage's module is imported when it runs."""

    def command(task: Task) -> None:
        from importlib import import_module

        stage: Callable[[Params, str], None] = getattr(import_module(f"training.stages.{name}"), name)
        params = load()
        params.require(task)
        stage(params, task)

    app.command(name, help=f"Stage {name} of one task.")(command)


_STAGES = "dataset audit tune backtest fit evaluate final uplift value explain report score"
for _stage in _STAGES.split():
    _task_stage(_stage)


@app.command()
def source() -> None:
    """Write the fingerprint of the source data, so that changed data run the pipeline again."""
    from training.io import read_json, write_json
    from training.stages.ingest import source_fingerprint

    params = load()
    path, found = params.build / "source.json", source_fingerprint(params)
    if not path.exists() or read_json(path) != found:
        write_json(path, found)


@app.command()
def portrait() -> None:
    """Write one readable row of tags for every member."""
    from training.stages.portrait import portrait as run

    run(load())


@app.command()
def consent() -> None:
    """Write the list of current consents of all members and leads."""
    from training.stages.consent import consent as run

    run(load())


@app.command()
def features(
    task: Task,
    out: Annotated[Path, typer.Option(help="folder for the partitions")],
    master: Annotated[str, typer.Option(help="Spark's address")] = "local[*]",
    memory: Annotated[str, typer.Option(help="what Spark's driver may use")] = "2g",
) -> None:
    """Compute the questions' features of a task on Spark, into Parquet partitions."""
    from features import engines
    from models.task import task as named
    from training.data.feature_groups import of_task
    from training.spark.session import opened

    params = load()
    folder, groups = params.build, of_task(params, named(task))
    with opened(master, memory) as session:
        engines.to_partitions(session, folder / task / "spine.parquet", folder / "tables", groups, out)


@app.command()
def sql(
    task: Task,
    dialect: Annotated[str, typer.Option(help="bigquery, duckdb or snowflake")],
    out: Annotated[Path | None, typer.Option(help="a file; printed without it")] = None,
) -> None:
    """Write the features of a task as one SELECT over the contract's tables and a table `spine`."""
    from features import warehouse
    from models.task import task as named
    from training.data.feature_groups import of_task

    params = load()
    folder, groups = params.build, of_task(params, named(task))
    statement = warehouse.select(folder / task / "spine.parquet", folder / "tables", groups, dialect)
    print(statement) if out is None else out.write_text(f"{statement};\n")


@app.command()
def economics() -> None:
    """Write what is stated about money, a file a task."""
    from training.stages.economics import economics as run

    run(load())


@app.command()
def ingest() -> None:
    """Simulate the brand, or read the mapped source; validate, bind, write the contract's tables."""
    from training.stages.ingest import ingest as run

    run(load())


@app.command()
def sign(
    task: Task,
    role: Annotated[str, typer.Option(help="developer, validator, owner or compliance")],
    decision: Decision,
    by: Signer,
    condition: Conditions = None,
    expires: Expires = None,
) -> None:
    """Sign the task's report; a changed report voids the signature."""
    from training.review.signoff import sign as add
    from training.stages.report import keep, require_page, write_index, write_pages

    params = load()
    params.require(task)
    require_page(params, task)  # else somebody signs what was not made here
    found = add(params, task, role, decision, by, condition or (), expires=expires)
    write_pages(params, task)
    keep(params, task)
    write_index(params)
    print(f"{task}: {found.role} {found.decision}, until {found.expires}; commit experiments/signoff.yaml")


@app.command()
def truth() -> None:
    """Compare models with what the simulated brand knows of itself."""
    from training.evaluation import truth as known

    print(known.text(load()))


@app.command()
def drivers() -> None:
    """Rank what makes members dissatisfied: tickets by topic, their ratings, and who then left."""
    from training.data.artifacts import Ingest, read_artifact
    from training.evaluation import dissatisfaction as stage
    from training.io import write_json

    params = load()
    found = stage.ranked_drivers(params)
    if found is None:
        read_artifact(Ingest, params.build)  # which says what to run where nothing was made yet
        raise ValueError(f"drivers: {params.data} has no tickets or feedback")
    write_json(params.results / "drivers.json", found)
    print(stage.table(found))


@app.command()
def init(
    files: Annotated[list[Path], typer.Argument(help="your tables, or folders of them")],
    name: Annotated[str, typer.Option(help="of the data set")] = "own",
    label: Annotated[str | None, typer.Option(help="the column of a flat table's outcome")] = None,
    time: Annotated[str | None, typer.Option(help="the column that says when a row was known")] = None,
    format: Annotated[str | None, typer.Option(help="of times, such as %d.%m.%Y")] = None,
    presets: Annotated[bool, typer.Option(help="read exports of known systems by their presets")] = True,
    settings: Annotated[
        bool, typer.Option(help="read the tables for settings that leave little to chance")
    ] = True,
) -> None:
    """Propose a mapping for your files: writes mappings/NAME.yaml and lists what it is unsure of."""
    from models.task import requirements
    from training.proposed_settings import begin_with
    from training.sources.proposal.hints import Hints
    from training.sources.proposal.propose import propose
    from training.use_dataset import dataset_name, own_settings

    target = Path("mappings") / f"{dataset_name(name)}.yaml"
    if target.exists():
        raise ValueError(f"{target}: exists already; choose another --name")
    own = own_settings() if settings else {}  # before anything is written
    proposal = propose(files, Hints(label, time, format, presets), requirements())
    target.parent.mkdir(exist_ok=True)
    target.write_text(proposal.text)
    print(f"{target}: written; look at it, then `memberlens check {name}`")
    for doubt in proposal.unsure:
        print(f"  unsure: {doubt}")
    for said in begin_with(name, own) if settings else ():
        print(f"  settings: {said}")


@app.command()
def check(data: Annotated[str, typer.Argument(help="name of a file in mappings/")]) -> None:
    """Say what a mapping yields, and what is missing for which task; writes nothing."""
    from training.data.quarantine_limits import assess
    from training.trainable import trainable
    from training.use_dataset import own_settings

    found, warnings = trainable(data, own_settings())
    for line in (*found.lines(), *(f"warning: {warning}" for warning in warnings)):
        print(line)
    for table in assess(found.report.tables, load().ingest):
        if table.says:
            print(f"{'would stop' if table.result == 'bad' else 'warning'}: {table.says}")


@app.command()
def catalogue() -> None:
    """Print every feature with its table, unit, window, empty value and both sentences."""
    from features.catalog import GROUPS, describe

    for row in describe(GROUPS):
        days = f"{row['window']} d" if row["window"] else "all"
        empty = "unknown" if row["empty"] is None else row["empty"]
        print(
            f"{row['name']:26} {row['table'] or 'asked':10} {row['unit']:10} {days:6} {empty!s:8} "
            f"{row['en']} | {row['zh']}"
        )


@app.command()
def use(
    data: Annotated[str, typer.Argument(help="brand, or the name of a file in mappings/")],
    members: Annotated[int | None, typer.Option(help="of the simulated brand; kept until told anew")] = None,
) -> None:
    """Switch params.yaml to a data set and its settings."""
    from training.use_dataset import use_dataset

    use_dataset(data, Path("params.yaml"), members)


@app.command()
def pipeline(
    engine: Annotated[Engine, typer.Option(help="`dvc` on one machine, or `spark`")] = "dvc",
    master: Annotated[str, typer.Option(help="Spark's address")] = "local[*]",
    memory: Annotated[str, typer.Option(help="what Spark's driver may use")] = "2g",
    buckets: Annotated[int, typer.Option(min=1, help="parts into which Spark cuts the subjects")] = 200,
    conf: Annotated[list[str] | None, typer.Option(help="Spark's own settings, KEY=VALUE")] = None,
) -> None:
    """Run every stage that is out of date, the tasks side by side; on Spark from tables to scores."""
    from training.pipeline import on_spark
    from training.pipeline import pipeline as run

    if engine == "spark":
        on_spark(load(), master, memory, buckets, _settings(conf or []))
    else:
        sys.exit(run(load()))


def _settings(words: list[str]) -> dict[str, str]:
    """``KEY=VALUE`` by key."""
    if wrong := [word for word in words if "=" not in word]:
        raise ValueError(f"--conf {wrong[0]}: needed is KEY=VALUE, such as spark.executor.memory=8g")
    return dict(word.split("=", 1) for word in words)


@app.command()
def summary() -> None:
    """Print what came out: per task the headline metric against its best baseline, and where to look."""
    from training.summary import summarise

    print(summarise(load()))


def run(commands: typer.Typer = app) -> None:
    """Run a command; an expected error is one sentence, not a stack trace (``--debug`` shows it)."""
    debug = "--debug" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--debug"]
    try:
        commands()
    except (ValueError, OSError) as error:  # files of every kind: not there, a folder, full, not allowed
        if debug:
            raise
        print(f"error: {_sentence(error)}", file=sys.stderr)
        # The planner's refusals are worded in each language; all others are for who runs pipelines.
        if "zh" in (texts := getattr(error, "texts", None) or {}):
            print(f"错误：{texts['zh']}", file=sys.stderr)
        sys.exit(1)


def _sentence(error: ValueError | OSError) -> str:
    """What is wrong; of the machine's own errors the file first, as in all others."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


if __name__ == "__main__":
    run()
