"""What a brand's own table is: whose rows it has, its columns, and what each means in words.

The contract has tables that every brand shares. A brand's own ones (a points ledger, coupons, surveys,
store check-ins, contracts) are described in its mapping, stored beside the others as ``own_<name>``, and
become features by rule (``features.groups.own``).
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from features.texts import TextModel

PREFIX = "own_"
FILE = "own_tables.json"  # beside the tables
NAME = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
EVERYBODY = "everybody"
WINDOWS, LATEST = (30, 90, 365), (3, 10)
COMMONEST = 5  # values of a category that have features of their own
SUBJECTS = ("member_id", "lead_id", "subject_id")
TIMES = ("occurred_at", "recorded_at", "ends_at", "event_time", "known_time", "end_time")
CONTRACTS = "contracts"  # the table of contracts, whose end is asked about before it comes
Kind = Literal["number", "yes", "category", "id", "text"]
LASTS = "_lasts"  # of an example: seconds until it ends
TONE = "tone"  # unit of how a text sounds, from -1 to 1


class _Described(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OwnColumn(_Described):
    """One column.

    Parameters
    ----------
    unit
        ``category`` for a chosen text, ``text`` for a free one, ``id`` for a key, ``yes`` for a truth value;
        else what the number counts.
    en, zh
        What it is, as a marketer would say.
    values
        Of a category: those that have features of their own; empty: the commonest, found by ingest.
    rated_by
        Of a free text: the column of numbers that says how good it is; empty where none does.
    never
        Of a free text: words that name no topic and tell no tone, such as names of staff.
    read_from
        The free text that this column was read from; empty where rows bring it themselves.
    """

    name: str
    unit: str
    en: str
    zh: str
    values: tuple[str, ...] = ()
    rated_by: str = ""
    never: tuple[str, ...] = ()
    read_from: str = ""

    @property
    def kind(self) -> Kind:
        """How its values are read and counted."""
        return self.unit if self.unit in ("category", "id", "yes", "text") else "number"  # type: ignore[return-value]

    @property
    def stored(self) -> str:
        """Its name in the stored table: no name of a brand's own meets one of the contract."""
        return f"x_{self.name}"

    @property
    def dtype(self) -> pl.DataType:
        """Its type in the stored table: money is whole cents, truth values are 1 and 0."""
        if self.kind in ("category", "id", "text"):
            return pl.String()
        return pl.Int64() if self.unit in ("cents", "yes") else pl.Float64()


class Hop(_Described):
    """The way to rows that are no subject's own, by what the subject's newest row in another table names.

    Parameters
    ----------
    table, column
        The stored table, and its column that names them.
    key
        The subject's id in that table.
    """

    table: str
    column: str
    key: str


class OwnTable(_Described):
    """One table.

    Parameters
    ----------
    key
        Whose rows: a subject's id, another id that ``through`` leads to, or ``everybody``.
    en, zh
        What its rows are, in the plural.
    windows, latest
        Days, and numbers of newest rows, over which features look back.
    has_end
        Whether its rows say when they end (``end_time``), as contracts do.
    learn_until
        Moment (seconds) before which texts are learnt from; None: the earlier half of them.
    texts
        How free texts are read, once ingest has learnt it.
    acts
        Whether rows come about by what somebody does or meets, and could be otherwise; None: ingest tells,
        by whether subjects have several.
    examples
        Rows as they were seen, typical of many, without ids: values by column, and ``LASTS``.
    """

    name: str
    key: str
    en: str
    zh: str
    columns: tuple[OwnColumn, ...] = ()
    windows: tuple[int, ...] = WINDOWS
    latest: tuple[int, ...] = LATEST
    has_end: bool = False
    through: Hop | None = Field(None)
    learn_until: int | None = None
    texts: tuple[TextModel, ...] = ()
    acts: bool | None = None
    examples: tuple[dict[str, float | str | None], ...] = ()

    @property
    def stored(self) -> str:
        """Its name among the stored tables."""
        return f"{PREFIX}{self.name}"

    @property
    def is_direct(self) -> bool:
        """Whether its rows name the subject themselves."""
        return self.key in SUBJECTS

    @property
    def is_contracts(self) -> bool:
        """Whether its rows are contracts that end, follow each other and are cancelled."""
        return self.name == CONTRACTS and self.has_end and self.is_direct

    @property
    def sent(self) -> tuple[OwnColumn, ...]:
        """Its columns as rows bring them: free texts themselves, in place of what is read from them."""
        unread = [one for one in self.columns if not one.read_from]
        texts = [OwnColumn(name=one.column, unit="text", en=one.en, zh=one.zh) for one in self.texts]
        return (*unread, *texts)

    def with_texts(self, models: Mapping[str, TextModel]) -> "OwnTable":
        """Return it with topic and tone in place of each free text, read by these models."""
        columns = [read for one in self.columns for read in _read(one, models.get(one.name))]
        return self.model_copy(update={"columns": tuple(columns), "texts": tuple(models.values())})

    def with_values(self, counts: Mapping[str, pl.DataFrame]) -> "OwnTable":
        """Return it with the commonest values of each category that names none.

        ``counts`` are ``value`` and ``rows`` by column.
        """
        return self.model_copy(update={"columns": tuple(_valued(one, counts) for one in self.columns)})


def is_own(table: str) -> bool:
    """Tell whether a stored table is a brand's own."""
    return table.startswith(PREFIX)


def _read(column: OwnColumn, model: TextModel | None) -> tuple[OwnColumn, ...]:
    """Topic and tone of a free text; without topics the tone alone."""
    if model is None:
        return (column,)
    name, en, zh = column.name, column.en, column.zh
    topic = OwnColumn(
        name=f"{name}_topic",
        unit="category",
        en=f"topic of {en}",
        zh=f"{zh}的话题",
        values=model.names,
        read_from=name,
    )
    tone = OwnColumn(name=f"{name}_tone", unit=TONE, en=f"tone of {en}", zh=f"{zh}的语气", read_from=name)
    return (topic, tone) if model.names else (tone,)


def _valued(column: OwnColumn, counts: Mapping[str, pl.DataFrame]) -> OwnColumn:
    if column.kind != "category" or column.values or column.name not in counts:
        return column
    ordered = counts[column.name].sort("rows", "value", descending=[True, False])
    return column.model_copy(update={"values": tuple(ordered.head(COMMONEST)["value"])})


def slugs(values: Iterable[str]) -> dict[str, str]:
    """Return a name for each value, as features are named: letters, digits, else its place.

    Examples
    --------
    >>> slugs(("Sign-up", "消费", "sign up"))
    {'Sign-up': 'sign_up', '消费': 'value_2', 'sign up': 'value_3'}
    """
    found: dict[str, str] = {}
    for place, value in enumerate(values, 1):
        plain = re.sub("[^0-9a-z]+", "_", value.lower()).strip("_")
        found[value] = (
            plain if plain and value.isascii() and plain not in found.values() else f"value_{place}"
        )
    return found


def save(described: Iterable[OwnTable], folder: Path) -> None:
    """Write the descriptions beside the tables; nothing where there are none."""
    rows = [one.model_dump(mode="json") for one in described]
    if rows:
        (folder / FILE).write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load(folder: Path) -> tuple[OwnTable, ...]:
    """Return the descriptions beside the tables of a folder; none where there is no such file."""
    path = folder / FILE
    if not path.exists():
        return ()
    return tuple(OwnTable.model_validate(row) for row in json.loads(path.read_text(encoding="utf-8")))
