"""One browser and one local cloud for the whole ring, and what its tests make there only once."""

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser

from cli.progress import Progress
from cli.session import deployed
from tests.browser.chromium import find_chromium, started
from tests.browser.flows import SCREENSHOTS, begin_lesson, paint_catalogue
from tests.browser.visits import PHONE, Visit, visiting, why_not
from tests.chaos.shelf import adapter
from tests.e2e.studio import Studio

SHAWL = "shawl"
"""A style that nobody taught: two versions of it were brought."""


def home(studio: Studio) -> str:
    """What people type in: the cloud's own address, which leads a browser to the page."""
    return f"{studio.deployment.cloud.url}/"


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
        if "PageDistributionId" not in deployment.outputs:
            pytest.skip("the stage local serves no page: its settings have none")
        yield Studio(deployment=deployment)


@pytest.fixture
def visit(browser: Browser, studio: Studio) -> Iterator[Callable[..., Visit]]:
    """Opens the page for somebody new, as often as a test wants; at its end the page may not have erred."""
    with ExitStack() as stack:

        def begin(place: str = "", **how: Any) -> Visit:
            made = stack.enter_context(visiting(browser, home(studio), **how))
            made.open(place)
            return made

        yield begin


@pytest.fixture(scope="package")
def training(browser: Browser, studio: Studio) -> str:
    """A training that somebody began on the page, with a mask and words of their own; it learns while other tests go on."""
    with visiting(browser, home(studio)) as visit:
        visit.open("#/teach/new")
        return begin_lesson(visit, pictures=12, steps=60) if SCREENSHOTS else begin_lesson(visit)


@pytest.fixture(scope="package")
def batch(browser: Browser, studio: Studio) -> str:
    """A catalogue of two photos that was painted from a phone."""
    with visiting(browser, home(studio), size=PHONE) as visit:
        visit.open("#/catalogue/new")
        return paint_catalogue(visit)


@pytest.fixture(scope="package")
def shawl(studio: Studio) -> str:
    """A style with two versions, of which the first is in service."""
    api = studio.deployment.api
    weights = api.files.upload(adapter(), name="shawl.safetensors").uri
    for _ in range(2):
        body = {"weights": weights, "instance_prompt": "a photo of sks shawl"}
        api.request("POST", f"/v1/styles/{SHAWL}/versions", body)
    api.request("POST", f"/v1/styles/{SHAWL}/versions/1/promote")
    return SHAWL
