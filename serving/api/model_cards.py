"""What /v1/models tells about a model."""

from typing import Any

from models.fitted.unknown import MAX_UNKNOWN
from serving.answering import clock
from serving.champion import approvals
from serving.champion.champion import Champion
from serving.contract.schema_record import record_model
from serving.state import State

HIDDEN = "the reason is told on the service's own machine, or to a key with the scope service:read"
TOLD = ("task", "data", "question", "positive", "days", "gap", "base_rate", "extracted_at", "fingerprint")


def short(state: State, champion: Champion) -> dict[str, Any]:
    """Return one line of the list of models, with what people decided about its report."""
    decided = approvals.approval_facts(champion, state.settings.build_dir, state.now().date())
    return champion.name | {"question": champion.card["question"], "approval": decided}


def full(state: State, champion: Champion) -> dict[str, Any]:
    """Return the model's card: question, bands with their rates, inputs, snapshot."""
    card, population = champion.card, champion.scorer.population
    needs = {name: record_model().model_fields[name].description for name in champion.reader.sources}
    return (
        short(state, champion)
        | {key: card[key] for key in TOLD}
        | {
            "inputs": card["features"],
            "bands": card["bands"],
            "scores": SCORES | {name: MORE[name] for name in champion.scorer.optional_outputs},
            "short": card.get("short", []),
            "outside_population": card.get("boundaries", []),
            "learnt": card.get("learnt"),
            "reasons": card.get("reasons"),
            "max_unknown": card.get("max_unknown", MAX_UNKNOWN),
            "population": {"as_of": population.as_of, "n": population.n},
            "snapshot": None if champion.snapshot is None else champion.snapshot.facts(),
            "snapshot_refused": champion.refusal,
            "record_tables": needs,
        }
        | {
            key: card[key] for key in ("sample",) if key in card
        }  # judged on a sample, where it learnt on a cluster
    )


SCORES = {
    "probability": "calibrated probability of the positive class, 0 to 1",
    "percentile": "share of the dated population that scores lower, 0 to 100; ties count half",
    "score": "the percentile rounded up, 1 to 99",
    "band": "part of the dated population by probability, cut to the capacity, with what is expected in it",
}
MORE = {
    "expected_value": "money expected with the subject: probability of what brings it times how much it is",
    "value_at_risk": "money that stays away if the member leaves, times the probability of it",
    "value_per_cost": "expected value for each unit that the lead has cost",
    "uplift": "by how much a contact raises the probability",
}


def ready(state: State, whole: bool) -> dict[str, Any]:
    """Return what answers, and what was refused; why it was, with places of files, only where ``whole``."""
    champions = state.champions.values()
    snapshots = {champion.task: champion.refusal for champion in champions if champion.refusal}
    refusal = state.consents.refusal
    return {
        "status": "ready" if state.ready else "not_ready",
        "models": {champion.task: champion.version for champion in champions},
        "states": {task: _state(state, task) for task in sorted({*state.champions, *state.refused})},
        "refused": dict(state.refused) if whole else dict.fromkeys(state.refused, HIDDEN),
        "snapshots_refused": snapshots if whole else dict.fromkeys(snapshots, HIDDEN),
        "consent_list": "ok" if refusal is None else "refused",
        "consent_list_refused": refusal if whole or refusal is None else HIDDEN,
    }


def _state(state: State, task: str) -> str:
    """In one word how a model is; the worst one."""
    if task not in state.champions:
        return "missing"
    champion = state.champions[task]
    if task in state.refused:
        return "champion_refused"
    if champion.refusal is not None:
        return "snapshot_refused"
    stale = champion.snapshot is not None and clock.is_stale(champion, state.settings, state.now())
    return "snapshot_stale" if stale else "ok"
