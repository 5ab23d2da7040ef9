"""How near models come to what the simulated brand knows of itself, and who is really behind their scores.

Only for the simulated brand: of real data nobody knows the truth. Every figure is of test rows or of the
day's scores; nothing is learnt or chosen by it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.metrics import roc_auc_score

from features.compute import compute
from features.feature import DAY
from features.timestamps import extract_moment
from models.fitted.booster_sum import BoosterSum
from models.fitted.model import Model
from models.fitted.release_format import UPLIFT
from models.population import outside
from models.populations.leads import LeadSpine, OpenLeads
from models.scorer import ELSEWHERE, OK
from models.task import task
from training.data.artifacts import Dataset, Ingest, read_artifact
from training.data.feature_groups import available
from training.data.rows import read_all, tables
from training.data.spine import labelled
from training.params import Params
from training.results.evaluated import Detail
from training.synthetic.churn_truth import churn_probability, leaving_probability

LEAVING_DAYS = 60  # within which of those still there are to leave
AGES = ((0, 3), (3, 7), (7, 14), (14, 21), (21, 30))  # days of leads, as they are scored
SHARES = (0.1, 0.2, 0.3)
LOOKS = 5  # at each lead, at ages as they come
Line = tuple[str, str, str]  # what, found, what can be known


@dataclass(frozen=True)
class Known:
    """The simulated brand's truth beside a task's test rows."""

    params: Params
    task: str

    @property
    def folder(self) -> Path:
        return self.params.build / self.task

    @cached_property
    def truth(self) -> dict[str, pl.DataFrame]:
        """The tables of truth, by name."""
        files = (self.params.build / "truth").glob("*.parquet")
        return {path.stem: pl.read_parquet(path) for path in files}

    @cached_property
    def model(self) -> Model:
        return Model.load(self.folder / "model")

    @cached_property
    def facts(self) -> Dataset:
        return read_artifact(Dataset, self.folder)

    @cached_property
    def test(self) -> pl.DataFrame:
        """Return test rows with ``probability``."""
        rows, _ = read_all(self.folder)
        rows = rows.filter(pl.col("split") == "test")
        return rows.with_columns(probability=pl.Series(self.model.probability(rows)))

    @cached_property
    def with_left(self) -> pl.DataFrame:
        """Test rows of members with when each leaves (``left``, seconds)."""
        return self.test.join(
            self.truth["members"].select("member_id", "left"),
            on="member_id",
            how="left",
            maintain_order="left",
        )

    @cached_property
    def with_chances(self) -> pl.DataFrame:
        """Test rows of contacts with the true chances, sent and not."""
        return self.test.join(self.truth["response"], on="contact_id", how="left", maintain_order="left")

    @property
    def calibration_error(self) -> Line:
        """As the report has it."""
        detail = read_artifact(Detail, self.params.results / self.task)
        found = detail["estimators"]["model"]["calibration_error"]["value"]
        return "calibration error", f"{found:.4f}", ".01 at most"

    def silent(self, rows: pl.DataFrame) -> np.ndarray:
        """Return true P(no order in the outcome window), shape (rows,)."""
        spine = self.facts["spine"]
        return churn_probability(self.truth, rows, spine["gap"], spine["days"]).to_numpy()


def compare(params: Params) -> Iterator[tuple[str, list[Line]]]:
    """Yield each task that has a truth, with its figures."""
    for name in params.tasks:
        if name in FIGURES:
            known = Known(params, name)
            yield name, [*FIGURES[name](known), *_bands(known)]


@dataclass(frozen=True)
class Ceiling:
    """Return test rows with what the model says and what can be known at most.

    Parameters
    ----------
    rows
        As ``Known.test``, one line a question.
    label, truth
        The outcome and its true probability, of shape (rows,).
    """

    rows: pl.DataFrame
    label: np.ndarray
    truth: np.ndarray

    def share(self, score: np.ndarray, weight: np.ndarray | None = None) -> float:
        """Return the AUC of ``score`` above one half as a part of the truth's, rows weighted."""
        found, most = (roc_auc_score(self.label, one, sample_weight=weight) for one in (score, self.truth))
        return float((found - 0.5) / (most - 0.5))

    def told(self, score: np.ndarray | None = None) -> str:
        """Return it in words; of the model where no other ``score`` is given."""
        score = self.rows["probability"].to_numpy() if score is None else score
        found, most = roc_auc_score(self.label, score), roc_auc_score(self.label, self.truth)
        return f"AUC {found:.3f} of {most:.3f}: {self.share(score):.1%} of the lift"


def leavers(known: Known, start: int) -> Ceiling:
    """Return who of those still there leaves in ``LEAVING_DAYS`` from ``start`` days on (churn)."""
    there = known.with_left.filter(pl.col("left") > pl.col("as_of"))
    leaves = leaving_probability(known.truth, there, start, LEAVING_DAYS).to_numpy()
    days = ((there["left"] - there["as_of"]) / DAY).to_numpy()
    return Ceiling(there, (days > start) & (days <= start + LEAVING_DAYS), leaves)


def returners(known: Known) -> Ceiling:
    """Return who of the silent and lost comes back (recall)."""
    return Ceiling(known.test, known.test["label"].to_numpy(), 1 - known.silent(known.test))


def answerers(known: Known) -> Ceiling:
    """Return who of those contacted answers (response)."""
    sent = known.with_chances.filter(pl.col("arm") == "treat")
    return Ceiling(sent, sent["label"].to_numpy(), sent["probability_treated"].to_numpy())


def _churn(known: Known) -> Iterator[Line]:
    rows = known.with_left
    p, left = rows["probability"].to_numpy(), (rows["left"] <= rows["as_of"]).to_numpy()
    top = np.argsort(-p, kind="stable")[: len(p) // 5]
    yield "top fifth that had left before", f"{left[top].mean():.1%} (all {left.mean():.1%})", "25 % at most"
    gap = known.facts["spine"]["gap"]
    for start in dict.fromkeys((7, gap)):
        found = leavers(known, start).told()
        yield f"who of those still there leaves in days {start} to {start + LEAVING_DAYS}", found, "80 %"
    yield known.calibration_error


def _recall(known: Known) -> Iterator[Line]:
    found = returners(known)
    yield "who comes back", found.told(), "90 %"
    recency = -found.rows["days_since_order"].fill_null(1e4).to_numpy()
    yield "recency alone", found.told(recency), "less than the model"
    yield known.calibration_error


def _response(known: Known) -> Iterator[Line]:
    rows = known.with_chances
    yield "who answers", answerers(known).told(), "96 %"
    effect = (rows["probability_treated"] - rows["probability_control"]).to_numpy()
    orders = {"probability": rows["probability"].to_numpy()}
    if (uplift := BoosterSum.load(known.folder / UPLIFT)) is not None:
        orders["uplift"] = uplift.predict(known.model.inputs(rows).matrix)
    for name, order in orders.items():
        parts = [_added(effect, order, share) / _added(effect, effect, share) for share in SHARES]
        told = " / ".join(f"{part:.3f}" for part in parts)
        yield f"added answers by {name}, best 10/20/30 %", told, "1 / 1 / 1"


def _added(effect: np.ndarray, order: np.ndarray, share: float) -> float:
    best = np.argsort(-order, kind="stable")[: round(share * len(order))]
    return float(effect[best].sum())


def _lead(known: Known) -> Iterator[Line]:
    rows, truth = known.test, known.truth["lead"]
    keyed = rows.with_columns(age_days=pl.col("lead_age_days").round().cast(truth.schema["age_days"]))
    both = keyed.join(truth, on=["lead_id", "age_days"], suffix="_true")
    found = Ceiling(both, both["label"].to_numpy(), both["probability_true"].to_numpy())
    yield "who converts", found.told(), "100 %"
    between = _between(known)
    for low, high in AGES:
        part = between.filter(pl.col("lead_age_days").is_between(low, high))
        events, expected = part["label"].sum(), part["probability"].sum()
        ratio = f"{expected / events:.2f}" if events else "no event"
        yield f"expected over observed, {low} to {high} days", f"{ratio} ({events} events)", ".8 to 1.25"


def _between(known: Known) -> pl.DataFrame:
    """Leads of the test's period at ages as they come, with ``label`` and ``probability``."""
    lead, spine = task(known.task), LeadSpine.model_validate(known.facts["spine"])
    data = tables(known.params.build / "tables")
    end = extract_moment(read_artifact(Ingest, known.params.build))
    leads = pl.concat([data["leads"].select("lead_id", "known_time").collect()] * LOOKS)
    ages = np.random.default_rng(known.params.seed).random(len(leads)) * max(spine.ages) * DAY
    moments = pl.col("known_time") + pl.Series(ages.astype(np.int64)) + 1
    rows = OpenLeads.still_open(leads.select("lead_id", as_of=moments), data).with_row_index("row_id")
    rows = labelled(lead, rows.cast({"row_id": pl.Int64}), data, spine)
    rows = rows.filter(pl.col("as_of") >= known.facts["test_start_time"], pl.col("window_end") <= end)
    found = compute(rows.lazy(), data, available(known.params, lead.groups)).collect()
    frame = rows.join(found, on="row_id")
    frame = frame.filter(outside(frame, known.model.boundaries).is_null())
    return frame.with_columns(probability=pl.Series(known.model.probability(frame)))


def _bands(known: Known) -> Iterator[Line]:
    """Whether bands acted on (else the highest) fill their share; who has a number and may have none."""
    rows = pl.read_parquet(known.folder / "scores.parquet")
    scored = rows.filter(pl.col("status") == OK)
    acted = task(known.task).acted_bands
    bands = known.model.card["bands"][: acted or 1]
    share = scored["band"].is_in([band["name"] for band in bands]).mean()
    what = "acted on" if acted else "in the highest band"
    yield f"{what}, of those scored that day", f"{share:.1%}", f"{sum(band['share'] for band in bands):.1%}"
    why = rows.filter(pl.col("status").is_in([ELSEWHERE, "suppressed"]))
    yield "not scored, and with a number", f"{why['probability'].count()} of {len(why):,}", "0"


FIGURES: dict[str, Callable[[Known], Iterator[Line]]] = {
    "lead": _lead, "response": _response, "churn": _churn, "recall": _recall,
}  # fmt: skip


def text(params: Params) -> str:
    """Return everything as a table for people.

    Raises
    ------
    ValueError
        Of another data set than the simulated brand: nobody knows its truth.
    """
    if params.data != "brand":
        raise ValueError(f"{params.data}: only the simulated brand knows its truth; `memberlens use brand`")
    read_artifact(Ingest, params.build)  # which says what to run where nothing was made yet
    lines = []
    for name, found in compare(params):
        lines += [name, *(f"  {what:58} {value:42} {goal}" for what, value, goal in found)]
    return "\n".join(lines)
