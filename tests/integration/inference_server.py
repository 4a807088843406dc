"""The model server over HTTP, with random miniatures of every model it can hold, and pictures to send to it."""

import base64
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from starlette.testclient import TestClient

from atelier_inference.arriving import Arriving
from atelier_inference.loading import load
from atelier_inference.modes import Modes
from atelier_inference.pipelines import load_model
from atelier_inference.server import make_app
from atelier_inference.settings import Settings
from atelier_inference.waiting import Tickets
from contracts.prediction import PredictionOutput
from imaging.masks import to_image
from imaging.pictures import encode
from tests.unit.inference_store import REQUESTS, SEGMENTER, STYLES, UPLOADS, UPSCALER, FolderStore, publish_lora
from tests.unit.miniatures import save_inpainter, save_miniature, save_segmenter

torch.set_num_threads(1)
WIDTH, HEIGHT = 63, 91


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that is up, its modes, and the folder that it takes for S3."""

    client: TestClient
    store: FolderStore
    modes: Modes

    def post(self, **fields: Any) -> httpx2.Response:
        return self.client.post("/invocations", json=fields)

    def predict(self, **fields: Any) -> PredictionOutput:
        answer = self.post(**fields)
        assert answer.status_code == 200, answer.text
        return PredictionOutput.from_json(answer.json())


@contextmanager
def serving(root: Path, *, pixels_per_second: int = 10**7, **more: Any) -> Iterator[Server]:
    """A server with a model, a segmenter, an upscaler, uploads, and the styles skirt@1 and skirt@2, below an empty folder.

    ``pixels_per_second`` is its pace: what would take longer than it may is refused. ``more`` are settings besides.
    """
    save_miniature(root / "model", "sd1", shrinks=8)
    store = FolderStore(root / "s3")
    save_segmenter(store.path(SEGMENTER))
    save_miniature(store.path(UPSCALER), "upscaler", task="upscale", name="tiny-upscaler")
    pipeline = load_model(root / "model").painter.pipeline
    for version in (1, 2):
        publish_lora(pipeline, store.path(STYLES) / f"skirt/{version}", seed=version, version=version)
    (store.path(STYLES) / "skirt/latest.json").write_text('{"version": 2}')
    settings = Settings(
        model=root / "model",
        segmenter=SEGMENTER,
        upscaler=UPSCALER,
        styles=STYLES,
        uploads=UPLOADS,
        pixels_per_second=pixels_per_second,
        tile_pixels_per_second=10**7,
        **more,
    )
    loaded: list[Modes] = []

    def load_it() -> Modes:
        loaded.append(load(settings, store, Arriving(settings, store, root / "scratch")))
        return loaded[0]

    app = make_app(load_it, broken=lambda: None, tickets=Tickets(store, REQUESTS, every=0.01))
    with TestClient(app) as client:
        wait_until_loaded(client)
        yield Server(client=client, store=store, modes=loaded[0])


def load_alone(root: Path) -> Modes:
    """The modes of a server that holds a model and nothing else."""
    if not (root / "model").exists():
        save_inpainter(root / "model")
    settings, store = Settings(model=root / "model"), FolderStore(root)
    return load(settings, store, Arriving(settings, store, root))


def wait_until_loaded(client: TestClient) -> None:
    deadline = time.monotonic() + 60
    while client.get("/ping").status_code != 200:
        assert time.monotonic() < deadline


def noise(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8))


def disc(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    y, x = np.mgrid[:height, :width]
    return to_image((x - width / 2) ** 2 + (y - height / 2) ** 2 <= (min(width, height) / 4) ** 2)


def smooth(width: int, height: int) -> Image.Image:
    """A picture of slow changes."""
    y, x = np.mgrid[:height, :width] / 90
    return Image.fromarray(
        (np.stack([np.sin(3 * x), np.cos(4 * y), np.sin(2 * x + y)], axis=-1) * 100 + 128).astype(np.uint8)
    )


def sent(image: Image.Image, file_format: str = "png") -> str:
    return base64.b64encode(encode(image, file_format)).decode()


def received(text: str) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


INPAINT: dict[str, Any] = {
    "mode": "inpaint",
    "prompt": "a red skirt",
    "image": sent(noise()),
    "mask": sent(disc()),
    "seed": 7,
}
