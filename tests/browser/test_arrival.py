"""Somebody's first visit: nothing is there yet, and everything can go wrong."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.visits import PHONE, Visit
from tests.e2e.studio import Studio

EMPTY = {
    "#/teach": "Nothing was taught here yet",
    "#/catalogue": "No catalogue was painted here yet",
    "#/history": "Nothing",
}


def test_who_opens_the_cloud_is_led_to_its_page(visit: Callable[..., Visit], studio: Studio) -> None:
    page = visit().page
    expect(page.get_by_role("heading", level=1)).to_contain_text("Change what is worn")
    assert page.url.startswith(f"{studio.deployment.cloud.url}/_aws/cloudfront/")


@pytest.mark.parametrize("place", EMPTY)
def test_an_empty_account_says_so_and_how_to_begin(visit: Callable[..., Visit], place: str) -> None:
    arrived = visit(place, size=PHONE)
    expect(arrived.page.locator("main")).to_contain_text(EMPTY[place])
    expect(arrived.page.locator("main a.button.primary")).to_be_visible()


def test_the_page_is_used_by_keys_alone(visit: Callable[..., Visit]) -> None:
    page = visit("#/history").page
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    for name in ("Atelier", "Restyle", "Teach"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name=name, exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    way = page.get_by_role("main").get_by_role("link", name="Teach a style")
    expect(way).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        if way.evaluate("(link) => link === document.activeElement"):
            break
    page.keyboard.press("Enter")
    garment = page.get_by_role("button", name="skirt", exact=True)
    garment.focus()
    page.keyboard.press("Space")
    expect(page.get_by_label("Name of the style")).to_have_value("my-skirt")


@pytest.mark.parametrize(
    ("status", "says"), [(500, "The service made a mistake"), (403, "You are not let in"), (404, "allowed: a stage")]
)
def test_what_goes_wrong_is_said_with_what_to_do_and_trying_again_helps(
    visit: Callable[..., Visit], status: int, says: str
) -> None:
    arrived = visit("#/history")
    arrived.expect_errors("Failed to load resource")
    page = arrived.page
    body = {"title": "wrong", "status": status, "detail": "styles: got none; allowed: a stage"}
    page.route("**/v1/styles*", lambda route: route.fulfill(status=status, json=body))
    page.get_by_role("link", name="Teach", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text(says)
    page.unroute("**/v1/styles*")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_slow_connection_shows_that_something_comes(visit: Callable[..., Visit]) -> None:
    arrived = visit("#/history")
    arrived.slow()
    arrived.page.get_by_role("link", name="Catalogue", exact=True).click()
    expect(arrived.page.get_by_text("Reading…").last).to_be_visible()
    expect(arrived.page.get_by_text("No catalogue was painted here yet")).to_be_visible()
