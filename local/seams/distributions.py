"""CloudFront's distributions: what one answers a browser, with the local cloud's own APIs behind it.

ministack reads an S3 origin as CloudFront does, bucket policy and origin access control included, and applies the policies of a
distribution. It asks no origin at an AWS address but its own; the host of one of its REST APIs it does not know.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from ministack.core.responses import request_scope
from ministack.services import cloudfront

Answer = tuple[int, Mapping[str, Any], bytes]
"""Status, headers (one of several values has a list of them) and body."""

_API_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com")


class Distributions:
    """Those of ``account``, in the local cloud that answers at ``port``."""

    def __init__(self, *, account: str, region: str, port: int) -> None:
        self._scope, self._port = (account, region), port

    def install(self) -> None:
        """Let distributions reach the local cloud's own APIs."""
        forward: Callable[..., Any] = cloudfront._forward_to_origin

        def forward_here(
            origin: Mapping[str, Any], method: str, uri: str, query: str, headers: Mapping[str, str], *rest: Any
        ) -> Any:
            if api := _API_HOST.fullmatch(origin["domain_name"]):
                here = {"domain_name": "127.0.0.1", "http_port": self._port, "protocol_policy": "http-only"}
                named = {**headers, "host": f"127.0.0.1:{self._port}"}
                return forward({**origin, **here}, method, f"/_aws/execute-api/{api[1]}{uri}", query, named, *rest)
            return forward(origin, method, uri, query, headers, *rest)

        cloudfront._forward_to_origin = forward_here

    def newest(self) -> str | None:
        """The id of the distribution that was made last."""
        with request_scope(*self._scope):
            return next(reversed(list(cloudfront._distributions)), None)

    async def answer(
        self, distribution: str, method: str, path: str, raw_path: str, query: str, headers: dict[str, str], body: bytes
    ) -> Answer | None:
        """What the distribution answers to a browser that came with TLS, as which loopback counts; None where there is none of this id."""
        with request_scope(*self._scope):
            found = cloudfront._distributions.get(distribution)
            if found is None:
                return None
            sent = {**headers, "host": found["DomainName"], "x-forwarded-proto": "https"}
            parameters = parse_qs(query, keep_blank_values=True)
            answer: Answer = await cloudfront.handle_viewer_request(
                found, method, path, raw_path, query, sent, body, parameters
            )
            return answer
