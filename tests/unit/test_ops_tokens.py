"""Who signed in: the one whom an access token names that the stage's pool gave the page's client, and nobody else."""

import base64
import hmac
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from atelier_ops.gateways.pool_keys import LEAST_PAUSE, PoolKeys
from atelier_ops.logic.credentials import SignedIn, authorize
from atelier_ops.logic.tokens import Pool
from tests.unit.ops_api import Api

ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc"
NOW = 1_800_000_000
PERSON = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
CLAIMS = {"iss": ISSUER, "client_id": "page", "token_use": "access", "exp": NOW + 60, "sub": PERSON}
ARN = "arn:aws:execute-api:eu-west-1:123456789012:api1/live/GET/v1/styles"


@cache
def private(name: str) -> rsa.RSAPrivateKey:
    """A key of this test, by a name of ours."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024 if name == "short" else 2048)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def jwk(kid: str, key: rsa.RSAPrivateKey, **more: str) -> dict[str, Any]:
    """The public half, as a pool publishes it."""
    numbers = key.public_key().public_numbers()
    n, e = (encoded(number.to_bytes((number.bit_length() + 7) // 8)) for number in (numbers.n, numbers.e))
    return {"kid": kid, "kty": "RSA", "use": "sig", "alg": "RS256", "n": n, "e": e, **more}


def token(claims: Mapping[str, Any] | None = None, *, signer: str = "pool", **header: Any) -> str:
    """A token of these claims, signed by the key of this name."""
    head = encoded(json.dumps({"alg": "RS256", "kid": "k1", **header}).encode())
    message = f"{head}.{encoded(json.dumps({**CLAIMS, **(claims or {})}).encode())}"
    signature = private(signer).sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{message}.{encoded(signature)}"


def person(shown: str, *keys: dict[str, Any]) -> str | None:
    """Whom a pool with these keys, or with its own, takes the token for."""
    published = {key["kid"]: key for key in keys or (jwk("k1", private("pool")),)}
    return Pool(issuer=ISSUER, client_id="page", key=published.get, now=lambda: NOW).person(shown)


def test_a_good_token_names_its_person() -> None:
    assert person(token()) == PERSON


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW},
        {"exp": NOW - 3600},
        {"exp": None},
        {"exp": str(NOW + 60)},
        {"exp": True},
        {"iss": ISSUER + "d"},
        {"iss": None},
        {"client_id": "another"},
        {"client_id": None, "aud": "page"},
        {"token_use": "id"},
        {"sub": None},
        {"sub": "person:first"},
        {"sub": "first"},
    ],
)
def test_a_token_of_another_time_pool_client_or_use_names_nobody(claims: dict[str, Any]) -> None:
    assert person(token(claims)) is None


def test_a_token_that_another_key_signed_names_nobody() -> None:
    assert person(token(signer="another pool")) is None
    assert person(token(kid="k2")) is None


def test_a_token_that_was_changed_names_nobody() -> None:
    head, _, signature = token().split(".")
    assert person(f"{head}.{encoded(json.dumps({**CLAIMS, 'sub': OTHER}).encode())}.{signature}") is None
    assert person(token()[:-4] + "AAAA") is None


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS512", "PS256", "", None])
def test_no_other_algorithm_is_believed_even_with_a_good_signature(algorithm: str | None) -> None:
    assert person(token(alg=algorithm)) is None


def test_a_token_without_a_signature_names_nobody() -> None:
    head, body, _ = token(alg="none").split(".")
    assert person(f"{head}.{body}.") is None
    assert person(f"{head}.{body}") is None


def test_the_public_key_is_no_secret_to_sign_with() -> None:
    """The confusion of algorithms: HMAC with what everybody can read."""
    public = private("pool").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for algorithm in ("HS256", "RS256"):
        head, body, _ = token(alg=algorithm).split(".")
        mac = hmac.digest(public, f"{head}.{body}".encode(), "sha256")
        assert person(f"{head}.{body}.{encoded(mac)}") is None


def test_a_critical_extension_that_is_not_understood_is_refused() -> None:
    assert person(token(crit=["b64"], b64=False)) is None


def test_a_key_that_is_short_or_for_something_else_is_not_used() -> None:
    assert person(token(signer="short"), jwk("k1", private("short"))) is None
    for other in ({"use": "enc"}, {"alg": "RS512"}, {"kty": "oct"}):
        assert person(token(), jwk("k1", private("pool"), **other)) is None


@pytest.mark.parametrize(
    "junk", ["", "a", "a.b", "a.b.c", "a.b.c.d", "é.b.c", "e30.e30.e30", "." * 5, "a" * 9000, "bnVsbA.bnVsbA.bnVsbA"]
)
def test_junk_names_nobody(junk: str) -> None:
    assert person(junk) is None


def test_a_deeply_nested_header_names_nobody() -> None:
    assert person(f"{encoded(b'[' * 5000)}.e30.e30") is None


def test_a_new_key_is_looked_for_and_an_invented_one_not_for_each_request() -> None:
    told, clock, looks = [jwk("k1", private("pool"))], [0.0], list[str]()

    def get(url: str) -> Mapping[str, Any]:
        looks.append(url)
        return {"keys": list(told)}

    keys = PoolKeys(ISSUER, get, lambda: clock[0])
    assert [keys.key("k1"), keys.key("k1")] == [told[0], told[0]]
    assert looks == [f"{ISSUER}/.well-known/jwks.json"]
    assert [keys.key("invented") for _ in range(5)] == [None] * 5
    assert len(looks) == 1
    told.append(jwk("k2", private("new")))
    clock[0] = LEAST_PAUSE
    assert keys.key("k2")
    assert len(looks) == 2


PEOPLE = SignedIn(person=person, key=lambda: "the page's key")


def asked(headers: Mapping[str, str], people: SignedIn | None = PEOPLE) -> dict[str, Any]:
    """What the authorizer answers."""
    return authorize({"methodArn": ARN, "headers": headers}, people)


def effect(answer: Mapping[str, Any]) -> str:
    return str(answer["policyDocument"]["Statement"][0]["Effect"])


def test_a_person_comes_in_with_the_page_s_key() -> None:
    answer = asked({"authorization": f"Bearer {token()}"})
    assert (effect(answer), answer["usageIdentifierKey"]) == ("Allow", "the page's key")
    assert answer["context"] == {"person": PERSON}


def test_whoever_shows_no_good_token_is_refused() -> None:
    for bad in (token({"exp": NOW}), token(signer="another pool"), token(alg="none"), token({"client_id": "x"})):
        answer = asked({"authorization": f"Bearer {bad}"})
        assert effect(answer) == "Deny"
        assert answer.keys() == {"principalId", "policyDocument"}


def test_where_nobody_signs_in_a_token_opens_nothing() -> None:
    assert effect(asked({"authorization": f"Bearer {token()}"}, None)) == "Deny"


def test_a_key_is_a_key_in_such_a_stage_too_and_is_no_person() -> None:
    for headers in ({"authorization": "Bearer secret"}, {"x-api-key": "secret"}):
        answer = asked(headers)
        assert (effect(answer), answer["usageIdentifierKey"]) == ("Allow", "secret")
        assert "context" not in answer
    # A token beside a key is not looked at: the key's client asks.
    both = asked({"x-api-key": "secret", "authorization": f"Bearer {token()}"})
    assert (both["usageIdentifierKey"], "context" in both) == ("secret", False)


def call(api: Api, who: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """A request of a client."""
    api.key = who
    answered = api.call(method, path, body)
    return answered.status, answered.body


def test_what_a_person_makes_is_theirs_alone() -> None:
    api = Api()
    request = {"input": {"mode": "text_to_image", "prompt": "a red skirt"}}
    me = f"person:{PERSON}"
    status, made = call(api, me, "POST", "/v1/predictions", request)
    assert status == 201
    path = f"/v1/predictions/{made['id']}"
    assert call(api, me, "GET", path)[0] == 200
    assert [each["id"] for each in call(api, me, "GET", "/v1/predictions")[1]["results"]] == [made["id"]]
    for who in (f"person:{OTHER}", "page-key", "key-1"):
        assert call(api, who, "GET", path)[0] == 404
        assert call(api, who, "DELETE", path)[0] == 404
        assert call(api, who, "GET", "/v1/predictions")[1]["results"] == []


def test_nobody_is_a_person_because_a_header_says_so() -> None:
    api = Api()
    _, made = call(
        api, f"person:{PERSON}", "POST", "/v1/predictions", {"input": {"mode": "text_to_image", "prompt": "a skirt"}}
    )
    api.key = "page-key"
    for header in ("person", "x-amzn-person", "authorizer"):
        assert api.call("GET", f"/v1/predictions/{made['id']}", **{header: PERSON}).status == 404
