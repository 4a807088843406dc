"""Somebody's first visit: nothing is there yet, and everything can go wrong."""

from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Route, expect

from tests.browser.visits import PHONE, Visit
from tests.e2e.studio import Studio

LOGIN = "studio-example.auth.us-east-1.amazoncognito.com"
EMPTY = {
    "#/teach": "Nothing was taught here yet",
    "#/catalogue": "No catalogue was painted here yet",
    "#/history": "Nothing",
}

WRONG = {500: "The service made a mistake", 403: "You are not let in", 404: "allowed: a stage"}


def test_who_opens_the_cloud_is_led_to_its_page(visit: Callable[..., Visit], studio: Studio) -> None:
    page = visit().page
    expect(page.get_by_role("heading", level=1)).to_contain_text("Change what is worn")
    assert page.url.startswith(f"{studio.deployment.cloud.url}/_aws/cloudfront/")
    # The distribution may list its bucket, so S3 says what is not there.
    assert page.request.get(f"{page.url.partition('#')[0]}lost.js").status == 404


def test_who_signs_out_is_signed_out_at_the_login_and_comes_back(visit: Callable[..., Visit]) -> None:
    """The login is played; what it is asked is what Cognito's documentation wants."""
    arrived = visit("#/history")
    page, home = arrived.page, arrived.page.url.partition("#")[0]
    login = {"domain": LOGIN, "client_id": "client"}
    told: dict[str, object] = {"stage": "dev", "key": None, "sign_in": login, "disclosure": {}, "origins": []}
    page.route("**/config.json", lambda route: route.fulfill(json=told))
    page.route("**/v1/**", lambda route: route.fulfill(json={"results": [], "next": None}))
    page.route(f"https://{LOGIN}/logout?*", lambda route: route.fulfill(status=302, headers={"location": home}))
    arrived.origins.add(f"https://{LOGIN}")
    tokens = {"access_token": "a", "until": 2**40}
    page.evaluate("(tokens) => sessionStorage.setItem('atelier.tokens', JSON.stringify(tokens))", tokens)
    page.reload()
    with page.expect_request(f"https://{LOGIN}/logout?*") as asked:
        page.get_by_role("button", name="Sign out").click()
    assert parse_qs(urlsplit(asked.value.url).query) == {"client_id": ["client"], "logout_uri": [home]}
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate("() => sessionStorage.length") == 0


def test_an_empty_account_says_so_and_how_to_begin(visit: Callable[..., Visit]) -> None:
    arrived = visit(size=PHONE)
    for place, says in EMPTY.items():
        arrived.go(place)
        expect(arrived.page.locator("main")).to_contain_text(says)
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


def test_what_goes_wrong_is_said_with_what_to_do_and_trying_again_helps(visit: Callable[..., Visit]) -> None:
    arrived = visit("#/history")
    arrived.expect_errors("Failed to load resource")
    page = arrived.page
    for status, says in WRONG.items():
        body = {"title": "wrong", "status": status, "detail": "styles: got none; allowed: a stage"}
        answer = partial(Route.fulfill, status=status, json=body)
        page.route("**/v1/styles*", answer)
        page.get_by_role("link", name="Teach", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text(says)
        page.unroute("**/v1/styles*")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("alert")).to_have_count(0)
        page.get_by_role("link", name="History", exact=True).click()


def test_a_slow_connection_shows_that_something_comes(visit: Callable[..., Visit]) -> None:
    arrived = visit("#/history")
    arrived.slow()
    arrived.page.get_by_role("link", name="Catalogue", exact=True).click()
    expect(arrived.page.get_by_text("Reading…").last).to_be_visible()
    expect(arrived.page.get_by_text("No catalogue was painted here yet")).to_be_visible()
