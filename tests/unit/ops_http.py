"""The in-memory API at an address, for clients that only know HTTP: API Gateway's part, a painter's, and S3's."""

import base64
import json
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from atelier_ops.logic.api import answer
from atelier_ops.logic.notification import Outcome
from atelier_ops.logic.results import settle_prediction
from contracts.layout import S3Uri, request_key
from tests.unit.ops_api import Api
from tests.unit.ops_fakes import PNG

ADDRESS = "https://abc.execute-api.us-east-1.amazonaws.com/live"
BINARY = ("multipart/form-data", "image/*")

Response = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""


@dataclass
class HttpApi:
    """``send`` answers one HTTP request. Unless it is ``asleep``, what is asked of the endpoint is painted before the next request."""

    api: Api = field(default_factory=Api)
    asleep: bool = False
    prompt: bool = False
    """Whether it is painted while a request is kept, too."""
    painted: list[dict[str, Any]] = field(default_factory=list)
    """The requests that were painted, as the model server read them."""
    statuses: list[int] = field(default_factory=list)

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Response:
        self.paint()
        parts = urlsplit(url)
        response = self._call(method, url, headers, body) if url.startswith(ADDRESS) else self._s3(parts, headers)
        self.statuses.append(response[0])
        return response

    def paint(self) -> None:
        """Let the model server answer what waits."""
        while self.api.inference.queue and not self.asleep:
            _, where, prediction = self.api.inference.queue.pop(0)
            media = self.api.buckets.store("media")
            if request_key(prediction) not in media.names():
                continue
            asked = media.json(S3Uri.parse(where).key)
            self.painted.append(asked)
            record = self.api.records.items[f"prediction#{prediction}"]
            output = S3Uri.parse(record.data["answer"]["output"])
            pictures = [base64.b64encode(PNG).decode()] * asked.get("num_outputs", 1)
            made = {"images": pictures, "output_format": "png", "seed": 7, "model": "tiny@v1", "seconds": {"total": 1}}
            media.write(output.key, json.dumps(made).encode(), "application/json")
            outcome = Outcome(inference_id=prediction, succeeded=True, output=output)
            settle_prediction(outcome, self.api.dependencies(), self.api.now)

    def _call(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Response:
        parts = urlsplit(url.removeprefix(ADDRESS))
        named = {name.title(): value for name, value in headers.items()}
        event = self.api.event_of(method, unquote(parts.path), None, dict(parse_qsl(parts.query)) or None, named)
        if body:
            binary = _matches(named.get("Content-Type", ""))
            text = base64.b64encode(body).decode() if binary else body.decode(errors="replace")
            event |= {"body": text, "isBase64Encoded": binary}
        dependencies = self.api.dependencies()
        if self.prompt:
            kept = dependencies.pause

            def pause(seconds: float) -> None:
                kept(seconds)
                self.paint()

            dependencies = replace(dependencies, pause=pause)
        answered = answer(event, dependencies)
        content = answered["body"].encode()
        if answered["isBase64Encoded"] and _matches(named.get("Accept", "")):
            content = base64.b64decode(content)
        return answered["statusCode"], {k: ", ".join(v) for k, v in answered["multiValueHeaders"].items()}, content

    def _s3(self, parts: Any, headers: dict[str, str]) -> Response:
        """A presigned address: with an Authorization header as well, S3 refuses it."""
        if "authorization" in {name.lower() for name in headers}:
            return (
                400,
                {"Content-Type": "application/xml"},
                b"<Code>InvalidArgument</Code>Only one auth mechanism allowed",
            )
        store = self.api.buckets.store(parts.hostname.removesuffix(".test"))
        return 200, {"Content-Type": "image/png"}, store.read(unquote(parts.path.lstrip("/")))


def _matches(kind: str) -> bool:
    """Whether API Gateway takes the media type for binary (https://docs.aws.amazon.com/apigateway/latest/developerguide/
    api-gateway-payload-encodings.html)."""
    plain = kind.split(";")[0].strip().lower()
    return any(plain == each or (each.endswith("/*") and plain.startswith(each[:-1])) for each in BINARY)
