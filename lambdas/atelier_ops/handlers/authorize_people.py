"""Finds the API key in each request of the API, as ``authorize`` does, or the person who signed in on the stage's page.

A person has no key of their own: API Gateway counts the requests of all of them by the page's.
"""

import time
from functools import cache
from typing import Any

from atelier_ops.gateways.api_keys import ApiKeys
from atelier_ops.gateways.pool_keys import PoolKeys
from atelier_ops.logic.credentials import SignedIn, authorize
from atelier_ops.logic.tokens import Pool
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment."""

    issuer: str
    client_id: str
    page_key_id: str


@cache
def signed_in() -> SignedIn:
    """Whoever comes with a token of the stage's pool. The key's value is read once a container."""
    settings = Settings.from_environment()
    pool = Pool(issuer=settings.issuer, client_id=settings.client_id, key=PoolKeys(settings.issuer).key, now=time.time)
    return SignedIn(person=pool.person, key=cache(lambda: ApiKeys().value(settings.page_key_id)))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """One event of API Gateway's REQUEST authorizer → its answer."""
    return authorize(event, signed_in())
