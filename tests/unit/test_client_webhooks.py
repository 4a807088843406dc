"""Whether a webhook is the API's. The signature is the example of https://github.com/standard-webhooks/standard-webhooks's own tests."""

import base64
import hashlib
import hmac

import pytest

from atelier import verify_webhook
from atelier.errors import WebhookError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
BODY = b'{"test": 2432232314}'
NOW = 1614265330.0


def test_a_webhook_of_the_standards_own_example_is_believed() -> None:
    assert verify_webhook(BODY, HEADERS, SECRET, now=NOW + 60) == {"test": 2432232314}
    capitals = {name.title(): value for name, value in HEADERS.items()}
    assert verify_webhook(BODY.decode(), capitals, SECRET, now=NOW) == {"test": 2432232314}


def test_one_right_signature_among_several_is_enough() -> None:
    both = {**HEADERS, "webhook-signature": f"v1,AAAA v2,x {HEADERS['webhook-signature']}"}
    assert verify_webhook(BODY, both, SECRET, now=NOW)


@pytest.mark.parametrize(
    ("headers", "body", "now"),
    [
        ({}, BODY + b" ", NOW),
        ({"webhook-id": "msg_other"}, BODY, NOW),
        ({"webhook-signature": "v1,"}, BODY, NOW),
        ({"webhook-signature": "v1,é"}, BODY, NOW),
        ({"webhook-timestamp": "1614265331"}, BODY, NOW),
        ({"webhook-timestamp": "soon"}, BODY, NOW),
        ({}, BODY, NOW + 301),
        ({}, BODY, NOW - 301),
    ],
)
def test_anything_else_is_not(headers: dict[str, str], body: bytes, now: float) -> None:
    with pytest.raises(WebhookError):
        verify_webhook(body, {**HEADERS, **headers}, SECRET, now=now)


def test_headers_that_lack_and_a_secret_that_is_none_are_said() -> None:
    with pytest.raises(WebhookError, match="webhook-id"):
        verify_webhook(BODY, {}, SECRET, now=NOW)
    with pytest.raises(WebhookError, match="secret"):
        verify_webhook(BODY, HEADERS, "whsec_?", now=NOW)


def test_the_time_is_the_machines_unless_said() -> None:
    import time

    stamp = str(int(time.time()))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    right = base64.b64encode(hmac.new(key, f"1.{stamp}.".encode() + BODY, hashlib.sha256).digest()).decode()
    headers = {"webhook-id": "1", "webhook-timestamp": stamp, "webhook-signature": f"v1,{right}"}
    assert verify_webhook(BODY, headers, SECRET)
