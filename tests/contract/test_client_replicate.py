"""Replicate's own client, unchanged, against the API: what it asks for is there, and it can read what it gets."""

import asyncio
import io
from datetime import timedelta
from typing import Literal

import httpx
import pytest
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError
from replicate.helpers import FileOutput
from replicate.webhook import InvalidSignatureError, Webhooks

from contracts.layout import MANIFEST
from tests.unit.ops_fakes import PNG, execution
from tests.unit.ops_http import ADDRESS, HttpApi
from tests.unit.ops_stage import base_manifest, put_dataset, put_promoted, put_version
from tests.unit.test_ops_webhooks import World

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
STRATEGIES: tuple[Literal["url", "base64"], ...] = ("url", "base64")
STYLED = {"image": "", "mask_prompt": "a skirt", "prompt": "a red skirt"}


class Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends to the API in memory."""

    def __init__(self, api: HttpApi) -> None:
        self.api = api

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        status, headers, body = self.api.send(request.method, str(request.url), dict(request.headers), request.read())
        return httpx.Response(status, headers=headers, content=body, request=request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return self.handle_request(request)


@pytest.fixture
def http() -> HttpApi:
    """A stage with a base model and two versions of a style, the second promoted."""
    http = HttpApi()
    buckets = http.api.buckets
    buckets.put("model", f"base/tiny@v1/{MANIFEST}", base_manifest("tiny", "inpaint").model_dump_json().encode())
    for version in (1, 2):
        put_version(buckets, version)
    put_promoted(buckets, 2)
    put_dataset(buckets, "coat")
    return http


@pytest.fixture
def client(http: HttpApi) -> Client:
    client = Client("key", base_url=ADDRESS, transport=Transport(http))
    client.poll_interval = 0
    return client


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        ("me/skirt:skirt@1", "skirt@1"),
        ("me/skirt", "skirt@2"),
        ("me/base", "base"),
        ("me/base:base", "base"),
    ],
)
def test_run_gives_files_that_can_be_read(client: Client, http: HttpApi, reference: str, version: str) -> None:
    output = client.run(reference, input={"mode": "text_to_image", "prompt": "a street"})
    assert isinstance(output, list)
    assert [type(each) for each in output] == [FileOutput]
    assert output[0].read() == PNG
    (record,) = http.api.predictions
    assert record.data["version"] == version
    assert len(http.painted) == 1


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_open_file_becomes_the_picture_that_is_painted(
    client: Client, http: HttpApi, strategy: Literal["url", "base64"]
) -> None:
    file = io.BytesIO(PNG)
    file.name = "앞모습.png"
    made = client.predictions.create(version="skirt", input={**STYLED, "image": file}, file_encoding_strategy=strategy)
    made.wait()
    assert made.status == "succeeded"
    (painted,) = http.painted
    assert painted["image"].startswith("s3://media/uploads/" if strategy == "url" else "data:image/png;base64,")
    if strategy == "url":
        assert painted["image"].endswith("/앞모습.png")


def test_a_prediction_is_got_canceled_and_listed(client: Client, http: HttpApi) -> None:
    http.asleep = True
    made = client.predictions.create(
        model="me/skirt", input={"prompt": "a street", "mode": "text_to_image"}, wait=False
    )
    assert made.progress is None
    assert client.predictions.get(made.id).status == "starting"
    made.cancel()
    made.reload()
    assert made.status == "canceled"
    assert [each.id for each in client.predictions.list()] == [made.id]
    deployed = client.deployments.predictions.create("me/skirt", {"prompt": "a street", "mode": "text_to_image"})
    assert deployed.version == "skirt@2"
    with pytest.raises(ReplicateError, match="allowed: one made in the last 7 days"):
        client.predictions.get("nothing")


def test_what_cannot_stream_is_made_all_the_same(client: Client) -> None:
    made = client.predictions.create(version="base", input={"prompt": "x", "mode": "text_to_image"}, stream=True)
    with pytest.raises(ReplicateError):
        next(made.stream())
    made.wait()
    assert made.status == "succeeded"


def test_a_failure_is_the_clients_own_kind_of_error(client: Client, http: HttpApi) -> None:
    http.asleep = True
    made = client.predictions.create(version="base", input={"prompt": "x", "mode": "text_to_image"})
    (record,) = http.api.predictions
    http.api.records.items[record.key] = type(record)(
        key=record.key, status="failed", expires_at=record.expires_at, data={**record.data, "error": "no garment"}
    )
    with pytest.raises(ModelError, match="no garment"):
        list(made.output_iterator())


def test_an_address_elsewhere_is_refused_before_anything_is_made(client: Client, http: HttpApi) -> None:
    for address in ("https://example.com/a.png", "https://media.test/uploads/0123456789abcdef/1/a.png"):
        with pytest.raises(ReplicateError, match="the uri that POST /v1/files gave to the same API key"):
            client.run("me/skirt", input={**STYLED, "image": address})
    assert not http.api.records.items


def test_files_that_come_with_the_request(client: Client, http: HttpApi) -> None:
    made = client.files.create(io.BytesIO(PNG), filename="a.png", metadata={"shoot": 7})
    assert (made.name, made.content_type, made.size, made.metadata) == ("a.png", "image/png", len(PNG), {"shoot": 7})
    unnamed = client.files.create(io.BytesIO(PNG))
    assert (unnamed.name, unnamed.content_type) == ("file.png", "image/png")
    assert {each.id: each.size for each in client.files.list()} == {made.id: len(PNG), unnamed.id: len(PNG)}
    got = client.files.get(made.id)
    assert (got.name, got.etag, got.urls) == (made.name, made.checksums["md5"], made.urls)
    assert client.files.delete(made.id)
    with pytest.raises(ReplicateError, match="404"):
        client.files.get(made.id)
    for wrong, words in ((b"GIF89a", "image/gif"), (b"", "size")):
        with pytest.raises(ReplicateError, match=words):
            client.files.create(io.BytesIO(wrong), filename="a.gif" if wrong else "a.png")


def test_models_and_their_versions(client: Client) -> None:
    assert [model.id for model in client.models.list()] == ["atelier/base", "atelier/skirt"]
    model = client.models.get("me/skirt")
    assert model.latest_version is not None
    assert model.latest_version.id == "skirt@2"
    assert [version.id for version in model.versions.list()] == ["skirt@2", "skirt@1"]
    assert model.versions.get("1").id == "skirt@1"
    base = client.models.get("me/base")
    assert base.latest_version is not None
    assert base.versions.list()[0].id == "base"
    for unknown in ("me/nothing", "me/Skirt", "me/skirt-"):
        with pytest.raises(ReplicateError, match="allowed: base, or a style"):
            client.models.get(unknown)
    with pytest.raises(ReplicateError, match="404"):
        model.versions.get("skirt@3")
    with pytest.raises(ReplicateError, match="404"):
        client.run("me/nothing", input={"prompt": "x", "mode": "text_to_image"})


def test_models_come_in_pages(client: Client) -> None:
    first = client.models.list("/v1/models?limit=1")
    assert [model.name for model in first] == ["base"]
    second = client.models.list(first.next)
    assert [model.name for model in second] == ["skirt"]
    assert second.next is None


def test_trainings_from_the_base_model_to_a_version_that_runs(client: Client, http: HttpApi) -> None:
    asked = {"dataset": "datasets/coat/", "target": "a coat"}
    made = client.trainings.create(model="me/tiny", version="v1", input=asked, destination="me/coat")
    known = http.api.executions.started[made.id]
    assert (made.status, known.input["base_model"], known.input["style"]) == ("starting", "tiny@v1", "coat")
    ended = known.started + timedelta(seconds=60)
    output = {"style": "skirt", "version": 1}
    http.api.executions.started[made.id] = execution(
        made.id, dict(known.input), status="SUCCEEDED", stopped=ended, output=output
    )
    shown = client.trainings.get(made.id)
    assert (shown.status, shown.destination) == ("succeeded", "atelier/skirt")
    assert shown.output is not None
    assert client.run(shown.output["version"], input={"prompt": "x", "mode": "text_to_image"})
    other = client.trainings.create("me/base:base", asked, "me/coat")
    assert "base_model" not in http.api.executions.started[other.id].input
    assert client.trainings.cancel(other.id).status == "canceled"
    assert {each.id for each in client.trainings.list()} == {made.id, other.id}


def test_account_and_collections(client: Client) -> None:
    assert client.accounts.current().username == "atelier"
    assert list(client.collections.list()) == []
    assert client.hardware.list() == []


def test_each_model_is_deployed(client: Client, http: HttpApi) -> None:
    assert [deployment.id for deployment in client.deployments.list()] == ["atelier/base", "atelier/skirt"]
    made = client.deployments.get("me/skirt").predictions.create({"prompt": "a street", "mode": "text_to_image"})
    assert made.version == "skirt@2"
    with pytest.raises(ReplicateError, match="404"):
        client.deployments.get("me/nothing")


def test_the_clients_own_check_takes_what_a_webhook_says() -> None:
    world = World()
    client = Client("key", base_url=ADDRESS, transport=Transport(HttpApi(api=world)))
    asked = {"prompt": "a street", "mode": "text_to_image"}
    client.predictions.create("base", asked, webhook="https://example.com/told", webhook_events_filter=["start"])
    world.announced()
    (parcel,) = world.receivers.heard
    secret, body = client.webhooks.default.secret(), parcel.body.decode()
    Webhooks.validate(headers=dict(parcel.headers), body=body, secret=secret)
    with pytest.raises(InvalidSignatureError):
        Webhooks.validate(headers=dict(parcel.headers), body=body.replace("street", "house"), secret=secret)


def test_the_asynchronous_client_works_as_well(http: HttpApi) -> None:
    async def run() -> bytes:
        client = Client("key", base_url=ADDRESS, transport=Transport(http))
        client.poll_interval = 0
        output = await client.async_run("me/skirt:skirt@2", input={"mode": "text_to_image", "prompt": "a street"})
        assert isinstance(output, list)
        body: bytes = await output[0].aread()
        return body

    assert asyncio.run(run()) == PNG
