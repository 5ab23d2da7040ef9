"""What a price is of where no order has a total: of a piece or a line, by what it does as pieces grow."""

import polars as pl

from training.sources.proposal import sql
from training.sources.proposal.cell_proposal import factor, number_of, whole_number
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File, head
from training.sources.proposal.line_amounts import Amounts, whole_line
from training.sources.proposal.mapping_keys import Cells
from training.sources.reading.money_columns import amount, meaning

FEW = 30  # lines of products that were sold by different numbers, below which nothing is said
LINE, PIECE = 0.8, 0.4  # of how much a price grows with its pieces: as they do, or hardly
TIED = 0.5  # R² that such growth must have


def by_products(made: Amounts, cells: Cells) -> None:
    """Take the price as its line's where, of one product, it grows as the pieces do; say where it half does.

    Only where no total of an order says more. A price below zero beside pieces below zero says nothing new.
    """
    price, quantity = (made.column(cells.get(name)) for name in ("unit_price_cents", "quantity"))
    if price is None or quantity is None or "unit_price_cents" in made.cells:
        return
    has_total = made.file.of_orders or any(meaning(column.name) == "total" for column in made.file.columns)
    if not has_total and _is_of_lines(made, cells, price, quantity):
        whole_line(made, cells, price)
    elif price.negatives and quantity.negatives and not _negative_alone(made.file, price, quantity):
        _without_sign(made, price)


def _is_of_lines(made: Amounts, cells: Cells, price: Column, quantity: Column) -> bool:
    found = _growth(made.file, cells, price, quantity)
    if found is None:
        return False
    slope, tied, lines = found
    if slope >= LINE and tied >= TIED:
        made.say(
            f"{price.name} is taken as the total of its line, and its pieces as one: of one product it grows "
            f"with {quantity.name} ({lines:,} lines; twice the pieces cost {2**slope:.1f} times as much)"
        )
        return True
    if slope > PIECE:
        made.say(
            f"{price.name} grows with {quantity.name} of one product ({lines:,} lines), which a price of a "
            "piece does not, but less surely than a total; it is taken as of a piece: say what it means"
        )
    return False


def _growth(file: File, cells: Cells, price: Column, quantity: Column) -> tuple[float, float, int] | None:
    """Slope and R² of log price on log pieces among lines of one product, and how many lines tell."""
    product = file.column(cells.get("product_id", {}).get("column"))
    if product is None:
        return None
    rows = _signed(file, price, quantity, product.name)
    rows = rows.select("product", price=pl.col("price").abs(), pieces=pl.col("pieces").abs())
    rows = rows.filter(pl.col("price") > 0, pl.col("pieces") > 0)
    several = rows.filter(pl.col("pieces").n_unique().over("product") > 1)
    own = several.select(
        (pl.col(name).log() - pl.col(name).log().mean().over("product")) for name in ("price", "pieces")
    )
    if len(own) < FEW:
        return None
    spread, both = ((own["pieces"] ** 2).sum(), (own["pieces"] * own["price"]).sum())
    moved = (own["price"] ** 2).sum()
    return both / spread, both**2 / (spread * moved) if moved else 0.0, len(own)


def _signed(file: File, price: Column, quantity: Column, *product: str) -> pl.DataFrame:
    frame = head(file)
    numbers = {
        name: amount(pl.col(column.name), frame.schema[column.name], column.decimal)
        for name, column in (("price", price), ("pieces", quantity))
    }
    return frame.select(*(pl.col(name).cast(pl.String).alias("product") for name in product), **numbers)


def _negative_alone(file: File, price: Column, quantity: Column) -> bool:
    """Whether a price is below zero where its pieces are not: then it is no return of pieces."""
    rows = _signed(file, price, quantity).filter(pl.col("price") < 0)
    return bool((rows["pieces"] >= 0).any())


def _without_sign(made: Amounts, price: Column) -> None:
    """Read the price of lines that are returns by their pieces without its sign, which says it again."""
    if price.decimal:  # numbers written for people are no numbers to SQL, until a field has made them so
        made.fields[price.name] = number_of(price)
    value = f'"{price.name}"' if price.decimal else sql.number(price.name)
    made.cells["unit_price_cents"] = {"sql": f"ABS({value})", "times": whole_number(factor(made.file, price))}
    made.say(f"{price.name} of lines with negative pieces is taken without its sign")
