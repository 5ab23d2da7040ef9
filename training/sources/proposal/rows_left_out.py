"""Which rows of a file are left out: those that name nobody, came to nothing, or tried out the shop."""

import re
from collections.abc import Iterator

from training.sources.proposal import sql
from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.line_price import returns_named
from training.sources.proposal.name_patterns import TESTS, VOIDED, comes_to_nothing, means
from training.sources.reading.money_columns import plain_name
from training.sources.reading.words import TRUE

PARENT = r"parent_(order_)?(item|line)(_?id)?"  # of a product's variant, or of a bundle's part
GIVEN_UP = (  # when or why an order was, in a column that is empty of the others
    r"(order_)?cancel(l?ed|l?ation)?_?(at|on|date|time|reason)|(reason_for_)?rejection(_reason)?|abgru"
    r"|(storno|stornierungs)_?(datum|grund|am)|storniert_am|annul[eé]e?_le|(date|motif)_(d_)?annulation"
    r"|(fecha|motivo)_(de_)?(cancelaci[oó]n|anulaci[oó]n)|(订单)?(取消|作废)(时间|原因|日期)"
)
UNPAID, FAILED = r"pending|open|new", r"failed|error|payment_error|declined|denied"
TRADE, UNDONE = (
    r"trade_(state|status)",
    r"closed|refund",
)  # of a system of payments; of orders, closed may be done
FEW = 12  # different states, beyond which a column holds something else


def condition(file: File, table: str, used: dict[str, str], unsure: list[str]) -> str | None:
    """Write the SQL condition on rows that count; ``None`` where all do. What is unsure is added."""
    found = [_somebody(file, used, unsure), *(_valid(file, unsure) if table == "purchases" else ())]
    return " AND ".join(filter(None, found)) or None


def _valid(file: File, unsure: list[str]) -> Iterator[str]:
    """Orders that came to nothing, and those that tried out the shop, are left out where columns say so."""
    kinds = next(iter(returns_named(file) or ()), None)  # a row that gives back is one of its own
    for column in (column for column in file.columns if column is not kinds):
        if re.fullmatch(PARENT, plain_name(column.name)) and 0 < column.filled < file.rows:
            unsure.append(f"{file.label}: rows with a {column.name} are parts of another line, and left out")
            yield f'"{column.name}" IS NULL'
            continue
        if re.fullmatch(GIVEN_UP, plain_name(column.name)) and 0 < column.filled <= file.rows / 2:
            unsure.append(f"{file.label}: rows with a {column.name} are taken as cancelled, and left out")
            yield f'"{column.name}" IS NULL'
            continue
        void = _void(column)
        if column.kind == "truth" and re.fullmatch(f"{TESTS}|{VOIDED}", plain_name(column.name)):
            void = [word for word in column.values if word.lower() in TRUE]
        elif not void and means(column.name, "state") and 1 < len(column.values) <= FEW:
            told = f"no word of {column.name} ({', '.join(column.values)})"
            unsure.append(
                f"{file.label}: {told} is known to say that nothing came of an order; all count, say `where` "
                "if some do not"
            )
        if void and (len(void) < len(column.values) or column.filled < file.rows):
            unsure.append(f"{file.label}: rows whose {column.name} is {', '.join(void)} are left out")
            # Truth values of typed files are no texts to SQL.
            value = f'CAST("{column.name}" AS VARCHAR)' if column.kind == "truth" else f'"{column.name}"'
            yield f'("{column.name}" IS NULL OR {value} NOT IN ({sql.listed(void)}))'


def _void(column: Column) -> list[str]:
    """Words of a column by which an order came to nothing."""
    void = [word for word in column.values if column.kind == "text" and comes_to_nothing(word)]
    if re.fullmatch(TRADE, plain_name(column.name)):
        void += [word for word in column.values if re.fullmatch(UNDONE, word.lower()) and word not in void]
    if any(re.fullmatch(FAILED, plain_name(word)) for word in void):  # states of payments
        void += [
            word for word in column.values if re.fullmatch(UNPAID, plain_name(word)) and word not in void
        ]
    return void


def _somebody(file: File, used: dict[str, str], unsure: list[str]) -> str | None:
    """Rows that name nobody are left out, where some do not."""
    owner = file.column(used.get("member_id"))
    if owner is None or "lead_id" in used or (owner.filled == file.rows and not owner.words):
        return None
    where = f'"{owner.name}" IS NOT NULL'
    if owner.words:
        where += f' AND "{owner.name}" NOT IN ({sql.listed(owner.words)})'
    share = f"{1 - owner.filled / file.rows:.0%} of the rows have no {owner.name}; they"
    words = f", and so are those that say {', '.join(owner.words)}" if owner.words else ""
    unsure.append(f"{file.label}: {share} are left out{words}")
    return where
