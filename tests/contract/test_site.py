"""The site has every page under a heading that a newcomer understands, and is the repository's Markdown, unchanged but for empty lines."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from docs.site.pages import pages
from docs.site.staging import spaced, stage

HEADINGS = ["Start", "Learn", "Use", "Operate", "Extend", "Reference", "Decisions", "한국어"]
BUILD = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", "zensical.toml"]


def listed(nav: Any) -> Iterator[str]:
    """The pages that a part of the navigation names."""
    if isinstance(nav, str):
        yield nav
    for part in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from listed(part)


@pytest.fixture(scope="module")
def nav(root: Path) -> list[Any]:
    return list(tomllib.loads((root / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"])


def test_a_newcomer_finds_each_page_under_one_heading(nav: list[Any], root: Path) -> None:
    assert [heading for part in nav for heading in part] == HEADINGS
    named = list(listed(nav))
    assert len(named) == len(set(named))
    decisions = "docs/adr/README.md"
    there = {page.relative_to(root).as_posix() for page in pages(root)}
    wanted = {page for page in there if not page.startswith("docs/adr/")} | {decisions}
    assert sorted(wanted - set(named)) == [], "a page that no line of nav in zensical.toml names"
    assert sorted(set(named) - wanted) == [], "a line of nav in zensical.toml that names no page"


def test_korean_pages_are_under_their_own_heading(nav: list[Any]) -> None:
    korean = list(listed(nav[-1]))
    assert korean
    assert [page for page in listed(nav[:-1]) if re.search(r"(/ko/|/ko\.md$|\.ko\.md$)", page)] == []


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a\n- b\n- c\n", "a\n\n- b\n- c\n"),
        ("a\n1. b\n   c\n2. d\n", "a\n\n1. b\n   c\n2. d\n"),
        ("a\n| b |\n|---|\n| c |\n", "a\n\n| b |\n|---|\n| c |\n"),
        ("a\n\n- b\n", "a\n\n- b\n"),
        ("```sh\na\n- b\n| c\n```\n", "```sh\na\n- b\n| c\n```\n"),
    ],
)
def test_lists_and_tables_begin_after_an_empty_line(written: str, read: str) -> None:
    assert spaced(written) == read


class Loaded(HTMLParser):
    """What a page makes a browser load: scripts, styles, pictures and frames."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("script", "img", "iframe", "source") and values.get("src"):
            self.addresses.append(str(values["src"]))
        if tag == "link" and values.get("rel") in ("stylesheet", "icon", "preconnect", "preload"):
            self.addresses.append(str(values["href"]))


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    """A folder in which the generator can build the pages of the repository."""
    stage(root, tmp_path / "out" / "pages")
    config = (root / "zensical.toml").read_text(encoding="utf-8")
    (tmp_path / "zensical.toml").write_text(config, encoding="utf-8")
    return tmp_path


def test_the_built_site_loads_nothing_from_elsewhere(project: Path) -> None:
    built = subprocess.run(BUILD, cwd=project, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout
    found = {page: Loaded() for page in (project / "out" / "site").rglob("*.html")}
    assert len(found) > 90
    for page, loaded in found.items():
        loaded.feed(page.read_text(encoding="utf-8"))
        assert loaded.addresses
        for address in loaded.addresses:
            assert not re.match(r"(https?:)?//", address), f"{page.name}: {address}"
            start = project / "out" / "site" if address.startswith("/") else page.parent
            assert (start / address.split("?")[0].lstrip("/")).exists() or page.name == "404.html", address
    searched = (project / "out" / "site" / "search.json").read_text(encoding="utf-8")
    assert "garment" in searched
    assert "치마" in searched


@pytest.mark.parametrize(
    ("written", "said"),
    [("[a](docs/none.md)", "page does not exist"), ("[a](docs/client.md#none)", "anchor does not exist")],
)
def test_the_build_fails_on_a_link_that_leads_nowhere(written: str, said: str, project: Path) -> None:
    page = project / "out" / "pages" / "README.md"
    page.write_text(f"{page.read_text(encoding='utf-8')}\n\n{written}\n", encoding="utf-8")
    built = subprocess.run(BUILD, cwd=project, capture_output=True, text=True, check=False)
    assert built.returncode != 0
    assert said in built.stdout + built.stderr
