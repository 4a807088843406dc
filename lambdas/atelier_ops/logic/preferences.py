"""``Prefer: wait`` and ``Prefer: wait=N``: how long a client would rather wait than ask again (RFC 7240, section 4.3)."""

import re

from atelier_ops.logic.http import Request

LONGEST_WAIT = 25
"""Seconds from a request's arrival for which it may be kept: API Gateway gives up after 29, of which a cold start takes some."""

_WAIT = re.compile(r'wait(?:\s*=\s*"?(\d+)"?)?')


def wait_seconds(request: Request) -> int | None:
    """Seconds that the client is content to wait, at most ``LONGEST_WAIT``; None where it does not say so.

    Preferences that nobody knows, or that cannot be read, are ignored, as the RFC demands.
    """
    for preference in re.split("[,;]", request.headers.get("prefer", "")):
        if found := _WAIT.fullmatch(preference.strip().lower()):
            return min(LONGEST_WAIT, int(found[1]) if found[1] else LONGEST_WAIT)
    return None


def applied(seconds: int | None) -> dict[str, str]:
    """The header that says for how long the request would have been kept."""
    return {} if seconds is None else {"Preference-Applied": f"wait={seconds}"}
