"""What a client is not told: names of the account's own that it did not say itself, such as buckets, ARNs and the account's number."""

import re
from typing import Any

_NAMED = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]*)/"
    r"|arn:[\w-]+:[\w-]*:[\w-]*:\d*:(?P<resource>[^\s,;\"'()]+)"
    r"|(?P<words>[Aa]ccount(?: ID)?:? )\d{12}"
)


def discreet(value: Any, sent: str) -> Any:
    """``value``, JSON of any shape, with a bucket's name as ``…`` and an ARN as its last part, but for what stands in ``sent`` as well."""
    if isinstance(value, str):
        return _NAMED.sub(lambda found: found[0] if found[0] in sent else _short(found), value)
    if isinstance(value, dict):
        return {key: discreet(each, sent) for key, each in value.items()}
    return [discreet(each, sent) for each in value] if isinstance(value, list) else value


def _short(found: re.Match[str]) -> str:
    if found["bucket"]:
        return "s3://…/"
    return found["resource"] or f"{found['words']}…"
