"""Which of the two languages of answers a caller prefers."""

import re

SPOKEN = ("en", "zh")  # the first where nothing is said, or nothing that is spoken here
RANGE = re.compile(r"(\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)(?:\s*;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?")


def preferred(accept_language: str) -> str:
    """Return the language of the greatest weight in an ``Accept-Language`` (RFC 9110),
    the first of equal ones.

    Any Chinese is answered in the one that is spoken. ``*`` stands for what is not named; what cannot be
    read is passed over.

    >>> preferred("zh;q=0.1, en"), preferred("fr, zh-Hant;q=0.5"), preferred("en;q=0, *")
    ('en', 'zh', 'zh')
    """
    named: dict[str, float] = {}
    for part in accept_language.lower().split(","):
        if found := RANGE.fullmatch(part.strip()):
            language, weight = found[1].partition("-")[0], float(found[2] or (1 if found[2] is None else 0))
            named[language] = max(named.get(language, 0.0), weight)
    order = [language for language in named if language in SPOKEN]
    order += [language for language in SPOKEN if language not in order]
    weights = {language: named.get(language, named.get("*", 0.0)) for language in order}
    best = max(order, key=weights.__getitem__)  # the first of equal ones
    return best if weights[best] > 0 else SPOKEN[0]
