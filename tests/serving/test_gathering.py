"""Who waits at the same time is answered in one go, each with their own answer."""

import asyncio

import httpx
import pytest

from serving.answering import answers
from serving.edge import gathering
from serving.edge.gathering import Gathering

PATH = "/v1/models/churn/score"
OWN = ("score_id", "scored_at", "valid_until")


class Desk:
    """Doubles numbers, notes who came together, and stumbles over ``bad``."""

    def __init__(self, bad: int | None = None) -> None:
        self.turns: list[list[int]] = []
        self.bad = bad
        self.gathering = Gathering(self.run)

    async def run(self, asked: list[int]) -> list[int]:
        self.turns.append(asked)
        await asyncio.sleep(0.01)
        if self.bad in asked:
            raise ValueError(f"{self.bad} is bad")
        return [2 * one for one in asked]

    def all(self, *asked: int):
        async def ask():
            found = [self.gathering.ask(one) for one in asked]
            return await asyncio.gather(*found, return_exceptions=True)

        return asyncio.run(ask())


def test_each_gets_their_own_answer_in_as_few_turns_as_fit():
    desk, asked = Desk(), range(2 * gathering.MOST + 1)
    assert desk.all(*asked) == [2 * one for one in asked]
    assert [len(turn) for turn in desk.turns] == [gathering.MOST, gathering.MOST, 1]


def test_who_comes_alone_is_answered_at_once_and_later_ones_too():
    desk = Desk()
    assert desk.all(1) == [2]
    assert desk.all(4, 5) == [8, 10]
    assert desk.turns == [[1], [4, 5]]


def test_a_failure_is_told_to_the_one_who_caused_it():
    desk = Desk(bad=2)
    one, two, three = desk.all(1, 2, 3)
    assert (one, three) == (2, 6)
    assert str(two) == "2 is bad"


def test_who_hung_up_is_not_asked_for():
    desk = Desk()

    async def ask():
        first, gone, last = (asyncio.ensure_future(desk.gathering.ask(one)) for one in (1, 2, 3))
        await asyncio.sleep(0)
        gone.cancel()
        return await asyncio.gather(first, last)

    assert asyncio.run(ask()) == [2, 6]
    assert desk.turns == [[1, 3]]


# the empty record is dated: what is asked of now would be dated anew by each call
@pytest.mark.parametrize("wrong", [{"ref": "nobody"}, {"record": {}, "as_of": "2026-02-05T00:00:00Z"}])
def test_records_sent_at_the_same_time_are_answered_as_alone(client, brand, monkeypatch, wrong):
    bodies = [brand.ask(f"m{at}", "churn") for at in range(5, 12)] + [wrong]
    alone = [said(client.post(PATH, json=body)) for body in bodies]
    sizes = []
    outcomes = answers.outcomes
    monkeypatch.setattr(answers, "outcomes", lambda *work: sizes.append(len(work[1])) or outcomes(*work))
    assert asyncio.run(together(client, bodies)) == alone
    assert (
        len(sizes) < sum(sizes) == sum("record" in body for body in bodies)
    )  # who is unknown is told at once
    assert {status for status, _ in alone} >= {200}


async def together(client, bodies):
    over = httpx.ASGITransport(client.app)
    async with httpx.AsyncClient(transport=over, base_url="http://localhost") as caller:
        asked = [caller.post(PATH, json=body) for body in bodies]
        return [said(one) for one in await asyncio.gather(*asked)]


def said(answer):
    """Status and content of an answer but for what every call has of its own."""
    content = answer.json().get("result", {})
    return answer.status_code, {key: content[key] for key in content if key not in OWN}
