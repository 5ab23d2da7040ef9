"""Orders whose file says nowhere that they are: told by their cells, and by what no column speaks of."""

import re
from dataclasses import replace

from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.infer_mapping import as_table, with_amounts
from training.sources.proposal.message_log import is_message_log
from training.sources.proposal.name_patterns import OUTCOME, REFUND, means
from training.sources.proposal.own_contracts import is_contracts
from training.sources.proposal.presets import preset_of
from training.sources.proposal.stage_history import history_of
from training.sources.proposal.table_proposal import TableProposal, in_order
from training.sources.reading.money_columns import meaning, plain_name

Tried = list[tuple[File, TableProposal | None]]
NUMBER = (  # of a row, whatever the row is
    r"(id|no|nr|num(ber|ero)?|nummer|n[°º]|№|#|code|doc(ument)?(_(no|nr|id|number))?|beleg|vorgang"
    r"|编号|序号|号码|单据|番号|번호)"
)
COMES_AGAIN = 0.9  # different people at most, of the rows
FEW = 12  # rows: of fewer nothing can be told
# What the rows may be else: of which there is a number, a person, a day and an amount, too.
ELSE = (
    r"points?|punkte?|积分|loyalty|balance|saldo|solde|余额|wallet|储值|充值|top_?up|coupon|voucher|gutschein|券|gift_?card"
    r"|expir|ablauf|valid|g[uü]ltig|有效|到期|(^|_)(ends?|until|due|fällig)(_|$)|renew|contract|vertr[aä]g|合同|polic(y|ies)|versicherung|保单"
    r"|subscri|(^|_)abo(s|_|$)|abonn|订阅|(^|_)(plan|tarif|fee|premium)(_|$)|loan|deposit|withdraw|salary|budget|quote|angebot|devis|estimate|报价"
    r"|ticket(?!_?(no|nr|id|number))|complaint|工单|subject|betreff|message|nachricht|消息|短信|campaign|kampagne|campagn|活动|click|opened|delivered|bounce"
    r"|lead|prospect|线索|stage|阶段|pipeline|deal|opportunit|chance|商机|probab|(^|_)(won|lost)(_|$)|survey|umfrage|nps|score|rating|bewertung|评"
    r"|claim|refund|return(?!ed_to)|erstattung|gutschrift|退|commission|payout|tax_id|appointment|termin|预约|visit|session|besuch|warrant|garantie|donation|spende|捐"
)
TELLING = (  # columns of the contract that a list of orders alone does not have
    "lead_id", "campaign_id", "contact_id", "ticket_id", "deal_id", "topic", "satisfaction", "joined_at",
    "birth_year", "gender", "consent_marketing", "consent_profiling", "deceased", "minutes", "landing_page",
)  # fmt: skip


def bare_orders(file: File) -> TableProposal | None:
    """Take a file as orders by its cells alone: a number of each row's own, people, times, money."""
    if file.hints.label or file.rows < FEW or _says_otherwise(file):
        return None
    made = as_table(file, "purchases")
    if made is None:
        return None
    owner, number, price = _column(made, "member_id"), _number(made), _price(made)
    if owner is None or number is None or price is None or not _comes_again(owner):
        return None
    says = (
        f"{file.label}: taken as orders, although neither its name nor those of its columns say so: "
        f"{number.name} is another in each row, {owner.name} comes again ({owner.distinct:,} in "
        f"{owner.filled:,} rows), {price.name} looks like money. If its rows are no sales, take it out"
        f"{_of_names(owner, made)}"
    )
    cells = in_order("purchases", made.cells | {"order_id": {"column": number.name}})
    return with_amounts(
        replace(
            made,
            cells=cells,
            unsure=[says, *(one for one in made.unsure if "order_id: no column" not in one)],
        )
    )


def with_bare_orders(tried: Tried) -> Tried:
    """Take files that are nothing else as orders by their cells, where no other file has orders."""
    if any(made is not None and made.table == "purchases" for _, made in tried):
        return tried
    return [(file, made or bare_orders(file)) for file, made in tried]


def why_none(file: File) -> str:
    """Say why a file is no table of the contract, where that can be told; else nothing."""
    if _lacks_owner(file):
        return " (it has orders, but no column says whose: export the number, e-mail or phone of customers)"
    return "" if file.times else " (no column holds a time)"


def _lacks_owner(file: File) -> bool:
    if file.meaning("order_id") is None or not file.times or as_table(file, "purchases") is not None:
        return False
    return any(_is_money(column) for column in file.columns)


def _of_names(owner: Column, made: TableProposal) -> str:
    if re.search(r"\d", owner.example) or "hash" in made.cells["member_id"]:
        return ""
    return f"; {owner.name} seems to hold names: people of the same name would be one member"


def _says_otherwise(file: File) -> bool:
    """Whether a name of the file or of a column speaks of something else than sales."""
    if preset_of(file) or is_contracts(file) or is_message_log(file) or history_of(file):
        return True
    names = [file.path.stem, *(column.name for column in file.columns if not _paid_back(column))]
    if any(re.search(ELSE, plain_name(name)) for name in names):
        return True
    is_told = any(means(column.name, one) for column in file.columns for one in TELLING)
    return is_told or any(re.fullmatch(OUTCOME, plain_name(column.name)) for column in file.columns)


def _paid_back(column: Column) -> bool:
    """Whether a column beside a sale says how much of it was paid back, or when."""
    return column.kind in ("number", "time") and re.fullmatch(REFUND, plain_name(column.name)) is not None


def _column(made: TableProposal, name: str) -> Column | None:
    return made.file.column(made.cells.get(name, {}).get("column"))


def _number(made: TableProposal) -> Column | None:
    """The column in which each row has a number of its own."""
    named = _column(made, "order_id")
    others = [c for c in made.file.columns if re.fullmatch(NUMBER, plain_name(c.name).rstrip(".:"))]
    found = [c for c in (named, *others) if c is not None and c.kind in ("text", "number") and not c.decimals]
    return next((c for c in found if c.is_unique and c.filled == made.file.rows), None)


def _price(made: TableProposal) -> Column | None:
    """The column of amounts, where they look like money: with cents, a sign of a currency, or as a total."""
    found = _column(made, "unit_price_cents")
    return found if found is not None and _is_money(found) else None


def _is_money(column: Column) -> bool:
    if column.kind != "number" or not any(
        means(column.name, one) for one in ("unit_price_cents", "line_total")
    ):
        return column.kind == "number" and meaning(column.name) == "total"
    return column.decimals or column.decimal is not None or meaning(column.name) == "total"


def _comes_again(owner: Column) -> bool:
    return 1 < owner.distinct <= COMES_AGAIN * owner.filled
