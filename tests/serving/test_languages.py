"""The language of an answer, by the weights of Accept-Language."""

import pytest

from serving.edge.languages import preferred

WANTED = {
    "": "en", "en": "en", "zh": "zh", "zh-CN": "zh", "zh-Hant": "zh", "ZH-hans-cn": "zh", "*": "en",
    "zh;q=0.1, en": "en", "en;q=0.1, zh": "zh", "en;q=0.8,zh;q=0.9": "zh", "zh-CN,zh;q=0.9,en;q=0.8": "zh",
    "en-GB,en;q=0.9,zh;q=0.8": "en", "zh, en": "zh", "en, zh": "en", "fr, de": "en", "fr, zh;q=0.5": "zh",
    "fr, *;q=0.5": "en", "*, zh;q=0.5": "en", "*;q=0.1, zh;q=0.5": "zh", "en;q=0, *": "zh", "en;q=0": "en",
    "zh;q=0": "en", "zh;q=0, *": "en", "zh ; q=0.5 , en ; q=0.4": "zh", "zh;q=2, en;q=0.1": "en",
    "zh;q=x": "en", "zhuang": "en", "zh-": "en", ",,zh,": "zh", "zh;q=1.000, en;q=0.999": "zh",
    "zh;q=0.": "en",
}  # fmt: skip


@pytest.mark.parametrize(("header", "language"), WANTED.items())
def test_the_greatest_weight_decides(header, language):
    assert preferred(header) == language
