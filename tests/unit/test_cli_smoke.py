"""``atelier smoke``: one picture from a deployed stage, or the reason why none came."""

from typing import Any, Self

import pytest

from atelier.errors import ApiError
from cli import smoke


class Painting:
    """An API that paints."""

    def __init__(self, url: str, key: str) -> None:
        assert (url, key) == ("https://dev/live/", "key")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def predict(self, request: dict[str, Any], **options: Any) -> list[bytes]:
        assert request["mode"] == "text_to_image"
        # A request every ten seconds: more would use up the key's quota of a day.
        assert options == {"seconds": 1800, "every": 10}
        return [b"picture"]


class Broken(Painting):
    """An API whose predictions fail."""

    def predict(self, request: dict[str, Any], **options: Any) -> list[bytes]:
        raise ApiError("prediction 1 failed: no adapter")


def run(monkeypatch: pytest.MonkeyPatch, api: type[Painting]) -> None:
    monkeypatch.setattr(smoke, "stage_outputs", lambda client, stage: {"ApiUrl": f"https://{stage}/live/"})
    monkeypatch.setattr(smoke, "api_key", lambda client, outputs: "key")
    monkeypatch.setattr(smoke, "Atelier", api)
    smoke.run_smoke("dev")


def test_a_stage_that_paints_is_well(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(monkeypatch, Painting)
    assert capsys.readouterr().out == "Stage dev painted a picture of 7 bytes\n"


def test_a_stage_that_paints_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ApiError, match="prediction 1 failed: no adapter"):
        run(monkeypatch, Broken)
