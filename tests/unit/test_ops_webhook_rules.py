"""Where webhooks may be sent, and how they are signed."""

import base64
import hashlib
import hmac
from ipaddress import ip_address

import pytest

from atelier_ops.logic.webhook_signature import client_secret, signed, written
from atelier_ops.webhook_address import Receiver, closed, target
from contracts.errors import InvalidInputError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com", Receiver(secure=True, host="example.com", port=443, authority="example.com", path="/")),
        (
            "https://Hooks.Example.com:8443/a/b?c=d%20e",
            Receiver(
                secure=True,
                host="hooks.example.com",
                port=8443,
                authority="Hooks.Example.com:8443",
                path="/a/b?c=d%20e",
            ),
        ),
        (
            "https://93.184.216.34/x",
            Receiver(secure=True, host="93.184.216.34", port=443, authority="93.184.216.34", path="/x"),
        ),
        (
            "https://[2606:2800:220:1::1]/",
            Receiver(secure=True, host="2606:2800:220:1::1", port=443, authority="[2606:2800:220:1::1]", path="/"),
        ),
        (
            "https://xn--9d0bm53a.kr/",
            Receiver(secure=True, host="xn--9d0bm53a.kr", port=443, authority="xn--9d0bm53a.kr", path="/"),
        ),
    ],
)
def test_public_addresses_are_taken(url: str, expected: Receiver) -> None:
    assert target(url, "public") == target(url, "loopback") == expected


REFUSED = [
    "http://example.com/",
    "https://example.com:22/",
    "https://example.com:80/",
    "https://example.com:99999/",
    "https://user:@example.com/",
    "https://user@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com/#part",
    "https://example.com/a b",
    "https://exa\tmple.com/",
    "https://example.com/\r\nX-Header: 1",
    "https://예시.kr/",
    "https:///path",
    "https://",
    "https:example.com",
    "ftp://example.com/",
    "file:///etc/passwd",
    "https://localhost/",
    "https://a.localhost/",
    "https://printer.local/",
    "https://ip-10-0-0-1.ec2.internal/",
    "https://router.home.arpa/",
    "https://intranet/",
    "https://example.com./",
    "https://-a.example.com/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://10.1.2.3/",
    "https://172.31.0.1/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://169.254.170.2/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[ff02::1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:93.184.216.34]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:a9fe:a9fe::]/",
    "https://[2001:0:1::1]/",
    "https://[2001:db8::1]/",
    "https://[::1/",
]


@pytest.mark.parametrize("url", REFUSED)
def test_other_addresses_are_refused_with_what_is_allowed(url: str) -> None:
    with pytest.raises(InvalidInputError, match=r"webhook: got .*; allowed: ") as error:
        target(url, "public")
    assert "user" not in str(error.value).replace("a user", "")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/told", "http://localhost:1/", "https://127.9.9.9/", "http://[::1]:80/"]
)
def test_only_a_stage_on_a_laptop_reaches_its_own_machine(url: str) -> None:
    assert target(url, "loopback").host in ("127.0.0.1", "localhost", "127.9.9.9", "::1")
    with pytest.raises(InvalidInputError):
        target(url, "public")


@pytest.mark.parametrize(
    "url", [each for each in REFUSED if "127" not in each and "localhost/" not in each and "::1]" not in each]
)
def test_such_a_stage_reaches_nothing_else_besides(url: str) -> None:
    with pytest.raises(InvalidInputError):
        target(url, "loopback")


def test_a_stage_without_a_way_out_says_so() -> None:
    with pytest.raises(InvalidInputError, match="without a way to the internet"):
        target("https://example.com/", "none")


def test_loopback_is_closed_but_on_a_laptop() -> None:
    for text in ("127.0.0.1", "::1"):
        assert closed(ip_address(text), "public")
        assert not closed(ip_address(text), "loopback")
    assert closed(ip_address("192.168.0.1"), "loopback") == "private"
    assert not closed(ip_address("1.1.1.1"), "public")


def test_a_message_is_signed_as_standard_webhooks_say() -> None:
    # The example of https://github.com/standard-webhooks/standard-webhooks, libraries/python/tests.
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signed(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', 1614265330.9)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_each_client_has_a_secret_of_its_own() -> None:
    stage = hashlib.sha256(b"stage").digest()
    first, other = client_secret(stage, "first"), client_secret(stage, "other")
    assert first == client_secret(stage, "first") != other
    assert len(first) == 32
    assert written(first) == f"whsec_{base64.b64encode(first).decode()}"
    assert first == hmac.digest(stage, b"webhooks of first", "sha256")
