"""The server over HTTP: what it refuses and how it says so, the log, and what happens while it loads and when it breaks."""

import base64
import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient

from atelier_inference.measures import MEASURES
from atelier_inference.modes import Modes
from atelier_inference.queue import BusyError
from atelier_inference.server import make_app
from atelier_inference.worker import Worker
from bench.poison import PictureDoor, swallow
from bench.poison_doors import ask, segmenting
from bench.poisoned_pictures import FamilyShare, poison
from contracts.disclosure import TEXTS, header_value
from contracts.prediction import PredictionInput
from tests.integration.inference_server import (
    HEIGHT,
    INPAINT,
    WIDTH,
    Server,
    disc,
    load_alone,
    noise,
    sent,
    wait_until_loaded,
)


def test_ping_says_ready(server: Server) -> None:
    assert server.client.get("/ping").status_code == 200


BAD = {
    "unknown key": ({**INPAINT, "strenght": 1}, "unknown key"),
    "wrong type": ({**INPAINT, "num_outputs": "2"}, "an integer from 1 to 8"),
    "no prompt": ({key: value for key, value in INPAINT.items() if key != "prompt"}, "required when mode is inpaint"),
    "not a picture": ({**INPAINT, "image": base64.b64encode(b"hello").decode()}, "PNG, JPEG, WebP or HEIC"),
    "not base64": ({**INPAINT, "image": "!!!"}, "base64 of a PNG"),
    "an address": ({**INPAINT, "image": "https://example.com/a.png"}, "base64 of a PNG"),
    "a data URI without base64": ({**INPAINT, "image": "data:image/png,abc"}, "with base64"),
    "mask of another size": ({**INPAINT, "mask": sent(disc(40, 40))}, "63x91, the picture's own size"),
    "mask without white": ({**INPAINT, "mask": sent(Image.new("L", (WIDTH, HEIGHT)))}, "no white pixel"),
    "mask that shrinks to nothing": ({**INPAINT, "mask_grow": -256}, "no pixel to repaint"),
    "more work than time": (
        {
            "mode": "text_to_image",
            "prompt": "p",
            "num_outputs": 8,
            "num_inference_steps": 500,
            "width": 2048,
            "height": 2048,
        },
        "at most 600 seconds: lower num_inference_steps",
    ),
    "more pictures than an answer holds": (
        {
            "mode": "text_to_image",
            "prompt": "p",
            "num_outputs": 8,
            "num_inference_steps": 1,
            "width": 2048,
            "height": 1024,
            "upscale": True,
        },
        "at most 2 of so many",
    ),
    "unknown style": ({**INPAINT, "adapter": "nothing"}, "exists"),
    "unknown version": ({**INPAINT, "adapter": "skirt@9"}, "exists"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_400_and_says_what_is_allowed(server: Server, case: str) -> None:
    fields, expected = BAD[case]
    answer = server.post(**fields)
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert set(error) == {"type", "message", "what", "allowed"}
    assert expected in error["message"]
    assert error["type"] in ("InvalidInputError", "UnreadablePictureError")


def test_people_are_to_be_told_that_ai_painted_in_the_answer_and_its_headers(server: Server) -> None:
    told = {"en": header_value("en", TEXTS["en"]), "ko": header_value("ko", TEXTS["ko"])}
    for accepted, language in (("", "en"), ("ko-KR", "ko")):
        response = server.client.post("/invocations", json=INPAINT, headers={"Accept-Language": accepted})
        assert response.json()["disclosure"] == TEXTS[language]
        assert response.headers["atelier-disclosure"] == told[language]
        assert response.headers["x-amzn-sagemaker-custom-attributes"] == f"disclosure={told[language]}"
    response = server.client.post("/invocations", json={"prompt": "a cat", "size": "64x64", "n": 1})
    assert "created" in response.json(), "as OpenAI answers, whose bodies have no place for it"
    assert response.headers["atelier-disclosure"] == told["en"]
    mask = {"mode": "segment", "image": INPAINT["image"], "mask_prompt": "a"}
    response = server.client.post("/invocations", json=mask)
    assert response.json().get("disclosure", "") == ""
    assert "atelier-disclosure" not in response.headers


def test_five_wrong_fields_are_answered_all_five(server: Server) -> None:
    wrong = {"seed": "7", "num_outputs": 0, "output_format": "gif", "guidance_scale": 51, "image": " " * 1000}
    answer = server.post(**{**INPAINT, **wrong})
    assert answer.status_code == 400
    found = {each["what"]: each["got"] for each in answer.json()["errors"]}
    assert set(found) == {f"input.{name}" for name in wrong}
    assert found["input.image"] == "'1000 characters'"


@pytest.mark.parametrize(
    "empty", [{"seed": None, "adapter": None}, {"negative_prompt": "", "adapter": "", "mask_prompt": ""}]
)
def test_empty_fields_are_the_same_as_left_out(server: Server, empty: dict[str, Any]) -> None:
    assert server.post(**{**INPAINT, **empty}).status_code == 200


def test_one_bad_request_does_not_fail_those_that_wait_with_it(server: Server) -> None:
    fine, bad = dict(INPAINT), {**INPAINT, "mask": sent(Image.new("L", (WIDTH, HEIGHT)))}
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda f=fields: statuses.append(server.post(**f).status_code))
        for fields in (fine, bad, fine, fine)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 200, 200, 400]


@pytest.mark.filterwarnings("ignore")
def test_pictures_that_are_made_to_break_a_reader_fail_neither_a_request_nor_segment(
    server: Server, tmp_path: Path
) -> None:
    """A share of ``make bench-poison``."""
    http = PictureDoor(enter=lambda data: ask(server.client, data), share=FamilyShare(12))
    segment = PictureDoor(enter=segmenting(tmp_path), share=FamilyShare(1))
    outcome = swallow(poison(seed=7, count=12), {"http": http, "segment": segment})
    assert outcome["faults"] == []
    assert http.outcomes["read"]
    assert segment.outcomes["refused"]


def test_what_is_not_json_is_refused(server: Server) -> None:
    post = server.client.post
    for content in (b"{nope", b"[]", b"[" * 100_000, b"1" * 5_000):
        assert post("/invocations", content=content, headers={"Content-Type": "application/json"}).status_code == 400
    answer = post("/invocations", content=b"a prompt", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415
    allowed = "application/json, multipart/form-data, or application/x-text for a prompt alone"
    assert answer.json()["error"] == {
        "type": "UnsupportedContentTypeError",
        "message": f"Content-Type: got 'text/plain'; allowed: {allowed}",
        "what": "Content-Type",
        "allowed": allowed,
    }
    accepted = post(
        "/invocations", content=json.dumps(INPAINT), headers={"Content-Type": "application/json; charset=utf-8"}
    )
    assert accepted.status_code == 200


def test_a_body_past_the_limit_is_413(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atelier_inference.request_body.LARGEST_BODY", 1_000)
    answer = server.post(**INPAINT)
    assert answer.status_code == 413
    assert answer.json()["error"]["type"] == "BodyTooLargeError"


def test_each_request_leaves_one_line_without_pictures_or_prompts(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="atelier_inference.server"):
        server.predict(**INPAINT, width=64, adapter="skirt@2")
        headers = {"X-Amzn-SageMaker-Inference-Id": "prediction-1"}
        server.client.post("/invocations", json={"mode": "nonsense"}, headers=headers)
    fine, refused = (record.__dict__["fields"] for record in caplog.records if "fields" in record.__dict__)
    assert (fine["mode"], fine["status"], fine["adapter"], fine["ignored"]) == ("inpaint", 200, "skirt@2", ["width"])
    assert (refused["id"], refused["status"], refused["error"]) == ("prediction-1", 400, "InvalidInputError")
    assert len(json.dumps(fine)) < 600
    assert "a red skirt" not in json.dumps(fine)


def test_requests_are_measured_by_their_ends_stages_and_calls_without_their_words(
    server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MEASURES, "service", "atelier-x")
    with caplog.at_level(logging.INFO, logger="atelier_inference.measures"):
        server.predict(**INPAINT, num_outputs=2)
        server.post(mode="nonsense", prompt="a red skirt")
        MEASURES.write()
    (line,) = (record.__dict__["fields"] for record in caplog.records if record.getMessage() == "metrics")
    assert (line["RequestsAnswered"], line["RequestsRefused"], line["QueueDepth"]) == ([1], [1], [0])
    assert (set(line["CallRows"]), set(line["CallBatches"])) == ({4}, {1})
    assert [set(line[f"Call{what}"]) for what in ("Requests", "Prompts", "Adapters")] == [{1}, {1}, {0}]
    assert len(line["RequestSeconds"]) == 2
    assert len(line["PaintSeconds"]) == len(line["WaitSeconds"]) == len(line["EncodeSeconds"]) == 1
    assert "skirt" not in json.dumps(line)


def small_app(load_it: Any, broken: Any = lambda: None) -> TestClient:
    return TestClient(make_app(load_it, broken=broken))


def test_until_the_model_is_loaded_ping_and_predictions_are_503() -> None:
    let_go = threading.Event()

    def slow() -> Modes:
        let_go.wait()
        raise RuntimeError("never meant to finish")

    with small_app(slow) as client:
        ping = client.get("/ping")
        assert ping.status_code == 503
        assert ping.json() == {"status": "unavailable", "reason": "the model is being loaded"}
        answer = client.post("/invocations", json=INPAINT)
        let_go.set()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.json()["error"]["type"] == "BusyError"
    assert "the model is being loaded" in answer.json()["error"]["message"]


def test_a_model_that_cannot_be_loaded_breaks_the_server() -> None:
    broke = threading.Event()

    def fail() -> Modes:
        raise RuntimeError("no such weights")

    with small_app(fail, broke.set) as client:
        assert broke.wait(timeout=30)
        assert "this process ends" in client.get("/ping").json()["reason"]
        assert "this process ends" in client.post("/invocations", json=INPAINT).json()["error"]["message"]


def failing_server(root: Path, error: Exception) -> Callable[[], Modes]:
    """Loads modes of which inpaint always fails in one way."""
    modes = load_alone(root)

    def fail(jobs: Any) -> Any:
        raise error

    modes["inpaint"].run = fail  # type: ignore[method-assign]
    return lambda: modes


def test_more_requests_than_the_server_has_places_for_are_told_to_come_back(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that wait for the model, and those that are open at all: bodies take memory too."""
    inpaint = server.modes["inpaint"]
    begun, let_go = threading.Event(), threading.Event()

    def held(jobs: Any) -> Any:
        begun.set()
        assert let_go.wait(timeout=60)
        return type(inpaint).run(inpaint, jobs)

    monkeypatch.setattr(inpaint, "run", held)
    monkeypatch.setattr("atelier_inference.worker.MOST_WAITING", 1)
    answers: list[Any] = []
    with small_app(lambda: server.modes) as client:
        wait_until_loaded(client)

        def ask(**fields: Any) -> threading.Thread:
            body = {**INPAINT, **fields}
            thread = threading.Thread(target=lambda: answers.append(client.post("/invocations", json=body)))
            thread.start()
            return thread

        running = ask()
        assert begun.wait(timeout=60)
        others = [ask(num_inference_steps=4 + n) for n in range(2)]
        wait_for(lambda: len(answers) == 1)  # one waits for the model, the other is refused
        monkeypatch.setattr("atelier_inference.server.MOST_OPEN", 2)
        answers.append(client.post("/invocations", content=b"not even read"))
        let_go.set()
        for thread in (running, *others):
            thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 200, 503, 503]
    for answer in answers[:2]:
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.json()["error"]["type"] == "BusyError"
    assert "1 requests are waiting; at most 1 may" in answers[0].text
    assert "2 requests are open" in answers[1].text


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline


def test_an_unexpected_failure_is_500_and_its_traceback_stays_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with small_app(failing_server(tmp_path, RuntimeError("secret detail"))) as client:
        wait_until_loaded(client)
        answer = client.post("/invocations", json=INPAINT)
    assert answer.status_code == 500
    assert answer.json()["error"]["type"] == "InternalError"
    assert "secret detail" not in answer.text
    assert "secret detail" in caplog.text


def test_a_lost_gpu_ends_the_server(tmp_path: Path) -> None:
    broke = threading.Event()
    lost = torch.AcceleratorError("CUDA error: device-side assert triggered")
    with small_app(failing_server(tmp_path, lost), broke.set) as client:
        wait_until_loaded(client)
        assert client.post("/invocations", json=INPAINT).status_code == 500
        assert broke.wait(timeout=30)
        assert client.get("/ping").status_code == 503


def test_requests_that_wait_when_the_gpu_is_lost_are_failed(tmp_path: Path) -> None:
    begun, let_go = threading.Event(), threading.Event()

    def die(jobs: Any) -> Any:
        begun.set()
        let_go.wait()
        raise torch.AcceleratorError("CUDA error: unspecified launch failure")

    modes = load_alone(tmp_path)
    modes["inpaint"].run = die  # type: ignore[method-assign]
    worker = Worker(lambda: modes, broken=lambda: None)
    worker.start()
    running, waiting = (
        modes["inpaint"].prepare(PredictionInput.from_json({**INPAINT, "num_inference_steps": steps}))
        for steps in (2, 3)
    )
    worker.submit(running)
    assert begun.wait(timeout=30)
    worker.submit(waiting)
    let_go.set()
    with pytest.raises(torch.AcceleratorError):
        running.future.result(timeout=30)
    with pytest.raises(BusyError, match="lost"):
        waiting.future.result(timeout=30)
    worker.close()


def test_what_a_server_does_not_hold_is_said_to_whoever_needs_it(tmp_path: Path) -> None:
    modes, words = load_alone(tmp_path), {"prompt": "p", "mask_prompt": "a skirt", "image": sent(noise())}
    requests = {
        "no segmenter": {"mode": "style", **words},
        "holds no segmenter": {"mode": "segment", "image": sent(noise()), "mask_prompt": "a skirt"},
        "no styles": {**INPAINT, "adapter": "skirt"},
        "takes no uploads": {**INPAINT, "image": "s3://media/uploads/a.png"},
        "holds no upscaler": {"mode": "upscale", "image": sent(noise())},
        "no upscaler": {**INPAINT, "upscale": True},
    }
    with small_app(lambda: modes) as client:
        wait_until_loaded(client)
        for words_of_refusal, request in requests.items():
            answer = client.post("/invocations", json=request)
            assert answer.status_code == 400
            assert words_of_refusal in answer.json()["error"]["message"]
