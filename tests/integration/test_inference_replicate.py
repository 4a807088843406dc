"""Requests as Replicate's containers take them from Cog's server, and its predictions as the answers."""

import base64
import json
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from atelier_inference.dialects.replicate_cog import ReplicateCog
from contracts.errors import InvalidInputError
from imaging.segmenter import GarmentNotFoundError
from tests.integration.inference_server import INPAINT, Server, received

PAINT = {"mode": "text_to_image", "prompt": "a cat", "width": 64, "height": 64, "seed": 3, "num_inference_steps": 2}


def predict(server: Server, **said: Any) -> dict[str, Any]:
    response = server.client.post("/invocations", json=said)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def detail(server: Server, **said: Any) -> list[dict[str, Any]]:
    response = server.client.post("/invocations", json=said)
    assert response.status_code == 422, response.text
    told = response.json()
    assert set(told) == {"detail"}
    assert all(set(each) == {"loc", "msg", "type"} for each in told["detail"])
    listed: list[dict[str, Any]] = told["detail"]
    return listed


def picture(address: str, kind: str = "png") -> Any:
    start = f"data:image/{kind};base64,"
    assert address.startswith(start)
    return received(address.removeprefix(start))


def test_a_prediction_has_its_pictures_as_data_uris(server: Server) -> None:
    told = predict(server, input={**PAINT, "num_outputs": 2})
    assert set(told) == {"status", "error", "logs", "metrics", "started_at", "completed_at", "output"}
    assert (told["status"], told["error"], told["logs"]) == ("succeeded", None, "")
    assert told["metrics"]["predict_time"] > 0
    assert datetime.fromisoformat(told["started_at"]) < datetime.fromisoformat(told["completed_at"])
    native = server.predict(**PAINT)
    assert len(told["output"]) == 2
    assert np.abs(picture(told["output"][0]).astype(int) - received(native.images[0])).max() <= 1


def test_what_was_said_of_the_request_comes_back(server: Server) -> None:
    told = predict(server, input={**PAINT, "output_format": "jpeg"}, id="mine", created_at="2026-11-27T12:00:00Z")
    assert (told["id"], told["created_at"]) == ("mine", "2026-11-27T12:00:00Z")
    assert picture(told["output"][0], "jpeg").shape == (64, 64, 3)


def test_a_version_is_a_style(server: Server) -> None:
    plain = predict(server, input=PAINT)
    styled = predict(server, input=PAINT, version="atelier/skirt:skirt@1")
    assert styled["version"] == "atelier/skirt:skirt@1"
    assert styled["output"] != plain["output"]
    assert styled["output"] == predict(server, input={**PAINT, "adapter": "skirt@1"})["output"]
    assert predict(server, input=PAINT, version="base")["output"] == plain["output"]


def test_the_mask_comes_last_and_remarks_are_logs(server: Server) -> None:
    told = predict(server, input={**INPAINT, "return_mask": True, "width": 64}, extra=1)
    _, mask = told["output"]
    assert picture(mask).ndim == 2
    assert told["logs"].splitlines() == ["not used in mode inpaint: width", "extra: not known here, not used"]


WRONG: dict[str, tuple[dict[str, Any], list[str], str]] = {
    "no prompt": ({"input": {"mode": "text_to_image"}}, ["body", "input", "prompt"], "required"),
    "an unknown field": ({"input": {**PAINT, "steps": 3}}, ["body", "input"], "unknown key"),
    "a number as text": ({"input": {**PAINT, "seed": "3"}}, ["body", "input", "seed"], "got '3'"),
    "no object": ({"input": 5}, ["body", "input"], "a JSON object"),
    "an address": ({"input": {**INPAINT, "image": "https://a.b/c.png"}}, ["body", "input", "image"], "a data: URI"),
    "a webhook": ({"input": PAINT, "webhook": "https://a.b"}, ["body", "webhook"], "nobody is told"),
    "a place": ({"input": PAINT, "output_file_prefix": "https://a.b"}, ["body", "output_file_prefix"], "left out"),
    "a style that is not": ({"input": PAINT, "version": "trousers"}, ["body", "input", "adapter"], "trousers"),
    "two styles": (
        {"input": {**PAINT, "adapter": "skirt@1"}, "version": "skirt@2"}, ["body", "input", "adapter"], "not both",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_as_cog_tells_it(server: Server, case: str) -> None:
    said, where, words = WRONG[case]
    (told,) = detail(server, **said)
    assert (told["loc"], words in told["msg"]) == (where, True), told


def test_everything_wrong_is_told_at_once(server: Server) -> None:
    told = detail(server, input={**PAINT, "seed": "3", "num_outputs": 9})
    assert sorted(each["loc"][-1] for each in told) == ["num_outputs", "seed"]


def test_a_run_that_failed_is_a_prediction_that_failed() -> None:
    error = GarmentNotFoundError("a skirt", score=0.1, threshold=0.4)
    response = ReplicateCog().refuse(400, "GarmentNotFoundError", error, "r1")
    told = json.loads(bytes(response.body))
    assert (response.status_code, told["status"], told["output"]) == (200, "failed", None)
    assert "a skirt" in told["error"]


def test_a_busy_server_is_no_failed_prediction() -> None:
    error = InvalidInputError("server", got="40 requests that wait", allowed="a later try")
    assert ReplicateCog().refuse(503, "BusyError", error, "r1").status_code == 503


def test_a_picture_may_be_a_data_uri(server: Server) -> None:
    image = f"data:image/png;base64,{INPAINT['image']}"
    told = predict(server, input={**INPAINT, "image": image})
    assert picture(told["output"][0]).shape == received(INPAINT["image"]).shape
    assert base64.b64decode(INPAINT["image"])[:4] == b"\x89PNG"
