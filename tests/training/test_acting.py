"""The commands of acting on scores, on a small brand whose response model is made by the real stages."""

import hashlib
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

import memberlens
from models.acting.holdout import HoldoutTooSmallError, position
from models.acting.off_policy import LogError
from models.acting.options import OptionsError
from models.acting.plan import REASONS
from models.acting.terms import PlanError
from training import params as settings
from training.acting import claims, draft, pages, plan, readout, truth, weeks, weeks_told, whatif
from training.io import read_json

ROOT = Path(__file__).parents[2]
RUNNER = CliRunner()


@pytest.fixture(scope="module")
def world(acting_world: settings.Params) -> settings.Params:
    """The small brand of the acting commands."""
    return acting_world


def made(world: settings.Params, name: str, **stated: object) -> tuple[pl.DataFrame, dict]:
    """A plan of that name, made anew: its list and its facts."""
    folder = plan.folder(world, name)
    shutil.rmtree(folder, ignore_errors=True)
    told = plan.make(world, draft.Request(name, **({"blind": True} | stated)))
    assert read_json(folder / plan.FACTS) == told
    return pl.read_parquet(folder / plan.LIST), told


def options(path: Path, **changed: object) -> Path:
    """The project's options with some entries changed; None takes one out."""
    found = yaml.safe_load((ROOT / "experiments" / "options.yaml").read_text())
    for key, value in changed.items():
        part, name = key.split("__")
        found[part][name] = value
    path.write_text(yaml.safe_dump(found))
    return path


def test_a_plan_holds_every_rule_of_its_options(world):
    rows, told = made(world, "rules", budget=40.0, explore=0.2)
    known = yaml.safe_load(Path("experiments/options.yaml").read_text())
    given = rows.filter(pl.col("option").is_not_null())
    assert given["cost"].sum() == pytest.approx(told["cost"])
    assert 0 < told["cost"] <= 40.0
    count = dict(given["option"].value_counts().rows())
    assert all(count.get(name, 0) <= part.get("capacity", 1e9) for name, part in known["options"].items())
    sent = pl.read_parquet(world.build / "tables" / "contacts.parquet").filter(pl.col("arm") == "treat")
    reached = set(sent.select("member_id", "content_channel").unique().rows())
    channel = {name: part["channel"] for name, part in known["options"].items()}
    assert {(who, channel[what]) for who, what in given.select("subject", "option").rows()} <= reached
    scores = pl.read_parquet(world.build / "response" / "scores.parquet")
    assert set(rows["subject"]) == set(scores.filter(pl.col("status") == "ok")["subject_id"])
    assert sum(told["not_scored"].values()) + len(rows) == scores["subject_id"].n_unique()


def test_who_had_enough_contacts_or_complains_is_sent_nothing(world):
    rows, told = made(world, "peace")
    moment = 1 + int(scores_moment(world))
    sent = pl.read_parquet(world.build / "tables" / "contacts.parquet").filter(
        pl.col("arm") == "treat", pl.col("event_time") >= moment - 14 * 86400
    )
    full = sent.group_by("member_id").len().filter(pl.col("len") >= 2)["member_id"].to_list()
    got = rows.filter(pl.col("option").is_not_null(), pl.col("arm") != "care")
    assert not got["subject"].is_in(full).any()
    assert rows.filter(pl.col("reason") == "capped")["subject"].is_in(full).all()
    care = rows.filter(pl.col("arm") == "care")
    assert set(care["option"]) <= {"call_complaint"}
    assert not got["option"].is_in(["call_complaint"]).any()
    assert sum(told["by_reason"].values()) == len(rows)


def scores_moment(world: settings.Params) -> int:
    from features.timestamps import extract_moment

    return extract_moment(read_json(world.build / "ingest.json"))


def test_the_same_salt_holds_out_the_same_members(world):
    held = [
        made(world, name, hold_out=0.1, salt=salt)[0].filter(pl.col("arm") == "held_out")["subject"].to_list()
        for name, salt in (("one", "kept"), ("two", "kept"), ("three", "other"))
    ]
    assert held[0] == held[1] != held[2]
    assert (position(held[0], "kept") < 0.1).all()
    rows, _ = made(world, "one", hold_out=0.1, salt="kept")
    assert rows.filter(pl.col("arm") == "held_out")["option"].null_count() == len(held[0]) > 20


def test_a_plan_is_the_same_twice_and_says_nothing_personal(world):
    first, told = made(world, "twice", budget=30.0, explore=0.1)
    second, again = made(world, "twice", budget=30.0, explore=0.1)
    assert first.equals(second)
    assert told == again
    assert first.columns == [
        "subject", "option", "arm", "probability", "expected_gain", "expected_answers", "cost",
        "reason", "reason_en", "reason_zh", "planned", "planned_answers", "score",
    ]  # fmt: skip
    assert first["reason"].is_in(REASONS).all()
    assert first["probability"].is_between(0, 1).all()
    assert (first["probability"] > 0).all()


def test_numbers_are_called_answers_where_no_effect_was_released(world):
    ranking = read_json(world.build / "response" / "uplift" / "ranking.json")["ranking"]
    _, told = made(world, "unit")
    assert (told["unit"] == "added answers") == (ranking == "uplift")
    assert "added answers" not in str(told) or ranking == "uplift"
    assert told["sent"] is False


def test_more_money_never_brings_less(world):
    found = [made(world, "money", budget=sum_)[1]["expected"]["net"]["value"] for sum_ in (5.0, 20.0, 80.0)]
    assert found == sorted(found)
    curve = made(world, "money", budget=20.0)[1]["curve"]
    assert curve["spend"] == sorted(curve["spend"])
    assert curve["gain"] == sorted(curve["gain"])


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"options__sms_discount": {"channel": "sms", "content": "discount"}}, "sms_discount.*cost: missing"),
        (
            {"options__sms_discount": {"channel": "sms", "content": "raffle", "cost": 1.0}},
            "'raffle' was never sent.*contents in the source: .*discount",
        ),
        (
            {
                "channels__letter": {"needs": ["address"]},
                "options__letter_sample": {"channel": "letter", "content": "sample", "cost": 1.0},
            },
            "channel letter: none of .* may be written to",
        ),
    ],
)
def test_an_option_that_cannot_be_used_is_a_sentence(world, tmp_path, changed, says):
    with pytest.raises(OptionsError, match=says):
        plan.make(world, draft.Request("bad", options(tmp_path / "options.yaml", **changed)))
    assert not plan.folder(world, "bad").exists()


def test_what_cannot_be_planned_is_a_sentence(world):
    made(world, "there")
    with pytest.raises(ValueError, match=r"plan there: .* exists already.*choose another name"):
        plan.make(world, draft.Request("there"))
    with pytest.raises(ValueError, match="allowed are small letters"):
        plan.make(world, draft.Request("../there"))
    with pytest.raises(PlanError, match=r"a budget of 0\.001 buys nothing.*at least that"):
        plan.make(world, draft.Request("poor", budget=0.001))
    with pytest.raises(HoldoutTooSmallError, match=r"too small to see anything.*(hold out|plan for)"):
        plan.make(world, draft.Request("blind", hold_out=0.002))
    unstated = world.model_copy(update={"economics": settings.Stated()})
    with pytest.raises(ValueError, match=r"economics\.response: state"):
        plan.make(unstated, draft.Request("worthless"))


def test_a_file_of_consents_by_channel_is_obeyed(world, tmp_path):
    subjects = made(world, "before")[0]["subject"]
    reach = pl.concat(
        pl.DataFrame({"subject_id": subjects, "channel": name, "consent": consents, "address": True})
        for name, consents in (("sms", True), ("wecom", True), ("push", True), ("call", True))
    ).with_columns(consent=(pl.col("channel") != "push") | (pl.col("subject_id") == subjects[0]))
    reach.write_csv(tmp_path / "reach.csv")
    rows, _ = made(world, "reach", reach=tmp_path / "reach.csv")
    pushed = rows.filter(pl.col("option").str.starts_with("push"))
    assert set(pushed["subject"]) <= {subjects[0]}
    reach.drop("address").write_csv(tmp_path / "reach.csv")
    with pytest.raises(ValueError, match="column address is missing"):
        made(world, "reach", reach=tmp_path / "reach.csv")


def test_the_command_is_dry_and_says_so(world):
    shutil.rmtree(plan.folder(world, "spoken"), ignore_errors=True)
    words = ["plan", "spoken", "--budget", "30", "--blind", "--day", "2026-01-20"]
    found = RUNNER.invoke(memberlens.app, words)
    assert found.exit_code == 0, found.output
    assert "dry: nothing was sent" in found.output
    assert "随机留出，用于衡量触达的增量" in found.output
    assert "预算：每追加一单位预算" in found.output
    assert "scores are 19 days old" in found.output
    assert (plan.folder(world, "spoken") / "list.csv").exists()


def test_a_day_before_the_scores_is_refused(world):
    from datetime import date

    with pytest.raises(ValueError, match="a plan is for that day or a later one"):
        plan.make(world, replace(draft.Request("past"), day=date(2025, 1, 1)))


def campaign(world: settings.Params, name: str, seed: int = 0) -> pl.DataFrame:
    """A plan of that name and what became of it: who was contacted answers twice as often."""
    rows, _ = made(world, name, hold_out=0.3)
    on = (rows["arm"] == "contact").to_numpy()
    p = np.where(on, 0.3, 0.15)
    answered = np.random.default_rng(seed).random(len(rows)) < p
    return rows.select("subject", contacted=pl.Series(on), answered=pl.Series(answered.astype(int)))


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
    with pytest.raises(FileNotFoundError, match="make it with `memberlens plan nowhere`"):
        readout.make(world, "nowhere", path)


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
    assert told["low"] < 0.3 < told["high"]
    nothing = pl.DataFrame({"subject": who, "option": [None] * n}, schema_overrides={"option": pl.String})
    nothing.write_csv(tmp_path / "nothing.csv")
    idle = whatif.make(tmp_path / "log.parquet", tmp_path / "nothing.csv")["policy"]["ips"]
    assert idle["low"] < 0.1 < idle["high"]
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
    assert found["policy"]["snips"]["effective"] > 100


def test_no_policy_is_better_than_the_best_that_the_brand_allows(world):
    found = list(truth.trials(world))
    assert len(found) == 20
    for trial in found:
        assert trial.best > 0
        assert max(trial.found.values()) <= 1.001 * trial.best
    shares = {name: np.mean([trial.found[name] / trial.best for trial in found]) for name in found[0].found}
    assert shares["plan"] > shares["random"]
    told = truth.text(world)
    assert len(told.splitlines()) == 21


@pytest.fixture(scope="module")
def weekly(world: settings.Params) -> tuple[draft.Draft, weeks.World, weeks.State]:
    request = draft.Request("weeks", budget=25.0, hold_out=0.0, blind=True)
    made_ = draft.made(world, request, draft.data_day(world))
    return made_, *weeks.world(world, made_, seed=1)


def test_a_week_without_contacts_drives_nobody_away_and_brings_nothing(weekly):
    made_, known, state = weekly
    nothing = np.full(len(state.there), -1)
    after, week = weeks.step(made_, known, state, nothing, np.zeros((4, len(nothing))), 0, state.there)
    assert (week.margin, week.cost, week.contacts, week.blocked) == (0, 0, 0, 0)
    assert (after.there == state.there).all()
    assert after.sent[1:].tolist() == state.sent[:-1].tolist()


@pytest.mark.parametrize("name", list(weeks.POLICIES))
def test_weeks_keep_the_budget_and_write_to_nobody_who_blocked(weekly, name):
    made_, known, state = weekly
    cap = {"plan": made_.inputs.options.per_fortnight, "rested": 1, "top_p": np.inf}[name]
    rng, begun = np.random.default_rng(0), state
    for week in range(5):
        before = state
        choice = weeks.POLICIES[name](made_, before)
        given = choice != -1
        care = given & made_.inputs.options.care[np.maximum(choice, 0)]
        assert made_.inputs.options.cost[choice[given]].sum() <= made_.limits.budget + 1e-9
        assert not (given & ~before.reachable).any()
        assert not (given & ~care & (before.sent[: weeks.FORTNIGHT].sum(axis=0) >= cap)).any()
        state, found = weeks.step(
            made_, known, before, choice, rng.random((4, len(choice))), week, begun.there
        )
        assert not (care & state.complaint).any()
        assert found.blocked == (~state.reachable).sum()
        assert found.reachable <= (before.there & before.reachable).sum()
        assert (state.sent[0] == given).all()


def test_many_messages_drive_members_away_and_their_orders_are_lost(weekly):
    made_, known, state = weekly
    luck = np.full((4, len(state.there)), 0.05)
    push = int(np.flatnonzero(~made_.inputs.options.care & (made_.inputs.options.cost < 0.02))[0])
    everybody = np.full(len(state.there), push)
    tired = weeks.replace(state, sent=np.full_like(state.sent, 1))
    fresh = weeks.replace(state, sent=np.zeros_like(state.sent))
    after, found = weeks.step(made_, known, tired, everybody, luck, 0, state.there)
    rested, better = weeks.step(made_, known, fresh, everybody, luck, 0, state.there)
    assert rested.there.sum() == state.there.sum() > after.there.sum()
    assert better.margin > found.margin


def test_the_weeks_are_told_with_their_range_and_the_same_twice(world):
    words = ["acting-truth", "--weeks", "3", "--seeds", "2", "--budget", "25"]
    first = RUNNER.invoke(memberlens.app, words)
    assert first.exit_code == 0, first.output
    kept = read_json(world.results / weeks_told.FILE)
    assert RUNNER.invoke(memberlens.app, words).output == first.output
    assert read_json(world.results / weeks_told.FILE) == kept
    assert first.output.splitlines()[0].startswith("3 weeks of 25 CNY each, ")
    for policy in kept["policies"].values():
        assert policy["end"]["cost"]["high"] <= 3 * 25 + 1e-6
        for line in weeks_told.LINES:
            curve = policy["curves"][line]
            assert len(curve["value"]) == 3
            assert curve["low"][-1] <= policy["end"][line]["value"] <= curve["high"][-1]
    page = (world.results / weeks_told.PAGE).read_text()
    assert page == pages.weeks(kept, "auto")
    surely = claims.above(kept["policies"], "margin", "top_p")
    assert ("Both plans brought more" in page) == (len(surely) == 2)


def test_a_policy_is_not_more_where_ranges_over_seeds_overlap():
    def end(low: float, high: float) -> dict:
        return {"end": {"margin": {"value": (low + high) / 2, "low": low, "high": high}}}

    found = {"plan": end(5, 9), "rested": end(7, 9), "top_p": end(1, 6)}
    assert claims.above(found, "margin", "top_p") == ["rested"]


def test_the_truth_by_option_is_refused_without_the_simulated_brand(world):
    path = world.build / "truth" / "state.parquet"
    path.rename(path.with_suffix(".aside"))
    try:
        with pytest.raises(ValueError, match="only the simulated brand knows it"):
            list(truth.trials(world))
    finally:
        path.with_suffix(".aside").rename(path)


def test_the_commands_of_the_readme_run_as_they_stand(world):
    section = (ROOT / "README.md").read_text().split("## Acting on scores")[1].split("\n## ")[0]
    lines = [
        shlex.split(line, comments=True) for line in section.split("```bash")[1].split("```")[0].splitlines()
    ]
    commands = {words[1]: words[1:] for words in lines if words}
    acting = ["plan", "audience", "readout", "whatif", "sign-plan", "scenes", "scenes-readout", "offers"]
    assert list(commands) == acting
    shutil.rmtree(plan.folder(world, "spring"), ignore_errors=True)
    explored = [*commands["plan"], "--explore", "0.5", "--holdout", "0.1"]  # as the text below says
    for words in (explored, *(words for name, words in commands.items() if name != "plan")):
        found = RUNNER.invoke(memberlens.app, words)
        assert found.exit_code == 0, (words, found.output, found.exception)
        if words[0] == "plan":
            rows = pl.read_csv(plan.folder(world, "spring") / "list.csv")
            answered = np.random.default_rng(2).random(len(rows)) < 0.2
            told = rows.select("subject", contacted=pl.col("option").is_not_null(), answered=answered)
            told.write_csv("contacts.csv")
            rows.select("subject", option="planned").write_csv("policy.csv")


def test_a_plan_without_scores_says_what_to_run(world):
    scores = world.build / "response" / "scores.parquet"
    scores.rename(scores.with_suffix(".aside"))
    try:
        with pytest.raises(FileNotFoundError, match="run the night run with that task first"):
            plan.make(world, draft.Request("unscored"))
    finally:
        scores.with_suffix(".aside").rename(scores)
