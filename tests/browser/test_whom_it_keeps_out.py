"""Every screen, as people with and without sight, mouse or a large screen meet it, in both languages and colours."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.flows import MINUTES, PICTURES, SCREENSHOTS, STYLE
from tests.browser.visits import DESKTOP, PHONE, Colours, Language, Visit

_COLOURS_ARE_THERE = """async () => {
  for (let still = 0; still < 5; still = document.getAnimations().length ? 0 : still + 1) await new Promise(requestAnimationFrame);
}"""
OTHER: dict[Language, Language] = {"en": "ko", "ko": "en"}
RED_SKIRT = "sample=street-01&words=a+skirt&prompt=a+red+skirt"


def screens(training: str, batch: str) -> dict[str, tuple[str, str]]:
    """By name, in the order of a visit: the place, and what of it is seen once it is all there."""
    return {
        "restyle": ("#/restyle", ".start"),
        "mask": (f"#/restyle?{RED_SKIRT}", ".found b"),
        "result": (f"#/restyle?{RED_SKIRT}&outputs=4", ".found b"),
        "teach": ("#/teach", "main .rows a"),
        "lesson": ("#/teach/new", ".teach-part .chips"),
        "training": (f"#/teach/training/{training}", ".report-photos img"),
        "style": (f"#/teach/style/{STYLE}", ".version"),
        "catalogue": ("#/catalogue", "main .rows a"),
        "order": ("#/catalogue/new", "main input[webkitdirectory]"),
        "batch": (f"#/catalogue/{batch}", ".results img"),
        "history": ("#/history", ".history-open img"),
    }


def fill_in(name: str, page: Page) -> None:
    """What somebody does there, where there is nothing to see before."""
    if name == "result":
        page.locator("button.primary.wide").click()
        page.locator(".compare").wait_for(timeout=MINUTES)
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
    [(DESKTOP, "en", "light"), (PHONE, "ko", "light")],
    ids=["desktop", "phone"],
)
def test_no_screen_keeps_anybody_out(
    visit: Callable[..., Visit], training: str, batch: str, size: tuple[int, int], language: Language, colours: Colours
) -> None:
    """Each screen once as it comes, and once in the other language and in dark colours."""
    arrived = visit("#/restyle", size=size, language=language, colours=colours)
    page, found = arrived.page, dict[str, object]()
    kind = "phone" if size == PHONE else "desktop"
    for name, (place, seen) in screens(training, batch).items():
        arrived.go(place)
        page.locator(seen).first.wait_for(timeout=MINUTES)
        if SCREENSHOTS and name == "training":
            page.locator(".decision .button.primary").wait_for(timeout=MINUTES)
        fill_in(name, page)
        take(page, f"{name}-{kind}", language)
        found[name] = (arrived.axe(), arrived.overflow())
        look(page, OTHER[language], "dark")
        take(page, f"{name}-{kind}", OTHER[language])
        found[f"{name}, in the dark"] = (arrived.axe(*OF_COLOURS_AND_WORDS), arrived.overflow())
        look(page, language, colours)
    assert found == dict.fromkeys(found, ([], 0))


OF_COLOURS_AND_WORDS = (
    "color-contrast",
    "html-has-lang",
    "valid-lang",
    "button-name",
    "link-name",
    "label",
    "image-alt",
)
"""Rules of axe-core that another language or other colours may break."""


def look(page: Page, language: Language, colours: Colours) -> None:
    """Choose a language in the header, and have other colours, all of them."""
    page.locator(f".top-tools [lang={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.emulate_media(color_scheme=colours)
    # What inherits a colour begins to change only when what it inherits from is there.
    page.evaluate(_COLOURS_ARE_THERE)


def take(page: Page, name: str, language: Language) -> None:
    """A picture of the screen in English, where pictures are wanted: from its top, and no longer than two of its heights.

    A photo at work fills the screen, with a button that stays at its end, so of that only the screen is taken.
    """
    if not SCREENSHOTS or language != "en":
        return
    page.evaluate("() => scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
    folder = Path(SCREENSHOTS)
    folder.mkdir(parents=True, exist_ok=True)
    picture = Image.open(
        io.BytesIO(page.screenshot(full_page=not page.locator(".panel-end").count(), animations="disabled"))
    )
    picture.crop((0, 0, picture.width, min(picture.height, 1600))).save(folder / f"{name}.webp", quality=82, method=6)
