"""Restyling on the page: from opening it to a picture, by whoever comes, on what they have."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.flows import file
from tests.browser.visits import DESKTOP, PHONE, Colours, Language, Visit

Open = Callable[..., Visit]

FIRST_SAMPLE = ".start-samples button >> nth=0"
SKIRT = ".panel .chip >> nth=0"
FOUND = ".found b"
SUBMIT = "button.primary.wide"
LONG = 120_000
"""Milliseconds that a picture may take on a busy laptop."""


def find_skirt(seen: Visit) -> None:
    """Two of the three clicks."""
    seen.page.click(FIRST_SAMPLE)
    seen.page.click(SKIRT)
    seen.page.wait_for_selector(FOUND, timeout=LONG)


def blameless(seen: Visit) -> None:
    assert seen.axe() == []
    assert seen.overflow() == 0


@pytest.mark.parametrize(("size", "language", "colours"), [(DESKTOP, "en", "light"), (PHONE, "ko", "dark")])
def test_three_clicks_lead_to_a_picture_that_is_kept(
    visit: Open, tmp_path: Path, size: tuple[int, int], language: Language, colours: Colours
) -> None:
    seen = visit(size=size, language=language, colours=colours)
    page = seen.page
    find_skirt(seen)
    page.click(SUBMIT)
    page.wait_for_selector(".result", timeout=LONG)
    assert {"en": "artificial intelligence", "ko": "인공지능"}[language] in page.inner_text(".disclosure")
    with page.expect_download() as fetched:
        page.click(".result a[download]")
    fetched.value.save_as(tmp_path / "restyled.png")
    assert b"c2pa" in (tmp_path / "restyled.png").read_bytes()
    page.reload()
    page.goto(page.url.split("#")[0] + "#/history")
    page.click(".history-open >> nth=0")
    page.wait_for_selector(".compare")
    page.focus(".compare input")
    page.keyboard.press("Home")
    assert page.input_value(".compare input") == "0"


def test_a_mask_is_mended_by_hand_and_the_mended_one_is_painted(visit: Open) -> None:
    seen = visit()
    page = seen.page
    find_skirt(seen)
    before = page.inner_text(FOUND)
    frame = page.locator(".stage").bounding_box()
    assert frame is not None
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + 60
    page.mouse.move(x - 40, y)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    page.mouse.up()
    mended = page.inner_text(FOUND)
    assert mended != before
    page.keyboard.press("z")
    expect(page.locator(FOUND)).to_have_text(before)
    page.keyboard.press("y")
    expect(page.locator(FOUND)).to_have_text(mended)
    with page.expect_request(
        lambda request: request.method == "POST" and request.url.endswith("/v1/predictions")
    ) as asked:
        page.click(SUBMIT)
    sent = json.loads(asked.value.post_data or "")["input"]
    assert sent["mode"] == "inpaint"
    assert sent["mask"].startswith("data:image/png;base64,")
    page.click(".running button")
    page.wait_for_selector(".toast")
    expect(page.locator(SUBMIT)).to_be_enabled()


def test_a_mask_is_drawn_by_keys_alone(visit: Open) -> None:
    seen = visit("#/restyle?sample=street-01")
    page, area = seen.page, seen.page.locator(FOUND)
    page.get_by_role("button", name="Draw a mask by hand").focus()
    page.keyboard.press("Enter")
    expect(area).to_have_text("0%")
    page.locator(".stage").focus()
    page.keyboard.press("ArrowRight")
    blameless(seen)
    page.keyboard.press("Space")
    expect(area).not_to_have_text("0%")
    dab = share(area.inner_text())
    page.keyboard.press("z")
    expect(area).to_have_text("0%")
    for _ in range(3):
        page.keyboard.press("]")
    page.keyboard.down("Space")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.keyboard.up("Space")
    expect(area).not_to_have_text("0%")
    line = share(area.inner_text())
    assert line > 3 * dab, "a larger brush, and a line"
    page.keyboard.press("e")
    page.keyboard.press("Space")
    expect(area).not_to_have_text(f"{line:g}%")
    assert dab < share(area.inner_text()) < line


def share(text: str) -> float:
    """Of ``12.5%`` 12.5."""
    return float(text.rstrip("%"))


def test_what_cannot_be_is_said_kindly(visit: Open) -> None:
    seen = visit()
    page = seen.page
    page.click(FIRST_SAMPLE)
    expect(page.locator(SUBMIT)).to_be_disabled()
    expect(page.locator("#reason")).to_have_text("Choose a garment first.")
    page.get_by_role("button", name="hat", exact=True).click()
    expect(page.locator(".note strong")).to_have_text("That is not on this photo", timeout=LONG)
    page.click(SKIRT)
    page.wait_for_selector(FOUND, timeout=LONG)
    page.fill("textarea", "a nude woman")
    seen.expect_errors("422")
    page.click(SUBMIT)
    expect(page.locator(".note strong")).to_have_text("Nobody is undressed here")
    blameless(seen)


def test_a_photo_of_an_iphone_is_refused_with_what_to_do(visit: Open) -> None:
    page = visit().page
    page.get_by_label("Choose a photo").set_input_files(file("IMG_2041.HEIC", b"\x00\x00\x00\x18ftypheic"))
    expect(page.locator(".toast")).to_contain_text("IMG_2041.HEIC is HEIC")
    expect(page.locator(".toast")).to_contain_text("save it as JPEG first")
    expect(page.locator(".start")).to_be_visible()


def test_an_address_holds_what_was_chosen(visit: Open) -> None:
    seen = visit("#/restyle?sample=street-02&words=a+skirt&prompt=a+green+skirt&colour=%231f6f70&outputs=2")
    page = seen.page
    page.wait_for_selector(FOUND, timeout=LONG)
    assert page.input_value("textarea") == "a green skirt"
    assert page.inner_text(".stepper output") == "2"
    assert page.get_attribute(".swatch[aria-pressed=true]", "aria-label") == "Teal"
