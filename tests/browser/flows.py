"""What people do on the page, as often as tests need it done."""

import os
import re
from pathlib import Path

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.visits import Visit
from tests.e2e.studio import SAMPLE

SCREENSHOTS = os.environ.get("SCREENSHOTS", "")
"""A folder for pictures of every screen: make screenshots."""
STYLE = "my-skirt"
MINUTES = 180_000
"""Milliseconds that a training's or a catalogue's steps may take on a machine that does much else."""
PHOTOS = sorted((SAMPLE / "photos").glob("*.png"))
PICTURES = sorted((SAMPLE / "dataset").glob("*.png"))


def begin_lesson(visit: Visit, *, pictures: int = 4, steps: int = 2) -> str:
    """Pictures, a mask mended by hand, a check, a corrected caption, and the start; the training's id."""
    page = visit.page
    page.get_by_role("button", name="skirt", exact=True).click()
    page.get_by_label("Choose pictures").set_input_files([str(path) for path in PICTURES[:pictures]])
    expect(page.locator("small[data-found=found]")).to_have_count(pictures, timeout=MINUTES)
    page.get_by_role("button", name="Mend the mask of skirt-01.png").click()
    draw(page, page.locator(".mask-editor .stage"))
    page.get_by_role("button", name="Use this mask").click()
    expect(page.locator("small[data-found=drawn]")).to_have_count(1)
    page.get_by_text("More settings").click()
    page.get_by_label("Steps").first.fill(str(steps))
    page.get_by_label("A look at itself").fill(str(max(1, steps // 4)))
    page.get_by_label("Good enough at").fill("0")
    page.get_by_role("button", name="Check the pictures").click()
    start = page.get_by_role("button", name="Start learning")
    start.wait_for(timeout=MINUTES)
    expect(page.locator(".advice")).to_contain_text("Few pictures" if pictures < 8 else "Faces, perhaps")
    expect(page.locator(".facts")).to_contain_text("about $")
    expect(page.get_by_text("Here it costs nothing")).to_be_visible()
    page.get_by_text(f"Words of {pictures} pictures").click()
    page.get_by_role("textbox", name="skirt-02.png").fill("a photo of sks skirt with a yellow pullover")
    start.click()
    page.wait_for_url("**/#/teach/training/*")
    return last_part(page)


def paint_catalogue(visit: Visit) -> str:
    """Two photos and a list of them, in the separators of a German office, and their end; the batch's id."""
    page = visit.page
    rows = "photo;colour\nstreet-01.png;red\nstreet-02.png;blue\n"
    page.get_by_label("A list (CSV)").set_input_files(file("spring.csv", rows.encode()))
    page.get_by_label("Choose pictures").set_input_files([str(path) for path in PHOTOS[:2]])
    page.get_by_label("Garment", exact=True).fill("a skirt")
    words(page).fill("a {colour} skirt")
    page.get_by_role("button", name="Restyle 2").click()
    page.wait_for_url(re.compile(r"#/catalogue/(?!new)"))
    page.get_by_role("button", name="Download 2").wait_for(timeout=MINUTES)
    return last_part(page)


def file(name: str, body: bytes) -> FilePayload:
    """A file that somebody chooses."""
    kinds = {"csv": "text/csv", "png": "image/png", "txt": "text/plain"}
    return {"name": name, "mimeType": kinds.get(name.rpartition(".")[2], ""), "buffer": body}


def words(page: Page) -> Locator:
    """The words that are so for all rows of a catalogue."""
    return page.get_by_label(re.compile("^Words(?!:)"))


def draw(page: Page, stage: Locator) -> None:
    """A stroke on a photo."""
    box = stage.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 40, steps=4)
    page.mouse.up()


def last_part(page: Page) -> str:
    """The last part of the page's address."""
    return page.url.rpartition("/")[2]


def saved(page: Page, button: str, folder: Path) -> Path:
    """The file that a button gives."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path
