"""Plans are signed: the page that was read, by the hash of its figures, which name the list by its own."""

from collections.abc import Iterable
from datetime import date
from typing import Any, cast

from models import approval
from models.acting import published_plans
from training.acting import pages
from training.acting.plan import FACTS, PAGE, folder, read_list
from training.io import read_json, write_text
from training.params import Params
from training.results.campaign import BriefFacts
from training.review.gates import wanted_gates
from training.review.signoff import PLAN_ROLES, Document, Signature
from training.stages.report import AnotherPageError


def plan_of(params: Params, name: str) -> Document:
    """Return the plan as what is signed; ``FileNotFoundError`` where there is none."""
    target = folder(params, name)
    if not (target / FACTS).exists():
        raise FileNotFoundError(f"plan {name}: {target} is not there; make it with `memberlens plan {name}`")
    return Document(f"{params.data}/plans/{name}", target / FACTS, PLAN_ROLES)


def sign(
    params: Params, name: str, role: str, decision: str, by: str, conditions: Iterable[str] = (),
    today: date | None = None, expires: date | None = None,
) -> Signature:  # fmt: skip
    """Add a signature under a plan, show it on the page, and tell the service.

    Raises
    ------
    ValueError
        Page or list are not what ``plan.json`` says; role, decision, conditions or end do not fit.
    FileNotFoundError
        No such plan.
    """
    document = plan_of(params, name)
    require_page(params, name)
    found = document.sign(role, decision, by, conditions, today, expires)
    write_page(params, name)
    publish(params, name)
    return found


def require_page(params: Params, name: str) -> None:
    """Let a plan pass whose page and list are what ``plan.json`` says; ``AnotherPageError`` else."""
    target = folder(params, name)
    told = read_json(target / FACTS)
    if "list_sha256" not in told:
        raise AnotherPageError(
            f"plan {name}: was kept from an audience of the service and has no brief that could have been "
            f"read; make a plan of the same with `memberlens plan NAME`"
        )
    if not (target / PAGE).exists() or (target / PAGE).read_text() != _rendered(params, name):
        raise AnotherPageError(
            f"{target / PAGE}: is not what {FACTS} renders to: it was edited, or made by other code; make it "
            f"again with `memberlens brief {name}`, and read it again"
        )
    if read_list(target).write_csv().encode() != (target / "list.csv").read_bytes():
        raise AnotherPageError(
            f"{target / 'list.csv'}: the list is not the one that {FACTS} names; make another plan"
        )


def write_page(params: Params, name: str) -> str:
    """Write the plan's page from its figures and signatures; return where it is."""
    target = folder(params, name) / PAGE
    write_text(target, _rendered(params, name))
    return str(target)


def _rendered(params: Params, name: str) -> str:
    document = plan_of(params, name)
    held = approval.holding(document.rows, document.digest)
    return pages.brief(cast(BriefFacts, read_json(document.path)), params.report.language, held)


def publish(params: Params, name: str) -> dict[str, Any]:
    """Put who is asked and who signed where lists are handed over; return it."""
    document, asked = plan_of(params, name), wanted_gates()["plan"]
    told = {
        "report": document.digest, "roles": asked["roles"], "four_eyes": asked["four_eyes"],
        "signatures": document.rows,
    }  # fmt: skip
    published_plans.write_approval(params.build / published_plans.FOLDER, name, told)
    return told
