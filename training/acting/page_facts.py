"""What the page of a plan tells beyond the plan's own figures: by layer, where money goes next, in words."""

import polars as pl

from models.acting.draft import Draft
from models.acting_model import acting_folder
from models.fitted.model import Model
from training.acting.draft import TASK
from training.acting.layers import by_layer, by_means
from training.acting.next_money import diagnosis, following
from training.params import Params
from training.reporting.words import said, strings
from training.results.campaign import NotScored, PageFacts, StatedBy


def page_facts(params: Params, draft: Draft, layers: pl.DataFrame) -> PageFacts:
    """Return what the page reads beside ``models.acting.brief.facts``.

    Parameters
    ----------
    layers
        What members are, a row a member of the draft; see ``training.acting.groups``.
    """
    return {
        "not_scored_why": _why(params, draft.inputs.facts["not_scored"]),
        "layers": {**by_layer(draft, layers), **by_means(draft)},
        "next": following(draft, layers),
        "diagnosis": diagnosis(draft, layers),
        "stated": _stated_by(params),
    }


def _why(params: Params, left: dict[str, int]) -> list[NotScored]:
    """The same in words, the most first: who is suppressed, and whom the model is not about."""
    known = {
        boundary.code: boundary for boundary in Model.load(acting_folder(params.build / TASK)).boundaries
    }
    found: list[NotScored] = []
    for code, n in sorted(left.items(), key=lambda pair: (-pair[1], pair[0])):
        boundary, key = known.get(code), f"suppressed.{code}"
        texts = {"en": boundary.en, "zh": boundary.zh} if boundary else said(key) if key in strings() else {}
        found.append({"en": texts.get("en", code), "zh": texts.get("zh", code), "n": n})
    return found


def _stated_by(params: Params) -> StatedBy:
    """Who stated what an answer is worth, and when."""
    stated = getattr(params.economics, TASK)
    return {"owner": stated.owner or None, "date": None if stated.date is None else str(stated.date)}
