"""The server over HTTP with tiny random models of the real classes: every mode, every refusal, styles and the log."""

import base64
import io
import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from starlette.testclient import TestClient

from atelier_inference.loading import load
from atelier_inference.pipelines import load_model
from atelier_inference.server import make_app
from atelier_inference.settings import Settings
from atelier_inference.waiting import BusyError
from atelier_inference.worker import Loaded, Worker
from contracts.prediction import PredictionInput, PredictionOutput
from imaging.masks import to_image
from imaging.pictures import encode
from tests.unit.inference_store import SEGMENTER, STYLES, UPLOADS, FolderStore, publish_lora
from tests.unit.miniatures import RESOLUTION, save_inpainter, save_segmenter

torch.set_num_threads(1)
WIDTH, HEIGHT = 63, 91


@dataclass(frozen=True, kw_only=True)
class Server:
    client: TestClient
    store: FolderStore

    def post(self, **fields: Any) -> httpx2.Response:
        return self.client.post("/invocations", json=fields)

    def predict(self, **fields: Any) -> PredictionOutput:
        answer = self.post(**fields)
        assert answer.status_code == 200, answer.text
        return PredictionOutput.from_json(answer.json())


def wait_until_loaded(client: TestClient) -> None:
    deadline = time.monotonic() + 60
    while client.get("/ping").status_code != 200:
        assert time.monotonic() < deadline


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("server")
    save_inpainter(root / "model")
    store = FolderStore(root / "s3")
    save_segmenter(store.path(SEGMENTER))
    pipeline = load_model(root / "model").painter.pipeline
    for version in (1, 2):
        publish_lora(pipeline, store.path(STYLES) / f"skirt/{version}", seed=version, version=version)
    (store.path(STYLES) / "skirt/latest.json").write_text('{"version": 2}')
    settings = Settings(model=root / "model", segmenter=SEGMENTER, styles=STYLES, uploads=UPLOADS, max_adapters=2)
    app = make_app(lambda: load(settings, store, root / "scratch"), broken=lambda: None)
    with TestClient(app) as client:
        wait_until_loaded(client)
        yield Server(client=client, store=store)


def noise(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8))


def disc(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    y, x = np.mgrid[:height, :width]
    return to_image((x - width / 2) ** 2 + (y - height / 2) ** 2 <= (min(width, height) / 4) ** 2)


def sent(image: Image.Image, file_format: str = "png") -> str:
    return base64.b64encode(encode(image, file_format)).decode()


def received(text: str) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


INPAINT = {"mode": "inpaint", "prompt": "a red skirt", "image": sent(noise()), "mask": sent(disc()), "seed": 7}


def test_ping_says_ready(server: Server) -> None:
    assert server.client.get("/ping").status_code == 200


def test_inpaint_changes_the_mask_and_not_one_byte_beyond_its_alpha(server: Server) -> None:
    answer = server.predict(**INPAINT, return_mask=True)
    before, after, alpha = np.asarray(noise()), received(answer.images[0]), received(answer.mask)
    assert after.shape == (HEIGHT, WIDTH, 3)
    assert np.array_equal(after[alpha == 0], before[alpha == 0])
    assert (after[np.asarray(disc()) == 255] != before[np.asarray(disc()) == 255]).any(axis=-1).mean() > 0.9
    assert (answer.seed, answer.model, answer.adapter, answer.output_format) == (7, "tiny-random@1", "", "png")
    assert set(answer.seconds) == {"read", "wait", "adapter", "paint", "encode"}


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_rotated_phone_photo_comes_back_upright_and_untouched_outside(server: Server, orientation: int) -> None:
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    noise().save(buffer, format="JPEG", exif=exif)
    stored = np.asarray(Image.open(buffer))
    upright = np.rot90(stored, {3: 2, 6: 3, 8: 1}[orientation])
    mask = sent(disc(upright.shape[1], upright.shape[0]))
    image = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
    answer = server.predict(**{**INPAINT, "image": image, "mask": mask}, return_mask=True)
    after, alpha = received(answer.images[0]), received(answer.mask)
    assert after.shape == upright.shape
    assert np.array_equal(after[alpha == 0], upright[alpha == 0])


def test_a_seed_repeats_and_each_further_picture_is_the_next_seed(server: Server) -> None:
    pair = server.predict(**INPAINT, num_outputs=2)
    next_seed = server.predict(**{**INPAINT, "seed": 8})
    first, second = (received(image).astype(int) for image in pair.images)
    assert np.abs(second - received(next_seed.images[0])).max() <= 1
    assert np.abs(first - second).max() > 10


def test_without_a_seed_one_is_chosen_and_reported(server: Server) -> None:
    fields = {key: value for key, value in INPAINT.items() if key != "seed"}
    first = server.predict(**fields)
    again = server.predict(**fields, seed=first.seed)
    assert again.images == first.images
    assert server.predict(**fields).seed != first.seed


@pytest.mark.parametrize(("file_format", "name"), [("jpeg", "JPEG"), ("webp", "WEBP"), ("png", "PNG")])
def test_the_output_format_is_what_was_asked(server: Server, file_format: str, name: str) -> None:
    answer = server.predict(**INPAINT, output_format=file_format)
    assert Image.open(io.BytesIO(base64.b64decode(answer.images[0]))).format == name


def test_mask_grow_and_blur_are_pixels_of_the_picture(server: Server) -> None:
    white = np.asarray(disc()) == 255
    exact = received(server.predict(**INPAINT, mask_blur=0, return_mask=True).mask)
    assert np.array_equal(exact == 255, white)
    assert set(np.unique(exact)) == {0, 255}
    grown = received(server.predict(**INPAINT, mask_blur=0, mask_grow=3, return_mask=True).mask)
    assert (grown == 255).any(axis=1).sum() == white.any(axis=1).sum() + 6


def test_steps_and_guidance_default_to_the_base_models_own(server: Server) -> None:
    default = server.predict(**INPAINT)
    assert server.predict(**INPAINT, num_inference_steps=3, guidance_scale=2.0).images == default.images
    assert server.predict(**INPAINT, num_inference_steps=5).images != default.images
    assert server.predict(**INPAINT, guidance_scale=0).images != default.images


def test_segment_gives_a_hard_mask_of_the_pictures_size(server: Server) -> None:
    answer = server.predict(mode="segment", image=sent(noise()), mask_prompt="a skirt")
    mask = received(answer.images[0])
    assert mask.shape == (HEIGHT, WIDTH)
    assert set(np.unique(mask)) <= {0, 255}
    assert "segment" in answer.seconds


def test_style_repaints_what_segment_finds(server: Server) -> None:
    fields = {"image": sent(noise()), "search_prompt": "a skirt"}
    found = received(server.predict(mode="segment", **fields).images[0])
    answer = server.predict(mode="style", prompt="a red skirt", **fields, return_mask=True, mask_blur=0)
    assert np.array_equal(received(answer.mask), found)
    after = received(answer.images[0])
    assert np.array_equal(after[found == 0], np.asarray(noise())[found == 0])


def test_text_to_image_draws_at_the_models_resolution_or_what_is_asked(server: Server) -> None:
    assert received(server.predict(mode="text_to_image", prompt="a skirt").images[0]).shape[:2] == (RESOLUTION,) * 2
    answer = server.predict(mode="text_to_image", prompt="a skirt", width=72, height=64, num_outputs=2, seed=1)
    assert [received(image).shape[:2] for image in answer.images] == [(64, 72)] * 2


def test_an_upload_is_read_and_nothing_else_of_the_bucket(server: Server) -> None:
    uri = UPLOADS.child("a/photo.png")
    server.store.path(uri).parent.mkdir(parents=True)
    server.store.path(uri).write_bytes(encode(noise(), "png"))
    assert server.predict(**{**INPAINT, "image": str(uri)}).images == server.predict(**INPAINT).images
    for outside in ("s3://media/outputs/a/0.png", "s3://other/uploads/a.png", "s3://model/base/x/manifest.json"):
        answer = server.post(**{**INPAINT, "image": outside})
        assert answer.status_code == 400
        assert "below s3://media/uploads/" in answer.json()["error"]["allowed"]


def test_an_adapter_changes_the_picture_by_its_scale(server: Server) -> None:
    base = server.predict(**INPAINT)
    styled = server.predict(**INPAINT, adapter="skirt@1")
    assert styled.adapter == "skirt@1"
    assert styled.images != base.images
    assert server.predict(**INPAINT, adapter="skirt@1", adapter_scale=0).images == base.images
    assert server.predict(**INPAINT, adapter="skirt@1", adapter_scale=0.5).images not in (base.images, styled.images)
    assert server.predict(**INPAINT).images == base.images


def test_a_style_without_a_version_is_its_newest_at_each_request(server: Server) -> None:
    latest = server.store.path(STYLES) / "skirt/latest.json"
    newest = server.predict(**INPAINT, adapter="skirt")
    assert newest.adapter == "skirt@2"
    latest.write_text('{"version": 1}')
    try:
        rolled_back = server.predict(**INPAINT, adapter="skirt")
    finally:
        latest.write_text('{"version": 2}')
    assert rolled_back.adapter == "skirt@1"
    assert rolled_back.images != newest.images


def test_requests_that_wait_together_are_answered_as_if_alone(server: Server) -> None:
    alone = [received(server.predict(**{**INPAINT, "seed": seed}).images[0]).astype(int) for seed in range(4)]
    together: dict[int, Any] = {}
    threads = [
        threading.Thread(target=lambda s=seed: together.update({s: server.predict(**{**INPAINT, "seed": s})}))
        for seed in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(4):
        assert np.abs(received(together[seed].images[0]) - alone[seed]).max() <= 1


BAD = {
    "unknown key": ({**INPAINT, "strenght": 1}, "unknown key"),
    "wrong type": ({**INPAINT, "num_outputs": "2"}, "an integer from 1 to 8"),
    "no prompt": ({key: value for key, value in INPAINT.items() if key != "prompt"}, "required when mode is inpaint"),
    "not a picture": ({**INPAINT, "image": base64.b64encode(b"hello").decode()}, "PNG, JPEG or WebP"),
    "not base64": ({**INPAINT, "image": "!!!"}, "base64 of a PNG"),
    "an address": ({**INPAINT, "image": "https://example.com/a.png"}, "base64 of a PNG"),
    "a data URI without base64": ({**INPAINT, "image": "data:image/png,abc"}, "with base64"),
    "mask of another size": ({**INPAINT, "mask": sent(disc(40, 40))}, "63x91, the picture's own size"),
    "mask without white": ({**INPAINT, "mask": sent(Image.new("L", (WIDTH, HEIGHT)))}, "no white pixel"),
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


def test_what_is_not_json_is_refused(server: Server) -> None:
    post = server.client.post
    assert post("/invocations", content=b"{nope", headers={"Content-Type": "application/json"}).status_code == 400
    assert post("/invocations", content=b"[]", headers={"Content-Type": "application/json"}).status_code == 400
    answer = post("/invocations", content=b"a prompt", headers={"Content-Type": "application/x-text"})
    assert answer.status_code == 415
    assert answer.json()["error"] == {
        "type": "UnsupportedContentTypeError",
        "message": "Content-Type: got 'application/x-text'; allowed: application/json",
        "what": "Content-Type",
        "allowed": "application/json",
    }
    accepted = post(
        "/invocations", content=json.dumps(INPAINT), headers={"Content-Type": "application/json; charset=utf-8"}
    )
    assert accepted.status_code == 200


def test_a_body_past_the_limit_is_413(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atelier_inference.server.LARGEST_BODY", 1_000)
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
    fine, refused = (record.__dict__["fields"] for record in caplog.records)
    assert (fine["mode"], fine["status"], fine["adapter"], fine["ignored"]) == ("inpaint", 200, "skirt@2", ["width"])
    assert (refused["id"], refused["status"], refused["error"]) == ("prediction-1", 400, "InvalidInputError")
    assert len(json.dumps(fine)) < 600
    assert "a red skirt" not in json.dumps(fine)


def small_app(load_it: Any, broken: Any = lambda: None) -> TestClient:
    return TestClient(make_app(load_it, broken=broken))


def test_until_the_model_is_loaded_ping_and_predictions_are_503() -> None:
    let_go = threading.Event()

    def slow() -> Loaded:
        let_go.wait()
        raise RuntimeError("never meant to finish")

    with small_app(slow) as client:
        assert client.get("/ping").status_code == 503
        answer = client.post("/invocations", json=INPAINT)
        let_go.set()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.json()["error"]["type"] == "BusyError"


def test_a_model_that_cannot_be_loaded_breaks_the_server() -> None:
    broke = threading.Event()

    def fail() -> Loaded:
        raise RuntimeError("no such weights")

    with small_app(fail, broke.set) as client:
        assert broke.wait(timeout=30)
        assert client.get("/ping").status_code == 503


@dataclass
class Failing:
    """A runner whose model always fails in one way."""

    error: Exception

    def run(self, jobs: Any) -> Any:
        raise self.error


def failing_server(server_root: Path, error: Exception) -> Any:
    model = server_root / "model"
    save_inpainter(model)
    settings = Settings(model=model)
    loaded = load(settings, FolderStore(server_root), server_root)
    return lambda: Loaded(maker=loaded.maker, runner=Failing(error))  # type: ignore[arg-type]


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


def test_who_waits_when_the_gpu_is_lost_is_turned_away(tmp_path: Path) -> None:
    begun, let_go = threading.Event(), threading.Event()

    class Dying:
        def run(self, jobs: Any) -> Any:
            begun.set()
            let_go.wait()
            raise torch.AcceleratorError("CUDA error: unspecified launch failure")

    save_inpainter(tmp_path / "model")
    loaded = load(Settings(model=tmp_path / "model"), FolderStore(tmp_path), tmp_path)
    worker = Worker(lambda: Loaded(maker=loaded.maker, runner=Dying()), broken=lambda: None)  # type: ignore[arg-type]
    worker.start()
    running, waiting = (
        loaded.maker.prepare(PredictionInput.from_json({**INPAINT, "adapter": a})) for a in ("a@1", "b@1")
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


def test_without_a_segmenter_or_styles_the_modes_that_need_them_say_so(tmp_path: Path) -> None:
    save_inpainter(tmp_path / "model")
    with small_app(lambda: load(Settings(model=tmp_path / "model"), FolderStore(tmp_path), tmp_path)) as client:
        wait_until_loaded(client)
        style = client.post("/invocations", json={"prompt": "p", "image": sent(noise()), "mask_prompt": "a skirt"})
        adapter = client.post("/invocations", json={**INPAINT, "adapter": "skirt"})
        upload = client.post("/invocations", json={**INPAINT, "image": "s3://media/uploads/a.png"})
    assert "no segmenter" in style.json()["error"]["message"]
    assert "no styles" in adapter.json()["error"]["message"]
    assert "takes no uploads" in upload.json()["error"]["message"]
