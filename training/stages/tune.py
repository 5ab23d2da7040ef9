"""Stage ``tune``: a persistent, resumable, seeded search over validation blocks in time."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.metrics import average_precision_score, roc_auc_score

from models.learners import boosting
from models.learners.encoder import Encoder
from models.learners.estimators import Estimator
from models.learners.recipe import Recipe, simplest_first
from training.data.artifacts import Candidate, Tuned, write_artifact
from training.data.folds import Fold, folds
from training.data.rows import informative_features, read_contacted
from training.evaluation.bootstrap import resampled
from training.evaluation.metrics import Ranked, ranking
from training.io import say
from training.params import Params, Tune

SURE = 2.0  # standard errors
LARGEST_STEP = 0.2  # learning rate from which it is not doubled
WHOLE = 60_000  # rows on either side of a block: rounds and estimators are told apart by as many
DRAWS = 100  # resamples for the difference of two estimators
NATURAL = {"gamma": 0.0, "subsample": 1.0, "colsample_bytree": 1.0}  # ends beyond which nothing lies


def tune(params: Params, name: str, folder: Path | None = None) -> None:
    """Search, and write ``tune.json``: every trial, the best, and parameters at the edge of the space.

    The journal beside it lives outside the pipeline's outputs: a killed search goes on with the
    trials it has, a larger budget adds to them, other data or settings start anew. Each trial's
    sampler is seeded by how many came before, so that a resumed search finds the same trials.

    Where the best is not surely better than chance on every block, the search has found nothing
    that holds over time, only what fits these blocks best. Then the defaults are used.

    The search may try on few rows, but how many rounds are right hangs on how many there are to learn from:
    it is asked again of every row of the blocks (``WHOLE`` at most, or what the search had), and where all
    that there may be are too few, the learning rate is doubled. There the trees that were found, logistic
    regression and their average are held against each other, too: the simplest that the best does not surely
    beat is the estimator, after Breiman's rule. What is more complex has to show its worth on the test, so
    it is not taken for less than would be sure there.

    ``folder`` holds the data set where it is not the task's own.
    """
    folder, settings = folder or params.build / name, getattr(params.tune, name)
    rows, facts = read_contacted(folder)
    past = rows.filter(pl.col("split") != "test")
    encoder = Encoder.fit(past, informative_features(rows, facts))
    parts = folds(rows, facts, encoder, settings.rows, params.seed)
    study = _study(folder, _name(folder, name, settings, params.seed, len(past)), params.seed)
    _search(study, parts, encoder, params, name, len(past))
    trials = _finished(study)[: settings.trials]
    best, holds = _best(trials)
    if not holds:
        say(f"{name}: no setting is surely better than chance on every block; the defaults are used")
    rounds = _median(best.user_attrs["rounds"])
    if len(past) > settings.rows:
        parts = folds(rows, facts, encoder, max(WHOLE, settings.rows), params.seed)
        rounds = _rounds_of(best.params, parts, encoder.feature_types, params)
    recipe = _enough(Recipe("trees", best.params, rounds, params.seed), parts, encoder, params, name)
    names = [one for one in simplest_first(len(past)) if one in settings.estimators]
    candidates = _candidates(parts, encoder.feature_types, recipe, params, names)
    said = ", ".join(f"{one['estimator']} {one['value']:.4f}" for one in candidates)
    say(f"{name}: {simplest(candidates)} of {said}")
    write_artifact(folder, Tuned, _facts(study.study_name, trials, (best, holds), recipe, candidates))


def _name(folder: Path, task: str, settings: Tune, seed: int, rows: int) -> str:
    digest = hashlib.sha256((folder / "dataset.parquet").read_bytes())
    asked = f"{settings.rows} {seed} {boosting.depth(rows)} over chance"
    digest.update(asked.encode() + Path(boosting.__file__).read_bytes())
    return f"{task}-{digest.hexdigest()[:12]}"


def _study(folder: Path, name: str, seed: int) -> Any:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = JournalStorage(JournalFileBackend(str(folder / "study.journal")))
    study = optuna.create_study(
        study_name=name,
        storage=storage,
        direction="maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
    )
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)  # left by a killed search
    return study


def _finished(study: Any) -> list[Any]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _search(study: Any, parts: list[Fold], encoder: Encoder, params: Params, name: str, rows: int) -> None:
    """Try settings; how deep trees may be hangs on the ``rows`` that the model will learn from."""
    import optuna

    settings, seed, started = getattr(params.tune, name), params.seed, time.monotonic()
    while (done := len(_finished(study))) < settings.trials:
        if time.monotonic() - started > settings.seconds:
            say(f"{name}: search cut off after {settings.seconds} s with {done} of {settings.trials} trials")
            return
        study.sampler = optuna.samplers.TPESampler(seed=seed + done, n_startup_trials=6, multivariate=True)
        if done == 0:
            study.enqueue_trial(boosting.defaults(rows), skip_if_exists=True)
        trial = study.ask()
        value = _score(trial, parts, encoder.feature_types, seed, params.engine.threads, rows)
        state = optuna.trial.TrialState.PRUNED if value is None else optuna.trial.TrialState.COMPLETE
        study.tell(trial, value, state=state)
        best = max((t.value for t in _finished(study) if t.state.name == "COMPLETE"), default=float("nan"))
        found = "pruned" if value is None else f"{value:.4f}"
        say(f"{name}: trial {done + 1}/{settings.trials} {found}, best {best:.4f}")


def _score(
    trial: Any, parts: list[Fold], feature_types: list[str], seed: int, threads: int, rows: int
) -> float | None:
    """Mean average precision over the blocks; None where the trial is pruned.

    As many blocks as there are cores are fitted side by side, the newest first, each on one thread.
    """
    chosen = boosting.space(trial, rows)
    found: list[tuple[float, int, float]] = []
    with ThreadPoolExecutor(threads) as pool:
        for batch in batched(reversed(parts), threads):
            found += pool.map(lambda fold: _fold_score(chosen, fold, feature_types, seed), batch)
            trial.report(float(np.mean([value for value, _, _ in found])), len(found))
            if len(found) < len(parts) and trial.should_prune():
                return None
    trial.set_user_attr("values", [value for value, _, _ in found][::-1])
    trial.set_user_attr("rounds", [rounds for _, rounds, _ in found][::-1])
    trial.set_user_attr("over_chance", [errors for _, _, errors in found][::-1])
    return float(np.mean([value for value, _, _ in found]))


def _fold_score(
    chosen: dict[str, Any], fold: Fold, feature_types: list[str], seed: int
) -> tuple[float, int, float]:
    """Average precision, the best number of rounds, and how many standard errors AUC is above chance."""
    watch = (fold.valid, fold.valid_label)
    booster, rounds = boosting.train(chosen, fold.train, fold.train_label, feature_types, seed, watch=watch)
    y, score = fold.valid_label, booster.inplace_predict(fold.valid)
    positives, negatives = float(y.sum()), float(len(y) - y.sum())
    error = np.sqrt((len(y) + 1) / (12 * positives * negatives))  # of Mann and Whitney's U under chance
    return float(average_precision_score(y, score)), rounds, float((roc_auc_score(y, score) - 0.5) / error)


def _rounds_of(chosen: dict[str, Any], parts: list[Fold], feature_types: list[str], params: Params) -> int:
    """How many rounds the median block asks for."""
    with ThreadPoolExecutor(params.engine.threads) as pool:
        found = pool.map(lambda fold: _fold_score(chosen, fold, feature_types, params.seed), parts)
        return _median(rounds for _, rounds, _ in found)


def _enough(recipe: Recipe, parts: list[Fold], encoder: Encoder, params: Params, name: str) -> Recipe:
    """With a learning rate by which trees are done within the rounds that there may be.

    Few rows are soon learnt by heart, so a search on them finds small steps that many rows want more of.
    """
    while recipe.rounds >= boosting.MAX_ROUNDS and recipe.settings["learning_rate"] < LARGEST_STEP:
        settings = {**recipe.settings, "learning_rate": 2 * recipe.settings["learning_rate"]}
        say(f"{name}: {recipe.rounds} rounds are too few, so the learning rate is doubled")
        rounds = _rounds_of(settings, parts, encoder.feature_types, params)
        recipe = recipe.other(settings=settings, rounds=rounds)
    return recipe


def _candidates(
    parts: list[Fold], kinds: list[str], recipe: Recipe, params: Params, names: Sequence[Estimator]
) -> list[Candidate]:
    """Mean average precision of each estimator over the blocks, and how it differs from the best.

    ``difference`` is to the best, ``error`` its standard error, paired, over resamples of the subjects.
    """

    def scores(fold: Fold) -> dict[str, Ranked]:
        margins = {
            name: recipe.other(estimator=name)
            .fit(fold.train, fold.train_label, kinds)
            .inplace_predict(fold.valid, predict_type="margin")
            for name in ("logistic", "trees")
        }
        margins["average"] = (margins["logistic"] + margins["trees"]) / 2
        return {name: Ranked.of(fold.valid_label, margins[name]) for name in names}

    with ThreadPoolExecutor(params.engine.threads) as pool:
        ranked = list(pool.map(scores, parts))
    point = np.array([_precision(found, None) for found in ranked]).mean(axis=0)
    drawn = np.mean([_drawn(*both, params.seed) for both in zip(parts, ranked, strict=True)], axis=0)
    top = int(point.argmax())
    apart = drawn - drawn[:, [top]]
    return [
        {"estimator": name, "value": value, "difference": value - float(point[top]), "error": error}
        for name, value, error in zip(names, point.tolist(), apart.std(axis=0).tolist(), strict=True)
    ]


def _drawn(fold: Fold, ranked: dict[str, Ranked], seed: int) -> np.ndarray:
    """Average precision of each estimator on resamples of one block, shape (draws, estimators)."""
    return resampled(lambda weight: _precision(ranked, weight), fold.valid_subject, DRAWS, seed)


def _precision(ranked: dict[str, Ranked], weight: np.ndarray | None) -> list[float]:
    """Average precision of each estimator on one block."""
    return [
        ranking(one, np.ones(len(one.label)) if weight is None else weight[one.order])["average_precision"]
        for one in ranked.values()
    ]


def simplest(candidates: Iterable[Mapping[str, Any]]) -> str:
    """Return the first, they stand from simple to complex, that the best does not surely beat.

    Examples
    --------
    >>> simplest([
    ...     {"estimator": "logistic", "difference": -0.03, "error": 0.01},
    ...     {"estimator": "trees", "difference": -0.005, "error": 0.01},
    ...     {"estimator": "average", "difference": 0.0, "error": 0.0},
    ... ])
    'trees'
    """
    near = (one["estimator"] for one in candidates if one["difference"] >= -SURE * one["error"])
    return next(near)


def batched(items: Iterable[Fold], size: int) -> Iterator[list[Fold]]:
    """Yield ``items`` in lists of ``size``, the last one shorter."""
    rest = list(items)
    for start in range(0, len(rest), size):
        yield rest[start : start + size]


def _best(trials: list[Any]) -> tuple[Any, bool]:
    """The best trial, or the defaults where it is not surely better than chance, and whether it is."""
    complete = [trial for trial in trials if trial.state.name == "COMPLETE"]
    best = max(complete, key=lambda trial: (trial.value, -trial.number))
    holds = min(best.user_attrs["over_chance"]) > SURE
    return (best if holds else trials[0]), holds


def _median(rounds: Iterable[int]) -> int:
    """How many rounds the median block asks for."""
    return int(np.ceil(np.median(list(rounds))))


def _facts(
    study: str, trials: list[Any], found: tuple[Any, bool], recipe: Recipe, candidates: list[Candidate]
) -> Tuned:
    """What ``tune.json`` says; ``found`` is the best trial and whether it holds, ``recipe`` what to fit."""
    best, holds = found
    return {
        "study": study,
        "metric": "mean average precision over the validation blocks",
        "holds": holds,
        "best": {
            "number": best.number,
            "value": best.value,
            "params": dict(recipe.settings),
            "rounds": recipe.rounds,
            "fold_values": best.user_attrs["values"],
            "estimator": simplest(candidates),
        },
        "at_edge": [
            key for key, value in best.params.items() if _at_edge(key, best.distributions[key], value)
        ],
        "trials": [
            {"number": t.number, "state": t.state.name, "value": t.value, "params": t.params} for t in trials
        ],
        "candidates": candidates,
    }


def _at_edge(name: str, space: Any, value: float) -> bool:
    """Whether the best value lies within 2 % of an end of its range, where a better one may lie beyond."""
    low, high, at = np.log([space.low, space.high, value]) if space.log else (space.low, space.high, value)
    ends = [
        abs(at - end) for end, plain in ((low, space.low), (high, space.high)) if plain != NATURAL.get(name)
    ]
    return bool(min(ends) <= 0.02 * (high - low))
