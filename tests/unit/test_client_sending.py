"""Requests of the client: what is tried again, for how long, and what a lost answer has done already."""

import pytest

from atelier.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    RefusedError,
    UnauthorizedError,
    UnavailableError,
    UnexpectedAnswerError,
    UnreachableError,
)
from atelier.sending import DIAL_SECONDS, PATIENCE_SECONDS, ask, call, query, send
from atelier.steps import HttpCall
from contracts.answers import PromotedVersion
from tests.unit.client_network import Network, reply

GET = HttpCall(method="GET", address="/v1/styles")
PROMOTED = {"style": "skirt", "version": "skirt@2", "previous": None}
LOST, UNHEARD = UnreachableError("the answer was lost", sent=True), UnreachableError("refused", sent=False)


def test_a_good_answer_ends_it() -> None:
    network = Network([reply(200, PROMOTED)])
    assert network.run(send(GET)) == reply(200, PROMOTED)
    assert network.pauses == []


@pytest.mark.parametrize("came", [reply(429), reply(502), reply(503), reply(504), LOST, UNHEARD])
def test_what_may_pass_is_tried_again(came: object) -> None:
    network = Network([came, reply(200, {})])  # type: ignore[list-item]
    assert network.run(send(GET)).status == 200
    assert len(network.calls) == 2


def test_pauses_grow_unless_the_api_says_how_long() -> None:
    network = Network([reply(503), reply(503), reply(503, retry_after="30"), reply(200, {})])
    network.run(send(GET))
    first, second, told = network.pauses
    assert 0.25 <= first <= 0.5 <= second <= 1
    assert told == 30


def test_patience_ends_with_the_last_error() -> None:
    network = Network([reply(503, {"detail": f"try {number}"}) for number in range(100)])
    with pytest.raises(UnavailableError, match=r"GET /v1/styles: HTTP 503: try \d") as raised:
        network.run(send(GET))
    assert raised.value.status == 503
    assert network.time <= 1000 + PATIENCE_SECONDS


def test_a_pause_longer_than_the_patience_is_left_to_the_caller() -> None:
    network = Network([reply(503, {"detail": "asleep"}, retry_after="600")])
    with pytest.raises(UnavailableError) as raised:
        network.run(send(GET))
    assert (raised.value.retry_after, network.pauses) == (600, [])


def test_where_nobody_answers_it_is_soon_said() -> None:
    network = Network([UNHEARD] * 100)
    with pytest.raises(UnreachableError):
        network.run(send(GET))
    assert network.time <= 1000 + DIAL_SECONDS


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (413, InvalidRequestError),
        (422, InvalidRequestError),
        (401, UnauthorizedError),
        (403, UnauthorizedError),
        (404, NotFoundError),
        (409, ConflictError),
        (500, RefusedError),
    ],
)
def test_what_will_not_pass_is_raised_at_once(status: int, kind: type[RefusedError]) -> None:
    network = Network([reply(status, {"detail": "no", "errors": [{"what": "a", "got": "1", "allowed": "2"}]})])
    with pytest.raises(kind, match=f"GET /v1/styles: HTTP {status}: no") as raised:
        network.run(send(GET))
    assert raised.value.errors == [{"what": "a", "got": "1", "allowed": "2"}]


def test_a_gateway_says_why_in_a_message_and_storage_in_xml() -> None:
    with pytest.raises(UnauthorizedError, match="Forbidden"):
        Network([reply(403, {"message": "Forbidden"})]).run(send(GET))
    with pytest.raises(UnauthorizedError, match="<Code>AccessDenied</Code>"):
        Network([reply(403, b"<Code>AccessDenied</Code>")]).run(send(GET))
    with pytest.raises(RefusedError, match="no reason was given"):
        Network([reply(500)]).run(send(GET))


@pytest.mark.parametrize("came", [LOST, reply(502)])
def test_what_a_lost_answer_has_done_is_done(came: object) -> None:
    delete = HttpCall(method="DELETE", address="/v1/predictions/1")
    assert Network([came, reply(404)]).run(send(delete, done=404)).status == 404  # type: ignore[list-item]


@pytest.mark.parametrize("came", [[], [UNHEARD], [reply(429)]])
def test_what_nobody_has_done_is_not(came: list[object]) -> None:
    delete = HttpCall(method="DELETE", address="/v1/predictions/1")
    with pytest.raises(NotFoundError):
        Network([*came, reply(404)]).run(send(delete, done=404))  # type: ignore[list-item]


def test_a_repeated_post_has_one_key() -> None:
    network = Network([LOST, reply(200, PROMOTED), reply(200, PROMOTED)])
    network.run(ask(PromotedVersion, "POST", "/v1/x"))
    network.run(ask(PromotedVersion, "POST", "/v1/x"))
    first, again, other = (each.headers["idempotency-key"] for each in network.calls)
    assert first == again != other
    assert call("POST", "/v1/x", idempotency_key="mine").headers == {"idempotency-key": "mine"}
    assert call("GET", "/v1/x").headers == {}


def test_answers_of_a_newer_api_are_read_and_of_another_one_refused() -> None:
    newer = {**PROMOTED, "invented": True}
    assert Network([reply(200, newer)]).run(ask(PromotedVersion, "GET", "/v1/x")).version == "skirt@2"
    with pytest.raises(UnexpectedAnswerError, match=r"GET /v1/x: got an answer of another kind .*version"):
        Network([reply(200, {"style": "skirt"})]).run(ask(PromotedVersion, "GET", "/v1/x"))
    with pytest.raises(UnexpectedAnswerError):
        Network([reply(200, b"<html>")]).run(ask(PromotedVersion, "GET", "/v1/x"))


def test_an_address_in_an_error_has_no_signature() -> None:
    put = HttpCall(method="PUT", address="https://bucket.test/key?X-Amz-Signature=secret")
    with pytest.raises(UnauthorizedError, match=r"^PUT https://bucket.test/key: HTTP 403"):
        Network([reply(403)]).run(send(put))


def test_a_query_says_what_there_is_to_say() -> None:
    assert query("/v1/x", {"limit": 20, "cursor": ""}) == "/v1/x?limit=20"
    assert query("/v1/x", {"cursor": "a b="}) == "/v1/x?cursor=a+b%3D"
    assert query("/v1/x", {}) == "/v1/x"
