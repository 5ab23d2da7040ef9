"""A brand's file of options is read as a whole or refused by key; sizes of holdouts keep their word."""

import re
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

from models.acting.holdout import Effect, HoldoutTooSmallError, check, power, smallest_share, waiting
from models.acting.options import OptionsError, parse, read

FILE = Path(__file__).parents[2] / "experiments" / "options.yaml"
GOOD = {
    "currency": "CNY",
    "per_fortnight": 2,
    "channels": {"sms": {"needs": ["consent", "address"]}, "call": {"needs": ["address"], "capacity": 10}},
    "options": {
        "sms_discount": {"channel": "sms", "content": "discount", "cost": 0.05},
        "call_care": {"channel": "call", "content": "care_tip", "cost": 3, "care": True, "capacity": 5},
    },
}


def test_the_simulated_brands_file_is_read():
    found = read(FILE)
    assert [channel.name for channel in found.channels] == ["sms", "wecom", "push", "call"]
    assert len(found.options) == len(found.cost) == len(found.channel) == 12
    assert found.care.sum() == 1
    assert np.isinf(found.channel_capacity[1])


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("options.sms_discount", 1, "file.yaml: options.sms_discount: no mapping; allowed keys: channel"),
        ("options.sms_discount.cost", None, "options.sms_discount.cost: missing; allowed is a number from 0"),
        ("options.sms_discount.cost", -1, "options.sms_discount.cost: -1; allowed"),
        ("options.sms_discount.cost", True, "cost: True"),
        ("options.sms_discount.channel", "fax", "channel: 'fax'; allowed: sms, call"),
        ("options.sms_discount.colour", 1, "unknown key 'colour'; allowed keys: channel"),
        ("options.call_care.care", "yes", "care: 'yes'; allowed: true, false"),
        ("channels.call.capacity", -3, "channels.call.capacity: -3; allowed is a whole number from 1"),
        ("channels.call.capacity", 10**400, "allowed is a whole number from 1"),
        ("options.sms_discount.cost", 10**400, "allowed is a number from 0"),
        ("channels.call.capacity", 2.5, "capacity: 2.5"),
        ("channels.call.capacity", 0, "nobody may be written to"),
        ("channels.call.needs", ["stamp"], "allowed is a list of consent, address"),
        ("channels.call.needs", [{"consent": True}], "allowed is a list of consent, address"),
        ("channels.fax", {"needs": []}, "channels.fax: no option uses it"),
        ("per_fortnight", None, "file.yaml: per_fortnight: missing"),
        ("options", {}, "options: allowed is a mapping"),
    ],
)
def test_an_error_names_file_key_and_what_is_allowed(path, value, words):
    bad = deepcopy(GOOD)
    *parents, key = path.split(".")
    part = bad
    for parent in parents:
        part = part[parent]
    part.pop(key, None)
    if value is not None:
        part[key] = value
    with pytest.raises(OptionsError) as error:
        parse(bad, "file.yaml")
    assert words in str(error.value)
    assert str(error.value).startswith("file.yaml")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("  sms_sale: {channel: fax, content: sale, cost: 1}", "line 5, options.sms_sale.channel: 'fax'"),
        (
            "  sms_sale:\n    channel: sms\n    content:\n    cost: 1",
            "line 7, options.sms_sale.content: None",
        ),
        ("  sms_sale:\n    channel: sms\n    colour: red", "line 7, options.sms_sale.colour: unknown key"),
        ("  sms_sale: {channel: sms, content: sale}", "line 5, options.sms_sale.cost: missing"),
        (
            "  sms_sale: {channel: sms, content: a, cost: 1, care: yes}",
            "line 5, options.sms_sale.care: 'yes'",
        ),
    ],
)
def test_an_error_names_the_line_of_the_file(line, says, tmp_path):
    path = tmp_path / "options.yaml"
    path.write_text(f"per_fortnight: 2\nchannels:\n  sms: {{needs: []}}\noptions:\n{line}\n")
    with pytest.raises(OptionsError, match=re.escape(f"{path}, {says}")):
        read(path)


def test_a_missing_file_and_a_key_twice_are_said(tmp_path):
    with pytest.raises(OptionsError, match="no such file"):
        read(tmp_path / "none.yaml")
    (tmp_path / "twice.yaml").write_text("options: {}\noptions: {}\n")
    with pytest.raises(OptionsError, match="twice"):
        read(tmp_path / "twice.yaml")
    (tmp_path / "other.yaml").write_text("currency: 人民币", encoding="gb18030")
    with pytest.raises(OptionsError, match=r"other\.yaml: not readable as YAML.*allowed is text in UTF-8"):
        read(tmp_path / "other.yaml")


def test_an_option_needs_what_its_channel_needs_and_a_channel_to_nobody_is_refused():
    options = parse(GOOD, "file.yaml")
    consent = np.array([[True, False], [False, False]])
    address = np.array([[True, True], [True, False]])
    assert options.allowed(consent, address).tolist() == [[True, True], [False, False]]
    with pytest.raises(OptionsError, match="channel sms: none of 2 members may be written to"):
        options.allowed(np.zeros((2, 2), bool), address)


def test_the_smallest_holdout_has_the_power_asked_for_and_a_smaller_one_is_refused():
    effect = Effect(rate=0.05, added=0.01)
    share = smallest_share(effect, 100_000)
    assert power(effect, (1 - share) * 100_000, share * 100_000) == pytest.approx(0.8, abs=0.001)
    check(effect, 100_000, share * 1.01)
    with pytest.raises(HoldoutTooSmallError, match=r"plan for .* members or hold out"):
        check(effect, 100_000, share / 2)
    with pytest.raises(HoldoutTooSmallError, match="of 2,000 members held out"):
        smallest_share(effect, 2_000)
    for members in (40_000, 100_000, 300_000):
        with pytest.raises(HoldoutTooSmallError, match=r"nobody is held out.*; hold out") as error:
            check(effect, members, 0)
        check(effect, members, float(str(error.value).split()[-1].rstrip("%")) / 100)
    with pytest.raises(ValueError, match="an effect of 0"):
        Effect(rate=0.1, added=0)


def test_power_is_how_often_the_effect_is_found():
    effect, rng = Effect(rate=0.1, added=0.03), np.random.default_rng(0)
    on, off = rng.binomial(4000, 0.13, 4000) / 4000, rng.binomial(1500, 0.1, 4000) / 1500
    error = np.sqrt(on * (1 - on) / 4000 + off * (1 - off) / 1500)
    assert np.mean((on - off) / error > 1.96) == pytest.approx(power(effect, 4000, 1500), abs=0.025)


def test_what_a_holdout_costs_in_time():
    effect = Effect(rate=0.05, added=0.005)
    few, half = (waiting(effect, share, 20_000, 10, 14) for share in (0.05, 0.5))
    assert half.against_half == pytest.approx(1)
    assert few.against_half > 4
    assert few.days == (few.campaigns - 1) * 10 + 14
    helped = waiting(Effect(0.05, 0.005, explained=0.5), 0.05, 20_000, 10, 14)
    assert helped.members == pytest.approx(0.75 * few.members, rel=0.001)
