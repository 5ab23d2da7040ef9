"""What the pipeline publishes about acting, for the tiny brand: scenes, offers and a plan."""

from pathlib import Path

import numpy as np
import polars as pl

from features.timestamps import iso
from models.acting import draft, inputs, options, published_plans, published_scenes, scene_file
from models.acting.brief import facts as told_of
from models.acting.facts import BOOLEAN, CATEGORY, facts
from models.acting.scenes import Situation, judged
from models.acting.terms import Audience

ROOT = Path(__file__).parents[1]
OPTIONS = options.read(ROOT / "experiments" / "options.yaml")
SCENES = scene_file.read(ROOT / "experiments" / "scenes.yaml", OPTIONS)
SUPPRESSED = {"m0": "profiling_refused", "m2": "deceased", "m3": "minor", "m4": "do_not_contact"}
COMPLAINS = ("m0", "m2", "m4", "m6")
TYPES = {BOOLEAN: pl.Boolean, CATEGORY: pl.String}
SALT = "tiny-2"  # by which some are held out of every scene that is tested
PLAN = draft.PlanRequest("spring", budget=1.0, hold_out=0.2, blind=True)


def publish(folder: Path, moment: int, members: int) -> None:
    """Write all three below ``folder`` as of ``moment`` (seconds)."""
    publish_scenes(folder, moment, members)
    found = offers(members, moment)
    inputs.save(folder / inputs.FOLDER, found)
    made = draft.drafted(found, PLAN)
    published_plans.write(folder / published_plans.FOLDER, PLAN.name, draft.listed(made), told_of(PLAN, made))


def publish_scenes(folder: Path, moment: int, members: int) -> None:
    """Carts, empty packs, complaints and leads that wait, of the project's own scenes."""
    people = situation(members)
    rows = judged(SCENES, OPTIONS, people, SALT)
    told = {
        "as_of": iso(moment), "salt": SALT, "hold_out": SCENES.hold_out,
        "scenes": [
            {"name": one.name, "en": one.en, "zh": one.zh, "about": one.about, "owner": one.owner,
             "care": one.is_care, "hold_out": one.hold_out}
            for one in SCENES.scenes
        ],
    }  # fmt: skip
    published_scenes.write(folder / published_scenes.FOLDER, rows, told)


def situation(members: int) -> Situation:
    """Members m0, m1, ... and as many leads; every third left a cart, every fifth should need a new pack."""
    ids = [f"m{at}" for at in range(members)] + [f"l{at}" for at in range(members)]
    kind = np.array(["member"] * members + ["lead"] * members, dtype=object)
    known = {name: [None] * len(ids) for name in facts()}
    for at, one in enumerate(ids):
        known["open_complaint"][at] = one in COMPLAINS
        known["complaint_days"][at] = 2.0 if one in COMPLAINS else None
        if one in SUPPRESSED:
            continue
        known["cart_days"][at] = 2.0 if at % 3 == 2 else None
        known["pack_empty_days"][at] = 4.0 if at % 5 == 0 else None
        known["stage"][at] = "mature"
        known["lead_band"][at] = "A" if one.startswith("l") and at % 2 else None
        known["lead_waits_days"][at] = 3.0
    schema = {name: TYPES.get(fact.kind, pl.Float64) for name, fact in facts().items()}
    reached = np.ones((len(ids), len(OPTIONS.channels)), dtype=bool)
    zeros = np.zeros(len(ids), dtype=np.int64)
    complains = np.array([one in COMPLAINS for one in ids])
    suppressed = np.array([SUPPRESSED.get(one) for one in ids], dtype=object)
    audience = Audience(ids, zeros, zeros, zeros.astype(bool), complains)
    frame = pl.DataFrame(known, schema=schema)
    return Situation(frame, kind, suppressed, audience, reached, reached, {})


def offers(members: int, moment: int) -> inputs.Inputs:
    """Members who may be written to, with answers drawn from a seed."""
    ids = [f"m{at}" for at in range(members) if f"m{at}" not in SUPPRESSED]
    rng, n = np.random.default_rng(5), len(ids)
    care = OPTIONS.care
    probability = np.where(care, 0.0, rng.uniform(0.01, 0.2, (n, len(care))))
    zeros = np.zeros(n, dtype=np.int64)
    audience = Audience(ids, zeros, zeros, zeros.astype(bool), np.isin(ids, COMPLAINS))
    reached = np.ones((n, len(OPTIONS.channels)), dtype=bool)
    risk = np.full(len(OPTIONS.channels), 0.001)
    people = inputs.Members(
        pl.Series(ids), audience, reached, reached, np.full(n, 0.1), zeros, risk, np.ones(7)
    )
    asked = pl.DataFrame({"option": [0], "asked_channel": ["sms"]}, schema_overrides={"option": pl.Int64})
    effects = inputs.Effects(
        probability, probability, inputs.ANSWERS, np.array([0.8, 0.9, 1, 1.1, 1.2]), asked
    )
    known = {
        "data": "brand", "day": iso(moment)[:10], "known": iso(moment)[:10], "seed": 7, "explained": 0.2,
        "left_alone": 0.5, "window_days": 14, "not_scored": {}, "models": {}, "options": "options.yaml",
    }  # fmt: skip
    return inputs.Inputs(OPTIONS, people, effects, 60.0, known)
