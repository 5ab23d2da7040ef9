"""Files that tell of the same orders in other words, as payments do: their money counts once."""

from training.sources.proposal.file_profile import File
from training.sources.proposal.own_keys import shared, values
from training.sources.proposal.table_proposal import TableProposal

SAME = 0.9  # of the orders of one file are in another


def counted_once(guesses: list[TableProposal]) -> tuple[list[TableProposal], list[File], list[str]]:
    """Leave out purchases whose orders another file of another form has already.

    Returns
    -------
    The guesses that stay, the files that are left out, and why.
    """
    sales = [made for made in guesses if made.table == "purchases" and _order(made) and not _is_return(made)]
    out: list[TableProposal] = []
    said: list[str] = []
    poorest = sorted(enumerate(sales), key=lambda one: (_tells(one[1]), -one[0]))
    for _, made in poorest:  # of equals the first given stays
        fuller = [one for one in sales if one is not made and one not in out and _tells(one) >= _tells(made)]
        twin = next((one for one in fuller if _repeats(made, one)), None)
        if twin is not None:
            out.append(made)
            said.append(
                f"{made.file.label}: tells of the orders of {twin.file.label} once more, and is none of "
                "purchases: both would count twice"
            )
    kept = [made for made in guesses if not any(made is one for one in out)]
    return kept, [made.file for made in out], said


def _order(made: TableProposal) -> str | None:
    name = made.cells.get("order_id", {}).get("column")
    return name if any(column.name == name for column in made.file.columns) else None


def _is_return(made: TableProposal) -> bool:
    return made.cells.get("kind") == {"value": "return"}


def _tells(made: TableProposal) -> tuple[bool, int, int]:
    """How much a file tells of its orders: what was bought, which ended otherwise, how many they are."""
    return ("product_id" in made.cells, int(made.where is not None), made.file.rows)


def _repeats(one: TableProposal, other: TableProposal) -> bool:
    names = [{column.name for column in made.file.columns} for made in (one, other)]
    if names[0] == names[1]:  # exports of one form may be of different days
        return False
    mine, theirs = (values(made.file, str(_order(made)), {}) for made in (one, other))
    return len(mine) > 0 and shared(mine, theirs) >= SAME * len(mine)
