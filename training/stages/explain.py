"""Stage ``explain``: what drives the score, on a sample of the test rows, and whether it adds up."""

from pathlib import Path

import numpy as np
import polars as pl

from features.catalog import ABOUT_CONTENT
from models.counterfactual import Counterfactuals
from models.fitted.model import Model
from models.phrases import family
from models.scorer import Population, Scorer
from training.data.artifacts import Dataset, Tuned, read_artifact, write_artifact
from training.data.rows import read_contacted
from training.evaluation.bootstrap import band, resamples
from training.evaluation.metrics import integer_codes
from training.evaluation.robustness import Bench, lagged, stress
from training.io import say
from training.params import Params
from training.results.estimate import FiniteEstimate
from training.results.explained import Explained, FamilyWeight, FeatureWeight, OtherwiseCount, Stress

DRAWS = 200
TOLERANCE = 1e-5  # share of the size of what is added up; XGBoost sums in single precision


def explain(params: Params, name: str) -> None:
    """Write ``shap.parquet``, ``explain.json`` and ``stress.json`` under ``explain/``.

    Raises
    ------
    ValueError
        Where contributions and base do not add up to a row's calibrated log-odds.
    """
    folder = params.build / name
    facts, model = read_artifact(Dataset, folder), Model.load(folder / "model")
    rows = sample(folder, params.seed, params.explain.rows)
    values, base = model.contributions(model.inputs(rows))
    error = np.abs(values.sum(axis=1) + base - model.calibration.log_odds(rows["margin"].to_numpy()))
    relative = error / size(values, base)
    _require_additive(name, rows, relative)
    out = folder / "explain"
    out.mkdir(parents=True, exist_ok=True)
    table = {"row_id": rows["row_id"], "base": np.full(len(rows), base)}
    table |= {column: values[:, at] for at, column in enumerate(model.encoder.names)}
    pl.DataFrame(table).write_parquet(out / "shap.parquet")
    subject = integer_codes(rows[facts["subject"]].to_numpy())
    explained: Explained = {
        "rows": len(rows),
        "base": base,
        "max_error": float(error.max()),
        "max_relative_error": float(relative.max()),
        "tolerance": TOLERANCE,
        "features": _importance(model, values, subject, params.seed),
        "families": _families(model, values, subject, params.seed),
        "otherwise": otherwise(folder, model, params.seed, params.explain.counterfactuals),
    }
    write_artifact(out, Explained, explained)
    write_artifact(out, Stress, _stressed(params, folder, model, facts, explained["features"]))
    say(f"{name}: explained {len(rows):,} rows, largest gap to the log-odds {error.max():.1e}")


def _stressed(
    params: Params, folder: Path, model: Model, facts: Dataset, lines: list[FeatureWeight]
) -> Stress:
    """The stress runs, on the strongest features found."""
    rows, best = read_contacted(folder)[0], read_artifact(Tuned, folder)["best"]
    past, test = rows.filter(pl.col("split") != "test"), rows.filter(pl.col("split") == "test")
    groups: dict[str, list[str]] = {}
    for line in sorted(lines, key=lambda line: line["name"]):
        groups.setdefault(line["group"], []).append(line["name"])
    asked, seed = params.explain, params.seed
    bench = Bench.of(model, past, test, best, facts["subject"], asked, seed)
    current = [name for group in ABOUT_CONTENT for name in groups.get(group, [])]
    found = stress(bench, groups, [line["name"] for line in lines])
    return {**found, "lagged": lagged(model, rows, facts["subject"], current, asked.stress_rows, seed)}


def otherwise(folder: Path, model: Model, seed: int, most: int) -> OtherwiseCount:
    """Return for how many test rows of the highest band another band is reached,
    and how often that is confirmed.

    Returns
    -------
    ``rows``, at most ``most``, drawn seeded; ``found`` of them; ``confirmed``: those whose told changes, put
    into the row, are scored in the told band.
    """
    test = pl.read_parquet(folder / "test.parquet", columns=["row_id", "probability"])
    shares, names = zip(*((band["share"], band["name"]) for band in model.card["bands"]), strict=True)
    scorer = Scorer(model, Population.of(test["probability"].to_numpy(), "", shares))
    top = test.filter(scorer.bands(test["probability"].to_numpy()) == 0)["row_id"]
    scanned = pl.scan_parquet(folder / "dataset.parquet").filter(pl.col("row_id").is_in(top.implode()))
    rows = scanned.collect().sort("row_id")
    rows = rows.filter(scorer.numbers(rows)["band"].eq_missing(names[0]))
    rows = rows.sample(min(most, len(rows)), seed=seed)
    finder, found, confirmed = Counterfactuals(scorer), 0, 0
    for at in range(len(rows)):
        row, told = rows[at], finder.of(rows[at])
        found += told.found
        changed = {one.feature: pl.lit(one.after, dtype=row.schema[one.feature]) for one in told.changes}
        confirmed += told.found and scorer.numbers(row.with_columns(**changed))["band"].item() == told.band
    return {"rows": len(rows), "found": found, "confirmed": confirmed}


def sample(folder: Path, seed: int, size: int) -> pl.DataFrame:
    """Return test rows with their margins and features, at most ``size``, drawn seeded, in order of rows."""
    test = pl.read_parquet(folder / "test.parquet", columns=["row_id", "margin"])
    drawn = test.sample(min(size, len(test)), seed=seed).sort("row_id")
    features = pl.scan_parquet(folder / "dataset.parquet")
    wanted = features.filter(pl.col("row_id").is_in(drawn["row_id"].implode())).collect()
    return drawn.join(wanted, on="row_id", how="left", maintain_order="left")


def size(values: np.ndarray, base: float) -> np.ndarray:
    """Return what rounding is measured against, by row:
    the sum of all absolute terms in log-odds, at least 1.

    Where classes are all but separate, terms of tens of log-odds cancel out, and their rounding stays.
    """
    return np.maximum(1.0, np.abs(values).sum(axis=1) + abs(base))


def _require_additive(name: str, rows: pl.DataFrame, relative: np.ndarray) -> None:
    worst = int(relative.argmax())
    if not relative[worst] <= TOLERANCE:
        raise ValueError(
            f"{name}: contributions of row_id {rows['row_id'][worst]} miss the log-odds by "
            f"{relative[worst]:.2e} of their size, allowed is {TOLERANCE:.0e}"
        )


def _importance(model: Model, values: np.ndarray, subject: np.ndarray, seed: int) -> list[FeatureWeight]:
    """Mean absolute contribution of each feature with its interval, the largest first."""
    group = {row["name"]: row["group"] for row in model.card["features"]}
    found = zip(model.encoder.names, _means(np.abs(values), subject, seed), strict=True)
    lines: list[FeatureWeight] = [{"name": name, "group": group[name], **mean} for name, mean in found]
    return sorted(lines, key=lambda line: (-line["value"], line["name"]))


def _families(model: Model, values: np.ndarray, subject: np.ndarray, seed: int) -> list[FamilyWeight]:
    """The same for features that differ by window only, summed before the absolute value."""
    names = np.array([family(name) for name in model.encoder.names])
    kinds = sorted(set(names))
    summed = np.column_stack([values[:, names == kind].sum(axis=1) for kind in kinds])
    lines: list[FamilyWeight] = [
        {
            "family": kind,
            "features": [n for n, f in zip(model.encoder.names, names, strict=True) if f == kind],
            **mean,
        }
        for kind, mean in zip(kinds, _means(np.abs(summed), subject, seed), strict=True)
    ]
    return sorted(lines, key=lambda line: (-line["value"], line["family"]))


def _means(values: np.ndarray, subject: np.ndarray, seed: int) -> list[FiniteEstimate]:
    """Mean of each column with its 95 % interval, resampled by subject."""
    # One matrix product: a statistic a resample would cost a pass over all columns for each.
    weights = np.array(list(resamples(subject, DRAWS, seed)))
    draws = weights @ values / weights.sum(axis=1, keepdims=True)
    ends = band(draws)
    return [
        {"value": float(mean), "low": low, "high": high}
        for mean, low, high in zip(values.mean(axis=0), ends["low"], ends["high"], strict=True)
    ]
