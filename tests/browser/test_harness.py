"""What these tests lean on sees what it is there to see."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.visits import DESKTOP, PHONE, visiting

_PAGE = """<!doctype html><html lang="en"><head><title>A screen</title></head>
<body><main><h1>A screen</h1>{}</main></body></html>"""


def written(folder: Path, body: str) -> str:
    path = folder / "page.html"
    path.write_text(_PAGE.format(body), encoding="utf-8")
    return path.as_uri()


def test_a_picture_that_says_nothing_to_the_blind_is_named(browser: Browser, tmp_path: Path) -> None:
    with visiting(browser, written(tmp_path, '<img src="data:,">')) as visit:
        visit.open()
        (fault,) = visit.axe()
    assert fault.startswith("image-alt: ")


def test_a_screen_without_fault_has_none(browser: Browser, tmp_path: Path) -> None:
    with visiting(browser, written(tmp_path, "<p>Nothing to see.</p>")) as visit:
        visit.open()
        assert visit.axe() == []


def test_what_is_too_wide_for_a_phone_is_measured(browser: Browser, tmp_path: Path) -> None:
    wide = written(tmp_path, '<div style="width: 700px">wide</div>')
    with visiting(browser, wide, size=PHONE) as phone, visiting(browser, wide, size=DESKTOP) as desktop:
        phone.open()
        desktop.open()
        assert phone.overflow() > 300
        assert desktop.overflow() == 0


def test_an_error_that_nobody_sees_fails_the_visit(browser: Browser, tmp_path: Path) -> None:
    broken = written(tmp_path, "<script>throw new Error('lost')</script>")
    with pytest.raises(AssertionError, match="lost"), visiting(browser, broken) as visit:
        visit.open()


def test_a_request_to_a_stranger_fails_the_visit(browser: Browser, tmp_path: Path) -> None:
    curious = written(tmp_path, '<img alt="" src="http://127.0.0.1:9/pixel.png">')
    with (
        pytest.raises(AssertionError, match=r"asked http://127\.0\.0\.1:9/pixel\.png"),
        visiting(browser, curious) as visit,
    ):
        visit.open()
