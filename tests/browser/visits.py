"""One person in front of the page: the size of the screen, the language, the colours, and what must hold whatever is done there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from tests.browser.chromium import find_chromium

Language = Literal["en", "ko"]
Colours = Literal["light", "dark"]

DESKTOP = (1280, 800)
PHONE = (360, 740)
"""CSS pixels, wide and high."""

PATIENCE = 20_000
"""Milliseconds until something has to be there: a Lambda's first answer takes seconds on a machine that does much else."""
expect.set_options(timeout=PATIENCE)

_AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
"""A bad connection: milliseconds, and bytes a second."""


@dataclass(kw_only=True)
class Visit:
    """``page`` is what the person sees; ``errors`` are what a browser tells developers only. ``origins`` may be asked."""

    page: Page
    home: str
    origins: set[str]
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def open(self, place: str = "") -> None:
        """Go to a place of the page: the hash of its address, such as ``#/teach``."""
        self.page.goto(self.home + place)

    def go(self, place: str) -> None:
        """Go on to another place, as a link of the page does."""
        self.page.evaluate("(place) => { location.hash = place; }", place)

    def axe(self, *rules: str) -> list[str]:
        """What of this screen keeps people out, a line a fault, as axe-core finds it by all or some rules; empty where nothing does."""
        # Evaluated by the debugger's protocol, which the page's own policy on scripts does not concern.
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(_AXE.read_text(encoding="utf-8"))
        only = {"runOnly": list(rules)} if rules else {}
        options = {"resultTypes": ["violations"], **only}
        found: dict[str, Any] = self.page.evaluate("(options) => axe.run(document, options)", options)
        return [
            f"{rule['id']}: {rule['help']}: {node['html'][:200]} ({node.get('failureSummary', '')})"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    def slow(self) -> None:
        """From now on the connection is that of a phone in a lift."""
        self.page.context.new_cdp_session(self.page).send("Network.emulateNetworkConditions", _SLOW)

    def expect_errors(self, *parts: str) -> None:
        """Errors in the console that are meant to come name one of these."""
        self.expected.extend(parts)

    def overflow(self) -> int:
        """How many pixels of the page lie to the right of the screen."""
        return int(self.page.evaluate("() => document.documentElement.scrollWidth - innerWidth"))

    def faults(self) -> list[str]:
        """Errors that nobody expected, and requests to anybody but the page's own places."""
        return [text for text in self.errors if not any(part in text for part in self.expected)] + self.strangers


@contextmanager
def visiting(
    browser: Browser,
    home: str,
    *,
    size: tuple[int, int] = DESKTOP,
    language: Language = "en",
    colours: Colours = "light",
    known: Sequence[str] = (),
) -> Iterator[Visit]:
    """Somebody new, whose browser remembers nothing. Raises AssertionError at the end where the page erred or asked a stranger.

    ``known`` are origins besides the page's own that it may ask.
    """
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale={"en": "en-US", "ko": "ko-KR"}[language],
        color_scheme=colours,
        reduced_motion="reduce",
        has_touch=size == PHONE,
    )
    try:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        visit = Visit(page=page, home=home, origins={_origin(home), *known})

        def heard(message: ConsoleMessage) -> None:
            if message.type == "error":
                visit.errors.append(f"{message.text} {message.location.get('url', '')}")

        def asked(request: Request) -> None:
            if request.url.startswith("http") and _origin(request.url) not in visit.origins:
                visit.strangers.append(f"asked {request.url}")

        page.on("console", heard)
        page.on("pageerror", lambda error: visit.errors.append(str(error)))
        page.on("request", asked)
        yield visit
        if faults := visit.faults():
            raise AssertionError("\n".join(faults))
    finally:
        context.close()


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def why_not() -> str:
    """Why there is nothing to drive; empty where there is."""
    if find_chromium() is None:
        return "no Chromium on this machine: make test installs it where it is root on Debian"
    if not _AXE.exists():
        return "no axe-core in node_modules: make test installs it"
    return ""
