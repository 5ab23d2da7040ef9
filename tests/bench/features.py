"""``make bench-features``: the catalogue against the floor, pandas and other libraries, on generated events.

All ways answer the same questions: members at several cut-offs. The *floor* is what any program must
do for windowed sums: one scan of the same file a cut-off, grouped, in hand-written SQL; *ours, sums*
is the vocabulary of features on the same columns and windows; *ours, all* is every feature of the
purchases. Each way runs in a process of its own, so that memory is its own; rounds alternate.
"""

import argparse
import itertools
import json
import math
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.processes import watched

DAY, START, DAYS = 86_400, 1_700_006_400, 720
WINDOWS, CUTOFFS, EVENTS_A_MEMBER = (30, 90, 180, 365), 6, 20
SLOW = {"pandas": 10_000_000, "featuretools": 1_000_000}  # the most events that are tried
PEERS = ("featuretools>=1.31", "pandas<3", "pyarrow", "setuptools<81")
WAYS = ("floor", "ours, sums", "ours, all", "pandas", "featuretools")


def generate(folder: Path, events: int) -> None:
    """``purchases.parquet`` as ingest writes it; ``spine.parquet``: a fifth of the members a cut-off."""
    import duckdb

    members = max(events // EVENTS_A_MEMBER, 10)
    with duckdb.connect() as db:
        db.execute(f"SET memory_limit='4GB'; SET temp_directory='{folder}'; SELECT setseed(0.5)")
        db.execute(
            f"""COPY (SELECT *, event_time AS known_time FROM (
                SELECT 'm' || CAST(random() * {members} AS BIGINT) AS member_id,
                'o' || (range // 2) AS order_id, 'p' || CAST(random() * 500 AS INT) AS product_id,
                'c' || CAST(random() * 12 AS INT) AS category, 'shop' AS channel,
                CASE WHEN random() < 0.05 THEN 'return' ELSE 'sale' END AS kind,
                CAST(1 + random() * 3 AS BIGINT) AS quantity, CAST(random() * 9000 AS BIGINT) AS amount_cents,
                CAST(random() * 900 AS BIGINT) AS discount_cents,
                {START} + CAST(random() * {DAYS * DAY} AS BIGINT) AS event_time
                FROM range({events}))) TO '{folder}/purchases.parquet' (FORMAT parquet)"""
        )
        cuts = ", ".join(str(START + DAY * (DAYS - 30 * step)) for step in range(CUTOFFS))
        db.execute(
            f"""COPY (SELECT row_number() OVER () AS row_id, 'm' || range AS member_id, as_of
                FROM range({members}), (SELECT unnest([{cuts}]) AS as_of) WHERE range % 5 = 0)
                TO '{folder}/spine.parquet' (FORMAT parquet)"""
        )


def floor(folder: Path) -> None:
    """One scan a cut-off."""
    import duckdb

    inside = [f"FILTER (WHERE age < {days * DAY})" for days in WINDOWS]
    sums = ", ".join(f"sum(amount_cents) {w} AS r{at}, count(*) {w} AS n{at}" for at, w in enumerate(inside))
    spine, events = f"'{folder}/spine.parquet'", f"'{folder}/purchases.parquet'"
    with duckdb.connect() as db:
        db.execute("SET memory_limit='6GB'; SET threads=2; SET preserve_insertion_order=false")
        for number, (moment,) in enumerate(db.sql(f"SELECT DISTINCT as_of FROM {spine}").fetchall()):
            known = f"""SELECT member_id, amount_cents, {moment} - event_time AS age FROM {events}
                WHERE known_time < {moment}"""
            asked = f"SELECT member_id FROM {spine} WHERE as_of = {moment}"
            db.execute(
                f"""COPY (SELECT member_id, {sums} FROM ({known}) SEMI JOIN ({asked}) USING (member_id)
                    GROUP BY member_id) TO '{folder}/floor{number}.parquet' (FORMAT parquet)"""
            )


def ours(folder: Path, everything: bool) -> None:
    """Through the vocabulary and DuckDB, as the pipeline does."""
    from features import engines
    from features.feature import Feature, Group
    from features.groups.purchases import PURCHASES

    sums = Group(
        name="sums", table="purchases", windows=WINDOWS,
        features=(
            Feature("r_{days}d", lambda r: r["amount_cents"].sum(), "cents", "", "", 0),
            Feature("n_{days}d", lambda r: r.count(), "lines", "", "", 0),
        ),
    )  # fmt: skip
    groups = [PURCHASES if everything else sums]
    engines.to_parquet(folder / "spine.parquet", folder, groups, folder / "ours.parquet", "6GB", 2)


def pandas(folder: Path) -> None:
    """The sums as most notebooks have them."""
    import pandas as pd

    events, spine = pd.read_parquet(folder / "purchases.parquet"), pd.read_parquet(folder / "spine.parquet")
    events = events[["member_id", "amount_cents", "event_time", "known_time"]]
    out = []
    for moment, asked in spine.groupby("as_of"):
        known = events[(events["known_time"] < moment) & events["member_id"].isin(asked["member_id"])]
        age = moment - known["event_time"]
        parts = [
            known[age < d * DAY]
            .groupby("member_id")["amount_cents"]
            .agg(["sum", "count"])
            .add_suffix(f"_{d}")
            for d in WINDOWS
        ]
        out.append(pd.concat(parts, axis=1).reindex(asked["member_id"]))
    pd.concat(out).to_parquet(folder / "pandas.parquet")


def featuretools(folder: Path) -> None:
    """Sum and count in one window at each cut-off: what deep feature synthesis can say of windows."""
    import featuretools as ft
    import pandas as pd

    events, spine = pd.read_parquet(folder / "purchases.parquet"), pd.read_parquet(folder / "spine.parquet")
    events["time"] = pd.to_datetime(events["event_time"], unit="s")
    events["event_id"] = range(len(events))
    spine["time"] = pd.to_datetime(spine["as_of"], unit="s")
    entities = ft.EntitySet("bench")
    entities.add_dataframe(
        dataframe_name="events", dataframe=events[["event_id", "member_id", "amount_cents", "time"]],
        index="event_id", time_index="time",
    )  # fmt: skip
    members = pd.DataFrame({"member_id": pd.unique(pd.concat([events["member_id"], spine["member_id"]]))})
    entities.add_dataframe(dataframe_name="members", dataframe=members, index="member_id")
    entities.add_relationship("members", "member_id", "events", "member_id")
    for days in WINDOWS:
        found, _ = ft.dfs(
            entityset=entities, target_dataframe_name="members", agg_primitives=["sum", "count"],
            trans_primitives=[], cutoff_time=spine[["member_id", "time"]], n_jobs=1,
            training_window=f"{days} days",
        )  # fmt: skip
        found.to_parquet(folder / "featuretools.parquet")


def run(way: str, folder: Path) -> None:
    """One way, in this process."""
    {
        "floor": floor, "ours, sums": lambda f: ours(f, False), "ours, all": lambda f: ours(f, True),
        "pandas": pandas, "featuretools": featuretools,
    }[way](folder)  # fmt: skip


def peers() -> str:
    """The interpreter of an environment with other libraries, made once: they need older packages."""
    place = Path("build/bench-peers")
    python = place / "bin" / "python"
    if not python.exists():
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(place)], check=True)
        subprocess.run([*uv, "pip", "install", "-q", "--python", str(python), *PEERS], check=True)
    return str(python.absolute())


def measured(way: str, folder: Path) -> tuple[float, float] | None:
    """Seconds and GB of a process; None where it fails, such as for want of the library."""
    python = peers() if way == "featuretools" else sys.executable
    cost = watched([python, "-m", "tests.bench.features", "--way", way, "--folder", str(folder)])
    if cost.error:
        print(f"  {way}: {cost.error}")
        return None
    return cost.seconds, cost.gigabytes


def compared(events: int, rounds: int) -> dict[str, dict[str, float]]:
    """Medians of every way over alternating rounds."""
    seen: dict[str, list[tuple[float, float]]] = {}
    with TemporaryDirectory() as parent:
        folder = Path(parent)
        generate(folder, events)
        ways = [way for way in WAYS if events <= SLOW.get(way, events)]
        for _ in range(rounds):
            for way in list(ways):
                found = measured(way, folder)
                if found is None:
                    ways.remove(way)
                else:
                    seen.setdefault(way, []).append(found)
    return {
        way: {"seconds": statistics.median(s for s, _ in rows), "gigabytes": max(g for _, g in rows)}
        for way, rows in seen.items()
    }


def main() -> None:
    """Print the table: seconds, ratio to the floor, memory, and growth from size to size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("events", nargs="*", type=float, default=[1e6, 1e7])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("experiments/bench-features.json"))
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.way:
        run(asked.way, asked.folder)
        return
    kept: dict[int, Any] = {}
    for events in map(int, asked.events):
        print(f"{events:,} events, {CUTOFFS} cut-offs, windows of {WINDOWS} days", flush=True)
        kept[events] = compared(events, asked.rounds)
        for way, row in kept[events].items():
            ratio = row["seconds"] / kept[events]["floor"]["seconds"]
            print(
                f"  {way:14}{row['seconds']:8.1f} s {ratio:7.1f} x floor {row['gigabytes']:6.1f} GB",
                flush=True,
            )
    sizes = sorted(kept)
    for small, large in itertools.pairwise(sizes):
        for way in (way for way in kept[small] if way in kept[large]):
            grown = math.log(kept[large][way]["seconds"] / kept[small][way]["seconds"]) / math.log(
                large / small
            )
            print(f"  {way}: time grows as events to the power {grown:.2f}")
    asked.out.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
