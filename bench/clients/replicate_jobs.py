"""Replicate's client (``replicate``), as its README uses it."""

import asyncio
import io
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from replicate.client import Client
from replicate.exceptions import ReplicateError
from replicate.helpers import FileOutput
from replicate.training import Training
from replicate.webhook import Webhooks

from bench.clients.jobs import Job, refused
from bench.clients.receiver import ToldServer
from bench.clients.world import PHOTO, PROMPT, STYLE, ClientStage, is_png

WORDS: Mapping[str, Any] = {
    "mode": "text_to_image",
    "prompt": PROMPT,
    "width": 64,
    "height": 64,
    "num_inference_steps": 2,
}
RESTYLED: Mapping[str, Any] = {"mask_prompt": "a skirt", "prompt": PROMPT, "num_inference_steps": 2}


def _client(world: ClientStage) -> Client:
    client = Client(world.key, base_url=world.url)
    client.poll_interval = 0.1
    return client


def _first(output: Any) -> FileOutput:
    """The first of a prediction's files."""
    assert isinstance(output, list), output
    assert isinstance(output[0], FileOutput), output
    return output[0]


def _run(reference: str) -> Job:
    def job(world: ClientStage) -> None:
        assert is_png(_first(_client(world).run(reference, input=dict(WORDS))).read())

    return job


def _open_file(strategy: Any) -> Job:
    def job(world: ClientStage) -> None:
        with PHOTO.open("rb") as photo:
            output = _client(world).run(
                f"me/{STYLE}", input={**RESTYLED, "image": photo}, file_encoding_strategy=strategy
            )
        assert is_png(_first(output).read())

    return job


def _asynchronously(world: ClientStage) -> None:
    async def job() -> bytes:
        output = await _client(world).async_run(f"me/{STYLE}", input=dict(WORDS))
        return await _first(output).aread()

    assert is_png(asyncio.run(job()))


def _waited_for(world: ClientStage) -> None:
    made = _client(world).predictions.create(version=STYLE, input=dict(WORDS), wait=True)
    assert (made.status, made.version) == ("succeeded", f"{STYLE}@2"), made


def _kept_an_eye_on(world: ClientStage) -> None:
    client = _client(world)
    made = client.models.predictions.create(model=f"me/{STYLE}", input=dict(WORDS))
    assert made.id in [each.id for each in client.predictions.list()]
    made.wait()
    assert client.predictions.get(made.id).status == "succeeded"
    deployed = client.deployments.predictions.create(f"me/{STYLE}", dict(WORDS))
    deployed.cancel()
    deployed.wait()
    assert deployed.status in ("canceled", "succeeded"), deployed.status


def _told(world: ClientStage) -> None:
    client = _client(world)
    with ToldServer() as receiver:
        made = client.predictions.create(
            version=STYLE, input=dict(WORDS), webhook=receiver.address, webhook_events_filter=["completed"]
        )
        headers, body = receiver.next(seconds=60)
    Webhooks.validate(headers=headers, body=body, secret=client.webhooks.default.secret())
    assert made.id in body


def _learnt(world: ClientStage) -> None:
    """The shortest training, from the base model to a version that runs."""
    client = _client(world)
    dataset = world.upload_dataset("learnt-by-replicate")
    asked = {"dataset": dataset, "target": "a skirt", **world.shortest_training}
    made = client.trainings.create("me/base:base", asked, "me/learnt-by-replicate")
    assert made.id in [each.id for each in client.trainings.list()]
    assert world.until(lambda: _ended(made)) == "succeeded", made.error
    assert made.output is not None
    assert is_png(_first(client.run(made.output["version"], input=dict(WORDS))).read())


def _ended(training: Training) -> str | None:
    training.reload()
    return training.status if training.status in ("succeeded", "failed", "canceled") else None


def _given_up(world: ClientStage) -> None:
    client = _client(world)
    asked = {"dataset": world.upload_dataset("given-up"), "target": "a skirt", **world.shortest_training}
    made = client.trainings.create("me/base:base", asked, "me/given-up")
    assert client.trainings.cancel(made.id).status == "canceled"


def _looked_up(world: ClientStage) -> None:
    client = _client(world)
    assert {"base", STYLE} <= {model.name for model in client.models.list()}
    model = client.models.get(f"me/{STYLE}")
    assert [version.id for version in model.versions.list()] == [f"{STYLE}@2", f"{STYLE}@1"]
    assert model.versions.get("1").id == f"{STYLE}@1"
    assert client.accounts.current().username
    assert client.hardware.list() == []
    assert STYLE in [each.name for each in client.deployments.list()]
    assert client.deployments.get(f"me/{STYLE}").name == STYLE
    assert list(client.collections.list()) == []


def _files(world: ClientStage) -> None:
    made = _client(world).files.create(io.BytesIO(PHOTO.read_bytes()), filename="앞모습.png", metadata={"shoot": 7})
    assert (made.name, made.size) == ("앞모습.png", PHOTO.stat().st_size), made
    files = _client(world).files
    assert made.id in [each.id for each in files.list()]
    assert (files.get(made.id).name, files.get(made.id).size) == (made.name, made.size)
    assert files.delete(made.id)
    with _refusal(404):
        files.get(made.id)


def _refusal(status: int) -> AbstractContextManager[None]:
    return refused(ReplicateError, lambda error: error.status == status and bool(error.detail))


def _refused(world: ClientStage) -> None:
    client = _client(world)
    with _refusal(404):
        client.run("me/nobody", input=dict(WORDS))
    with _refusal(422):
        client.predictions.create(version=STYLE, input={**WORDS, "num_outputs": 99})
    with _refusal(401):
        Client("wrong", base_url=world.url).models.list()


JOBS: Mapping[str, Job] = {
    "run(owner/name:version)": _run(f"me/{STYLE}:{STYLE}@1"),
    "run(owner/name)": _run(f"me/{STYLE}"),
    "run(owner/base:base)": _run("me/base:base"),
    "image=open(…)": _open_file("url"),
    "image=open(…), base64": _open_file("base64"),
    "async_run": _asynchronously,
    "predictions.create(wait=True)": _waited_for,
    "predictions: list, get, cancel; models' and deployments'": _kept_an_eye_on,
    "predictions.create(webhook=…), webhooks.validate": _told,
    "trainings: create, get, list, and its version runs": _learnt,
    "trainings.cancel": _given_up,
    "models, versions, deployments, hardware, accounts, collections": _looked_up,
    "files: create, list, get, delete": _files,
    "errors": _refused,
}
