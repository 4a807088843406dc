"""One browser and one local cloud for the whole ring."""

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser

from cli.progress import Progress
from cli.session import deployed
from tests.browser.chromium import find_chromium, started
from tests.browser.visits import Visit, visiting, why_not
from tests.e2e.studio import Studio


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser, or a reason why these tests are skipped."""
    program = find_chromium()
    if program is None or why_not():
        pytest.skip(why_not())
    with started(program) as running:
        yield running


@pytest.fixture(scope="package")
def studio(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """The ``local`` stage, deployed once for this ring; not even started where there is no browser."""
    with deployed(tmp_path_factory.mktemp("cloud"), Progress(io.StringIO())) as deployment:
        yield Studio(deployment=deployment)


@pytest.fixture
def visit(browser: Browser, studio: Studio) -> Iterator[Callable[..., Visit]]:
    """Opens the page for somebody new, as often as a test wants; at its end the page may not have erred."""
    with ExitStack() as stack:

        def begin(place: str = "", **how: Any) -> Visit:
            made = stack.enter_context(visiting(browser, f"{studio.deployment.cloud.url}/", **how))
            made.open(place)
            return made

        yield begin
