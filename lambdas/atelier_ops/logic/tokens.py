"""Access tokens of a Cognito user pool: who signed in, where a token is what the pool gave the page's own client, and has not expired.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html. The pool signs with
RSASSA-PKCS1-v1_5 and SHA-256 (RS256). A signature is checked as RFC 8017, 8.2.2 says: what the public key makes of it is compared as a
whole with what it must be, so that nothing in it is parsed. There is no secret in that, and no package to keep.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_ALGORITHM = "RS256"
_FEWEST_BITS = 2048
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""What stands before a SHA-256 digest in a signature: RFC 8017, 9.2, note 1."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
LONGEST = 8_192
"""Characters of a token; API Gateway takes headers of 10 KB in all."""

_PERSON = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A ``sub``: the pool's own name of a person, which is never given twice."""


@dataclass(frozen=True, kw_only=True)
class PublicKey:
    """An RSA key of a pool: its ``modulus`` and ``exponent``."""

    modulus: int
    exponent: int

    @classmethod
    def read(cls, key: Mapping[str, Any]) -> "PublicKey | None":
        """From a JSON Web Key; None for one of another kind or use, or of fewer than 2048 bits."""
        if (key.get("kty"), key.get("use", "sig"), key.get("alg", _ALGORITHM)) != ("RSA", "sig", _ALGORITHM):
            return None
        modulus, exponent = (_number(key.get(name)) for name in ("n", "e"))
        return (
            cls(modulus=modulus, exponent=exponent) if modulus.bit_length() >= _FEWEST_BITS and exponent > 1 else None
        )

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether this key's owner signed the message."""
        length = (self.modulus.bit_length() + 7) // 8
        number = int.from_bytes(signature)
        if len(signature) != length or number >= self.modulus:
            return False
        digest = _DIGEST_INFO + hashlib.sha256(message).digest()
        wanted = b"\x00\x01" + b"\xff" * (length - len(digest) - 3) + b"\x00" + digest
        return pow(number, self.exponent, self.modulus).to_bytes(length) == wanted


@dataclass(frozen=True, kw_only=True)
class Pool:
    """``issuer`` is the address that its tokens name, ``client_id`` the one app client whose tokens are taken."""

    issuer: str
    client_id: str
    key: Callable[[str], Mapping[str, Any] | None]
    """The pool's JSON Web Key of this id, ``kid``."""
    now: Callable[[], float]

    def person(self, token: str) -> str | None:
        """Who signed in; None where the token is anything but an access token that this pool gave this client and that is good now."""
        if len(token) > LONGEST or not _TOKEN.fullmatch(token):
            return None
        head, body, signature = token.split(".")
        header, claims = _object(head), _object(body)
        if header.get("alg") != _ALGORITHM or "crit" in header:
            return None
        published = self.key(str(header.get("kid")))
        key = PublicKey.read(published) if published else None
        if key is None or not key.signed(f"{head}.{body}".encode(), _bytes(signature)):
            return None
        wanted = {"iss": self.issuer, "client_id": self.client_id, "token_use": "access"}
        expires, person = claims.get("exp"), claims.get("sub")
        good = all(claims.get(name) == value for name, value in wanted.items())
        lasts = isinstance(expires, int) and not isinstance(expires, bool) and expires > self.now()
        return person if good and lasts and isinstance(person, str) and _PERSON.fullmatch(person) else None


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def _number(text: object) -> int:
    return int.from_bytes(_bytes(text)) if isinstance(text, str) else 0


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(_bytes(text))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
