"""Free text is read without what is personal in it, and what it says is a function of the text alone."""

import polars as pl
import pytest

from features.plain_text import plain
from features.text_terms import candidates
from features.texts import OTHER, TextModel, Topic, read_texts

MODEL = TextModel(
    column="comment",
    topics=(
        Topic(words=("parcel", "快递"), texts=9, found_again=1),
        Topic(words=(), texts=5, found_again=0.2),
    ),
    weights={"parcel": {0: 1.0}, "快递": {0: 0.9}, "price": {1: 1.0}},
    idf={"parcel": 1.0, "快递": 1.0, "price": 1.0},
    tone={"good": 0.5, "!good": -0.5, "太慢": -0.4},
)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("call me on +49 (0) 151 2345-6789 please", "2345"),
        ("call １３８００１３８０００ please", "138"),
        ("write to anna.w+shop@mail.example.com", "anna"),
        ("see https://example.com/u/anna for more", "anna"),
        ("order ORD-77A812 is lost", "77a812"),
        ("手机号一三八零零一三八零零零", "一三八"),
        ("Dear Mr. Weatherby, it broke", "weatherby"),
        ("it broke. Regards, Brunhilde Oak", "oak"),
        ("收件人：欧阳明，没收到", "欧阳明"),
        ("联系王小明先生处理", "王小明"),
        ("客服张晓丽态度不好", "张晓丽"),
        ("@anna_w told me", "anna"),
    ],
)
def test_what_is_personal_reaches_no_term(text: str, gone: str) -> None:
    assert gone not in plain(text).lower()
    assert not any(gone in term for term in candidates(text))


def test_what_is_not_personal_stays() -> None:
    assert {"parcel", "late", "快递", "太慢"} <= set(candidates("The parcel was 3 days late. 快递太慢"))


@pytest.mark.parametrize(
    ("text", "topic", "tone"),
    [
        ("The parcel is good", "parcel · 快递", 0.5),
        ("The parcel is not good", "parcel · 快递", -0.5),
        ("快递太慢", "parcel · 快递", -0.4),
        ("The price", OTHER, None),
        ("Nothing known", OTHER, None),
        (None, None, None),
    ],
)
def test_a_text_has_its_topic_and_tone_whatever_stands_beside_it(
    text: str | None, topic: str | None, tone: float | None
) -> None:
    for beside in ([], ["The parcel is good", "price price price"], [None]):
        frame = pl.DataFrame({"x_comment": [text, *beside]}, schema={"x_comment": pl.String})
        read = read_texts([MODEL], frame)
        assert read.columns == ["x_comment_topic", "x_comment_tone"]
        assert read.row(0) == (topic, tone)
