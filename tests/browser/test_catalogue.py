"""Many photos at once."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from tests.browser.flows import PHOTOS, file, saved, words
from tests.browser.visits import Visit


def size_of(picture: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(picture)).size


def test_every_row_is_painted_with_its_own_words_and_all_of_it_can_be_kept(
    training: str, visit: Callable[..., Visit], batch: str, tmp_path: Path
) -> None:
    """``training`` is asked for first, that it may learn meanwhile."""
    page = visit(f"#/catalogue/{batch}").page
    painted = page.locator(".results img")
    expect(painted).to_have_count(2)
    said = {painted.nth(n).get_attribute("alt") for n in range(2)}
    assert said == {"street-01.png, restyled: a red skirt", "street-02.png, restyled: a blue skirt"}
    expect(page.get_by_text("Nothing failed")).to_be_visible()
    with zipfile.ZipFile(saved(page, "Download 2", tmp_path)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["0001-street-01.png", "0002-street-02.png"]
        pictures = [archive.read(name) for name in archive.namelist()]
    assert [size_of(picture) for picture in pictures] == [size_of(path.read_bytes()) for path in PHOTOS[:2]]


def test_an_expired_address_is_named_and_another_one_helps(visit: Callable[..., Visit], batch: str) -> None:
    arrived = visit("#/history")
    arrived.expect_errors("Failed to load resource")
    page = arrived.page
    page.route("**/report.json*", lambda route: route.fulfill(status=403, body="<Error>Request has expired</Error>"))
    page.goto(f"{arrived.home}#/catalogue/{batch}")
    again = page.get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    page.unroute("**/report.json*")
    again.click()
    expect(page.locator(".results img")).to_have_count(2)


def test_a_list_that_names_no_photos_and_a_row_without_one_say_what_to_do(visit: Callable[..., Visit]) -> None:
    page = visit("#/catalogue/new").page

    def give(rows: str) -> None:
        page.get_by_label("A list (CSV)").set_input_files(file("list.csv", rows.encode()))

    give("sku,price\n1,2\n")
    expect(page.get_by_role("alert")).to_contain_text("It has sku, price")
    give("photo,words\nlost.png,a {cut} skirt\n")
    expect(page.locator(".order-row")).to_contain_text("This photo is not here")
    page.get_by_label("Garment", exact=True).fill("a skirt")
    page.get_by_label("Choose pictures").set_input_files(file("lost.png", PHOTOS[0].read_bytes()))
    expect(page.locator(".order-row")).to_contain_text("a column that this row does not have")
    expect(page.get_by_role("button", name="Restyle 1")).to_be_disabled()


def test_what_the_api_refuses_of_a_row_is_said_by_its_line(visit: Callable[..., Visit]) -> None:
    arrived = visit("#/catalogue/new", size=(360, 740))
    arrived.expect_errors("Failed to load resource")
    page = arrived.page
    page.get_by_label("Choose pictures").set_input_files([str(PHOTOS[0])])
    page.get_by_label("Garment", exact=True).fill("a skirt")
    words(page).fill("a naked woman")
    page.get_by_role("button", name="Restyle 1").click()
    expect(page.get_by_role("alert")).to_contain_text("Nobody is undressed here")
