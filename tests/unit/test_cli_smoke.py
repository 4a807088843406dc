"""``atelier smoke``: one picture from a deployed stage, or the reason why none came."""

import argparse
from typing import Any

import pytest

from cli import smoke
from cli.client import ApiClient, ApiError


class Broken(ApiClient):
    """An API whose predictions fail."""

    def request(self, method: str, path: str, body: object | None = None) -> dict[str, Any]:
        assert self == Broken(url="https://dev/live/", key="key")
        return {"id": "1", "status": "failed", "error": "no adapter", "output": None}


class Painting(ApiClient):
    """An API that paints."""

    def predict(self, request: dict[str, Any], **options: Any) -> list[bytes]:
        assert request["mode"] == "text_to_image"
        # A request every ten seconds: more would use up the key's quota of a day.
        assert options == {"timeout": 1800, "poll_seconds": 10}
        return [b"picture"]


def run(monkeypatch: pytest.MonkeyPatch, api: type[ApiClient]) -> None:
    monkeypatch.setattr(smoke, "stage_outputs", lambda client, stage: {"ApiUrl": f"https://{stage}/live/"})
    monkeypatch.setattr(smoke, "api_key", lambda client, outputs: "key")
    monkeypatch.setattr(smoke, "ApiClient", api)
    smoke.run_smoke(argparse.Namespace(stage="dev"))


def test_a_stage_that_paints_is_well(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(monkeypatch, Painting)
    assert capsys.readouterr().out == "Stage dev painted a picture of 7 bytes\n"


def test_a_stage_that_paints_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ApiError, match="prediction 1 failed: no adapter"):
        run(monkeypatch, Broken)


def test_an_api_that_cannot_be_reached_is_said_in_a_sentence() -> None:
    with pytest.raises(ApiError, match=r"GET /v1/styles: http://127\.0\.0\.1:9/live/v1/styles: .*refused"):
        ApiClient(url="http://127.0.0.1:9/live/", key="key").request("GET", "/v1/styles")
