"""Stage ``evaluate``: the model and its baselines on later rows that nothing was chosen on."""

from pathlib import Path

import numpy as np
import polars as pl

from models.baselines import mbgnbd, reference
from models.fitted.model import Model
from models.learners.encoder import Encoder
from models.task import Task
from models.task import task as task_named
from training.data.artifacts import Dataset, write_artifact
from training.data.rows import KEYS, is_contacted, read_all
from training.evaluation.contact_list import MODEL, NO_ORDER
from training.evaluation.looks import look
from training.evaluation.metrics import estimates, integer_codes, rate
from training.evaluation.recalibration import rolling
from training.io import say, sha256, write_json
from training.params import Params
from training.results.estimate import Measures
from training.results.evaluated import MONTHLY, Decile, Detail, Metrics, Period

PERIOD = "%Y-%m"


def evaluate(params: Params, name: str) -> None:
    """Write ``test.parquet``, ``held_out.parquet``, ``metrics.json``, ``detail.json`` and the plots.

    Rows held out in a control arm are scored, too, so that money can be told by what a contact adds.
    """
    folder, out = params.build / name, params.results / name
    rows, facts = read_all(folder)
    model = Model.load(folder / "model")
    later = rows.filter(pl.col("split") == "test")
    every, unusable = _scores(task_named(name), rows, later, model, params.seed, facts["spine"]["days"])
    contacted = is_contacted(later)
    both = _predictions(later, model, every)
    both.filter(~contacted).write_parquet(folder / "held_out.parquet")
    test, predictions = later.filter(contacted), both.filter(contacted)
    followed = rolling(model.calibration, predictions)
    predictions.with_columns(rebased=pl.Series(followed)).write_parquet(folder / "test.parquet")
    look(out, test, sha256(folder / "model" / "model.ubj"))
    scores = {one: score[contacted.to_numpy()] for one, score in every.items()}
    detail = _judged(params, name, test, facts, scores | {"rebased": followed}, unusable)
    best, metrics = detail["best_baseline"], detail["estimators"]
    write_artifact(out, Metrics, _headline(detail))
    write_artifact(out, Detail, detail)
    write_plots(out / "plots", test["label"].to_numpy(), scores, detail["deciles"], best)
    auc = {key: metrics[key]["auc"]["value"] for key in ("model", best)}
    say(f"{name}: test AUC {auc['model']:.3f}, best baseline {best} {auc[best]:.3f}")


def _judged(
    params: Params,
    name: str,
    test: pl.DataFrame,
    facts: Dataset,
    scores: dict[str, np.ndarray],
    unusable: list[str],
) -> Detail:
    """Every figure of the test rows; ``scores`` of the model, of its baselines and of the re-based model."""
    label, subject = test["label"].to_numpy(), integer_codes(test[facts["subject"]].to_numpy())
    say(f"{name}: {params.evaluate.resamples} resamples of {len(label):,} rows")
    metrics, differences = estimates(label, scores, subject, params.evaluate.resamples, params.seed)
    rebased, _ = metrics.pop("rebased"), differences.pop("rebased")
    return {
        "task": name,
        "data": params.data,
        "n": len(label),
        "positives": int(label.sum()),
        "subjects": int(subject.max()) + 1,
        "base_rate": float(label.mean()),
        "estimators": metrics,
        "rebased": rebased,
        "best_baseline": _best(metrics),
        "unusable": unusable,
        "differences": differences,
        "deciles": deciles(label, scores["model"], subject),
        "periods": _periods(test, scores["model"], subject, params.seed) if facts["dated"] else [],
    }


def _best(metrics: dict[str, Measures]) -> str:
    """The simple method with the highest average precision; no order at all where each is worse than that.

    A method that ranks worse than chance is nothing that somebody would use: to beat it says nothing.
    """
    simple = [one for one in metrics if one != MODEL]
    return max(simple, key=lambda one: metrics[one]["average_precision"]["value"] or 0)


def _scores(
    task: Task, rows: pl.DataFrame, later: pl.DataFrame, model: Model, seed: int, days: int
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Scores of later rows by the model and everything it must beat; names of what is no yardstick.

    A method that says the same of everybody chooses nobody: to be better than it is nothing.
    """
    past = rows.filter(is_contacted(rows) & (rows["split"] != "test"))
    found = {"model": model.probability(later)}
    found |= _baselines(task, past, later, model.encoder, seed, days)
    unusable = [one for one in found if one not in (MODEL, NO_ORDER) and np.ptp(found[one]) == 0]
    for one in unusable:
        say(f"{task.name}: baseline {one} says the same of everybody and is no yardstick; it is left out")
    return {one: score for one, score in found.items() if one not in unusable}, unusable


def _baselines(
    task: Task, past: pl.DataFrame, test: pl.DataFrame, encoder: Encoder, seed: int, days: int
) -> dict[str, np.ndarray]:
    """Scores of everything the model must beat."""
    label = past["label"].to_numpy()
    found = {"prevalence": reference.prevalence(label, len(test))}
    if task.baseline_feature in past.columns:
        found["rule"] = reference.rule(task, past, test)
    if "content_type" in past.columns:
        found["content_mean"] = reference.by_category(past, test, "content_type")
    no_sale = task.outcome.absent and task.outcome.table == "purchases"
    if no_sale and set(mbgnbd.COLUMNS) <= set(past.columns):
        found["mbgnbd"] = mbgnbd.churn(past, test, days)
    found["logistic"] = reference.Logistic.fit(encoder, past, label, seed).probability(test)
    return found


def _predictions(test: pl.DataFrame, model: Model, scores: dict[str, np.ndarray]) -> pl.DataFrame:
    keys = [name for name in KEYS if name in test.columns]
    margin = model.margin(model.inputs(test)).astype(np.float64)
    named = {
        ("probability" if name == "model" else f"baseline_{name}"): score for name, score in scores.items()
    }
    return test.select(keys).with_columns(
        margin=pl.Series(margin), **{k: pl.Series(v) for k, v in named.items()}
    )


def _headline(detail: Detail) -> Metrics:
    """At most fifteen flat numbers, their names stable."""
    model, gain = detail["estimators"]["model"], detail["differences"][detail["best_baseline"]]
    return {
        "auc": model["auc"]["value"],
        "average_precision": model["average_precision"]["value"],
        "lift_10": model["lift_10"]["value"],
        "capture_20": model["capture_20"]["value"],
        "brier": model["brier"]["value"],
        "expected_over_observed": model["expected_over_observed"]["value"],
        "calibration_error": model["calibration_error"]["value"],
        "auc_low": model["auc"]["low"],
        "auc_high": model["auc"]["high"],
        "average_precision_low": model["average_precision"]["low"],
        "average_precision_high": model["average_precision"]["high"],
        "gain_average_precision": gain["average_precision"]["value"],
        "gain_average_precision_low": gain["average_precision"]["low"],
        "rebased_expected_over_observed": detail["rebased"]["expected_over_observed"]["value"],
        "base_rate": detail["base_rate"],
    }


def deciles(label: np.ndarray, score: np.ndarray, subject: np.ndarray) -> list[Decile]:
    """Return ten equal parts by score, the highest first; intervals by subject."""
    order = np.argsort(-score, kind="stable")
    total, base, caught, rows = label.sum(), label.mean(), 0, 0
    found: list[Decile] = []
    for number, part in enumerate(np.array_split(order, 10), 1):
        positives = int(label[part].sum())
        caught, rows = caught + positives, rows + len(part)
        low, high = rate(label[part], subject[part])
        found.append(
            {
                "decile": number, "n": len(part), "positives": positives,
                "rate": positives / max(len(part), 1),
                "rate_low": low, "rate_high": high, "expected": float(score[part].mean()),
                "score_low": float(score[part].min()), "score_high": float(score[part].max()),
                "lift": float(positives / max(len(part), 1) / base), "capture": float(caught / total),
                "cumulative_lift": float(caught / rows / base),
            }
        )  # fmt: skip
    return found


def _periods(test: pl.DataFrame, score: np.ndarray, subject: np.ndarray, seed: int) -> list[Period]:
    """The same by calendar month of the as-of moment; intervals by subject."""
    month = pl.from_epoch("as_of", time_unit="s").dt.strftime(PERIOD)
    frame = test.select("label", period=month).with_columns(
        score=pl.Series(score), subject=pl.Series(subject)
    )
    found = []
    for (period,), part in sorted(frame.group_by("period"), key=lambda item: str(item[0])):
        label, p = part["label"].to_numpy(), part["score"].to_numpy()
        row: Period = {
            "period": period,
            "n": len(label),
            "positives": int(label.sum()),
            "rate": float(label.mean()),
            "expected": float(p.mean()),
        }
        if 0 < label.sum() < len(label):
            who = integer_codes(part["subject"].to_numpy())
            metrics, _ = estimates(label, {"model": p}, who, 100, seed)
            for key in MONTHLY:
                row[key] = metrics["model"][key]
        found.append(row)
    return found


def write_plots(
    folder: Path, label: np.ndarray, scores: dict[str, np.ndarray], parts: list[Decile], best: str
) -> None:
    """Write gains and reliability as points, for DVC's plots."""
    gains = []
    for name in ("model", best):
        caught = np.cumsum(label[np.argsort(-scores[name], kind="stable")]) / label.sum()
        places = np.unique(np.linspace(0, len(label) - 1, 101).astype(int))
        gains += [
            {"scores": name, "share": float((i + 1) / len(label)), "capture": float(caught[i])}
            for i in places
        ]
    reliability = [{"expected": row["expected"], "observed": row["rate"]} for row in parts]
    write_json(folder / "gains.json", gains)
    write_json(folder / "reliability.json", reliability)
