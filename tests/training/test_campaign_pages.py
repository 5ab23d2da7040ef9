"""A brief and a readout claim what their figures bear, in both languages, and need nothing to be read."""

import re

import pytest
from campaign_figures import estimate, found, told
from page_reader import read, text

from models.phrases import catalogue
from training.acting import claims, pages
from training.reporting import words
from training.reporting.render import HERE

GAINS = (
    "It brought more than it cost",
    "Contacts added",
    "more than it cost.",
    "带来的收益高于成本",
    "扣除成本后净得",
)


def brief(**changed: object) -> str:
    return text(pages.brief(told(**changed), "auto"))


def readout(**changed: object) -> str:
    return text(pages.readout(found(**changed), "auto"))


@pytest.mark.parametrize("html", [pages.brief(told(), "en"), pages.readout(found(), "zh")])
def test_a_page_is_whole_and_needs_nothing_else(html):
    reader = read(html)
    assert (reader.open, reader.wrong) == ([], [])
    assert len(reader.ids) == len(set(reader.ids))
    assert set(reader.links) <= set(reader.ids)
    assert not re.search(r"""(src|href)=["'](?!#)|url\((?!#)|@import|<link""", html)
    assert "default-src 'none'" in html
    assert len(html) < 300_000


@pytest.mark.parametrize("html", [pages.brief(told(), "en"), pages.readout(found(), "en")])
def test_both_languages_say_the_same_numbers(html):
    reader = read(html)
    english, chinese = (
        sorted(re.findall(r"\d[\d,.]*\d|\d", " ".join(reader.text[language]))) for language in ("en", "zh-CN")
    )
    # Words for stages and tiers of a city, and dates in a sentence, are no figures.
    assert len(english) > 60 or "readout" in html
    assert len(reader.text["en"]) == len(reader.text["zh-CN"])
    assert {number for number in chinese if len(number) > 2} <= {n for n in english if len(n) > 2}
    assert not re.search(r"[一-鿿]", " ".join(reader.text["en"]))


def test_a_page_follows_from_its_figures_alone():
    assert pages.brief(told(), "en") == pages.brief(told(), "en")
    assert pages.readout(found(), "en") == pages.readout(found(), "en")


@pytest.mark.parametrize("language", ["en", "zh", "auto"])
def test_it_begins_in_the_language_that_is_asked(language):
    html = pages.brief(told(), language)
    assert f'data-first="{language}"' in html
    assert ('<html lang="zh-CN"' in html) == (language == "zh")


@pytest.mark.parametrize("low", [-4000.0, -1.0, 0.0])
def test_an_interval_that_includes_zero_is_no_gain(low):
    unsure = {
        name: estimate(100.0, low, 9000.0, each=0.1) for name in ("answers", "margin", "net", "opt_outs")
    }
    said = readout(**unsure)
    assert "Whether it paid cannot be told" in said
    assert "是否划算尚无法判断" in said
    assert not [words for words in GAINS if words in said]
    assert "Contacts led to" not in said


def test_a_sure_gain_and_a_sure_loss_are_called_so():
    assert "It brought more than it cost" in readout()
    lost = readout(
        net=estimate(-900.0, -1500.0, -300.0, each=-1.0), margin=estimate(-800.0, -1400.0, -200.0, each=-1.0)
    )
    assert "It brought less than it cost" in lost
    assert "得不偿失" in lost
    assert not [words for words in GAINS if words in lost and words != "Contacts added"]


def test_a_broken_holdout_is_the_headline_and_no_result_stands_in_green():
    html = pages.readout(found(contacted_though_held_out=12), "en")
    said = text(html)
    assert "The holdout was broken: not to be judged by" in said
    assert "12 of 45 held-out members were contacted" in said
    assert "45 名留出会员中有 12 名被触达" in said
    assert "留出组被破坏" in said
    body = html.split("</style>")[1]
    assert "status-good" not in body
    assert not [words for words in GAINS if words in said]
    assert body.count("card-good") == 0
    assert "Contacts surely added answers" not in said
    assert "The interval of the net amount" not in said
    assert "None of the 45" not in said
    assert "Nothing: one look" not in said


def test_an_early_look_and_a_second_look_are_named():
    early = readout(days=3)
    assert "Too early to judge" in early
    assert "3 of 14 days are over" in early
    assert not [words for words in GAINS if words in early]
    assert "surely added" not in early
    assert claims.after(found(looks=2)).status == "warn"
    assert "This is look 2" in readout(looks=2)


def test_few_answers_of_the_held_out_bear_no_claim():
    said = readout(held_answers=4.0)
    assert "Only 4 of the held-out answered" in said
    assert not [words for words in GAINS if words in said]
    thin = found()["groups"]["stage"]["silent"] | {"held_answers": 4.0}
    groups = {"stage": {"silent": thin, "mature": found()["groups"]["stage"]["silent"], "lost": None}}
    assert "surely added answers in 1 of 2 groups" in readout(groups=groups)


def test_what_the_file_did_not_say_is_not_told_as_nothing():
    said = readout(stated=["subject", "contacted", "answered"], opt_outs=estimate(0.0, 0.0, 0.0, each=0.0))
    assert "The file does not say who opted out" in said
    assert "Added opt-outs 新增退订 – " in said
    assert "opt-outs cannot be told" not in said
    assert "The file states no margin" in said
    assert "The file states no cost" in said
    assert "The file states no margin" not in readout()


def test_answers_are_not_called_added_answers():
    plain, added = brief(), brief(unit="added answers")
    assert "Expected added answers" not in plain
    assert "预期新增响应" not in plain
    assert "net gain" not in plain
    assert "some of those come without a contact" in plain
    assert "Expected added answers" in added
    assert "come without a contact" not in added


@pytest.mark.parametrize(
    ("changed", "status", "says"),
    [
        ({"unit": "added answers"}, "good", "Expected to bring more than it costs"),
        ({}, "warn", "what contacts add is known after the readout"),
        ({"scores_days": 9}, "warn", "The scores are 9 days old"),
        ({"holdout": told()["holdout"] | {"power": 0.3}}, "warn", "The holdout is too small"),
        ({"holdout": {"share": 0.0, "members": 0, "held_out": 0}}, "warn", "nothing can be compared"),
    ],
)
def test_a_brief_names_what_is_open(changed, status, says):
    assert claims.before(told(**changed), pages.OLD).status == status
    assert says in brief(**changed)


@pytest.mark.parametrize(
    ("net", "status", "says"),
    [
        (estimate(50.0, -10.0, 90.0), "warn", "it may not pay"),
        (estimate(50.0), "warn", "Fewer than 5 past campaigns"),
        (estimate(-5.0, -40.0, 20.0), "bad", "Not expected to pay"),
    ],
)
def test_a_plan_that_may_not_pay_is_not_recommended(net, status, says):
    expected = told()["expected"] | {"net": net}
    changed = {"unit": "added answers", "expected": expected}
    assert claims.before(told(**changed), pages.OLD).status == status
    assert says in brief(**changed)
    assert "Expected to bring more than it costs" not in brief(**changed)


def test_retention_is_called_worse_only_where_it_surely_is():
    assert "Surely worse than the others: west, tier 3" in brief()
    assert "明显差于其他单元：西部三线城市" in brief()
    chance = brief(diagnosis=[told()["diagnosis"][0] | {"worse": False}])
    assert "No cell is surely worse" in chance
    assert "surely worse than elsewhere" not in chance
    assert "the source names no region" in brief(diagnosis=[])


def test_the_next_money_is_not_promised_where_it_may_bring_nothing():
    unsure = told()["next"]["by"]["stage"][0] | {"brings": estimate(5.0, -3.0, 9.0)}
    assert "should bring most at stage" in brief()
    assert "should bring most at stage" not in brief(next=told()["next"] | {"by": {"stage": [unsure]}})
    nothing = told()["next"] | {"members": 0, "spend": 0.0, "brings": estimate(0.0, 0.0, 0.0), "by": {}}
    assert "the next 1,000 CNY would bring nothing" in brief(next=nothing)


def test_a_curve_without_an_interval_says_so():
    bare = {name: told()["curve"][name] for name in ("spend", "gain")}
    assert "too few past campaigns were tested" in brief(curve=bare)
    assert "the band its 95 % interval" in brief()


def test_who_is_left_in_peace_is_counted_with_its_reason():
    said = brief()
    for code, n in told()["by_reason"].items():
        words_of = catalogue()["acting"]["reasons"][code]
        assert (f"{words_of['en']} {words_of['zh']} {n}" in said) == (code != "sent")
    assert "345 of 1,200 scored members are sent nothing" in said
    assert "7 members in layers of fewer than 10" in said


def test_what_keeps_a_plan_from_doing_more_is_told_with_its_price():
    said = brief(prices={"budget": 2.5, "option": {"wecom_event": 1.25}, "channel": {}})
    assert "a unit of money more would bring about 2.50 CNY beyond its cost" in said
    assert "wecom_event：当日名额已满，每增加一个名额约多带来 1.25 CNY" in said
    nothing = brief(prices={"budget": 0.0, "option": {}, "channel": {}}, by_reason={"sent": 9, "capped": 2})
    assert "为何没有触达更多 nothing: nobody is left" in nothing
    short = brief(prices={"budget": 0.0, "option": {}, "channel": {}}, by_reason={"sent": 9, "budget": 2})
    assert "too little for a further member" in short


def test_every_word_of_the_pages_is_used():
    """A text that no page can show is a claim that nobody checks."""
    source = "\n".join(path.read_text() for path in (HERE / "templates").rglob("*.j2"))
    code = "\n".join(path.read_text() for path in HERE.parent.rglob("*.py"))
    made = re.compile(
        r"^(section|lead|value|reason|role|(brief|readout|weeks|scenes)\.title"
        r"|brief\.(layer|kind|rule|why|status|held\.basis)|acting\.(sure|mark)"
        r"|readout\.(why|status|measure|answers|margin|net|opt_outs)"
        r"|scenes\.(verdict|why|status|line|all_of_members|all_of_leads)"
        r"|weeks\.(policy|margin|reachable)|(figure|plot)\.weeks_(margin|reachable))(\.|$)"
    )
    own = [key for path in words.FILES[1:] for key in words.unique_yaml.read(path)]
    assert [key for key in own if f'"{key}"' not in source + code and not made.match(key)
            and not key.endswith(".added")] == []  # fmt: skip
