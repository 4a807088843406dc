"""Work that nobody waits for: it leaves the queue, or ends between two steps, and its neighbours do not notice."""

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient
from torch import nn

from atelier_inference.mode import Job
from atelier_inference.server import INFERENCE_ID, make_app
from atelier_inference.worker import Worker
from tests.integration.inference_server import (
    HEIGHT,
    INPAINT,
    WIDTH,
    Server,
    noise,
    received,
    sent,
    wait_until_loaded,
)
from tests.unit.inference_store import REQUESTS

PREDICTION = "0123456789abcdef0123456789"


class Caller:
    """Someone with an open connection to the server, who may close it; ``status`` is what he was or would have been answered."""

    def __init__(self, server: Server, inference_id: str = "", **fields: Any) -> None:
        assert server.client.portal is not None
        self._portal = server.client.portal
        self._gone = self._portal.call(asyncio.Event)
        self._sent: list[dict[str, Any]] = []
        headers = [(b"content-type", b"application/json"), (INFERENCE_ID.lower().encode(), inference_id.encode())]
        scope = {"type": "http", "method": "POST", "path": "/invocations", "headers": headers, "query_string": b""}
        body = iter([{"type": "http.request", "body": json.dumps(fields).encode()}])
        self._done: Future[None] = self._portal.start_task_soon(self._ask, server.client.app, scope, body)

    def close(self) -> None:
        self._portal.call(self._gone.set)

    @property
    def answer(self) -> dict[str, Any]:
        """The answer's body; waits for it."""
        self._done.result(timeout=60)
        content = json.loads(b"".join(message["body"] for message in self._sent[1:]))
        assert isinstance(content, dict)
        return {**content, "status": self._sent[0]["status"]}

    async def _ask(self, app: Any, scope: dict[str, Any], body: Iterator[dict[str, Any]]) -> None:
        async def receive() -> dict[str, Any]:
            if message := next(body, None):
                return message
            await self._gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            self._sent.append(message)

        await app(scope, receive, send)


class Steps:
    """Counts the rows of a model's steps, and holds it in each of the first ``stops`` until it is let go."""

    def __init__(self, stops: int) -> None:
        self.rows: list[int] = []
        self._stops = stops
        self._begun, self._let_go = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, _: nn.Module, values: tuple[Any, ...], __: dict[str, Any]) -> None:
        self.rows.append(len(values[0]))
        if len(self.rows) <= self._stops:
            self._begun.release()
            assert self._let_go.acquire(timeout=60)

    def begun(self) -> bool:
        """Whether the model is held in a step; waits for it."""
        return self._begun.acquire(timeout=60)

    def let_go(self) -> None:
        self._let_go.release()


@contextmanager
def held(unet: nn.Module, stops: int = 1) -> Iterator[Steps]:
    steps = Steps(stops)
    hook = unet.register_forward_pre_hook(steps, with_kwargs=True)
    try:
        yield steps
    finally:
        for _ in range(stops):
            steps.let_go()
        hook.remove()


def painter(server: Server) -> nn.Module:
    unet: nn.Module = server.modes["inpaint"].dependencies.model.painter.pipeline.unet
    return unet


def upscaler(server: Server) -> nn.Module:
    enlarger = server.modes["inpaint"].dependencies.enlarger
    assert enlarger is not None
    unet: nn.Module = enlarger.upscaler.pipeline.unet
    return unet


PHOTO = {"image": sent(noise()), "prompt": "a red skirt"}
LONG: dict[str, Any] = {"num_inference_steps": 60, "num_outputs": 8}
SHORT: dict[str, Any] = {"mode": "text_to_image", "prompt": "a skirt", "num_inference_steps": 1, "guidance_scale": 1.0}
DENOISING: dict[str, tuple[Any, dict[str, Any]]] = {
    "text_to_image": (painter, {"mode": "text_to_image", "prompt": "a skirt"}),
    "image_to_image": (painter, {"mode": "image_to_image", **PHOTO}),
    "inpaint": (painter, {**INPAINT}),
    "style": (painter, {"mode": "style", "mask_prompt": "a skirt", **PHOTO}),
    "upscale": (upscaler, {"mode": "upscale", "image": PHOTO["image"]}),
    "upscaled": (upscaler, {**INPAINT, "num_inference_steps": 1, "num_outputs": 1, "upscale": True}),
}


@pytest.mark.parametrize("case", DENOISING)
def test_running_work_ends_with_its_step_when_the_caller_leaves(
    server: Server, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    model, fields = DENOISING[case]
    with caplog.at_level(logging.INFO, logger="atelier_inference.server"), held(model(server)) as steps:
        caller = Caller(server, **{**LONG, **fields})
        assert steps.begun()
        caller.close()
        assert caller.answer["status"] == 410
        behind = Caller(server, **{**SHORT, "mode": "text_to_image"})
        steps.let_go()
        assert behind.answer["status"] == 200
        # The long request's first step, and the short one's only step where both are the painter's.
        assert len(steps.rows) == (2 if model is painter else 1)
    canceled, _ = (record.__dict__["fields"] for record in caplog.records if "fields" in record.__dict__)
    assert canceled["canceled"] == "the caller closed the connection"


def test_running_work_ends_when_the_prediction_s_request_is_removed_and_no_other_does(server: Server) -> None:
    ticket = server.store.path(REQUESTS.child(f"{PREDICTION}.json"))
    ticket.parent.mkdir(parents=True, exist_ok=True)
    ticket.write_text("{}")
    with held(painter(server)) as steps:
        waited_for = Caller(server, inference_id="smoke-run-1", **{**SHORT, "guidance_scale": 2.0})
        assert steps.begun()
        canceled = Caller(server, inference_id=PREDICTION, **{**INPAINT, **LONG})
        ticket.unlink()
        assert canceled.answer["status"] == 410
        assert "canceled, deleted, or given up" in canceled.answer["error"]["message"]
        steps.let_go()
        assert waited_for.answer["status"] == 200
        assert server.post(**SHORT).status_code == 200
        # Twice the rows: guided towards the prompt, and away from what is not wanted.
        assert steps.rows == [2, 1]


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Released for each job that the queue has."""
    submitted, submit = threading.Semaphore(0), Worker.submit

    def report(worker: Worker, job: Job) -> None:
        submit(worker, job)
        submitted.release()

    monkeypatch.setattr(Worker, "submit", report)
    return submitted


def test_who_leaves_a_queue_takes_no_step_and_who_leaves_a_batch_does_not_disturb_the_others_in_it(
    server: Server, queued: threading.Semaphore
) -> None:
    alone = received(server.predict(**{**INPAINT, "seed": 2}).images[0]).astype(int)
    with held(painter(server), stops=2) as steps:
        Caller(server, **SHORT)
        assert steps.begun()
        requests: tuple[dict[str, Any], ...] = (
            {**INPAINT, "seed": 1},
            {**INPAINT, "seed": 2},
            {**INPAINT, "num_inference_steps": 7},
        )
        leaves, stays, never_begun = [Caller(server, **fields) for fields in requests]
        assert all(queued.acquire(timeout=60) for _ in range(5))
        never_begun.close()
        assert never_begun.answer["status"] == 410
        steps.let_go()
        assert steps.begun()
        leaves.close()
        assert leaves.answer["status"] == 410
        steps.let_go()
        assert stays.answer["status"] == 200
    assert np.abs(received(stays.answer["images"][0]).astype(int) - alone).max() <= 1
    assert steps.rows == [1, 4, 4, 4]


def test_pictures_wait_for_room_and_who_leaves_meanwhile_is_never_decoded(
    server: Server, queued: threading.Semaphore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atelier_inference.server.MOST_PIXELS", WIDTH * HEIGHT)
    with TestClient(make_app(lambda: server.modes, broken=lambda: None)) as client:
        wait_until_loaded(client)
        small = Server(client=client, store=server.store, modes=server.modes)
        with held(painter(server)) as steps:
            first = Caller(small, **INPAINT)
            assert steps.begun()
            leaves, second = Caller(small, **INPAINT), Caller(small, **INPAINT)
            leaves.close()
            assert leaves.answer["status"] == 410
            steps.let_go()
            assert [caller.answer["status"] for caller in (first, second)] == [200, 200]
        # One after the other: together, the rows of both would be in each step.
        assert steps.rows == [2] * 6
    assert sum(queued.acquire(blocking=False) for _ in range(3)) == 2
