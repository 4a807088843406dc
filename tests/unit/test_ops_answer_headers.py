"""What every answer says beside its body: what a key may do, and which pages of other sites may read it."""

import pytest

from tests.unit.ops_api import Api

STUDIO, OTHER = "https://studio.example.com", "https://other.example.com"
PLAIN, COSTLY = '"steady";q=10;w=1', '"steady";q=1;w=5'


@pytest.fixture
def api() -> Api:
    return Api(origins=(STUDIO, "https://shop.example.com"))


def test_every_answer_says_what_the_key_may_do(api: Api) -> None:
    assert api.call("GET", "/v1/predictions").headers["RateLimit-Policy"] == PLAIN
    assert api.call("GET", "/v1/nothing").headers["RateLimit-Policy"] == PLAIN
    assert api.call("POST", "/v1/trainings", {}).headers["RateLimit-Policy"] == COSTLY


def test_pages_of_the_stages_origins_may_read_answers(api: Api) -> None:
    headers = api.call("GET", "/v1/predictions", Origin=STUDIO).headers
    assert (headers["Access-Control-Allow-Origin"], headers["Vary"]) == (STUDIO, "Origin")
    assert {"Atelier-Disclosure", "Location", "RateLimit-Policy", "Retry-After"} <= {
        *headers["Access-Control-Expose-Headers"].split(", ")
    }
    assert "Access-Control-Allow-Credentials" not in headers
    assert api.call("GET", "/v1/nothing", Origin=STUDIO).headers["Access-Control-Allow-Origin"] == STUDIO


@pytest.mark.parametrize(
    "origin", [OTHER, "null", "https://studio.example.com.evil.example", "HTTPS://STUDIO.EXAMPLE.COM"]
)
def test_pages_of_others_may_not(api: Api, origin: str) -> None:
    headers = api.call("GET", "/v1/predictions", Origin=origin).headers
    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Vary"] == "Origin"


def test_a_star_is_any_page_and_no_origin_is_none() -> None:
    assert Api(origins=("*",)).call("GET", "/v1/files", Origin=OTHER).headers["Access-Control-Allow-Origin"] == "*"
    headers = Api().call("GET", "/v1/files", Origin=OTHER).headers
    assert not {"Access-Control-Allow-Origin", "Vary"} & set(headers)


def test_a_browser_asks_first_without_a_key(api: Api) -> None:
    api.key = ""  # API Gateway asks for none
    answer = api.call("OPTIONS", "/v1/predictions/abc", Origin=STUDIO)
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Methods"] == "DELETE, GET"
    assert {"Authorization", "Content-Type", "Idempotency-Key", "Prefer"} <= {
        *answer.headers["Access-Control-Allow-Headers"].split(", ")
    }
    told = api.call("OPTIONS", "/v1/predictions/abc", Origin=OTHER).headers
    assert not [name for name in told if name.startswith("Access-Control")]


def test_a_stage_without_origins_answers_no_preflight() -> None:
    assert Api().call("OPTIONS", "/v1/predictions", Origin=OTHER).status == 405
