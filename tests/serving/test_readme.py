"""The README's calls of the API, as they stand there."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient
from released import Brand, at

from serving.settings import OWN
from serving.state import State

HOME = Path(__file__).parents[2]
README = "\n\n".join((HOME / name).read_text() for name in ("README.md", "serving/README.md"))
CALLS = re.findall(r"^curl .*?(?=\n\n|\n```)", README, flags=re.MULTILINE | re.DOTALL)
OURS = {"m000013": "m5", "l000026": "l5", "c000128": "c1", "c000108": "c2"}  # in the small brand of the tests


def test_the_readme_has_calls():
    assert len(CALLS) >= 3


@pytest.mark.parametrize("call", CALLS)
def test_a_call_of_the_readme_is_answered(client: TestClient, call: str):
    for there, here in OURS.items():
        call = call.replace(there, here)
    words = shlex.split(call.replace("\\\n", " "))
    path = next(word for word in words if word.startswith("localhost:3000")).removeprefix("localhost:3000")
    if "-d" not in words:
        answer = client.get(path)
        assert (answer.status_code, answer.json().get("status", "ok")) == (200, "ok")
        return
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    answer = client.post(path, json=json.loads(words[words.index("-d") + 1]), headers=headers)
    found = answer.json()
    if "Idempotency-Key" in headers:  # made in the background
        assert (answer.status_code, found["audience"]["status"]) == (202, "queued"), answer.text
        return
    assert answer.status_code == 200, answer.text
    results = found["results"] if "results" in found else [found.get("result", found)]
    assert {result["status"] for result in results} == {"ok"}


@pytest.mark.parametrize("call", [call for call in CALLS if '"ref"' in call and "/models/" in call])
def test_a_call_of_the_readme_is_answered_as_on_the_day_of_the_data(brand: Brand, state: State, call: str):
    clock = yaml.safe_load(OWN.read_text())["clock"]
    client = at(brand, state, hours=10_000, clock=clock)
    for there, here in OURS.items():
        call = call.replace(there, here)
    words = shlex.split(call.replace("\\\n", " "))
    path = next(word for word in words if word.startswith("localhost:3000")).removeprefix("localhost:3000")
    found = client.post(path, json=json.loads(words[words.index("-d") + 1])).json()
    told = found.get("warning_codes") or json.dumps(found)  # flat, or as it is
    assert ("clock_of_data" in told, "stale_snapshot" in told) == (True, False)
