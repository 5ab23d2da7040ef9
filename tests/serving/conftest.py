"""A tiny brand with four released models, and a client of the service over it."""

from pathlib import Path

import pytest
from bureau import Bureau
from desk import Desk
from fastapi.testclient import TestClient
from released import Brand, build, client_of

from serving.state import State


@pytest.fixture(scope="session")
def brand(tmp_path_factory: pytest.TempPathFactory) -> Brand:
    return build(tmp_path_factory.mktemp("brand"))


@pytest.fixture(scope="session")
def state(brand: Brand) -> State:
    found = State(brand.settings)
    found.load()
    assert found.refused == {}
    assert {champion.refusal for champion in found.champions.values()} == {None}
    return found


@pytest.fixture(scope="session")
def client(state: State) -> TestClient:
    return client_of(state)


@pytest.fixture
def desk(brand: Brand, state: State, tmp_path: Path) -> Desk:
    return Desk(brand, state, tmp_path)


@pytest.fixture
def bureau(brand: Brand, state: State, tmp_path: Path) -> Bureau:
    return Bureau(brand, state, tmp_path)
