"""A small client of Atelier's HTTP API."""

import base64
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

POLL_SECONDS = 0.2
ENDED = ("succeeded", "failed", "canceled")


class ApiError(RuntimeError):
    """The API refused a request or a prediction failed; the text is the API's own."""


@dataclass(frozen=True, kw_only=True)
class ApiClient:
    """``url`` ends in the API's stage, ``key`` is an API key."""

    url: str
    key: str

    def request(self, method: str, path: str, body: object | None = None) -> dict[str, Any]:
        """One call. Raises ApiError with status and problem text."""
        address, headers = f"{self.url.rstrip('/')}{path}", {"x-api-key": self.key}
        return dict(_send(f"{method} {path}", method, address, json=body, headers=headers).json())

    def predict(
        self, request: dict[str, Any], *, version: str = "", timeout: float = 300, poll_seconds: float = POLL_SECONDS
    ) -> list[bytes]:
        """Ask for one prediction (of a style or ``style@version``; none means the base model) and wait for its pictures.

        It asks again every ``poll_seconds``, each time one request of the key's quota.
        Raises ApiError where it fails or takes longer than ``timeout`` seconds.
        """
        prediction = self.request("POST", "/v1/predictions", {"version": version, "input": request})
        deadline = time.monotonic() + timeout
        while prediction["status"] not in ENDED:
            if time.monotonic() > deadline:
                raise ApiError(f"prediction {prediction['id']} is still {prediction['status']} after {timeout:.0f} s")
            time.sleep(poll_seconds)
            prediction = self.request("GET", f"/v1/predictions/{prediction['id']}")
        if prediction["status"] != "succeeded":
            raise ApiError(f"prediction {prediction['id']} {prediction['status']}: {prediction['error']}")
        return [_send("picture", "GET", address).data for address in prediction["output"]]


def _send(what: str, method: str, address: str, **options: Any) -> urllib3.BaseHTTPResponse:
    try:
        response = urllib3.request(method, address, timeout=60, **options)
    except urllib3.exceptions.HTTPError as error:
        raise ApiError(f"{what}: {address.partition('?')[0]}: {error}") from error
    if response.status >= 400:
        raise ApiError(f"{what}: HTTP {response.status}: {response.data.decode(errors='replace')}")
    return response


def inline(path: Path) -> str:
    """A picture file as a ``data:`` URI."""
    kind = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}[path.suffix.lower()]
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
