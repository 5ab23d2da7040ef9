"""The simulated brand keeps the contract and is the same for the same seed."""

from datetime import date

import brand_outcomes as outcomes
import pandera.errors
import polars as pl
import pytest
from brand_outcomes import DAY, SECONDS

from features import tables
from training.synthetic.brand import Brand, churn_probability, parts, simulate

START, END = date(2023, 7, 1), date(2026, 7, 1)


@pytest.fixture(scope="module")
def brand() -> Brand:
    return outcomes.brand(1)


def test_same_seed_same_rows() -> None:
    once, again, other = (simulate(500, 1_000, START, END, seed) for seed in (4, 4, 5))
    for part, twin in ((once.tables, again.tables), (once.truth, again.truth)):
        assert [name for name, frame in part.items() if not frame.equals(twin[name])] == []
    assert not once.tables["purchases"].equals(other.tables["purchases"])


@pytest.mark.parametrize(("members", "leads"), [(1, 1), (200, 200), (300, 20_000)])
def test_any_size(members: int, leads: int) -> None:
    small = simulate(members, leads, date(2024, 1, 1), date(2024, 6, 1), 0)
    assert small.truth["members"].height == members
    assert small.tables["leads"].height <= leads


def test_too_short_or_empty_is_refused() -> None:
    with pytest.raises(ValueError, match="120 days"):
        simulate(200, 200, START, date(2023, 8, 1), 0)
    with pytest.raises(ValueError, match="0 members"):
        simulate(0, 200, START, END, 0)


def good(brand: Brand, name: str) -> pl.DataFrame:
    """The rows of a table that are not wrong for the contract by themselves."""
    frame = brand.tables[name]
    if name == "events":
        return frame.filter(pl.col("channel") != "fax")
    return frame.filter(pl.col("satisfaction").fill_null(1) <= 5) if name == "care" else frame


@pytest.mark.parametrize("name", tables.TABLES)
def test_every_table_keeps_the_contract(brand: Brand, name: str) -> None:
    frame = brand.tables[name]
    strange = [c for c in frame.columns if c not in tables.columns(name) and not c.startswith("x_")]
    assert strange == []
    assert tables.TABLES[name].validate(tables.complete(name, good(brand, name))).height > 0


@pytest.mark.parametrize("name", ["events", "care"])
def test_rows_that_break_the_contract_are_planted(brand: Brand, name: str) -> None:
    with pytest.raises(pandera.errors.SchemaError):
        tables.TABLES[name].validate(tables.complete(name, brand.tables[name]))


def test_planted_rows_are_found_again_and_few(brand: Brand) -> None:
    rows = brand.tables
    future = pl.col("occurred_at") >= pl.datetime(END.year, END.month, END.day, time_zone="UTC")
    found = {
        ("purchases", "negative quantity in a sale"): (pl.col("quantity") < 0) & (pl.col("kind") == "sale"),
        ("purchases", "in the future"): future,
        ("purchases", "unknown member"): pl.col("member_id") == "m_nobody",
        ("events", "in the future"): future,
        ("events", "unknown channel"): pl.col("channel") == "fax",
        ("contacts", "unknown member"): pl.col("member_id") == "m_nobody",
        ("responses", "neither member nor lead"): pl.col("member_id").is_null() & pl.col("lead_id").is_null(),
        ("care", "satisfaction out of range"): pl.col("satisfaction") > 5,
    }
    planted = {(table, fault): count for table, fault, count in brand.truth["planted"].iter_rows()}
    assert {key: rows[key[0]].filter(which).height for key, which in found.items()} == planted
    total = sum(rows[table].height for table in {table for table, _ in planted})
    assert 0 < sum(planted.values()) < 0.002 * total


@pytest.mark.parametrize("name", ["members", "leads", "identities", "campaigns", "contacts"])
def test_nothing_but_planted_rows_lies_outside_the_period(brand: Brand, name: str) -> None:
    assert brand.tables[name]["occurred_at"].max() < brand.tables["purchases"]["occurred_at"].max()
    assert (brand.tables[name].select(SECONDS).max() < outcomes.end(brand)).to_series().all()


@pytest.mark.parametrize("name", ["purchases", "events", "responses", "care"])
def test_some_rows_become_known_late_but_before_the_end(brand: Brand, name: str) -> None:
    delay = brand.tables[name].with_columns(known=pl.col("recorded_at").dt.epoch("s"), time=SECONDS)
    late = delay.drop_nulls("known")
    assert 0.01 < late.height / delay.height < 0.05
    assert (late["known"] - late["time"] >= 3_600).all()
    assert (late["known"] < outcomes.end(brand)).all()


def test_rows_of_unbound_accounts_come_before_their_binding(brand: Brand) -> None:
    bindings = brand.tables["identities"].select(
        account=pl.col("platform") + ":" + pl.col("account_id"), bound=SECONDS
    )
    for name in ("purchases", "events"):
        rows = brand.tables[name].filter(pl.col("member_id").str.contains(":"), outcomes.end(brand) > SECONDS)
        joined = rows.with_columns(time=SECONDS).join(bindings, left_on="member_id", right_on="account")
        assert joined.height == rows.height > 20
        sales = joined.filter(pl.col("kind") != "return")
        assert (sales["time"] < sales["bound"]).all()


def test_leads_that_convert_are_bound_to_a_member_who_buys_at_once(brand: Brand) -> None:
    bound = brand.tables["identities"].filter(pl.col("platform") == "lead").with_columns(time=SECONDS)
    won = brand.tables["responses"].filter(pl.col("kind") == "converted")
    assert set(bound["account_id"]) <= set(won["lead_id"])
    first = outcomes.bound(brand, "purchases").group_by("member_id").agg(pl.col("time").min().alias("first"))
    joined = bound.filter(pl.col("time") < outcomes.end(brand) - 30 * DAY).join(first, on="member_id")
    assert joined.height > 50
    assert ((joined["first"] - joined["time"]) <= 3_600).mean() > 0.9


def test_nobody_is_written_to_after_an_opt_out(brand: Brand) -> None:
    consents = brand.tables["members"].with_columns(since=SECONDS).sort("since")
    latest = (
        brand.tables["contacts"]
        .filter(pl.col("member_id") != "m_nobody")
        .with_columns(time=SECONDS)
        .sort("time")
        .join_asof(consents, left_on="time", right_on="since", by="member_id")
    )
    late = latest.filter(pl.col("consent_marketing") != "granted")
    assert (late["time"] - late["since"] < 6 * 3_600).all()
    assert not latest["deceased"].any()
    assert (brand.tables["members"]["consent_marketing"] == "withdrawn").sum() > 100


def test_leads_say_in_the_form_whether_they_may_be_scored(brand: Brand) -> None:
    leads = brand.tables["leads"]
    for word, granted in (("consent_profiling", 0.90), ("consent_marketing", 0.82)):
        shares = dict(leads[word].value_counts(normalize=True).iter_rows())
        assert shares.keys() == {"granted", "withdrawn", "unknown"}
        assert abs(shares["granted"] - granted) < 0.03
        assert min(shares.values()) > 0.02
    won = brand.tables["responses"].filter(pl.col("kind") == "converted")["lead_id"]
    converted = leads.filter(pl.col("lead_id").is_in(won.to_list()))
    assert (converted["consent_profiling"] == "granted").mean() == pytest.approx(0.9, abs=0.06)


def test_ids_tell_nothing(brand: Brand) -> None:
    members = brand.truth["members"].with_columns(number=pl.col("member_id").str.slice(1).cast(pl.Int64))
    for column in ("rate", "since", "left"):
        assert abs(members.select(pl.corr("number", column, method="spearman")).item()) < 0.06
    leads = brand.tables["leads"].with_columns(
        number=pl.col("lead_id").str.slice(1).cast(pl.Int64), time=SECONDS
    )
    assert abs(leads.select(pl.corr("number", "time", method="spearman")).item()) < 0.06


def test_a_brand_is_the_same_however_many_processes_make_its_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.synthetic.brand.BLOCK", 100)
    asked = (250, 500, date(2024, 1, 1), date(2024, 6, 1), 3)
    one, several = (list(parts(*asked, processes=processes)) for processes in (1, 2))
    assert len(one) == len(several) == 5
    for part, again in zip(one, several, strict=True):
        for frames, same in ((part.tables, again.tables), (part.truth, again.truth)):
            assert list(frames) == list(same)
            assert all(frames[name].equals(same[name]) for name in frames)


def test_blocks_make_one_brand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.synthetic.brand.BLOCK", 300)
    whole = simulate(1_000, 2_000, START, END, 3)
    members = whole.truth["members"]
    assert members["member_id"].is_unique().all()
    assert members.height == 1_000
    assert whole.tables["contacts"].filter(pl.col("member_id") != "m_nobody")["contact_id"].is_unique().all()
    assert set(whole.tables["purchases"]["kind"]) == {"sale", "return"}
    tickets = whole.tables["care"].select("ticket_id", "member_id").unique()
    assert tickets["ticket_id"].is_unique().all()
    sales = whole.tables["purchases"].filter(pl.col("kind") == "sale", outcomes.end(whole) > SECONDS)
    assert sales.group_by("order_id").agg(pl.col("occurred_at").n_unique())["occurred_at"].max() == 1
    seen = whole.truth["visits"].group_by("member").agg(pl.col("time").min()).sort("member")
    since = members["since"].gather(seen["member"])
    assert (seen["time"] >= since).all()
    moment = outcomes.end(whole) - 100 * DAY
    spine = members.filter(pl.col("since") < moment).select("member_id", as_of=pl.lit(moment))
    alone = churn_probability(whole.truth, spine.tail(5), 7, 60)
    assert churn_probability(whole.truth, spine, 7, 60).tail(5).to_list() == pytest.approx(alone.to_list())
