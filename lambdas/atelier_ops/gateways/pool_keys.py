"""The public keys of a Cognito user pool, which it publishes beside its issuer's address."""

import json
import time
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

TIMEOUT = 3
LEAST_PAUSE = 60.0
"""Seconds between two looks: a token with an invented key's name must not make one a request."""

Fetch = Callable[[str], Mapping[str, Any]]


def fetch(url: str) -> Mapping[str, Any]:
    """The JSON object at an address of AWS. Raises OSError or ValueError."""
    with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
        found: Mapping[str, Any] = json.load(answer)
    return found


class PoolKeys:
    """The keys of the pool that ``issuer`` names: read at first use, and again where a token names one that was not among them."""

    def __init__(self, issuer: str, get: Fetch = fetch, now: Callable[[], float] = time.monotonic) -> None:
        self._url, self._get, self._now = f"{issuer}/.well-known/jwks.json", get, now
        self._keys: dict[str, Mapping[str, Any]] = {}
        self._looked: float | None = None

    def key(self, kid: str) -> Mapping[str, Any] | None:
        """The JSON Web Key of this id; None where the pool has none. Raises OSError or ValueError where the pool does not answer."""
        if kid not in self._keys and (self._looked is None or self._now() - self._looked >= LEAST_PAUSE):
            told = self._get(self._url)
            self._looked = self._now()
            self._keys = {str(each["kid"]): each for each in told["keys"]}
        return self._keys.get(kid)
