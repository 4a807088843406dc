"""Every screen, as people with and without sight, mouse or a large screen meet it, in both languages and colours."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.flows import MINUTES, PICTURES, SCREENSHOTS, STYLE
from tests.browser.visits import DESKTOP, PHONE, Colours, Language, Visit


def screens(training: str, batch: str) -> dict[str, tuple[str, str]]:
    """By name: the place, and what of it is seen once it is all there."""
    return {
        "restyle": ("#/restyle", ".start"),
        "teach": ("#/teach", "main a[href='#/teach/new']"),
        "lesson": ("#/teach/new", ".teach-part .chips"),
        "training": (f"#/teach/training/{training}", ".report-photos img"),
        "style": (f"#/teach/style/{STYLE}", ".version"),
        "catalogue": ("#/catalogue", "main a[href='#/catalogue/new']"),
        "order": ("#/catalogue/new", "main input[webkitdirectory]"),
        "batch": (f"#/catalogue/{batch}", ".results img"),
        "history": ("#/history", ".history-card, .nothing"),
    }


def fill_in(name: str, page: Page) -> None:
    """A lesson and an order have something to see only when pictures were chosen."""
    if name == "lesson":
        page.locator("input[type=file][multiple]").set_input_files([str(path) for path in PICTURES[:4]])
        page.locator(".chip").first.click()
        expect(page.locator("small[data-found=found]")).to_have_count(4, timeout=MINUTES)
    if name == "order":
        page.locator("input[type=file][multiple]").set_input_files([str(path) for path in PICTURES[:3]])
        expect(page.locator(".order-row")).to_have_count(3)
        page.locator(".pair input").first.fill("a skirt")
        page.locator(".pair input").nth(1).fill("a red skirt")


@pytest.mark.parametrize(
    ("size", "language", "colours"),
    [(DESKTOP, "en", "light"), (DESKTOP, "ko", "dark"), (PHONE, "ko", "light"), (PHONE, "en", "dark")],
    ids=["desktop-en-light", "desktop-ko-dark", "phone-ko-light", "phone-en-dark"],
)
def test_no_screen_keeps_anybody_out(
    visit: Callable[..., Visit], training: str, batch: str, size: tuple[int, int], language: Language, colours: Colours
) -> None:
    arrived = visit("#/restyle", size=size, language=language, colours=colours)
    page, found = arrived.page, dict[str, object]()
    for name, (place, seen) in screens(training, batch).items():
        arrived.go(place)
        page.locator(seen).first.wait_for(timeout=MINUTES)
        if SCREENSHOTS and name == "training":
            page.get_by_role("button", name="Approve").wait_for(timeout=MINUTES)
        fill_in(name, page)
        if SCREENSHOTS and language == "en":
            take(page, f"{name}-{'phone' if size == PHONE else 'desktop'}")
        found[name] = (arrived.axe(), arrived.overflow())
    assert found == dict.fromkeys(found, ([], 0))


def take(page: Page, name: str) -> None:
    """A picture of the screen, from its top, and no longer than two of its heights."""
    page.evaluate("() => scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
    folder = Path(SCREENSHOTS)
    folder.mkdir(parents=True, exist_ok=True)
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True, animations="disabled")))
    picture.crop((0, 0, picture.width, min(picture.height, 1600))).save(folder / f"{name}.webp", quality=82, method=6)
