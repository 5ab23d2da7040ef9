"""Facts and sentences."""

import pytest

from features.catalog import GROUPS, describe
from models.phrases import LANGUAGES, Phrases, catalogue, family, sentence

FEATURES = {row["name"]: row for row in describe(GROUPS)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("value", [None, 0, 1, 3.5, 12_345.6])
def test_every_feature_of_the_catalogue_can_be_said(language, value):
    for row in FEATURES.values():
        shown = "north" if row["unit"] == "category" and value else value
        fact = Phrases.of(row).fact(shown, language)
        assert fact
        assert "{" not in fact


def test_every_phrase_belongs_to_a_feature_that_exists():
    known = set(FEATURES) | {family(name) for name in FEATURES}
    assert sorted(set(catalogue()["features"]) - known) == []


@pytest.mark.parametrize(
    ("name", "value", "en", "zh"),
    [
        ("days_since_order", 73.9, "bought nothing for 74 days", "已 74 天未购买"),
        ("orders_90d", 1, "1 order in the last 90 days", "近 90 天有 1 笔订单"),
        ("orders_90d", 0, "no orders in the last 90 days", "近 90 天订单数为 0"),
        ("days_since_ticket", None, "never had a ticket", "从无工单"),
        ("answer_rate", 0.125, "answers 12 % of messages (shrunk)", "消息响应率 12 %（收缩）"),
        ("region", "north", "sales region: north", "所在区域为北部"),
        ("region", "Ward 7", "sales region: Ward 7", "所在区域为 Ward 7"),
        ("days_since_order", 9.9, "bought nothing for 10 days", "已 10 天未购买"),
        ("revenue_30d", 123_456, "spent 1,235 in the last 30 days", "近 30 天消费 1,235"),
    ],
)
def test_facts_are_said_as_a_marketer_would(name, value, en, zh):
    phrases = Phrases.of(FEATURES[name])
    assert (phrases.fact(value, "en"), phrases.fact(value, "zh")) == (en, zh)


def test_a_rate_that_points_the_other_way_is_said_to_do_so():
    agrees = sentence("no orders", 0.6, 0.4, True, "buy nothing", "en")
    against = sentence("no orders", 0.3, 0.4, True, "buy nothing", "en")
    assert agrees == "No orders; in 60 % of such cases they buy nothing (overall 40 %)"
    assert "taken with the rest this raises the score" in against
    assert sentence("no orders", None, 0.4, True, "buy nothing", "en") == "No orders"


def test_every_feature_of_a_theme_is_in_the_catalogue():
    known = {family(name) for name in FEATURES}
    listed = [name for names in catalogue()["themes"].values() for name in names]
    assert sorted(set(listed) - known) == []
    assert len(listed) == len(set(listed))
