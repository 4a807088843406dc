"""What a client is not told: names of the account's own that it did not say itself, such as buckets, ARNs and the account's number."""

import re
from typing import Any

_BUCKET = r"[a-z0-9][a-z0-9.-]*"
_NAMED = re.compile(
    rf"(?P<place>s3://|arn:[\w-]+:s3:::){_BUCKET}"
    rf"|{_BUCKET}(?=\.s3[.-][a-z0-9.-]*amazonaws\.com)|(?<=amazonaws\.com/){_BUCKET}"
    r"|arn:[\w-]+:[\w-]*:[\w-]*:\d*:(?P<resource>[^\s,;\"'()]+)"
    r"|(?<!\w)\d{12}(?!\w)"
)
"""Buckets, by address, ARN or host; ARNs; and the number of an account, alone or in the name of an image or a queue."""


def discreet(value: Any, sent: str) -> Any:
    """``value``, JSON of any shape, with buckets and accounts as ``…`` and an ARN as its last part, but for what ``sent`` says as well."""
    if isinstance(value, str):
        return _NAMED.sub(lambda found: found[0] if found[0] in sent else _short(found), value)
    if isinstance(value, dict):
        return {key: discreet(each, sent) for key, each in value.items()}
    return [discreet(each, sent) for each in value] if isinstance(value, list) else value


def _short(found: re.Match[str]) -> str:
    if found["place"]:
        return "s3://…"
    return str(discreet(found["resource"], "")) if found["resource"] else "…"
