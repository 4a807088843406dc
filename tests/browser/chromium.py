"""The browser: which one, and how it is started."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""The browser asks nobody for anything by itself."""


def find_chromium() -> Path | None:
    """The first browser of the Chromium family on the PATH; None where there is none."""
    found = (shutil.which(name) for name in _NAMES)
    return next((Path(path) for path in found if path), None)


@contextmanager
def started(program: Path) -> Iterator[Browser]:
    """The browser without a window, with a new and empty profile; root has no use for its sandbox."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=str(program), headless=True, args=list(_FLAGS), chromium_sandbox=os.geteuid() != 0
        )
        try:
            yield browser
        finally:
            browser.close()
