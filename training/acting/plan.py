"""``memberlens plan``: who gets what, who is left in peace, and what it should bring.

Writes one folder and sends nothing: the list is for the system that sends.
"""

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from features.timestamps import extract_moment
from models.acting import holdout, plan
from models.acting.budget import BudgetCurve, budget_curve
from models.acting.knapsack import NOTHING
from models.acting.options import Options, read
from models.model import Model
from training.acting.audience import Members, members
from training.acting.effects import ADDED, Effects, effects
from training.acting.groups import groups, kept
from training.acting.words import reasons
from training.data.score_ids import fingerprint
from training.io import read_json, write_json
from training.params import NAME, Economics, Params

OLD = 7  # days after which scores are called old
DRAWS, FEWEST_LEVELS, POINTS = 200, 5, 21
PEACE = tuple(plan.CODE[name] for name in ("no_consent", "quiet", "capped"))
TASK = "response"
LIST, FACTS = "list.parquet", "plan.json"


@dataclass(frozen=True)
class Request:
    """What a campaign manager states.

    Parameters
    ----------
    budget
        Money; None for no limit.
    hold_out, explore
        Shares of members.
    day
        For which the plan is; None is the day of the data.
    salt
        Of the holdout; None is the data set's own, kept over campaigns.
    reach
        File of consents and addresses by channel; see ``training.acting.audience.members``.
    blind
        Plan even where the holdout is too small to see anything.
    """

    name: str
    options: Path = Path("experiments/options.yaml")
    budget: float | None = None
    hold_out: float = 0.05
    explore: float = 0.0
    day: date | None = None
    salt: str | None = None
    reach: Path | None = None
    blind: bool = False


@dataclass(frozen=True)
class Draft:
    """Everything that a plan is made of, and the plan."""

    options: Options
    people: Members
    effects: Effects
    offers: plan.Offers
    limits: plan.Limits
    chance: plan.Chance
    plan: plan.Plan
    worth: float

    @property
    def explores(self) -> np.ndarray:
        """Who explores, shape (members,)."""
        drawn = holdout.position(
            self.people.audience.ids, f"{self.chance.salt}:{self.chance.campaign}:explore"
        )
        open_to = ~np.isin(self.plan.reason, PEACE) & ~self.people.audience.complaint
        return (drawn < self.chance.explore) & ~self.plan.held_out & open_to

    @property
    def free(self) -> np.ndarray:
        """Which options rules leave to members without a complaint, shape (members, options)."""
        audience = self.people.audience
        peace = audience.quiet | (audience.contacts >= self.limits.per_fortnight) | audience.complaint
        return self.offers.allowed & ~self.offers.care & ~peace[:, None]


def folder(params: Params, name: str) -> Path:
    """Return where a plan is kept; ``ValueError`` says what a name may be."""
    if not re.fullmatch(NAME, name):
        raise ValueError(f"plan {name!r}: allowed are small letters, digits, - and _, such as spring-2027")
    return params.results / "plans" / name


def make(params: Params, request: Request) -> dict[str, Any]:
    """Write ``list.parquet``, ``list.csv`` and ``plan.json``; return what the last one says.

    Raises
    ------
    ValueError
        One sentence that says what to change: a name that exists, options, a budget that buys nothing,
        a holdout in which nothing would be seen.
    FileNotFoundError
        A stage of the night run is missing.
    """
    target = folder(params, request.name)
    if target.exists():
        raise ValueError(
            f"plan {request.name}: {target} exists already, and its readout needs it as it was; "
            "choose another name"
        )
    moment, day = _moment(params, request.day)
    draft = drafted(params, request, moment, day)
    told = _facts(params, request, draft, day)
    aside = target.with_name(f"{target.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    rows = listed(draft)
    rows.write_parquet(aside / LIST, compression="zstd")
    rows.write_csv(aside / "list.csv")
    write_json(aside / FACTS, told)
    kept(params, request.name).parent.mkdir(parents=True, exist_ok=True)
    groups(params, draft.people.subjects).write_parquet(kept(params, request.name))
    aside.rename(target)
    return told


def _moment(params: Params, day: date | None) -> tuple[int, date]:
    """The moment up to which the data are known (seconds), and the plan's day."""
    moment = extract_moment(read_json(params.build / "ingest.json")) + 1
    known = datetime.fromtimestamp(moment - 1, UTC).date()
    if day is not None and day < known:
        raise ValueError(f"day {day}: the scores are of {known}; a plan is for that day or a later one")
    return moment, day or known


def drafted(params: Params, request: Request, moment: int, day: date) -> Draft:
    """Make the plan in memory; see ``make``."""
    stated = _stated(params)
    options = read(request.options)
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    people = members(params, options, moment, max(start, moment), request.reach)
    allowed = options.allowed(people.consent, people.address)
    found = effects(params, people.subjects, options)
    worth = stated.value * stated.success
    gain = plan.gain(found.effect, np.full(len(allowed), worth), _risk(options, people), people.loss * worth)
    offers = plan.Offers(gain, options.cost, allowed, options.channel, options.care)
    limits = plan.Limits(
        _budget(options, request.budget, len(gain)),
        options.capacity, options.channel_capacity, options.per_fortnight,
    )  # fmt: skip
    chance = plan.Chance(request.salt or params.data, request.name, request.hold_out, request.explore)
    made = plan.make(offers, people.audience, limits, chance)
    draft = Draft(options, people, found, offers, limits, chance, made, worth)
    if not request.blind:
        _sees_something(params, draft)
    return draft


def _stated(params: Params) -> Economics:
    if not (params.build / TASK / "scores.parquet").exists():
        raise FileNotFoundError(
            f"plan: {params.build / TASK / 'scores.parquet'} is not there; a plan is made from the scores of "
            f"{TASK}: run the night run with that task first (`dvc repro`)"
        )
    stated: Economics | None = getattr(params.economics, TASK)
    if stated is None:
        raise ValueError(
            "economics.response: state in params.yaml what an answer is worth (value, cost, capacity)"
        )
    return stated


def _budget(options: Options, stated: float | None, members: int) -> float:
    """Without a statement as much as everybody's dearest option costs, which never binds."""
    return max(float(options.cost.max()) * members, 1.0) if stated is None else stated


def _risk(options: Options, people: Members) -> np.ndarray:
    """P(opt-out) of each option; an answered complaint is no advertising."""
    risk = np.where(options.care, 0.0, people.risk[options.channel])
    return np.broadcast_to(risk, people.consent.shape[:1] + risk.shape)


def compared(draft: Draft) -> np.ndarray:
    """Return who is compared in the readout: meant to be contacted, held out or not, shape (members,)."""
    return (draft.plan.planned != NOTHING) & ~draft.explores & ~draft.people.audience.complaint


def seen(params: Params, draft: Draft) -> tuple[holdout.Effect, str]:
    """Return the effect that the holdout must show, and what it is taken from."""
    test = pl.read_parquet(params.build / "response" / "test.parquet")
    explained = float(np.nan_to_num(np.corrcoef(test["probability"], test["label"])[0, 1]))
    rows = compared(draft)
    at = np.flatnonzero(rows), draft.plan.planned[rows]
    chance, effect = draft.effects.probability[at].mean(), draft.effects.effect[at].mean()
    path = params.build / "response" / "held_out.parquet"
    if draft.effects.unit == ADDED:
        rate, added, basis = chance - effect, effect, "uplift"
    elif path.exists() and len(held := pl.read_parquet(path)):
        share = float(held["label"].mean()) / float(test["label"].mean())
        rate, added, basis = chance * share, chance * (1 - share), "held out before"
    else:
        rate, added, basis = chance / 2, chance / 2, "assumed: half would answer without a contact"
    rate, added = float(np.clip(rate, 0, 0.99)), float(added)
    return holdout.Effect(rate, max(min(added, 1 - rate), 1e-6), explained), basis


def _sees_something(params: Params, draft: Draft) -> None:
    share = draft.chance.hold_out
    count = int(compared(draft).sum())
    if not count:
        return
    try:
        holdout.check(seen(params, draft)[0], count, float(np.max(share)))
    except holdout.HoldoutTooSmallError as error:
        raise holdout.HoldoutTooSmallError(
            f"the holdout is too small to see anything: {error}; or plan with --blind, and read nothing after"
        ) from None


def listed(draft: Draft) -> pl.DataFrame:
    """Return the list: subjects and codes, what is expected, and why; a row a member."""
    made, options = draft.plan, draft.options
    names = np.array([*(option.name for option in options.options), ""])  # -1 is the last
    each = np.arange(len(made.choice))

    def of(table: np.ndarray, choice: np.ndarray) -> np.ndarray:
        return np.where(choice == NOTHING, 0.0, table[each, np.maximum(choice, 0)])

    def named(choice: np.ndarray) -> pl.Series:
        return pl.Series(names[choice].tolist()).replace("", None)

    codes = pl.Series([plan.REASONS[code] for code in made.reason])
    return pl.DataFrame(
        {
            "subject": draft.people.subjects,
            "option": named(made.choice),
            "arm": pl.Series(_arms(draft).tolist()),
            "probability": made.probability,
            "expected_gain": made.gain,
            "expected_answers": of(draft.effects.effect, made.choice),
            "cost": made.cost,
            "reason": codes,
            **{
                f"reason_{word}": codes.replace_strict(reasons(word), return_dtype=pl.String)
                for word in ("en", "zh")
            },
            "planned": named(made.planned),
            "planned_answers": of(draft.effects.effect, made.planned),
            "score": of(draft.effects.probability, made.planned),
        }
    )


def _arms(draft: Draft) -> np.ndarray:
    made = draft.plan
    given = made.choice != NOTHING
    conditions = [made.held_out, draft.explores, draft.people.audience.complaint & given, given]
    return np.select(conditions, ["held_out", "explore", "care", "contact"], "none")


def _facts(params: Params, request: Request, draft: Draft, day: date) -> dict[str, Any]:
    made, unit = draft.plan, draft.effects.unit
    given = made.choice != NOTHING
    return {
        "name": request.name,
        "data": params.data,
        "day": day.isoformat(),
        "sent": False,
        "unit": unit,
        "currency": draft.options.currency,
        "members": len(given),
        "not_scored": _not_scored(params),
        "contacted": int(given.sum()),
        "by_option": _by_option(draft),
        "by_reason": made.counts(),
        "budget": request.budget,
        "cost": float(made.cost.sum()),
        "expected": _expected(draft),
        "curve": _curve(draft, params.seed),
        "gap": made.solution.gap,
        "prices": _prices(draft),
        "holdout": _holdout(params, draft),
        "explore": draft.chance.explore,
        "salt": draft.chance.salt,
        "worth_of_an_answer": draft.worth,
        "opt_out_risk": dict(
            zip([c.name for c in draft.options.channels], draft.people.risk.tolist(), strict=True)
        ),
        "asked_as": _asked_as(draft),
        "models": _models(params),
        "window_days": getattr(params.spine, TASK).days,
        "options": str(request.options),
    }


def _not_scored(params: Params) -> dict[str, int]:
    """Members who got no score, by why."""
    rows = pl.read_parquet(
        params.build / "response" / "scores.parquet",
        columns=["subject_id", "status", "suppression_reason", "outside_reason"],
    ).unique("subject_id", keep="first")
    why = rows.filter(pl.col("status") != "ok").select(
        why=pl.coalesce("suppression_reason", "outside_reason", "status")
    )
    return dict(why["why"].value_counts().sort("why").rows())


def _by_option(draft: Draft) -> dict[str, int]:
    count = np.bincount(draft.plan.choice[draft.plan.choice != NOTHING], minlength=len(draft.options.options))
    return {option.name: int(n) for option, n in zip(draft.options.options, count, strict=True)}


def _expected(draft: Draft) -> dict[str, Any]:
    """Sums over those who are contacted; the interval is that of past campaigns' levels."""
    made, levels = draft.plan, draft.effects.levels
    at = np.flatnonzero((made.choice != NOTHING) & ~draft.people.audience.complaint)
    by_option = np.bincount(
        made.choice[at], draft.effects.effect[at, made.choice[at]], minlength=len(draft.options.options)
    )
    answers, gain = float(by_option.sum()), float(made.gain.sum())
    found: dict[str, Any] = {"answers": {"value": answers}, "gain": {"value": gain}}
    found["net"] = {"value": gain - float(made.cost.sum())}
    if len(levels) < FEWEST_LEVELS:
        return found | {"interval": f"none: fewer than {FEWEST_LEVELS} past campaigns were tested"}
    drawn = _levels(levels, len(by_option), 0) @ by_option
    low, high = np.quantile(drawn, [0.025, 0.975])
    for name, worth, less in (
        ("answers", 1.0, 0.0),
        ("gain", draft.worth, 0.0),
        ("net", draft.worth, float(made.cost.sum())),
    ):
        risk = answers * worth - (found[name]["value"] + less)
        found[name] |= {"low": float(low) * worth - risk - less, "high": float(high) * worth - risk - less}
    return found | {"interval": f"95 %, by how far {len(levels)} past campaigns were off their prediction"}


def _levels(levels: np.ndarray, options: int, seed: int) -> np.ndarray:
    """Draws of one past campaign's level for each option, shape (draws, options)."""
    return np.random.default_rng(seed).choice(levels, (DRAWS, options))


def _curve(draft: Draft, seed: int) -> dict[str, Any]:
    """What each sum would bring; capacities are not in it."""
    gain, cost, effect = draft.offers.gain, draft.offers.cost, draft.effects.effect * draft.worth
    if len(draft.effects.levels) < FEWEST_LEVELS:
        bare = budget_curve(gain, cost, draft.free, error=np.zeros_like(gain), points=POINTS)
        return {"spend": bare.spend.tolist(), "gain": bare.gain.tolist()}
    drawn = _levels(draft.effects.levels, gain.shape[1], seed)
    found: BudgetCurve = budget_curve(
        gain, cost, draft.free, draws=(gain + effect * (level - 1) for level in drawn), points=POINTS
    )
    return {name: part.tolist() for name, part in vars(found).items()}


def _prices(draft: Draft) -> dict[str, Any]:
    """What one more unit of each limit would bring."""
    prices, options = draft.plan.solution.prices, draft.options
    by_option = zip([option.name for option in options.options], prices.option.tolist(), strict=True)
    by_channel = zip([channel.name for channel in options.channels], prices.channel.tolist(), strict=True)
    return {
        "budget": prices.budget,
        "option": {name: price for name, price in by_option if price > 0},
        "channel": {name: price for name, price in by_channel if price > 0},
    }


def _holdout(params: Params, draft: Draft) -> dict[str, Any]:
    share, rows = float(np.max(draft.chance.hold_out)), compared(draft)
    count, held = int(rows.sum()), int((rows & draft.plan.held_out).sum())
    found: dict[str, Any] = {"share": share, "members": count, "held_out": held}
    if not count:
        return found
    effect, basis = seen(params, draft)
    found |= {
        "rate_without": effect.rate, "added": effect.added, "basis": basis, "explained": effect.explained,
        "power": holdout.power(effect, count - held, held),
    }  # fmt: skip
    smallest = _smallest(effect, count)
    return found | {"smallest_share": smallest, "missed_answers": held * effect.added}


def _smallest(effect: holdout.Effect, members: int) -> float | None:
    try:
        return holdout.smallest_share(effect, members)
    except holdout.HoldoutTooSmallError:
        return None


def _asked_as(draft: Draft) -> dict[str, Any]:
    """As which past campaign each option's answers were asked."""
    names = [option.name for option in draft.options.options]
    rows = draft.effects.asked.to_dicts()
    return {
        names[row.pop("option")]: {key.removeprefix("asked_"): value for key, value in row.items()}
        for row in rows
    }


def _models(params: Params) -> dict[str, Any]:
    """What computed the numbers: hash of the model, and the registry's champion beside it."""
    folder = params.build / "response"
    version = folder / "champion" / "version"
    return {
        "response": fingerprint(Model.load(folder / "final")),
        "champion": version.read_text().strip() if version.exists() else None,
    }


def text(told: dict[str, Any], target: Path) -> str:
    """What a campaign manager reads first."""
    unit, expected, held = told["unit"], told["expected"], told["holdout"]
    money = told["currency"] or ""
    given = {name: count for name, count in told["by_option"].items() if count}
    lines = [
        f"plan {told['name']} for {told['day']}: {told['contacted']:,} of {told['members']:,} members get "
        f"something, cost {told['cost']:,.2f} {money}",
        f"  expected {_interval(expected['answers'])} {unit}, worth {_interval(expected['gain'])} {money}",
        "  " + ", ".join(f"{name} {count:,}" for name, count in given.items()),
        *(
            f"  {count:>9,}  {reasons('en')[code]} | {reasons('zh')[code]}"
            for code, count in told["by_reason"].items()
            if count
        ),
        f"  holdout {held['share']:.1%}: {held['held_out']:,} of {held['members']:,}"
        + (f"; {held['added']:.2%} added to {held['rate_without']:.2%} is seen with probability "
           f"{held['power']:.0%}" if "power" in held else ""),
        f"  gap to the best possible at most {told['gap']:.2%}",
        f"dry: nothing was sent; the list is {target / LIST}",
    ]  # fmt: skip
    if unit != ADDED:
        lines.insert(2, "  these are answers, not added answers: some would have come without a contact")
    return "\n".join(lines)


def _interval(found: dict[str, float]) -> str:
    between = f" ({found['low']:,.0f} to {found['high']:,.0f})" if "low" in found else ""
    return f"{found['value']:,.0f}{between}"


def older(told: dict[str, Any], params: Params) -> str | None:
    """Return a warning where the scores are older than ``OLD`` days, else None."""
    moment = extract_moment(read_json(params.build / "ingest.json"))
    days = (date.fromisoformat(told["day"]) - datetime.fromtimestamp(moment, UTC).date()).days
    return f"the scores are {days} days old; run the night run before you plan" if days > OLD else None
