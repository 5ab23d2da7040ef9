"""A client for callers in Python; needs nothing but the standard library."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

JSON = Mapping[str, Any]
Send = Callable[[str, str, bytes | None, dict[str, str]], tuple[int, dict[str, str], bytes]]
DONE = ("succeeded", "succeeded_with_errors", "failed", "cancelled")


class Refused(Exception):  # noqa: N818 - it says what the service said
    """The service's problem document: ``code``, ``status``, ``detail``, ``errors``, ``retryable``."""

    def __init__(self, problem: JSON) -> None:
        super().__init__(f"{problem['status']} {problem['code']}: {problem['detail']}")
        self.problem = problem


@dataclass(frozen=True)
class Client:
    """The scoring API.

    Parameters
    ----------
    url
        Such as ``http://127.0.0.1:3000``.
    key
        The API key; none is needed on the service's own machine until the first was issued.
    tries
        How often a call that may succeed later is made, waiting as long as the service asks for.
    send
        Makes one request: method, address, body and headers to status, headers and body.
    """

    url: str
    key: str | None = None
    tries: int = 3
    send: Send | None = None

    def score(self, model: str, **item: Any) -> JSON:
        """Score one subject: ``ref=...`` or ``record={...}``, for ``response`` a campaign too."""
        return self._call("POST", f"/v1/models/{model}/score", item)["result"]

    def scores(self, model: str, items: Sequence[JSON]) -> list[JSON]:
        """Score up to 500 subjects; the answers stand in their order."""
        return self._call("POST", f"/v1/models/{model}/scores", {"items": list(items)})["results"]

    def rank(self, campaigns: Sequence[JSON], **item: Any) -> JSON:
        """Return campaigns for one member, best first, and the ``choice`` if one is worth a message."""
        return self._call("POST", "/v1/models/response/rank", {**item, "campaigns": list(campaigns)})[
            "result"
        ]

    def explain(self, model: str, **item: Any) -> JSON:
        """Return the answer with the contribution of every input, and what would have led to another band."""
        return self._call("POST", f"/v1/models/{model}/explain", item)["result"]

    def lookup(self, model: str, ref: str, **more: str) -> JSON:
        """Return the stored answer."""
        return self._call("GET", f"/v1/models/{model}/lookup?" + urlencode({"ref": ref, **more}))["result"]

    def find(self, model: str, ref: str, **more: Any) -> JSON:
        """Return the stored answer, with the id in the body and not in an address."""
        return self._call("POST", f"/v1/models/{model}/lookup", {"ref": ref, **more})["result"]

    def models(self) -> list[JSON]:
        """Return which models are live."""
        return self._call("GET", "/v1/models")["models"]

    def model(self, model: str) -> JSON:
        """Return one model's card."""
        return self._call("GET", f"/v1/models/{model}")["model"]

    def portrait(self, ref: str) -> JSON:
        """Return a member's tags."""
        return self._call("POST", "/v1/members/portrait", {"ref": ref})["result"]

    def logged(self, score_id: str) -> JSON:
        """Return what was said under a score's id."""
        found: JSON = self._call("GET", f"/v1/scores/{score_id}")["score"]
        return found

    def outcomes(self, outcomes: Sequence[JSON]) -> int:
        """Send back what became of subjects; how many of them were new."""
        return self._call("POST", "/v1/outcomes", {"outcomes": list(outcomes)})["accepted"]

    def consents(self, words: Sequence[JSON]) -> int:
        """Tell what was said about consent, effective at once; how many of the words were new."""
        return self._call("POST", "/v1/members/consent", {"consents": list(words)})["accepted"]

    def erase(self, ref: str, kind: str = "member") -> JSON:
        """Erase a subject from what the service keeps; how much was erased, by place."""
        return self._call("POST", "/v1/members/erase", {"ref": ref, "kind": kind})["result"]

    def next_action(self, ref: str, **more: Any) -> JSON:
        """Return what is due for a member or lead now, or nothing and why."""
        return self._call("POST", "/v1/members/next-action", {"ref": ref, **more})["result"]

    def holdout(self, ref: str, **more: Any) -> JSON:
        """Tell whether a subject is held out of a plan, a scene or anything."""
        return self._call("POST", "/v1/members/holdout", {"ref": ref, **more})["result"]

    def plan(self, mark: str, **audience: Any) -> JSON:
        """Plan an audience; the same ``mark`` and body find the one that is there."""
        return self._call("POST", "/v1/audiences", audience, {"Idempotency-Key": mark})["audience"]

    def audience(self, audience: str) -> JSON:
        """Return how far an audience is, and what it should bring."""
        return self._call("GET", f"/v1/audiences/{audience}")["audience"]

    def cancel_audience(self, audience: str) -> JSON:
        """Stop an audience that has no list yet."""
        return self._call("POST", f"/v1/audiences/{audience}:cancel", {})["audience"]

    def members(self, audience: str, wait: float = 1.0, **query: str) -> Iterator[JSON]:
        """Yield who gets what, waiting for a plan that is not made yet; none where it could not be made."""
        while self.audience(audience)["status"] in ("queued", "running"):
            time.sleep(wait)
        cursor: int | None = 0
        while cursor is not None:
            asked = urlencode({"cursor": cursor, "limit": 1000, **query})
            page = self._call("GET", f"/v1/audiences/{audience}/members?{asked}")
            yield from page["members"]
            cursor = page["next_cursor"]

    def start(self, mark: str, **job: Any) -> JSON:
        """Start a job; the same ``mark`` and body find the job that is there."""
        return self._call("POST", "/v1/jobs", job, {"Idempotency-Key": mark})["job"]

    def job(self, job: str) -> JSON:
        """Return how far a job is."""
        return self._call("GET", f"/v1/jobs/{job}")["job"]

    def cancel(self, job: str) -> JSON:
        """Stop a job."""
        return self._call("POST", f"/v1/jobs/{job}:cancel", {})["job"]

    def results(self, job: str, wait: float = 1.0) -> Iterator[JSON]:
        """Yield the answers of a job in the order of its items, waiting for those that are not there yet."""
        cursor: int | None = 0
        while cursor is not None:
            ended = self.job(job)["status"] in DONE
            page = self._call(
                "GET", f"/v1/jobs/{job}/results?" + urlencode({"cursor": cursor, "limit": 1000})
            )
            yield from page["results"]
            if page["next_cursor"] == cursor:
                if ended:
                    return
                time.sleep(wait)
            cursor = page["next_cursor"]

    def _call(
        self, method: str, path: str, body: JSON | None = None, headers: dict[str, str] | None = None
    ) -> Any:
        headers = {**(headers or {}), **({"Authorization": f"Bearer {self.key}"} if self.key else {})}
        data = None if body is None else json.dumps(body).encode()
        headers |= {} if data is None else {"Content-Type": "application/json"}
        for left in reversed(range(self.tries)):
            status, said, answer = (self.send or _send)(method, self.url + path, data, headers)
            if status < 400:
                return json.loads(answer)
            problem = json.loads(answer)
            if not (left and problem["retryable"]):
                raise Refused(problem)
            time.sleep(float(said.get("retry-after", "1")))
        raise ValueError(f"tries: must be 1 or more, found {self.tries}")


def _send(
    method: str, url: str, body: bytes | None, headers: dict[str, str]
) -> tuple[int, dict[str, str], bytes]:
    request = Request(url, data=body, headers=headers, method=method)
    try:
        with urlopen(request, timeout=30) as answer:
            return (
                answer.status,
                {name.lower(): value for name, value in answer.headers.items()},
                answer.read(),
            )
    except HTTPError as error:
        return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()
