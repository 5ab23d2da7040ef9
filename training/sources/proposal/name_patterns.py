"""How brands call things: patterns by which a proposal recognises columns and files.

Those of English, German and Chinese stand here, words of further languages in ``header_words.yaml``.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from features import unique_yaml
from training.sources.proposal.mapping_keys import Cells
from training.sources.reading.money_columns import plain_name, spellings

COLUMNS: dict[str, str] = {
    "member_id": r"kunde|mitglied|kunden?_?(nummer|nr|id|no)|kd_?nr|mitglieds?_?(nummer|nr|id)"
    r"|(num(ero)?_)?client_?(id|no)?|(id|no|code|n°|num)_(client|cliente)|(id_)?cliente(_id)?|买家会员名"
    r"|买家昵称|买家账号|(customer|member|user|client|buyer|person|household|cust|card)_?(id|no|nr|number|key|code|ref(erence)?)?"
    r"|(square|shopify|stripe|magento|lightspeed|clover|woo(commerce)?|paypal|erp|crm|pos|shop)_(customer|member)_(id|no|number)"
    r"|external_user_?id|payer_?id|shopper(_?(id|ref(erence)?))?|open_?id|id_customer"
    r"|(会员|客户|用户)(?!等级|级别|类型|类别|状态|生日|性别|积分|余额|来源|注册|入会|标签|折扣|价).*",
    "phone": r".*(手机|电话)(号|号码)?|联系方式",
    "lead_id": r"(lead|mql|prospect|enquiry|inquiry)_?(id|no|nr|nummer|number)?|线索.*",
    "order_id": r"(order|invoice|receipt)(_?#)?|auftrag|bestellung"
    r"|(auftrags?|bestell|rechnungs?)_?(nummer|nr|id)|(num(ero)?|n°|no|id|numero_de"
    r"|n°_de)_?(commande|pedido|factura|facture)|pedido|commande|订单编号|订单号|交易编号|(order|invoice|basket|sale"
    r"|transaction|receipt|ticket)_?(id|no|nr|number|code|ref(erence)?)|id_order|订单.*",
    "product_id": r"artikel_?(nummer|nr|id)?|produkt_?(nummer|nr|id)?|ref(erence)?(_(article|produit"
    r"|producto))?|articulo|article|producto|produit|sku_?id|(product|stock|item|article|sku|upc|ean"
    r"|goods)_?(id|no|nr|number|code|ref(erence)?)?|商品.*|货号",
    "quantity": r"menge|anzahl|stückzahl|stueck(zahl)?|quantite|quantité|qte|qté|cantidad|cant|购买数量"
    r"|宝贝总数量|数量|((product|item|line)_?)?(quantity|qty)|units|pieces|amount_sold|n_items|数量|件数",
    "unit_price_cents": r"einzel_?preis|stück_?preis|preis|prix(_unitaire)?|precio(_unitario)?|商品单价|单价"
    r"|(unit|item|piece|selling|sale)?_?price(_(in_)?(cents?|pence|minor(_units?)?)|_amount|_value|_cent_amount|_tax_(in|ex)cl)?|rate|单价",
    "line_total": r"买家实际支付金额|实付金额|实际支付.*|betrag|summe|gesamt(preis|betrag|summe)?"
    r"|montant(_.*)?|importe(_.*)?|(sales_value|amount|amt|(refund|return)(ed)?_(amount|amt|value)|total"
    r"|revenue|net_?sales|paid|value|spend)(_.*)?"
    r"|.*金额|实付.*",
    "discount_cents": r"rabatt|nachlass|remise|descuento|"
    r".*disc(ount(s|ed)?)?(_(amount|amt|value|tax_incl|tax_excl))?(_(in_)?(cents?|pence))?"
    r"|(商家|平台|店铺|活动|订单|总)?(优惠|折扣|满减|立减)(?!率|码|方式|活动).*",
    "category": r"(product_)?(category|department|class|group)|品类|类目",
    "brand": r"brand|maker|manufacturer|品牌",
    "list_price_cents": r"list_price|msrp|原价",
    "channel": r"channel|渠道",
    "kind": r"event(_type|_name)?|kind|action|status|activity|行为|事件.*",
    "minutes": r"minutes|duration_min(utes)?|分钟",
    "source": r"((deal|opportunity)_)*(origin|(lead_|original_)?source)|utm_source|来源",
    "landing_page": r"landing_page(_id)?|page|落地页",
    "interest": r"interest|需求",
    "cost_cents": r"cost|成本",
    "region": r"land|bundesland|ort|pays|ville|pais|país|ciudad|country|region|state|province|county"
    r"|省份?|地区|区域",
    "city_tier": r"city_tier|tier|城市级别",
    "gender": r"geschlecht|sexe|sexo|género|genero|gender|sex|性别",
    "birth_year": r"birth_?year|year_of_birth|出生年.*",
    "consent_profiling": r"(consent_(to_)?)?(profiling|personali[sz]ation|scoring)(_?(consent|opt_?in|allowed"
    r"|permission|status))?|profilbildung(_\w+)?|(画像|个性化)(推荐)?(同意|授权)(状态)?",
    "consent_marketing": r"(accepts_)?(e_?mail|sms|mail|marketing|newsletter)_?(marketing_?)?(opt_?in|consent"
    r"|permission|allowed|subscription|opt_?out|unsubscribed)(_status)?|accepts_marketing|marketing|opt_?(in|out)|unsubscribed|do_not_"
    r"(e?mail|contact|market)|consent_(to_)?marketing|werbe_?(einwilligung|erlaubnis)|营销(同意|授权)(状态)?|退订",
    "deceased": r"(is_?)?(deceased|dead)|verstorben|d[eé]c[eé]d[eé]e?|fall?ecid[oa]|(是否)?(已故|死亡|去世)",
    "joined_at": r"(registriert|angemeldet|mitglied)(_\w+)?|registrierungs?datum|anmelde_?datum"
    r"|date_d?_?inscription|fecha_(de_)?(alta|registro)|(joined|registered|became_member|signed_up"
    r"|sign_?up|enrol\w*)(_\w+)?|注册.*|入会.*",
    "campaign_id": r"campaign_?(id|no|code|name)?|活动.*",
    "content_type": r"(campaign|offer|content)_type|内容类型",
    "offer": r"offer(_id)?|优惠券.*",
    "window_days": r"window(_days)?|duration(_days)?|valid_days",
    "contact_id": r"(contact|message|send|mailing)_?id",
    "arm": r"arm|group|variant|treatment|segment|is_control",
    "ticket_id": r"(ticket|case|complaint|incident|conversation)_?(id|no|number)|工单.*",
    "topic": r"topic|reason|issue|subject|主题",
    "satisfaction": r"(customer_)?satisfaction(_(score|rating))?|csat(_(score|rating))?|rating|score"
    r"|(conversation|ticket|case|chat|call)_(rating|score|csat)|survey_results?|zufriedenheit|满意度(评[分价])?|服务评价",
    "platform": r"platform|平台",
    "account_id": r"(account|open|union|device|shop_user)_?id|账号.*",
    "recorded_at": r"(recorded|loaded|synced|inserted|ingested)(_\w+)?|入库.*",
}
FILES: dict[str, str] = {
    "members": r"kunde|mitglied|cliente|member|customer|profile|client|user|demograph|household|会员|客户"
    r"|clienti|klant|kund|klient|клиент|顧客|会員|お客様|socios?|adh[eé]rent|abonn|abonad",
    "leads": r"lead|mql|prospect|pistes?(\W|_|$)|线索"
    r"|(^|(?<!closed)(?<!won)[\W_])deals?(\W|_|\d|$)|opportunit|verkaufschance|商机",
    "identities": r"identit|account|binding|openid|账号",
    "products": r"artikel|produkt|produit|producto|product|article|item|sku|catalog|商品"
    r"|prodott|articol|produto|towar|товар",
    "purchases": r"bestell|auftr[aä]g|verk[aä]uf|umsatz|commande|pedido|venta|vente|order|purchase|sale"
    r"|retail|invoice|transaction|basket|receipt|订单|交易"
    r"|ordin[ei]|encomenda|bestelling|factu|scontrini|zam[oó]wieni|заказ|注文|受注|売上|購入"
    r"|achat|compras|acquisti|recarga|^bills?|payment|charges?(\W|_|$)|销售|小票|(?<!积分)(?<!储值)(?<!余额)(?<!钱包)(?<!成长值)流水|주문|구매|objedn|n[aá]kup|sipari[sş]|satış|prod(ej|aj)|venda|paiement|zahlung|pagamento|pagos|top_?up|入金",
    "events": r"event|visit|click|session|log|touch|behaviou?r|行为",
    "campaigns": r"campaign|offer|portfolio|活动",
    "contacts": r"contact|sent|mailing|exposure|触达",
    "responses": r"response|answer|redempt|redeem|deal|won|convert|conversion|closed"
    r"|abschl[uü]ss|gewonnen|成交|转化|响应",
    "care": r"ticket|complaint|care|service|(^|[\W_])cases?([\W_]|$)|conversations|工单|客服",
}
OWN_IDS = {  # of a table's rows, where a column is called ``id`` only
    "members": "member_id",
    "products": "product_id",
    "campaigns": "campaign_id",
    "leads": "lead_id",
    "purchases": "order_id",
    "care": "ticket_id",
}
CALLED = ("members", "products", "campaigns")  # others must be called so by their file
OUTCOME = (
    r"y|label|target|outcome|churn(ed)?|exited|convert(ed)?|conversion|respon(se|ded)|visit(ed)?"
    r"|subscribed|won|流失|是否.*"
)
CONVERTED = (  # when a lead was won, in a column of the lead's own row
    r"((deal|lead|opportunity)_)?(date_?)?(converted|conversion|won|closed_?won|became_?a?_?customer|customer_since)(_?(date|time|at|on|day))*"
    r"|abschluss_?datum|gewonnen_am|kunde_seit|konvertier(t|ungs)_?(datum|am)|date_(de_)?(conversion|signature)|fecha_(de_)?(conversion|cierre)"
    r"|成交(时间|日期)|转化(时间|日期)"
)
CLOSED = (  # when a lead came to an end, whichever
    r"(date_?)?(closed?|closing|decided|decision|completed)(_?(date|time|at|on|day))?"
    r"|abschluss_?datum|abgeschlossen_am|date_(de_)?cl[oô]ture|fecha_(de_)?cierre|(结束|关闭|完结)(时间|日期)"
)
LOST = (  # when a lead was given up
    r"((deal|lead|opportunity)_)?(date_?)?((closed?_?)?lost|disqualified|unqualified|rejected|discarded|given_?up)(_?(date|time|at|on|day))?"
    r"|(verloren|disqualifiziert)(_am)?|date_(de_)?perte|fecha_(de_)?p[eé]rdida|(流失|战败|输单|丢单|失注)(时间|日期|日)"
)
LOST_FILES = r"(^|[\W_])(closed_?)?(lost|disqualified|unqualified|verloren\w*)([\W_]|$)|战败|输单|丢单|失注"
WON = r"(closed_?)?won|converted|gewonnen|gagn[eé]e?|ganad[oa]|成交|已成交|赢单|已转化"
AT_FIRST = (  # what a deal has from the beginning
    r"((deal|opportunity)_)+((lead|original|first)_)?(source|origin|channel|medium|utm|campaign|referr\w+|created?|creation|opened"
    r"|add(ed)?_time|landing)(_\w+)?$"
)
LATER = (  # columns with the present state of a lead, which are written as it goes on
    r"(ist_)?konvertiert|(lead_)?status|(.*_)?(life_?cycle_?stage|(lead_|deal_|opportunity_|contact_)?(status|stage|phase)|is_?(converted|won|closed)"
    r"|converted|won|(lead_|\w+_)?score|last_(activity|contacted|modified|seen|touch|contact|update)\w*"
    r"|updated_?(at|on)?|(last_?)?modified_?(date|at|on)?|num(ber)?_of_.*|close[d]?_?(date|at|on)|owner\w*"
    rf"|account_?id|amount|(?!{AT_FIRST})(deal_|opportunity)\w*)|letzte_\w+|状态|阶段|最近.*|最后.*|更新.*"
)
PAID = r"实际支付|实付|支付金额|付款金额|(^|_)(paid|net)"  # among several totals, what was paid
GOODS = r"sub_?total|zwischensumme|warenwert|sous_total|小计|商品(总价|总额|金额)"  # without tax and shipping
SALES = (  # words of rows that are sales, and of those that give back, where a column says which is which
    r"sales?|sold|purchases?|payment|order|verkauf|vente|venta|vendita|销售|正常|消费|购买|売上|販売"
)
RETURNS = (
    r"returns?|returned|refund(ed)?|retoure|rückgabe|gutschrift|retour|avoir|devoluci[oó]n|reso"
    r"|退货|退款|返品"
)
VOID = (  # words of orders that came to nothing
    r"cancel(l?ed)?|void(ed)?|failed|storniert|abgebrochen|annul(é|e)e?|cancelad[oa]|anulad[oa]"
    r"|(fully_?)?refunded|erstattet|rückerstattet|rembours[eé]e?s?|reembolsad[oa]"
    r"|交易关闭|已取消|已关闭|订单取消|已退款|退款成功|全额退款"
)
REFUND = (  # beside a sale
    r"((total|amount|order|line)_)?refund(ed|s)?(_(amount|amt|total|value|sum|at|on|date|dt))?"
    r"|erstattet(_am)?|(rück)?erstattung(en)?(s?_?(betrag|datum))?|(montant_)?rembours[eé](e?s|ment)?"
    r"|(importe_)?reembols(o|ado)|(订单)?(已|成功)?退款(金额|时间)?"
)
REFUNDS = (
    r"refund|credit_?(note|memo)s?|gutschrift|(^|[\W_])avoirs?([\W_]|$)|notas?_(de_)?cr[eé]dito"
    r"|returns?(\W|_|$)|retoure|erstattung|rembours|reembols|退款|退货"
)  # files
PERCENT = (
    r"(line_|order_)?disc(ount)?_?(percent(age)?|pct|\(?%\)?|perc|rate)|%_?disc(ount)?|rabatt_?(prozent|satz|%)"
    r"|(remise|descuento)_?%|taux_(de_)?remise|折扣率"
)
TESTS = r"(is_?)?test(_?(order|purchase|transaction|flag))?|test_?(bestellung|auftrag)|(是否)?测试(订单)?"
VOIDED = (
    r"(is_?)?(void(ed)?|cancel(l?ed)?|storno|storniert|annul[eé]e?|anulad[oa]|cancelad[oa])\??"
    r"|(是否)?(作废|取消)"
)
DO_NOT_MODIFY = r"^\(do_not_modify\)_"  # as an export to be brought back in says
GENDERS = dict.fromkeys(
    ("m", "male", "man", "männlich", "herr", "homme", "hombre", "masculino", "男", "先生"), "male"
)
GENDERS |= dict.fromkeys(
    ("f", "w", "female", "woman", "weiblich", "frau", "femme", "mujer", "femenino", "女", "女士"), "female"
)
GRANTED = "allow granted given accepted subscribed opted_in opt-in allowed erteilt 同意 已同意 已授权 已订阅"
WITHDRAWN = (
    "withdrawn declined refused revoked denied unsubscribed opted_out opt-out suppressed widerrufen"
    " 拒绝 已拒绝 已撤回 已退订"
)


@cache
def header_words() -> dict[str, Any]:
    """Read the words of further languages."""
    found: dict[str, Any] = unique_yaml.read(Path(__file__).with_name("header_words.yaml"))
    return found


def means(name: str, concept: str) -> bool:
    """Tell whether a column's name says that it holds a column of the contract, or of ``header_words``."""
    return any(_means(one, concept) for one in spellings(name))


@cache
def _means(name: str, concept: str) -> bool:
    plain = plain_name(name).rstrip(":*#_")
    plain = re.sub(DO_NOT_MODIFY, "", plain)
    bare = re.sub(r"_*[(（\[][^()（）]*[)）\]]$", "", plain)  # `Preis (EUR)`, `E-Mail (Abrechnung)`
    pattern = COLUMNS.get(concept)
    written = {plain, bare, _unaccented(plain), _unaccented(bare)}  # `Nº pedido` as `no_pedido`
    known = pattern is not None and any(re.fullmatch(pattern, one) for one in written)
    return known or not _words(concept).isdisjoint(written)


@cache
def _words(concept: str) -> frozenset[str]:
    return frozenset(_unaccented(word) for word in header_words()["columns"].get(concept, ()))


def _unaccented(word: str) -> str:
    """``número_de_pedido`` as ``numero_de_pedido``."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", word) if not unicodedata.combining(sign))


def comes_to_nothing(word: str) -> bool:
    """Tell whether a state of an order says that nothing came of it, or one of several (已发货，退款成功)."""
    states = [part.strip() for part in re.split(r"[，,;；/]", word.lower())]
    return any(_unaccented(one) in _void() or re.fullmatch(VOID, one) for one in states)


@cache
def _void() -> frozenset[str]:
    return frozenset(_unaccented(word.lower()) for word in header_words()["void"])


CONSENTS = dict.fromkeys([*GRANTED.split(), *header_words()["granted"]], "granted")
CONSENTS |= dict.fromkeys(["do not allow", *WITHDRAWN.split(), *header_words()["withdrawn"]], "withdrawn")
GENDERS |= {word: sex for sex in ("male", "female") for word in header_words()[sex]}
MESSAGES, AGREED, REFUSED = (
    "|".join(header_words()["consent"][kind]) for kind in ("messages", "agreed", "refused")
)
AGREEING = rf".*({MESSAGES}).*({AGREED}).*|.*({AGREED}).*({MESSAGES}).*"  # columns whose yes is a consent
REFUSING = rf".*({REFUSED}).*"  # columns whose yes is a refusal
DEFAULTS: Cells = {
    "order_id": {"column": "_row"},
    "contact_id": {"column": "_row"},
    "ticket_id": {"column": "_row"},
    "subject_id": {"column": "_row"},
    "quantity": {"value": 1},
}
