"""The documentation's site, as people read it: found by searching, on a phone, in the dark, from files, without the network."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from docs.site.staging import stage
from tests.browser.visits import DESKTOP, PHONE, visiting

PAGES = ("index", "README.ko", "docs/architecture", "docs/learn/ko/landscape")
OF_FILES = ("CORS policy", "net::ERR_FAILED")
"""A browser lets no script read the theme's styles in files, which nothing but axe does."""


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the built site, a folder of files."""
    folder = tmp_path_factory.mktemp("documentation")
    stage(root, folder / "out" / "pages")
    config = (root / "zensical.toml").read_text(encoding="utf-8")
    (folder / "zensical.toml").write_text(config, encoding="utf-8")
    built = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", "zensical.toml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout
    return f"{(folder / 'out' / 'site').as_uri()}/"


def test_searching_finds_the_page_that_says_it(browser: Browser, site: str) -> None:
    with visiting(browser, site) as visit:
        visit.open("index.html")
        visit.page.keyboard.press("Control+k")
        search = visit.page.get_by_role("combobox", name="Search")
        search.fill("warm pool")
        found = visit.page.get_by_role("listbox").get_by_role("option")
        expect(found.filter(has_text="Training a base model").first).to_be_visible()
        search.fill("치마")
        expect(found.filter(has_text="시작하기").first).to_be_visible()


def test_charts_are_drawn_without_the_network(browser: Browser, site: str) -> None:
    with visiting(browser, site) as visit:
        visit.open("docs/architecture.html")
        charts = visit.page.locator("div.mermaid")
        expect(charts).to_have_count(2)
        # What Mermaid draws is closed to scripts; a chart that was not drawn is a few lines of text high, or none.
        visit.page.wait_for_function(
            "[...document.querySelectorAll('div.mermaid')].every(chart => chart.clientHeight > 900)"
        )


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_no_page_is_wider_than_the_screen_or_keeps_the_keyboard_out(
    browser: Browser, site: str, size: tuple[int, int]
) -> None:
    with visiting(browser, site, size=size, colours="dark") as visit:
        visit.expect_errors(*OF_FILES)
        for page in PAGES:
            visit.open(f"{page}.html")
            assert visit.overflow() <= 0, page
            # Colours are those of the phone on every screen.
            rules = ["scrollable-region-focusable", *(["color-contrast"] if size == PHONE else [])]
            assert visit.axe(*rules) == [], page
