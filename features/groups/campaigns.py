"""Campaign history, and the content that is about to be sent.

``outreach`` holds what was sent, held out, opened, clicked, answered and blocked, one row each,
with the campaign's content beside it. Rates are shrunk towards 10 % with the weight of five
contacts, so that one answer to one message is not a certainty.
"""

from collections.abc import Callable
from functools import cache

import narwhals as nw

from features.feature import Feature, Group, Selection
from features.groups.purchases import ratio


@cache
def _is(kind: str) -> nw.Expr:
    """One object a kind: rows of a kind are found once for all features that ask for them."""
    return nw.col("kind") == kind


def _kind(kind: str) -> Callable[[Selection], nw.Expr]:
    return lambda rows: rows.where(_is(kind)).count()


def _since_answer(rows: Selection) -> nw.Expr:
    """Messages after the newest answer; all of them where there is none."""
    later = nw.col("answered_age").is_null() | (nw.col("age") < nw.col("answered_age"))
    return rows.where(_is("sent")).where(later).count()


def shrunk(answers: str, sent: str) -> nw.Expr:
    """Return a rate shrunk towards 10 % with the weight of five contacts."""
    return (nw.col(answers) + 0.5) / (nw.col(sent) + 5)


# fmt: off
HISTORY = Group(
    name="campaigns",
    table="outreach",
    en="Campaign history",
    zh="活动历史",
    windows=(30, 90, 365),
    rows={"answered_age": nw.when(_is("answered")).then(nw.col("age")).min().over("row_id")},
    features=(
        Feature("sent_7d", lambda r: r.within(7).where(_is("sent")).count(), "messages", "messages in the last 7 days", "近 7 天收到消息数", 0),
        Feature("sent_{days}d", _kind("sent"), "messages", "messages in the last {days} days", "近 {days} 天收到消息数", 0),
        Feature("opened_{days}d", _kind("opened"), "opens", "messages opened in the last {days} days", "近 {days} 天打开数", 0),
        Feature("clicked_{days}d", _kind("clicked"), "clicks", "messages clicked in the last {days} days", "近 {days} 天点击数", 0),
        Feature("answered_{days}d", _kind("answered"), "answers", "campaigns answered in the last {days} days", "近 {days} 天响应数", 0),
        Feature("sent", _kind("sent"), "messages", "messages so far", "累计收到消息数", 0),
        Feature("answered", _kind("answered"), "answers", "campaigns answered so far", "累计响应数", 0),
        Feature("opened", _kind("opened"), "opens", "messages opened so far", "累计打开数", 0),
        Feature("blocked", _kind("blocked"), "times", "times blocked", "屏蔽次数", 0),
        Feature("days_since_sent", lambda r: r.where(_is("sent")).days_since(), "days", "days since the last message", "距上次消息天数"),
        Feature("days_since_opened", lambda r: r.where(_is("opened")).days_since(), "days", "days since the last message was opened", "距上次打开天数"),
        Feature("days_since_answer", lambda r: r.where(_is("answered")).days_since(), "days", "days since the last answer", "距上次响应天数"),
        Feature("sent_since_answer", _since_answer, "messages", "messages since the last answer", "上次响应后的消息数", 0),
        Feature("contents_answered", lambda r: r.where(_is("answered")).distinct("content_content_type"), "contents", "kinds of content answered so far", "曾响应的内容类型数", 0),
    ),
    derived=(
        Feature("answer_rate", shrunk("answered", "sent"), "share", "share of messages answered, shrunk", "响应率（收缩）"),
        Feature("answer_rate_365d", shrunk("answered_365d", "sent_365d"), "share", "share of a year's messages answered, shrunk", "近一年响应率（收缩）"),
        Feature("open_rate", shrunk("opened", "sent"), "share", "share of messages opened, shrunk", "打开率（收缩）"),
        Feature("pressure", ratio(nw.col("sent_30d"), nw.col("sent_90d")), "share", "share of the last 90 days' messages that fell in the last 30", "近 90 天消息中近 30 天占比"),
    ),
)

CONTENT = Group(
    name="content",
    table=None,
    en="The content",
    zh="活动内容",
    features=(
        Feature("content_channel", nw.col("asked_channel"), "category", "channel of the campaign", "活动渠道"),
        Feature("content_type", nw.col("asked_content_type"), "category", "kind of content", "内容类型"),
        Feature("content_offer", nw.col("asked_offer"), "category", "offer", "优惠内容"),
        Feature("content_category", nw.col("asked_category"), "category", "product category of the campaign", "活动品类"),
        Feature("content_discount", nw.col("asked_discount_percent"), "percent", "depth of the discount", "折扣力度"),
        Feature("content_cost", nw.col("asked_cost_cents"), "cents", "cost of one contact", "单次触达成本"),
        Feature("content_window", nw.col("asked_window_days"), "days", "days in which an answer counts", "响应窗口天数"),
    ),
)


def _same(name: str, column: str, en: str, zh: str) -> tuple[Feature, ...]:
    like = nw.col(f"content_{column}") == nw.col(f"asked_{column}")

    def counted(kind: str) -> Callable[[Selection], nw.Expr]:
        return lambda rows: rows.where(_is(kind)).where(like).count()

    return (
        Feature(f"sent_same_{name}", counted("sent"), "messages", f"messages of the same {en} so far", f"同{zh}累计消息数", 0),
        Feature(f"opened_same_{name}", counted("opened"), "opens", f"messages of the same {en} opened so far", f"同{zh}累计打开数", 0),
        Feature(f"answered_same_{name}", counted("answered"), "answers", f"answers to the same {en} so far", f"同{zh}累计响应数", 0),
    )


CONTENT_HISTORY = Group(
    name="content_history",
    table="outreach",
    en="Answers to such content",
    zh="同类内容响应",
    features=(
        *_same("type", "content_type", "kind of content", "内容类型"),
        *_same("channel", "channel", "channel", "渠道"),
        *_same("category", "category", "product category", "品类"),
    ),
    derived=tuple(
        Feature(f"answer_rate_same_{name}", shrunk(f"answered_same_{name}", f"sent_same_{name}"), "share", f"share of messages of the same {en} answered, shrunk", f"同{zh}响应率（收缩）")
        for name, en, zh in (("type", "kind of content", "内容类型"), ("channel", "channel", "渠道"), ("category", "product category", "品类"))
    ),
)
