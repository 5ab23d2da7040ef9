"""Totals in the profiles of people, as of the day of the export: what came later is in them, too."""

import re
from dataclasses import replace

from training.sources.proposal.column_profile import Column
from training.sources.proposal.file_profile import File
from training.sources.proposal.table_proposal import TableProposal
from training.sources.reading.money_columns import plain_name, spellings

PEOPLE = ("members", "leads")
DONE = (  # what people do, one by one
    r"(orders?|purchases?|transactions?|sales?|visits?|sessions?|logins?|bookings?|stays|trips|invoices?|payments?"
    r"|refund(s|ed)?|return(s|ed)?|opens?|clicks?|tickets?|redemptions?|check_?ins?|shop(ping)?|activit(y|ies)"
    r"|bestell(ung(en)?|ungs)?|k[aä]ufe?|einkauf|eink[aä]ufe|besuche?|commandes?|achats?|visites?|pedidos?|compras?|visitas?|ordini|ordine|acquist[io])"
)
WORTH = (
    r"(spen[dt]|spending|sales|revenue|turnover|amount|value|paid|clv|ltv|umsatz|d[eé]pens[eé]e?|montant|ca|ventas|gastad?o"
    r"|gasto|importe|speso|spesa|order_value|basket|cart|warenkorb(wert)?|bestellwert)"
)
EVER = (
    r"(total|life_?time|all_time|historic(al)?|cumulative|accumulated|overall|predicted|expected|average|avg|mean|gross|net"
    r"|sum(_of)?|total[ei]|gesamt|summe|durchschnitt(lich(e[rs]?)?)?|panier_moyen|cumul)"
)
LAST = r"(last|latest|most_recent|recent|letzte[rs]?|derni[eè]re?|[uú]ltim[oa]|previous)"
FIRST = r"(first|initial|erste[rs]?|premi[eè]re?|primer[oa]?|prim[oa])"
SINCE = (
    r"(seen|active|activity|login|contact(ed)?|interaction|engage(d|ment)"
    r"|ordered|purchased|visited|opened|clicked)"
)
MOMENT = r"(_(date|time|day|at|on|am|datum|utc|timestamp|value|amount|total))*"
DONE_ZH = r"(消费|购买|购物|交易|订单|下单|支付|付款|成交|退款|退货|访问|登录|到店|互动|活跃)"
COUNTED_ZH = r"(总?金额|总?次数|总?笔数|总?单数|总?件数|总?天数|总?额|总?数量?|频次|频率)"
ONES = (
    rf"({EVER}_)+((number|no|count|num)_(of_)?)?({WORTH}|{DONE})(_.*)?",
    rf"(lifetime|{EVER}_)?({WORTH}|{DONE})_({EVER}|to_date|so_far|count|number|per_(order|visit)|(life_?time_)?(total|value|spen[dt]))(_.*)?",
    rf"(number|num|no|nr|count|anzahl|nb|nombre|n[uú]mero|cantidad|numero)_(of_|de_|d_|di_|der_)?({EVER}_)?{DONE}(_.*)?",
    r"(e?mail_)?(opens|clicks)|member_rating|logins|bookings|orders|purchases|transactions|visits|sessions|sales|spen[dt]|bestellungen|umsatz|commandes|pedidos|ordini",
    rf"({DONE}|{LAST})?_?{LAST}_(.*_)?({DONE}|{SINCE})(_.*)?|({DONE}|{SINCE})_{LAST}(_.*)?",
    rf"{FIRST}_({DONE}|{SINCE}){MOMENT}",
    rf"(days|weeks|months)_since_.*|(date_(de_)?(la_)?)({LAST}|{FIRST})_{DONE}|fecha_(de_)?(la_)?({LAST}|{FIRST})_{DONE}",
    r"(amount|money|total)_spen[dt](_.*)?|(.*_)?(clv|ltv|cltv|aov|arpu|customer_life_?time_value|life_?time_value)(_.*)?",
    r"recency(_.*)?|frequency|monetary(_value)?|(expected|predicted)_.*|gesamt(umsatz|ausgaben)|(purchase|order|visit)_frequency|(return|refund)_rate|rfm(_.*)?|(.*_)?churn_?(risk|score|prob\w*|predict\w*)(_.*)?",
    r"(.*_)?(points?|rewards?|loyalty|store_?credit|wallet|stamps?|miles)_(balance|earned|redeemed|available|total|spent|to_date)(_.*)?",
    r"(total|current|available|lifetime|loyalty|reward)_(points?|stamps|miles)|points|punkte(stand|konto)?|balance|ytd(_.*)?|(.*_)?year_to_date|.*_ytd",
    rf"(累计|累积|历史|平均|客单|人均|近\d+(天|日|个?月|年)|本年|今年|年度)(?!.*(收入|年龄)).*|(总|最近|最近一次|最后|最后一次|末次|上次|首次|第一次|最早){DONE_ZH}.*",
    rf"(总|已)?{DONE_ZH}{COUNTED_ZH}|(总|可用|当前|剩余|现有|会员)?(积分|成长值|储值|钱包|余额)(余额|总额|值|数)?|首单.*|末单.*|最近.*|最后.*",
)  # fmt: skip
TOTAL = re.compile("|".join(f"(?:{one})" for one in ONES))
SNAPSHOT = (  # the day on which a row was written
    r"(snapshot|as_of|export(ed)?|report(ing)?|extract(ed|ion)?|data|etl|partition|load(ed)?)_?(date|day|time|at|on|dt|timestamp)|as_of|snapshot|stichtag|stand(_vom)?"
    r"|date_(d_)?(extraction|export)|fecha_(de_)?(corte|extracci[oó]n|exportaci[oó]n)|(统计|快照|截至|截止|数据|导出)(日期|时间|日)|数据日"
)


def is_total(name: str) -> bool:
    """Tell whether a column of people says what they had done by the day of the export.

    Examples
    --------
    >>> [name for name in ("Total Spent", "orders_count", "Last Visit", "Last Name") if is_total(name)]
    ['Total Spent', 'orders_count', 'Last Visit']
    >>> is_total("累计消费金额"), is_total("average_income"), is_total("first_order_source")
    (True, False, False)
    """
    bare = (re.sub(r"_*[(（\[][^()（）]*[)）\]]$", "", plain_name(one)) for one in spellings(name))
    return any(TOTAL.fullmatch(one.strip("_#:")) for one in bare)


def as_known(file: File) -> File:
    """Leave out times of people that tell what they did last, and put days of several snapshots first."""
    dated = snapshots(file)
    late = [c for c in file.times if is_total(c.name)]
    rest = [c for c in file.columns if c not in dated and c not in late]
    return replace(file, columns=(*dated, *rest))


def snapshots(file: File) -> list[Column]:
    """Find the columns with the day on which each row was written, where the days are several."""
    return [column for column in file.times if _is_snapshot(column) and column.distinct > 1]


def without_totals(made: TableProposal) -> TableProposal:
    """Leave out of people's attributes what they had done by the export, unless rows are of known days."""
    time = made.cells.get("occurred_at", {}).get("column")
    if made.table not in PEOPLE or made.preset or "*" not in made.attributes or _is_known(made.file, time):
        return made
    used = {cell.get("column") for cell in made.cells.values()}
    late = [c.name for c in made.file.columns if c.filled and c.name not in used and is_total(c.name)]
    late = [name for name in late if f"-{name}" not in made.attributes]
    if not late:
        return made
    says = (
        f"{made.file.label}: {', '.join(late)}: each a total or a last time as of the export; would leak "
        "what came after the moment of a score, and is no attribute. Orders tell the same at each moment; "
        "with the day on which each row was written (`snapshot_date`) it would be known from that day"
    )
    left = (*made.attributes, *(f"-{name}" for name in late))
    return replace(made, attributes=left, unsure=[*made.unsure, says])


def _is_known(file: File, time: str | None) -> bool:
    """Whether rows are known from the day on which they were written."""
    column = file.column(time)
    return column is not None and _is_snapshot(column)


def _is_snapshot(column: Column) -> bool:
    return re.fullmatch(SNAPSHOT, plain_name(column.name)) is not None
