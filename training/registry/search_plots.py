"""Pictures of a search, from what ``tune`` wrote."""

import warnings
from pathlib import Path
from typing import Any

from models.learners import boosting
from training.data.artifacts import Tuned

FEWEST = 4  # complete trials: with fewer, the importance of a parameter says nothing


def pictures(tuned: Tuned, folder: Path) -> None:
    """Write Optuna's plots of the search to ``folder``: how it went, where it looked, what mattered."""
    import matplotlib as mpl
    import optuna
    from matplotlib import pyplot
    from optuna.visualization import matplotlib as plots

    folder.mkdir(parents=True, exist_ok=True)
    drawn: dict[str, Any] = {"history": plots.plot_optimization_history, "slices": plots.plot_slice}
    study = restored(tuned)
    if len(study.get_trials(states=(optuna.trial.TrialState.COMPLETE,))) >= FEWEST:
        drawn["importances"] = plots.plot_param_importances
    with warnings.catch_warnings(), mpl.rc_context({"backend": "agg"}):
        warnings.simplefilter("ignore")  # Optuna says of each plot that it is experimental
        for name, draw in drawn.items():
            draw(study)
            pyplot.gcf().savefig(folder / f"{name}.png", bbox_inches="tight", dpi=110)
            pyplot.close("all")


def restored(tuned: Tuned) -> Any:
    """Return the finished trials of ``tune.json`` as a study in memory."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    fixed = optuna.trial.FixedTrial(boosting.DEFAULTS)
    boosting.space(fixed)
    study = optuna.create_study(study_name=tuned["study"], direction="maximize")
    for trial in tuned["trials"]:
        state = optuna.trial.TrialState[trial["state"]]
        study.add_trial(
            optuna.trial.create_trial(
                state=state,
                params=trial["params"],
                distributions=fixed.distributions,
                value=trial["value"] if state == optuna.trial.TrialState.COMPLETE else None,
            )
        )
    return study
