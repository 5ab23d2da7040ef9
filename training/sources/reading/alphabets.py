"""Which alphabet bytes are written in that are no UTF-8, by how their letters read."""

import re

READS_WELL = 0.8  # share of the letters beyond ASCII that are common in Chinese text
KANA = 0.2  # of the letters beyond ASCII of Japanese text at least; in other texts there are none
KANA_WORD = re.compile("[ァ-ヺー]{3,}|[ぁ-ゖ]{3,}")
HALVES = 0.05  # of the letters at most: other encodings read as cp932 are full of half kana
SIDE_BY_SIDE = (
    0.5  # of the letters beyond ASCII stand together in Cyrillic text, alone in that of Western Europe
)
IN_WORDS = re.compile(r"(?<=[^\W\d_])[¹³¿¾¼][^\W\d_]?")  # what Central European letters look like in cp1252
GRAVE, ACUTE, ROMANCE = (set(signs) for signs in ("èìøùÈÌØÙ", "íýšžÍÝŠŽ", "àçòÀÇÒêâ"))
FEW = 2


def is_japanese(text: str) -> bool:
    """Tell whether text read as cp932 has the kana of Japanese; their halves come of other encodings.

    Examples
    --------
    >>> is_japanese("注文日時,キャンセル"), is_japanese("ｱﾗﾏ")
    (True, False)
    """
    beyond = [letter for letter in text if ord(letter) > 127 and not letter.isdecimal()]
    kana = sum("ぁ" <= letter <= "ヿ" for letter in beyond)
    halves = sum("｡" <= letter <= "ﾟ" for letter in beyond)
    in_words = halves <= HALVES * len(beyond) and KANA_WORD.search(text) is not None
    return bool(beyond) and (kana >= KANA * len(beyond) or in_words)


def is_chinese(text: str) -> bool:
    """Tell whether the letters beyond ASCII are those of everyday Chinese, which GB2312 has."""
    beyond = [letter for letter in text if ord(letter) > 127 and letter != "¥"]
    common = sum(1 for letter in beyond if _encodes(letter, "gb2312"))
    return not beyond or common >= READS_WELL * len(beyond)


def is_cyrillic(text: str) -> bool:
    """Tell whether text read as cp1251 has words of Cyrillic letters, not single ones among others.

    Examples
    --------
    >>> is_cyrillic("Дата заказа;Цена"), is_cyrillic("Mьller;Grцяe".replace("цяe", "ц"))
    (True, False)
    """
    letters = re.findall(r"[А-яЁё]", text)
    together = sum(len(word) for word in re.findall(r"[А-яЁё]{3,}", text))
    return bool(letters) and together >= SIDE_BY_SIDE * len(letters)


def is_central_european(text: str) -> bool:
    """Tell whether text read as cp1252 shows cp1250: figures in words, accents of two kinds.

    Examples
    --------
    >>> is_central_european("wys³ane;z³oto"), is_central_european("größe 20 m³")
    (True, False)
    >>> [is_central_european(text) for text in ("Èíslo;Doruèeno", "après;où", "año;días")]
    [True, False, False]
    """
    signs = set(text)
    mixed = bool(signs & GRAVE and signs & ACUTE) and not signs & ROMANCE
    return mixed or len(IN_WORDS.findall(text)) >= FEW


def _encodes(letter: str, encoding: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
