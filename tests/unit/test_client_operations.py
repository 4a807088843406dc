"""The client against the API itself, in memory: blocking and awaited, with answers that get lost."""

import asyncio
from pathlib import Path

import httpx2
import pytest

from atelier import AsyncAtelier, Atelier
from atelier.errors import InvalidRequestError, NotFoundError, UnreachableError
from atelier.pictures import LARGEST_INLINE
from contracts.errors import InvalidInputError
from contracts.mark import mark_of
from tests.unit.client_network import Served
from tests.unit.ops_fakes import JPEG, PNG
from tests.unit.ops_stage import put_dataset, put_promoted
from tests.unit.test_ops_api_predictions import finish
from tests.unit.test_ops_api_styles import publish, wait

SKIRT = "a photo of a sks skirt"


@pytest.fixture
def served() -> Served:
    return Served()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("앞모습.jpg", "뒷모습.jpg", "IMG 1.JPG", "IMG_1.jpg"):
        (tmp_path / name).write_bytes(JPEG)
    (tmp_path / ".DS_Store").write_bytes(b"1")
    return tmp_path


def test_a_prediction_is_made_looked_at_canceled_and_deleted(served: Served) -> None:
    with served.client() as client:
        made = client.predictions.create({"mode": "text_to_image", "prompt": "a skirt"}, wait=5)
        assert made.status == "starting"
        assert client.predictions.get(made.id) == made
        assert client.predictions.cancel(made.id).status == "canceled"
        client.predictions.delete(made.id)
        with pytest.raises(NotFoundError):
            client.predictions.get(made.id)
    assert {request.headers["x-api-key"] for request in served.seen} == {"the-key"}
    assert served.seen[0].headers["prefer"] == "wait=5"


def test_every_operation_can_be_awaited(served: Served) -> None:
    async def paint() -> list[bytes]:
        async with served.async_client() as client:
            made = await client.predictions.create({"mode": "text_to_image", "prompt": "a skirt"})
            served.api.buckets.put("media", f"outputs/{made.id}/0.png", PNG)
            finish(served.api, made.id, "succeeded", outputs=[f"outputs/{made.id}/0.png"] * 9)
            return await client.predictions.pictures(await client.predictions.wait(made.id))

    assert asyncio.run(paint()) == [PNG] * 9


def test_a_canceled_task_cancels_its_prediction(served: Served) -> None:
    async def paint() -> str:
        async with served.async_client() as client:
            made = await client.predictions.create({"mode": "text_to_image", "prompt": "a skirt"})
            looked = asyncio.Event()
            waiting = asyncio.ensure_future(
                client.predictions.wait(made.id, heard=lambda _: looked.set(), cancel_when_interrupted=True)
            )
            await looked.wait()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            return (await client.predictions.get(made.id)).status

    assert asyncio.run(paint()) == "canceled"


def test_lost_answers_make_nothing_twice(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atelier.drivers.time.sleep", lambda seconds: None)
    asked = set[tuple[str, str]]()

    def once(request: httpx2.Request) -> bool:
        key = (request.method, str(request.url))
        first = key not in asked
        asked.add(key)
        return first

    served.lose = once
    photo = tmp_path / "photo.png"
    photo.write_bytes(PNG + bytes(LARGEST_INLINE))
    with served.client() as client:
        file = client.files.upload(photo)
        made = client.predictions.create({"mode": "text_to_image", "prompt": "a skirt"})
        client.predictions.cancel(made.id)
        client.predictions.delete(made.id)
    assert served.api.buckets.store("media").names("uploads/") == [file.uri]
    assert [inference.endswith(made.id) or made.id in inference for _, _, inference in served.api.inference.queue] == [
        True
    ]


def test_a_large_picture_is_put_first_and_a_small_one_stands_in_the_request(served: Served, tmp_path: Path) -> None:
    large = tmp_path / "사진.jpeg"  # a PNG that somebody renamed
    large.write_bytes(PNG + bytes(LARGEST_INLINE))
    heard = list[str]()
    with served.client() as client:

        def end(now: object) -> None:
            heard.append(type(now).__name__)
            (made,) = [key for key in served.api.records.items if key.startswith("prediction#")]
            finish(served.api, made.removeprefix("prediction#"), "failed", error="no skirt")

        with pytest.raises(Exception, match="no skirt"):
            client.segment(large, "a skirt", heard=end)
    (uri,) = served.api.buckets.store("media").names("uploads/")
    assert uri.endswith("/사진.png")
    note = tmp_path / "note.png"
    note.write_bytes(b"hello")
    with pytest.raises(
        InvalidInputError, match=r"note.png: got the bytes 'hello'; allowed: a PNG, JPEG, WebP or HEIC file"
    ):
        client.segment(note, "a skirt")


def test_a_folder_is_learnt(served: Served, folder: Path) -> None:
    went = list[int]()
    with served.client() as client:
        training = client.train(folder, "a skirt", style="my-skirt", sent=went.append, deploy="none")
        again = client.trainings.get(training.id)
    assert again.id == training.id
    assert served.api.buckets.store("data").names("datasets/my-skirt/") == sorted(
        f"datasets/my-skirt/{name}" for name in ("앞모습.jpg", "뒷모습.jpg", "IMG 1.JPG", "IMG_1.jpg")
    )
    assert sum(went) == 4 * len(JPEG)
    assert training.input["instance_prompt"] == "a photo of sks skirt"
    assert training.input["deploy"] == "none"


def test_a_folder_that_cannot_be_learnt_is_refused_before_anything_goes_up(served: Served, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG)
    with served.client() as client:
        with pytest.raises(InvalidInputError, match="pictures directly in the dataset: got 1"):
            client.train(tmp_path, "a skirt", style="my-skirt")
        with pytest.raises(InvalidInputError, match="style: got 'My Skirt'"):
            client.trainings.upload(tmp_path, "My Skirt")
    assert served.seen == []


def test_a_file_of_a_data_set_may_be_replaced(served: Served) -> None:
    with served.client() as client:
        for content in (JPEG, JPEG + b"1"):
            file = client.files.upload(content, name="a.jpg", style="skirt")
    assert served.api.buckets.store("data").read(file.uri) == JPEG + b"1"


def test_words_of_the_api_reach_the_caller(served: Served) -> None:
    with served.client() as client:
        with pytest.raises(InvalidRequestError, match="HTTP 422") as raised:
            client.predictions.create({"mode": "style", "prompt": "x", "width": "8"})
        with pytest.raises(NotFoundError, match="path: got /v1/nothing"):
            client.request("GET", "/v1/nothing")
        assert client.request("GET", f"/v1/predictions/{_made(client)}")["status"] == "starting"
    assert {problem["what"] for problem in raised.value.errors} >= {"input.image", "input.width"}


def _made(client: Atelier) -> str:
    return client.predictions.create({"mode": "text_to_image", "prompt": "a skirt"}).id


def test_an_api_that_cannot_be_reached_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atelier.sending.DIAL_SECONDS", 0.0)
    with pytest.raises(UnreachableError, match=r"GET /v1/styles at http://127\.0\.0\.1:9/live: .*refused"):
        Atelier("http://127.0.0.1:9/live/", "key").request("GET", "/v1/styles")

    async def ask() -> None:
        async with AsyncAtelier("http://127.0.0.1:9/live/", "key") as client:
            await client.request("GET", "/v1/styles")

    with pytest.raises(UnreachableError):
        asyncio.run(ask())


def test_an_address_without_a_scheme_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"url: got 'api\.test'"):
        Atelier("api.test", "key")


def test_the_secret_verifies_what_the_api_signs(served: Served) -> None:
    with served.client() as client:
        assert client.webhooks.secret().startswith("whsec_")


def test_a_mark_leads_to_its_prediction(served: Served) -> None:
    with served.client() as client:
        made = client.predictions.create({"mode": "text_to_image", "prompt": "a skirt"})
        assert client.marks.get(mark_of(made.id)).prediction == made.id
        assert client.marks.find(mark_of(made.id)) == client.predictions.get(made.id)
        assert client.marks.find("0123456789ab") is None
        with pytest.raises(NotFoundError, match="mark: got 0123456789ab"):
            client.marks.get("0123456789ab")


def test_styles_are_listed_shown_compared_decided_and_promoted(served: Served) -> None:
    for number, share in ((1, 0.7), (2, 0.8)):
        publish(served.api, number, share)
    put_promoted(served.api.buckets, 2)
    wait(served.api, 3)
    with served.client() as client:
        (listed,) = client.styles.list().results
        assert (listed.style, listed.promoted) == ("skirt", "skirt@2")
        assert [each.number for each in client.styles.get("skirt").versions] == [3, 2, 1]
        assert client.styles.version("skirt@1").metrics["garment_share"] == 0.7
        assert client.styles.compare("skirt", [1, 2]).metrics[0].best
        assert client.styles.reject("skirt@3", reason="too red").approval == "rejected"
        assert client.styles.promote("skirt@1").previous == "skirt@2"
        assert client.styles.roll_back("skirt", leave="skirt@1").version == "skirt@2"
        put_dataset(served.api.buckets, "skirt")
        again = client.styles.evaluate("skirt@1", "datasets/skirt/", gate={"leak": 0.3})
        assert (again.model, again.input["evaluate"]) == ("skirt", 1)
        with pytest.raises(InvalidInputError, match="style@version"):
            client.styles.version("skirt")


def test_lists_come_in_pages(served: Served) -> None:
    with served.client() as client:
        made = [_made(client) for _ in range(3)]
        first = client.predictions.list(limit=2)
        rest = client.predictions.list(limit=2, cursor=first.cursor)
        assert {each.id for each in (*first.results, *rest.results)} == set(made)
        assert rest.cursor == ""
        assert client.trainings.list().results == []


def test_files_are_listed_fetched_and_deleted(served: Served) -> None:
    with served.client() as client:
        client.files.upload(PNG, name="a.png")
        client.files.upload(JPEG, name="b.jpg", style="skirt")
        (upload,) = client.files.list().results
        (picture,) = client.files.list(style="skirt").results
        assert (upload.name, picture.name, picture.style) == ("a.png", "b.jpg", "skirt")
        assert client.fetch(client.files.get(upload.id).urls.get) == PNG
        client.files.delete(upload.id)
        assert client.files.list().results == []
