"""Many photos at once."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from tests.browser.flows import MINUTES, PHOTOS, file, saved, words
from tests.browser.visits import Visit
from tests.e2e.studio import Studio

HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"
"""How a HEIC file begins: Chromium reads none, however it goes on."""
MANY = 600
"""Rows; a request may hold 500 itself."""


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


def test_a_photo_that_only_some_browsers_read_is_named_with_what_to_do(visit: Callable[..., Visit]) -> None:
    page = visit("#/catalogue/new").page
    page.get_by_label("Choose pictures").set_input_files(
        [file("IMG_2041.HEIC", HEIC), file("street.png", PHOTOS[0].read_bytes())]
    )
    note = page.get_by_role("alert")
    expect(note).to_contain_text("IMG_2041.HEIC")
    expect(note).to_contain_text("Save them as PNG, JPEG or WebP")
    expect(page.locator(".order-row")).to_have_count(1)


def test_a_batch_is_stopped_and_gone_on_with(visit: Callable[..., Visit], studio: Studio) -> None:
    api = studio.deployment.api
    photo = api.files.upload(PHOTOS[0].read_bytes(), name="street.png", content_type="image/png").uri
    rows = [{"photo": photo, "words": f"a {colour} skirt"} for colour in ("red", "blue", "green") * 2]
    asked = {"image": "{photo}", "mask_prompt": "a skirt", "prompt": "{words}"}
    made = api.request("POST", "/v1/batches", {"name": "halted", "input": asked, "items": rows})
    api.request("POST", f"/v1/batches/{made['id']}/cancel")  # before its rows are read
    page = visit(f"#/catalogue/{made['id']}").page
    page.get_by_role("button", name="Go on from there").click()
    expect(page.get_by_role("status").filter(has_text=f"of {len(rows)}")).to_be_visible(timeout=MINUTES)
    page.get_by_role("button", name="Stop").click()
    on = page.get_by_role("button", name=re.compile(r"^Go on with \d+$"))
    on.wait_for(timeout=MINUTES)
    expect(page.locator(".status")).to_have_text("stopped")
    on.click()
    page.get_by_role("button", name=f"Download {len(rows)}").wait_for(timeout=MINUTES)
    expect(on).to_have_count(0)
    expect(page.locator(".status")).to_have_text("done")


def test_more_rows_than_a_request_holds_are_sent_as_a_file(visit: Callable[..., Visit], studio: Studio) -> None:
    page = visit("#/catalogue/new").page
    rows = "photo,sku\n" + "".join(f"{PHOTOS[0].name},{number}\n" for number in range(MANY))
    page.get_by_label("A list (CSV)").set_input_files(file("all.csv", rows.encode()))
    page.get_by_label("Choose pictures").set_input_files([str(PHOTOS[0])])
    page.get_by_label("Garment", exact=True).fill("a skirt")
    words(page).fill("a red skirt")
    expect(page.locator(".order-row")).to_have_count(50)
    page.get_by_role("button", name=f"{MANY - 50} more").click()
    expect(page.locator(".order-row")).to_have_count(100)
    with page.expect_response(lambda answer: answer.url.endswith("/v1/batches")) as asked:
        page.get_by_role("button", name=f"Restyle {MANY}").click()
    sent, made = json.loads(asked.value.request.post_data or ""), asked.value.json()
    api = studio.deployment.api
    api.request("POST", f"/v1/batches/{made['id']}/cancel")
    assert "items" not in sent
    lines = (
        studio.client("s3").get_object(Bucket=studio.bucket("Media"), Key=sent["manifest"])["Body"].read().splitlines()
    )
    assert len(lines) == MANY
    assert json.loads(lines[-1])["words"] == "a red skirt"


def test_what_the_api_refuses_of_a_row_is_said_by_its_line(visit: Callable[..., Visit]) -> None:
    arrived = visit("#/catalogue/new", size=(360, 740))
    arrived.expect_errors("Failed to load resource")
    page = arrived.page
    page.get_by_label("Choose pictures").set_input_files([str(PHOTOS[0])])
    page.get_by_label("Garment", exact=True).fill("a skirt")
    words(page).fill("a naked woman")
    page.get_by_role("button", name="Restyle 1").click()
    expect(page.get_by_role("alert")).to_contain_text("Nobody is undressed here")
