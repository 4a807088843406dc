"""Calls that paint 512 pixels, as JumpStart's do where nothing is said, damaged: the tiny family paints them, a bounded number."""

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from atelier_inference.arriving import Arriving
from atelier_inference.loading import load
from atelier_inference.server import make_app
from atelier_inference.settings import Settings
from bench.serve.worlds import make_world
from contracts.work import MOST_SECONDS
from tests.integration.dialect_calls import JPEG, Call
from tests.integration.inference_server import received, wait_until_loaded
from tests.unit.hostile_requests import VALUES
from tests.unit.inference_store import FolderStore

SIDE = 512
LONGEST_SECONDS = 120.0
"""For one call, on a machine that does much else."""
DAMAGED = 10
"""Calls of each way to ask; most are refused."""
_QUICK = {"num_inference_steps": 1, "guidance_scale": 1, "seed": 1}
_NATIVE = {**_QUICK, "mode": "text_to_image", "prompt": "a red skirt", "width": SIDE, "height": SIDE}
CALLS = {
    "native": Call(body={**_NATIVE, "negative_prompt": "a blue skirt", "output_format": "webp"}),
    "jumpstart-text-to-image": Call(body={**_QUICK, "prompt": "a red skirt", "batch_size": 1}, accept=JPEG),
    "replicate-cog": Call(body={"input": _NATIVE, "id": "mine"}),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server of the tiny family, so slow by its own account that one guided step of such a picture is the most it may be asked."""
    world = make_world("tiny", tmp_path_factory.mktemp("server"), styles=0)
    settings = Settings(model=world.model, pixels_per_second=2 * SIDE**2 // MOST_SECONDS)
    store = FolderStore(world.objects)
    app = make_app(lambda: load(settings, store, Arriving(settings, store, world.root)), broken=lambda: None)
    with TestClient(app) as client:
        wait_until_loaded(client)
        yield client


@pytest.mark.parametrize("name", CALLS)
def test_calls_that_paint_512_pixels_are_answered_or_refused_and_change_nothing(client: TestClient, name: str) -> None:
    """Never a 5xx, never a hang; the good call's bytes are the same before and after."""
    call, chance = CALLS[name], random.Random(name)
    before = call.send(client)
    assert (before.status_code, _size(before.json())) == (200, (SIDE, SIDE))
    for _ in range(DAMAGED):
        path, value = chance.choice(call.paths()), chance.choice([*VALUES, 0, 2, -1, 1.5, 64, SIDE, 10**9])
        started = time.monotonic()
        response = call.changed(path, value).send(client)
        assert response.status_code in (200, 400, 422), (path, value, response.text[:300])
        assert response.json()
        assert time.monotonic() - started < LONGEST_SECONDS, (path, value)
    assert _pictures(call.send(client).json()) == _pictures(before.json())


def _pictures(answer: dict[str, Any]) -> list[str]:
    if "output" in answer:
        return [uri.partition("base64,")[2] for uri in answer["output"]]
    pictures: list[str] = answer.get("images") or answer["generated_images"]
    return pictures


def _size(answer: dict[str, Any]) -> tuple[int, int]:
    height, width, _ = received(_pictures(answer)[0]).shape
    return width, height
