"""Free text in one way of writing, without what is personal in it: addresses, numbers, names of people.

What cannot be told from a word by its form or by what stands around it (a name in lower case, alone) is
kept away from what is learnt by how many people must have written a term (``training.sources.texts``).
"""

import re
import unicodedata
from collections.abc import Iterator

LONGEST = 5_000  # characters of a text that are read
GAP = " | "  # where something was taken out: no term reaches over it
NO_SPACES = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0e7f"  # kana, Chinese characters, Thai
PIECES = re.compile(
    rf"[{NO_SPACES}]+|(?:(?![{NO_SPACES}])[^\W\d_])+(?:['’](?:(?![{NO_SPACES}])[^\W\d_])+)?|[^\s]"
)
BARE = re.compile(rf"[{NO_SPACES}]")
PERSONAL = re.compile(
    r"(?:https?://|www\.)\S+"
    r"|(?<![\w.+-])[\w.+-]+@[\w.-]+|@\w+"  # addresses and handles
    r"|\+?\d[\d\s().-]{5,}\d"  # numbers as telephones are written
    r"|(?<![\w-])[\w-]*\d[\w-]*"  # whatever has a digit: orders, cards, dates, amounts
    r"|[零〇一二三四五六七八九幺两]{5,}",
    re.ASCII,
)
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖"
    "石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
    ""
)
TITLES = "先生|女士|小姐|老师|经理|店长|师傅|医生|顾问|客服|导购|店员|教练|主管"
NAME = r"[A-ZÀ-ÖØ-Þ][\w'’-]+(?:\s+[A-ZÀ-ÖØ-Þ][\w'’-]+)*"
ADDRESSED = (  # what stands before a name
    "[Mm]rs?|[Mm]s|[Mm]iss|[Dd]r|[Dd]ear|[Hh]i|[Hh]ello|[Rr]egards|[Ss]incerely|[Tt]hanks"
    "|[Mm]y name is|I am|I'm|[Nn]amed|[Cc]alled|[Aa]sk|[Aa]gent|[Cc]onsultant|[Gg]uide|[Mm]anager|[Hh]err"
    "|[Ff]rau"
)
SELVES = "客服|导购|店员|顾问|经理|店长|师傅|教练|主管|我叫|名叫|姓名|本人"
NAMES = re.compile(
    rf"(?P<titled>[{SURNAMES}][\u4e00-\u9fff]{{0,2}}?)(?=(?:{TITLES}))"
    rf"|(?<={SELVES})[:： ]*(?P<called>[{SURNAMES}][\u4e00-\u9fff]{{1,2}})"
    r"|(?:联系人|收件人|收货人)[:： ]*(?P<receiver>[\u4e00-\u9fff]{2,3})"
    rf"|\b(?:(?:{ADDRESSED})[.,:]?\s+)+(?P<addressed>{NAME})"
)


def plain(text: str) -> str:
    """Return a text in one way of writing, with gaps where addresses, numbers and names of people stood.

    Examples
    --------
    >>> plain("Order AB-1234 late! Mail anna@example.com or 138 0013 8000, regards Anna Wang")
    'Order  |  late! Mail  |  or  | , regards  | '
    >>> plain("客服张丽态度差，电话１３８００１３８０００")
    '客服 | 度差,电话 | '
    """
    return NAMES.sub(_without_name, PERSONAL.sub(GAP, unicodedata.normalize("NFKC", text[:LONGEST])))


def names_in(text: str) -> Iterator[str]:
    """Yield the words that stand in a text where names of people do."""
    for found in NAMES.finditer(PERSONAL.sub(GAP, unicodedata.normalize("NFKC", text[:LONGEST]))):
        yield from found[found.lastgroup or 0].lower().split()


def _without_name(found: re.Match[str]) -> str:
    return found[0].replace(found[found.lastgroup or 0], GAP)


def pieces(text: str) -> list[str]:
    """Return words, runs of characters without spaces, and single other signs, in order."""
    return PIECES.findall(plain(text))
