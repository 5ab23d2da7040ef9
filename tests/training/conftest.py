"""A browser for the tests of pages; those skip themselves where there is none."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium of the machine, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as runner:
        found = runner.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield found
        found.close()
