"""Who is held out of what, for systems that must leave them alone too."""

from collections.abc import Iterator
from typing import TypedDict

from models.acting import holdout
from models.acting.documents import SceneFacts, ScenesFacts
from models.acting.scenes import held_out_of, scene_salt
from serving.acting.published import Plans, Scenes
from serving.contract.problems import Problem
from serving.contract.schema_acting import Holdout

HELD_OUT = "held_out"


class Membership(TypedDict):
    """A plan or scene, whether held out of it by which share, and whether a plan's list has the ref."""

    of: str
    name: str | None
    held_out: bool
    share: float
    listed: bool | None


def memberships(plans: Plans, scenes: Scenes, body: Holdout) -> list[Membership]:
    """Tell whether the subject is held out of the plan and scene that are named,
    or of everything there is.
    """
    found: list[Membership] = []
    if body.plan is not None:
        found.append(_of_plan(plans, body.plan, body.ref))
    if body.scene is not None:
        found.append(_of_scene(_named(scenes.facts, body.scene), scenes.facts, body.ref))
    return found if found or body.plan or body.scene else list(_everything(plans, scenes, body))


def lists(plans: Plans, scenes: Scenes, kind: str, ref: str) -> bool:
    """Tell whether anything that was published has the subject."""
    of_plans = kind == "member" and any(plans.arm(name, ref) is not None for name in plans.names())
    return of_plans or (scenes.exist and bool(scenes.rows(kind, ref)))


def _everything(plans: Plans, scenes: Scenes, body: Holdout) -> Iterator[Membership]:
    """All plans (of members), all scenes of its kind, and the scenes together."""
    if body.kind == "member":
        yield from (_of_plan(plans, name, body.ref) for name in plans.names())
    if not scenes.exist:  # a brand may have plans and no scenes
        return
    told = scenes.facts
    share = told["hold_out"]
    place = bool(holdout.held_out([body.ref], scene_salt(told["salt"]), share)[0])
    yield {"of": "all_scenes", "name": None, "held_out": place, "share": share, "listed": None}
    yield from (_of_scene(one, told, body.ref) for one in told["scenes"] if one["about"] == body.kind)


def _of_plan(plans: Plans, name: str, ref: str) -> Membership:
    """By the list where it has the member: who may get nothing at all is not held out of anything."""
    told, arm = plans.plan(name)[0], plans.arm(name, ref)
    share = told["holdout"]["share"]
    held = bool(holdout.held_out([ref], told["salt"], share)[0]) if arm is None else arm == HELD_OUT
    return {"of": "plan", "name": name, "held_out": held, "share": share, "listed": arm is not None}


def _named(told: ScenesFacts, name: str) -> SceneFacts:
    found = next((one for one in told["scenes"] if one["name"] == name), None)
    if found is None:
        raise Problem("unknown_scene", "No scene of this name has been published.")
    return found


def _of_scene(scene: SceneFacts, told: ScenesFacts, ref: str) -> Membership:
    share, of_all = scene["hold_out"], 0.0 if scene["care"] else told["hold_out"]
    held = bool(held_out_of([ref], scene["name"], share, of_all, told["salt"])[0])
    return {"of": "scene", "name": scene["name"], "held_out": held, "share": share, "listed": None}
