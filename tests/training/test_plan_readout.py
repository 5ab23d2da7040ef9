"""What a plan brought: its readout, its pages, and the log that another policy is judged by."""

import hashlib
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from made_plans import RUNNER, campaign, made

import memberlens
from models.acting.off_policy import LogError
from training import params as settings
from training.acting import draft, pages, plan, readout, whatif
from training.io import read_json


@pytest.fixture(scope="module")
def world(acting_world: settings.Params) -> settings.Params:
    """The small brand of the acting commands."""
    return acting_world


def test_a_readout_tells_what_was_added_in_both_languages(world, tmp_path):
    told = campaign(world, "read")
    told.write_parquet(tmp_path / "contacts.parquet")
    found = RUNNER.invoke(memberlens.app, ["readout", "read", str(tmp_path / "contacts.parquet")])
    assert found.exit_code == 0, found.output
    for words in ("added answers: ", "新增响应：", "stage ", "地区 东部", "early look: 0 of 14", "提前查看"):
        assert words in found.output
    kept = read_json(plan.folder(world, "read") / "readout.json")
    list_ = pl.read_parquet(plan.folder(world, "read") / plan.LIST)
    on = list_.filter(pl.col("arm") == "contact", pl.col("planned").is_not_null())
    assert kept["answers"]["low"] < 0.15 * len(on) < kept["answers"]["high"]
    assert kept["cost"] == pytest.approx(on["cost"].sum())
    assert kept["looks"] == 1
    assert readout.make(world, "read", tmp_path / "contacts.parquet")["looks"] == 2


def test_a_plan_and_its_readout_have_a_page_that_names_nobody(world, tmp_path):
    outcome = campaign(world, "paged")
    outcome.write_parquet(tmp_path / "contacts.parquet")
    read = readout.make(world, "paged", tmp_path / "contacts.parquet")
    target = plan.folder(world, "paged")
    told = read_json(target / plan.FACTS)
    assert told["list_sha256"] == hashlib.sha256((target / "list.csv").read_bytes()).hexdigest()
    for page, html in ((plan.PAGE, pages.brief(told, "auto")), (readout.PAGE, pages.readout(read, "auto"))):
        assert (target / page).read_text() == html
        shown = html.split("</style>")[1]
        assert not [subject for subject in outcome["subject"] if subject in shown]
    assert "The file does not say who opted out" in (target / readout.PAGE).read_text()
    assert "opt-outs: the file does not say" in readout.text(read)


def test_contacts_that_do_not_fit_the_plan_are_sentences(world, tmp_path):
    told, path = campaign(world, "unfit"), tmp_path / "contacts.csv"
    told.filter("contacted").write_csv(path)
    with pytest.raises(
        readout.ContactsError, match=r"no row, \d+ of them held out; answers that came without"
    ):
        readout.make(world, "unfit", path)
    told.drop("answered").write_csv(path)
    with pytest.raises(readout.ContactsError, match="column answered is missing"):
        readout.make(world, "unfit", path)
    pl.concat([told, told[:1]]).write_csv(path)
    with pytest.raises(readout.ContactsError, match="more than one row"):
        readout.make(world, "unfit", path)
    told.with_columns(subject=pl.lit("x") + pl.col("subject")).write_csv(path)
    with pytest.raises(readout.ContactsError, match="not in the plan"):
        readout.make(world, "unfit", path)
    told.with_columns(answered=7).write_csv(path)
    with pytest.raises(readout.ContactsError, match=r"line 2, answered: '7'.*allowed is true or false"):
        readout.make(world, "unfit", path)
    told.with_columns(contacted=False).write_csv(path)
    with pytest.raises(readout.ContactsError, match="nobody of the comparison was; was the campaign sent"):
        readout.make(world, "unfit", path)
    assert not (plan.folder(world, "unfit") / readout.FILE).exists()
    with pytest.raises(FileNotFoundError, match="make it with `memberlens plan nowhere`"):
        readout.make(world, "nowhere", path)


def test_what_a_row_does_not_say_is_what_it_is_where_no_row_does(world, tmp_path):
    told, path = campaign(world, "gaps"), tmp_path / "contacts.csv"
    told.write_csv(path)
    silent = readout.make(world, "gaps", path)
    empty = pl.lit(None, pl.Float64)
    told.with_columns(margin=empty, cost=empty, opted_out=empty).write_csv(path)
    gaps = readout.make(world, "gaps", path)
    assert [gaps[key] for key in ("margin", "net", "cost")] == [
        silent[key] for key in ("margin", "net", "cost")
    ]


def test_neither_another_list_nor_a_day_before_the_plan_is_read(world, tmp_path):
    told, path = campaign(world, "kept"), tmp_path / "contacts.csv"
    told.write_csv(path)
    known, today = draft.data_day(world), date.today()
    allowed = rf"allowed is {known} \(for which kept was planned\) to {today} \(today\)"
    for day in (known - timedelta(days=365), today + timedelta(days=1)):
        with pytest.raises(ValueError, match=rf"--day {day}: {allowed}"):
            readout.make(world, "kept", path, day)
    assert not (plan.folder(world, "kept") / readout.FILE).exists()
    target = plan.folder(world, "kept") / plan.LIST
    pl.read_parquet(target).with_columns(arm=pl.col("arm").replace("none", "contact")).write_parquet(target)
    with pytest.raises(ValueError, match=r"the list is not the one that plan\.json names"):
        readout.make(world, "kept", path)
    target.write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"the list is not the one that plan\.json names"):
        readout.make(world, "kept", path)


def test_a_log_judges_another_policy_or_says_why_not(tmp_path):
    rng, n = np.random.default_rng(0), 4000
    option = rng.choice(["a", "b", None], n)
    reward = (rng.random(n) < np.where(option == "a", 0.3, 0.1)).astype(float)
    who = [f"m{number}" for number in range(n)]
    log = pl.DataFrame({"subject": who, "option": option.tolist(), "probability": 1 / 3, "reward": reward})
    log.write_parquet(tmp_path / "log.parquet")
    pl.DataFrame({"subject": who, "option": "a"}).write_csv(tmp_path / "all_a.csv")
    words = ["whatif", str(tmp_path / "log.parquet"), str(tmp_path / "all_a.csv")]
    found = RUNNER.invoke(memberlens.app, words)
    assert found.exit_code == 0, found.output
    assert "the other policy by snips: 0." in found.output
    assert "另一策略（snips）" in found.output
    told = whatif.make(tmp_path / "log.parquet", tmp_path / "all_a.csv")["policy"]["snips"]
    assert told.low < 0.3 < told.high
    nothing = pl.DataFrame({"subject": who, "option": [None] * n}, schema_overrides={"option": pl.String})
    nothing.write_csv(tmp_path / "nothing.csv")
    idle = whatif.make(tmp_path / "log.parquet", tmp_path / "nothing.csv")["policy"]["ips"]
    assert idle.low < 0.1 < idle.high
    log.drop("probability").write_parquet(tmp_path / "bare.parquet")
    with pytest.raises(LogError, match=r"no probabilities.*plan with an exploring share"):
        whatif.make(tmp_path / "bare.parquet", tmp_path / "all_a.csv")
    pl.DataFrame({"subject": who[:9], "option": "a"}).write_csv(tmp_path / "few.csv")
    with pytest.raises(LogError, match=r"3,991 of 4,000 members of the log have no row"):
        whatif.make(tmp_path / "log.parquet", tmp_path / "few.csv")
    pl.DataFrame({"subject": who, "option": "a", "probability": 0.4}).write_csv(tmp_path / "part.csv")
    with pytest.raises(LogError, match="do not add up to 1"):
        whatif.make(tmp_path / "log.parquet", tmp_path / "part.csv")


def test_the_log_of_an_exploring_plan_can_be_judged(world, tmp_path):
    rows, _ = made(world, "logged", explore=0.5, hold_out=0.1)
    answered = np.random.default_rng(1).random(len(rows)) < 0.2
    told = rows.select("subject", contacted=pl.col("option").is_not_null(), answered=pl.Series(answered))
    told.write_parquet(tmp_path / "contacts.parquet")
    readout.make(world, "logged", tmp_path / "contacts.parquet")
    target = plan.folder(world, "logged")
    found = whatif.make(target / readout.LOG, target / plan.LIST)
    assert found["rows"] == len(rows)
    assert found["policy"]["snips"].effective > 100
