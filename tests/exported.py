"""Exports written for tests, and what a proposal for them yields."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from models.task import requirements
from training.sources.check import check
from training.sources.mapping.mapping_file import Mapping, load
from training.sources.proposal.propose import Proposal, propose

NAMES = "customer_id,order_id,order_date,quantity,unit_price"


START = datetime(2024, 3, 1, 10, 30)


def orders(
    date: Callable[[datetime], str], price: Callable[[int], str] = lambda n: f"{n}.5", rows: int = 30
) -> str:
    """Lines of orders, every eleventh day one."""
    days = [START + timedelta(days=11 * n, hours=n) for n in range(rows)]
    return (
        "\n".join([NAMES, *(f"c{n % 4},o{n},{date(day)},1,{price(n)}" for n, day in enumerate(days))]) + "\n"
    )


def taken(folder: Path, files: dict[str, str | bytes]) -> tuple[Proposal, Mapping, dict[str, pl.DataFrame]]:
    """A proposal for files, its mapping, and the tables that it yields."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    found = propose([folder / name for name in files], requirements=requirements())
    (folder / "proposed.yaml").write_text(found.text)
    rows: dict[str, pl.DataFrame] = {}
    check(
        folder / "proposed.yaml",
        keep=lambda name, frames: rows.update({name: pl.concat(list(frames), how="diagonal_relaxed")}),
    )
    return found, load(folder / "proposed.yaml"), rows
