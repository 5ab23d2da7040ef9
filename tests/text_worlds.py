"""Reviews of members whose topics, tone and personal data are known."""

from pathlib import Path

import numpy as np
import polars as pl

MAPPING = """about: A shop with reviews.
folder: .
sources:
  people: {file: people.csv}
  reviews: {file: reviews.csv}
tables:
  members:
    - source: people
      columns: {member_id: id, occurred_at: since}
own_tables:
  reviews:
    en: reviews
    zh: 评价
    source: reviews
    key: {member_id: who}
    occurred_at: day
    columns:
      stars: {cell: stars, unit: stars, en: stars, zh: 评分}
      comment: {cell: comment, unit: text, rated_by: stars, en: comments, zh: 评价内容}
"""
# fmt: off
ABOUT = {
    "delivery": (("The parcel arrived {n} days late, {v}", "Courier left the parcel outside, {v}", "Delivery of the parcel took ages and the courier {v}"),
                 ("快递太慢，包裹晚到{n}天，{v}", "快递员把包裹丢在门口，{v}", "物流信息不更新，包裹{v}")),
    "skin": (("The cream gave me a rash, {v}", "My skin turned red after this cream, {v}", "Strong smell of the cream and my skin {v}"),
             ("面霜用了皮肤过敏，{v}", "面霜气味刺鼻，皮肤发红，{v}", "用完面霜皮肤刺痛，{v}")),
    "points": (("My points expired before the coupon, {v}", "The coupon could not be used with points, {v}", "Points and coupon rules changed, {v}"),
               ("积分过期没有提醒，优惠券{v}", "优惠券不能和积分同时用，{v}", "积分规则改了，优惠券{v}")),
    "advisor": (("The store advisor explained everything, {v}", "Our advisor in the store took time, {v}", "Store staff and the advisor know their work, {v}"),
                ("门店顾问讲解细致，{v}", "门店顾问服务，{v}", "到门店体验，顾问{v}")),
}
SAYS = {
    -1: (("really disappointed", "terrible experience", "very annoying"), ("很失望", "体验太差", "真的无语")),
    1: (("I love it", "very friendly and helpful", "excellent service"), ("非常满意", "很喜欢", "服务热情周到")),
}
# fmt: on
STAFF, CHINESE_STAFF = "Anneliese", "张晓丽"
PERSONAL = (
    "Brunhilde",
    "13800138000",
    "138 0013 8001",
    "anna.w@example.com",
    "ORD-77A812",
    "欧阳明",
)


def reviews(seed: int = 0, size: int = 1_500, members: int = 400) -> pl.DataFrame:
    """Texts of four topics in two languages: advice is praised, the rest mostly not; some name people."""
    rng, names = np.random.default_rng(seed), list(ABOUT)
    rows = []
    for _ in range(size):
        about, language, who = names[rng.integers(4)], int(rng.integers(2)), int(rng.integers(members))
        sign = 1 if rng.random() < (0.9 if about == "advisor" else 0.15) else -1
        text = ABOUT[about][language][rng.integers(3)].format(
            n=rng.integers(2, 9), v=SAYS[sign][language][rng.integers(3)]
        )
        text += _signed(rng, who, language)
        stars = int(np.clip((4 if sign > 0 else 2) + rng.integers(-1, 2), 1, 5))
        rows.append(
            (f"m{who}", int(rng.integers(0, 400)), stars if rng.random() < 0.8 else None, text, about, sign)
        )
    return pl.DataFrame(
        rows,
        schema=["who", "day", "stars", "comment", "about", "sign"],
        orient="row",
        infer_schema_length=None,
    )


def _signed(rng: np.random.Generator, who: int, language: int) -> str:
    """What members write below their texts: names, telephones, addresses, order numbers."""
    every = (
        (f". Ask {STAFF} about order ORD-77A812", ". Regards Brunhilde", ". Call 138 0013 8001", ". Mail anna.w@example.com"),
        (f"。客服{CHINESE_STAFF}接待", "。收件人：欧阳明", "。电话13800138000", "。邮箱anna.w@example.com"),
    )  # fmt: skip
    return every[language][rng.integers(4)] if rng.random() < 0.5 else ""


def shop(folder: Path, seed: int = 0, size: int = 1_500) -> Path:
    """Write the files and the mapping; return the mapping's path."""
    found = reviews(seed, size)
    day = pl.lit("2024-01-01").str.to_date() + pl.duration(days=pl.col("day"))
    found.select("who", day.alias("day"), "stars", "comment").write_csv(folder / "reviews.csv")
    ids = found.select(id="who").unique().sort("id")
    ids.with_columns(since=pl.lit("2023-12-01")).write_csv(folder / "people.csv")
    return text_mapping(folder)


def text_mapping(folder: Path) -> Path:
    """Write the mapping alone; return its path."""
    path = folder / "shop.yaml"
    path.write_text(MAPPING)
    return path
