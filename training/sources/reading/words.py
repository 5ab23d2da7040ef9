"""Words for empty, for yes and for no, as exports of several languages write them."""

TRUE = (
    "true",
    "t",
    "yes",
    "y",
    "1",
    "ja",
    "j",
    "wahr",
    "oui",
    "o",
    "vrai",
    "sí",
    "si",
    "s",
    "verdadero",
    "是",
    "sì",
    "vero",
    "sim",
    "verdadeiro",
    "waar",
    "tak",
    "da",
    "да",
    "kyllä",
    "evet",
    "はい",
)
FALSE = (
    *("false", "f", "no", "n", "0", "nein", "falsch", "non", "faux", "falso", "否", "não", "nao", "nee"),
    *("onwaar", "nej", "nie", "нет", "ei", "hayır", "いいえ"),
)
# Nothing else is meant by these, in whatever column they stand.
EMPTY = frozenset({
    "n/a", "#n/a", "#na", "<na>", "<null>", "(null)", "null", "nil", "nan", r"\n", "-", "--", "---", "–", "—",
    "(blank)", "(empty)", "(leer)", "(vide)", "(vacío)", "(空白)", "无", "未知", "空", "#null!", "#ref!",
    "#value!", "#div/0!", "#name?", "#wert!", "#bezug!", "undefined", "k.a.", "k. a.", "n.a.",
    "s/d", "[null]", "nat",
})  # fmt: skip
# Empty beside numbers and times; beside texts they may be values: a country, a level, an answer.
PERHAPS_EMPTY = frozenset({
    "na", "none", "unknown", "unbekannt", "inconnu", "desconocido", "keine", "keiner", "aucun", "ninguno",
    "?", "0000-00-00", "0000-00-00 00:00:00", "n.v.", "nv", "leer", "vide", "没有", "暂无", "未填写",
})  # fmt: skip
