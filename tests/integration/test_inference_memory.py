"""A picture that the model's device has no room for: refused by name where it is alone, made again where only others took its room."""

import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from atelier_inference.measures import MEASURES
from atelier_inference.memory import lacked_memory
from atelier_inference.mode import Job
from atelier_inference.modes import Modes
from atelier_inference.request_body import RequestError
from atelier_inference.worker import Worker
from contracts.prediction import PredictionInput
from diffusion.fitting import is_out_of_memory
from tests.integration.dialect_calls import CALLS
from tests.integration.inference_server import INPAINT, Server, load_alone, received
from tests.unit.miniatures import RESOLUTION

SMALL: dict[str, Any] = {"mode": "text_to_image", "prompt": "a red skirt", "seed": 3}
"""Of the model's own resolution."""
LARGE: dict[str, Any] = {**SMALL, "width": 2 * RESOLUTION, "height": 2 * RESOLUTION}
"""Four rows' worth, so that others are painted beside it."""


@contextmanager
def without_room(modes: Modes, lacks: Callable[[int], bool]) -> Iterator[None]:
    """Have the denoiser find no room for a picture that is painted from so many latent pixels."""
    unet = modes["inpaint"].dependencies.model.painter.pipeline.unet
    forward = unet.forward

    def bounded(sample: torch.Tensor, *args: Any, **options: Any) -> Any:
        if lacks(sample.shape[-1] * sample.shape[-2]):
            torch.empty(2**50, dtype=torch.uint8)
        return forward(sample, *args, **options)

    unet.forward = bounded
    try:
        yield
    finally:
        unet.forward = forward


def latents(modes: Modes, fields: dict[str, Any]) -> int:
    """Of a picture from words."""
    factor = modes["inpaint"].dependencies.model.painter.pipeline.vae_scale_factor
    return int(fields.get("width", RESOLUTION) * fields.get("height", RESOLUTION) // factor**2)


def test_a_picture_without_room_is_413_with_numbers_and_its_neighbours_are_painted(
    server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MEASURES, "service", "atelier-x")
    expected = server.predict(**SMALL).images
    most = latents(server.modes, SMALL)
    with without_room(server.modes, lambda pixels: pixels > most), ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda fields: server.post(**fields), [SMALL, LARGE, SMALL, {**LARGE, "num_outputs": 3}])
        )
    assert [answer.status_code for answer in answers] == [200, 413, 200, 413]
    for answer, pictures in ((answers[1], 1), (answers[3], 3)):
        error = answer.json()["error"]
        assert error["type"] == "OutOfMemoryError"
        assert f"{pictures} of 64x64 pixels" in error["message"]
        assert "smaller pictures: alone, one at a time" in error["allowed"]
    for answer in (answers[0], answers[2]):
        difference = received(answer.json()["images"][0]).astype(int) - received(expected[0])
        assert np.abs(difference).max() <= 1
    with caplog.at_level(logging.INFO, logger="atelier_inference.measures"):
        MEASURES.write()
    (line,) = (record.__dict__["fields"] for record in caplog.records if record.getMessage() == "metrics")
    assert line["RequestsOutOfMemory"] == [2]
    assert "RequestsFailed" not in line
    assert server.predict(**LARGE).images


def test_a_batch_without_room_is_made_again_one_by_one(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever of it has none: here not the denoiser, which makes its calls in parts."""
    painter, sizes = server.modes["inpaint"].dependencies.model.painter, list[int]()
    paint = painter.paint

    def bounded(**fields: Any) -> Any:
        sizes.append(len(fields["seeds"]))
        if len(fields["seeds"]) > 1:
            raise torch.OutOfMemoryError("no room")
        return paint(**fields)

    expected = [server.predict(**{**SMALL, "seed": seed}).images for seed in range(4)]
    monkeypatch.setattr(painter, "paint", bounded)
    jobs = [prepared(server.modes, {**SMALL, "seed": seed}) for seed in range(4)]
    ends = ended(Worker(lambda: server.modes, broken=lambda: None), *jobs)
    assert sizes == [4, 1, 1, 1, 1]
    for end, images in zip(ends, expected, strict=True):
        assert np.abs(np.asarray(next(iter(end))).astype(int) - received(images[0])).max() <= 1


def ended(worker: Worker, *jobs: Job) -> list[Any]:
    """What becomes of jobs that are there when the model is: a result, or an error."""
    for job in jobs:
        worker.submit(job)
    worker.start()
    ends = [job.future.exception(timeout=60) or job.future.result()().images for job in jobs]
    worker.close()
    return ends


@pytest.fixture(scope="module")
def modes(tmp_path_factory: pytest.TempPathFactory) -> Modes:
    return load_alone(tmp_path_factory.mktemp("alone"))


def prepared(modes: Modes, fields: dict[str, Any]) -> Job:
    job: Job = modes[fields["mode"]].prepare(PredictionInput.from_json(fields))
    return job


def test_what_has_no_room_beside_others_is_painted_once_it_is_alone_and_nobody_joins_it(modes: Modes) -> None:
    (alone,) = ended(Worker(lambda: modes, broken=lambda: None), prepared(modes, LARGE))
    worker = Worker(lambda: modes, broken=lambda: None)
    most, beside, order = latents(modes, SMALL), list[int](), list[int]()

    def lacks(pixels: int) -> bool:
        if pixels > most:
            beside.append(len(worker._under_way))
        return pixels > most and len(worker._under_way) > 1

    with without_room(modes, lacks):
        others = [{**SMALL, "num_inference_steps": steps} for steps in range(4, 10)]
        jobs = [prepared(modes, fields) for fields in (SMALL, LARGE, *others)]
        for number, job in enumerate(jobs):
            job.future.add_done_callback(partial(lambda number, _: order.append(number), number))
        ends = ended(worker, *jobs)
    painted = [np.asarray(next(iter(end))).astype(int) for end in (ends[1], alone)]
    assert np.abs(painted[0] - painted[1]).max() <= 1
    assert all(not isinstance(end, Exception) for end in ends)
    assert (beside[0] > 1, beside[-1]) == (True, 1)
    # Three of the others found no room beside it, and waited until it was painted.
    assert order.index(1) == len(jobs) - 4


def test_without_room_even_then_it_is_refused_and_the_others_are_not(modes: Modes) -> None:
    worker, most = Worker(lambda: modes, broken=lambda: None), latents(modes, SMALL)
    with without_room(modes, lambda pixels: pixels > most):
        fields = (LARGE, SMALL, {**LARGE, "num_inference_steps": 9}, {**SMALL, "num_inference_steps": 9})
        ends = ended(worker, *(prepared(modes, each) for each in fields))
    assert [isinstance(end, RequestError) for end in ends] == [True, False, True, False]
    assert {end.status for end in ends[::2]} == {413}


def test_jobs_that_wait_to_be_alone_are_failed_where_the_gpu_is_lost(modes: Modes) -> None:
    worker, most, calls = Worker(lambda: modes, broken=threading.Event().set), latents(modes, SMALL), list[int]()

    def lacks(pixels: int) -> bool:
        calls.append(pixels)
        if len(calls) > 3:
            raise torch.AcceleratorError("CUDA error: unspecified launch failure")
        return pixels > most

    with without_room(modes, lacks):
        ends = ended(worker, prepared(modes, LARGE), prepared(modes, SMALL))
    assert all(isinstance(end, Exception) for end in ends)


def test_what_a_failed_call_held_is_let_go_before_another_is_made() -> None:
    held: list[weakref.ref[torch.Tensor]] = []

    def fail() -> None:
        latents = torch.zeros(1)
        held.append(weakref.ref(latents))
        raise torch.OutOfMemoryError("no room")

    with pytest.raises(torch.OutOfMemoryError) as failed:
        fail()
    assert held[0]() is not None
    assert lacked_memory(failed.value)
    assert held[0]() is None


def test_only_want_of_memory_is_taken_for_it() -> None:
    with pytest.raises(RuntimeError) as cpu:
        torch.empty(2**50, dtype=torch.uint8)
    assert is_out_of_memory(cpu.value)
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ("native", "jumpstart-upscaling")])
def test_a_picture_without_room_is_refused_in_the_form_of_its_dialect(
    server: Server, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, painter = CALLS[name][0], server.modes["inpaint"].dependencies.model.painter

    def lacking(**_: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    good, others = call.send(server.client), [INPAINT, SMALL]
    assert good.status_code == 200
    with monkeypatch.context() as patched:
        for way in ("paint", "inpaint", "paint_from"):
            patched.setattr(painter, way, lacking)
        refused = call.send(server.client)
    assert refused.status_code == 413
    assert refused.headers["content-type"].startswith("application/json")
    assert "need more memory than this server has" in refused.text
    assert "CUDA out of memory" not in refused.text
    assert all(server.post(**fields).status_code == 200 for fields in others)
