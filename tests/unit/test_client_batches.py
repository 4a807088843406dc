"""A catalogue on this machine becomes a batch: read and checked before anything goes up, put, asked for, and followed."""

import json
from pathlib import Path
from typing import Any

import pytest

from atelier import batches
from atelier.catalogue import read_catalogue
from atelier.errors import StillRunningError
from contracts.errors import InvalidInputError
from tests.unit.client_network import Network, Served, reply
from tests.unit.ops_fakes import PNG

TEMPLATE = {"mask_prompt": "a skirt", "prompt": "a {colour} skirt"}


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list whose rows name two photos beside it."""
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(PNG)
    path = tmp_path / "rows.csv"
    path.write_text("image,colour,seed\na.png,red,1\na.png,blue,2\nb.png,red,3\n", encoding="utf-8")
    return path


def test_a_list_s_photos_are_put_once_each_and_its_rows_name_them(listed: Path) -> None:
    served, sent = Served(), list[int]()
    with served.client() as client:
        batch = client.batches.start(listed, TEMPLATE, name="spring", concurrency=3, sent=sent.append)
        again = client.batches.get(batch.id)
        (shown,) = client.batches.list().results
    assert (batch.name, batch.status, again.id, shown.id) == ("spring", "starting", batch.id, batch.id)
    puts = [request for request in served.seen if request.method == "PUT"]
    assert [request.headers["content-type"] for request in puts] == ["image/png", "image/png", "application/jsonl"]
    assert sum(sent) == 2 * len(PNG)
    assert batch.input == {**TEMPLATE, "seed": "{seed}", "image": "{input.image}"}
    rows: list[Any] = [json.loads(line) if line else None for line in puts[-1].content.decode().splitlines()]
    assert rows[0] is None, "errors name the line that somebody wrote: the list's first line has the names"
    assert [(row["colour"], row["input.image"].rpartition("/")[2]) for row in rows[1:]] == [
        ("red", "a.png"), ("blue", "a.png"), ("red", "b.png"),
    ]  # fmt: skip
    assert all(row["input.image"].startswith("uploads/") for row in rows[1:])


@pytest.mark.parametrize(
    ("prompt", "colours", "words"),
    [
        ("a {colour} skirt", ["", ""], ["a #2850be skirt", "a #cd232d skirt"]),
        ("a skirt", ["#2850be", "#cd232d"], ["a skirt", "a skirt"]),
    ],
)
def test_a_column_called_as_a_field_is_that_field_unless_it_is_a_word_of_the_prompt(
    tmp_path: Path, prompt: str, colours: list[str], words: list[str]
) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    path = tmp_path / "rows.csv"
    path.write_text("image,colour\na.png,#2850be\na.png,#cd232d\n", encoding="utf-8")
    asked = read_catalogue(path, {"mask_prompt": "a skirt", "prompt": prompt}).asked
    assert ([each.colour for each in asked], [each.prompt for each in asked]) == (colours, words)


def test_each_photo_of_a_folder_is_a_row(tmp_path: Path) -> None:
    for name in ("look/one.png", "two.png", "notes.txt", ".DS_Store"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(PNG)
    catalogue = read_catalogue(tmp_path, {"mask_prompt": "a skirt", "prompt": "red"})
    assert [row["name"] for _, row in catalogue.rows] == ["one.png", "two.png"]
    assert [path.name for path in catalogue.photos] == ["one.png", "two.png"]
    assert [inputs.prompt for inputs in catalogue.asked] == ["red", "red"]


def test_what_lies_elsewhere_is_not_put(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    path = tmp_path / "rows.jsonl"
    rows = [{"image": "uploads/0/1/x.png", "style": "skirt"}, {"image": "a.png", "style": "hat@2"}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    catalogue = read_catalogue(path, {"mask_prompt": "a skirt", "prompt": "red"})
    assert catalogue.version == "{style}"
    lines = catalogue.manifest({tmp_path / "a.png": "uploads/0/2/a.png"}).decode().splitlines()
    assert [json.loads(line)["input.image"] for line in lines] == ["uploads/0/1/x.png", "uploads/0/2/a.png"]


def test_everything_that_is_wrong_is_said_at_once_with_its_line(listed: Path) -> None:
    (listed.parent / "c.png").write_bytes(b"GIF89a")
    (listed.parent / "d").write_bytes(PNG)
    listed.write_text("image,colour\nnone.png,red\nc.png,blue\na.png,\nd,red\n", encoding="utf-8")
    with pytest.raises(InvalidInputError) as caught:
        read_catalogue(listed, {**TEMPLATE, "prompt": "{shade}"})
    told = str(caught.value)
    assert "line 2:" in told
    assert "none.png: got 'No such file or directory'" in told
    assert "c.png: got 'a GIF file'" in told
    assert "line 4: input.prompt" in told
    assert "line 5: file name: got 'd'" in told, "its upload would be refused, after others had gone up"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("rows.txt", b"", "a file ending in .csv or .jsonl, or a folder of photos"),
        ("rows.csv", b"image\n\xff\n", "UTF-8"),
        ("rows.csv", b"image,image\na,b\n", "each column once"),
        ("rows.csv", b"image\n", "1 to 10,000"),
        ("rows.jsonl", b"[1]\n", "a JSON object a line"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInputError, match=words):
        read_catalogue(tmp_path / name, TEMPLATE)


def test_a_folder_without_photos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="one with pictures"):
        read_catalogue(tmp_path, TEMPLATE)


def look(status: str) -> Any:
    """The API's answer to a look at a batch."""
    served = Served()
    with served.client() as client:
        image = served.api.upload("a.png", PNG)
        made = client.batches.create({"mask_prompt": "a skirt", "prompt": "x", "image": image}, items=[{"a": 1}])
    return reply(200, {**made.model_dump(mode="json"), "id": "b1", "status": status})


def test_a_batch_is_waited_for_and_told_of() -> None:
    network, heard = Network([look("starting"), look("processing"), look("failed")]), list[str]()
    ended = network.run(batches.wait("b1", heard=lambda now: heard.append(now.status), every=5))
    assert (ended.status, heard) == ("failed", ["starting", "processing", "failed"])
    assert network.pauses == [5, 5]


def test_a_batch_that_takes_longer_goes_on() -> None:
    with pytest.raises(StillRunningError, match="batch b1 is still processing"):
        Network([look("processing")] * 9).run(batches.wait("b1", seconds=10))


def test_a_batch_is_waited_for_however_long_it_takes() -> None:
    network = Network([*[look("processing")] * 30, look("succeeded")])
    assert network.run(batches.wait("b1", every=3_600)).status == "succeeded"
    assert sum(network.pauses) > 24 * 3_600


def test_a_batch_is_canceled_and_gone_on_with() -> None:
    network = Network([look("canceled"), look("starting")])
    network.run(batches.cancel("b1"))
    network.run(batches.resume("b1", concurrency=4, idempotency_key="k"))
    stop, go_on = network.calls
    assert (stop.method, stop.address) == ("POST", "/v1/batches/b1/cancel")
    assert (go_on.address, go_on.body) == ("/v1/batches/b1/resume", {"concurrency": 4})


def test_a_batch_tells_who_is_to_be_told(listed: Path) -> None:
    url, events = "https://example.com/told", ("start", "completed")
    served = Served()
    with served.client() as client:
        batch = client.batches.start(listed, TEMPLATE, webhook=url, webhook_events_filter=events)
    assert (batch.webhook, batch.webhook_note) == (url, None)
    (kept,) = [record for key, record in served.api.records.items.items() if key.startswith("webhook#")]
    assert kept.data["events"] == list(events)
    network = Network([look("starting")])
    network.run(batches.resume("b1", webhook=url, webhook_events_filter=events))
    assert network.calls[0].body == {"webhook": url, "webhook_events_filter": list(events)}
