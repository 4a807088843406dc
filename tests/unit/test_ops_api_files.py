"""Addresses for uploads: where a file may go, and what it may be called."""

import re
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.prediction import LONGEST_PICTURE
from contracts.requests import LARGEST_UPLOAD
from tests.unit.ops_api import Answered, Api

FILE = {"name": "a.png", "content_type": "image/png", "purpose": "upload", "size": 9}


def post(**body: Any) -> Answered:
    return Api().call("POST", "/v1/files", {**FILE, **body})


def test_an_upload_gets_an_address_below_uploads() -> None:
    answered = post(name="my photo (1).PNG")
    assert answered.status == 201
    made = answered.body
    assert made["name"] == "my photo (1).PNG"
    assert re.fullmatch(rf"uploads/[0-9a-f]{{16}}/{made['id']}/my photo \(1\)\.PNG", made["uri"])
    assert made["urls"]["upload"].endswith("?put=3600&type=image/png&size=9&once")
    assert (made["size"], made["headers"]) == (9, {"Content-Type": "image/png", "If-None-Match": "*"})
    assert made["created_at"] == "2027-01-15T08:00:00.000Z"
    assert made["expires_at"] == "2027-01-15T09:00:00.000Z"


def test_every_client_has_a_folder_of_its_own_whatever_its_id_is() -> None:
    keys = ("key-1", "key-2", "key/3", "arn:aws:sts::1:assumed-role/../x")
    folders = [Api(key=key).call("POST", "/v1/files", FILE).body["uri"].split("/")[1] for key in keys]
    assert len(set(folders)) == 4


def test_the_same_key_and_body_give_the_same_address_and_another_body_is_422() -> None:
    api = Api()
    one, two = (api.call("POST", "/v1/files", FILE, Idempotency_Key="k").body for _ in range(2))
    assert one == two
    for change in ({"name": "b.png"}, {"size": 10}, {"purpose": "dataset", "style": "skirt"}):
        refused = api.call("POST", "/v1/files", {**FILE, **change}, Idempotency_Key="k")
        assert (refused.status, "Idempotency-Key" in refused.body["detail"]) == (422, True)
    api.key = "key-2"
    assert api.call("POST", "/v1/files", {**FILE, "name": "b.png"}, Idempotency_Key="k").status == 201


@pytest.mark.parametrize(
    ("name", "kind", "key"),
    [
        ("a.png", "image/png", "a.png"),
        ("b.JPG", "image/jpeg", "b.JPG"),
        ("masks/a.png", "image/png", "masks/a.png"),
        ("evaluation/p.jpeg", "image/jpeg", "evaluation/p.jpeg"),
        ("dataset_info.json", "application/json", "dataset_info.json"),
        ("captions.jsonl", "application/jsonl", "captions.jsonl"),
        ("metadata.jsonl", "application/jsonl", "metadata.jsonl"),
        ("a.txt", "text/plain", "a.txt"),
        ("evaluation/masks/p.png", "image/png", "evaluation/masks/p.png"),
        ("a.webp", "image/webp", "a.webp"),
        ("IMG_0001.HEIC", "image/heic", "IMG_0001.HEIC"),
        ("a.jfif", "image/jpeg", "a.jfif"),
    ],
)
def test_a_datasets_file_goes_to_its_style(name: str, kind: str, key: str) -> None:
    answered = post(name=name, content_type=kind, purpose="dataset", style="skirt")
    assert answered.body["uri"] == f"datasets/skirt/{key}"
    assert answered.body["headers"] == {"Content-Type": kind}  # a better one may take its place


@pytest.mark.parametrize(
    "body",
    [
        {"purpose": "dataset"},
        {"purpose": "dataset", "style": "Skirt"},
        {"purpose": "dataset", "style": "skirt", "content_type": "image/gif", "name": "a.gif"},
        {"purpose": "dataset", "style": "skirt", "name": "other/a.png"},
        {"purpose": "dataset", "style": "skirt", "name": "masks/other/a.png"},
        {"purpose": "dataset", "style": "skirt", "name": "masks\\a.png"},
        {"purpose": "dataset", "style": "skirt", "name": "._a.png"},
        {"purpose": "dataset", "style": "skirt", "name": "masks/a.txt", "content_type": "text/plain"},
        {"purpose": "dataset", "style": "skirt", "name": "a\n.png"},
        {"purpose": "dataset", "style": "skirt", "name": "치" * 100 + ".png"},
        {"content_type": "text/plain", "name": "a.txt"},
        {"purpose": "dataset", "style": "skirt", "name": "x.json", "content_type": "application/json"},
        {"content_type": "application/json", "name": "a.json"},
        {"content_type": "text/html", "name": "a.html"},
        {"content_type": "image/png", "name": "a.jpg"},
        {"name": ".png"},
        {"name": ""},
        {"name": "a.png", "length": 3},
        *({"size": size} for size in (None, 0, -1, 1.5, "9", True, LARGEST_UPLOAD + 1, LONGEST_PICTURE + 1)),
        {"purpose": "dataset", "style": "skirt", "size": LARGEST_UPLOAD + 1},
    ],
)
def test_what_no_part_of_ours_reads_is_422(body: dict[str, Any]) -> None:
    answered = post(**body)
    assert answered.status == 422
    assert answered.body["allowed"]


@pytest.mark.parametrize(
    "names",
    [
        ["치마.png", "바지.png", "모자.png", "구두.png", "양말.png"],
        ["IMG (1).png", "IMG [1].png", "IMG_1.png", "IMG 1.png", "IMG+1.png", "IMG%201.png"],
        ["masks/치마.png", "masks/바지.png", "치마.png"],
        ["юбка.png", "брюки.png", "शर्ट.png", "👗.png", "👖.png", "スカート.png", "스카트.png"],
    ],
)
def test_a_dataset_keeps_every_name_and_no_two_meet(names: list[str]) -> None:
    uris = [post(name=name, purpose="dataset", style="skirt").body["uri"] for name in names]
    assert [uri.removeprefix("datasets/skirt/") for uri in uris] == names


def test_one_name_spelt_in_two_ways_is_one_file() -> None:
    spellings = [normalize(form, "치마 é.png") for form in ("NFC", "NFD")]
    answers = [post(name=name, purpose="dataset", style="skirt").body for name in spellings]
    assert answers[0]["uri"] == answers[1]["uri"]
    assert answers[1]["name"] == spellings[0]


@given(first=st.text(min_size=1, max_size=60), second=st.text(min_size=1, max_size=60))
def test_two_files_have_one_address_only_where_they_have_one_name(first: str, second: str) -> None:
    answers = [post(name=f"{name}.png", purpose="dataset", style="skirt") for name in (first, second)]
    if all(answer.status == 201 for answer in answers):
        same = normalize("NFC", first) == normalize("NFC", second)
        assert (answers[0].body["uri"] == answers[1].body["uri"]) == same


@given(name=st.text(min_size=1, max_size=150), purpose=st.sampled_from(["upload", "dataset"]))
def test_no_name_escapes_its_folder(name: str, purpose: str) -> None:
    answered = post(name=f"{name}.png", purpose=purpose, style="skirt")
    if answered.status == 201:
        key = answered.body["uri"]
        root = "datasets/skirt/" if purpose == "dataset" else key[: key.index(answered.body["id"]) + 27]
        assert purpose == "dataset" or re.fullmatch(rf"uploads/[0-9a-f]{{16}}/{answered.body['id']}/", root)
        assert key.startswith(root)
        assert ".." not in key.removeprefix(root).split("/")
        assert key.count("/") <= root.count("/") + 1
    else:
        assert answered.status == 422


def put(api: Api, name: str, **body: Any) -> Any:
    """Ask for an address and put a file there; what POST answered."""
    made = api.call("POST", "/v1/files", {**FILE, "name": name, **body}).body
    api.buckets.put("data" if made["uri"].startswith("datasets/") else "media", made["uri"], b"nine byte")
    return made


def listed(api: Api, **query: str) -> Any:
    answered = api.call("GET", "/v1/files", None, query)
    assert answered.status == 200, answered.body
    return answered.body


def test_uploads_that_were_put_are_listed_the_newest_first_each_client_s_own() -> None:
    api = Api()
    api.call("POST", "/v1/files", FILE)  # never put
    made = [put(api, f"{name}.png") for name in "abc"][::-1]
    first = listed(api, limit="2")
    assert [each["id"] for each in first["results"]] == [each["id"] for each in made[:2]]
    rest = listed(api, limit="2", cursor=first["next"].split("cursor=")[1].split("&")[0])
    assert ([each["name"] for each in rest["results"]], rest["next"]) == (["a.png"], None)
    api.key = "key-2"
    assert listed(api)["results"] == []


def test_a_file_is_found_by_its_id_and_deleted() -> None:
    api = Api()
    made = put(api, "a.JPG", content_type="image/jpeg")
    found = api.call("GET", f"/v1/files/{made['id']}").body
    assert {name: found[name] for name in ("id", "name", "content_type", "uri")} == {
        name: made[name] for name in ("id", "name", "content_type", "uri")
    }
    assert (found["size"], found["purpose"], found["style"]) == (9, "upload", None)
    assert found["expires_at"] > found["created_at"]
    api.key = "key-2"
    for method in ("GET", "DELETE"):
        assert api.call(method, f"/v1/files/{made['id']}").status == 404
    api.key = "key-1"
    assert api.call("DELETE", f"/v1/files/{made['id']}").status == 204
    assert api.call("GET", f"/v1/files/{made['id']}").status == 404
    assert listed(api)["results"] == []


def test_a_dataset_s_file_keeps_its_id_and_is_the_owner_s_to_delete() -> None:
    api = Api()
    made = put(api, "masks/치마.png", purpose="dataset", style="mine")
    assert put(api, "masks/치마.png", purpose="dataset", style="mine")["id"] == made["id"]
    (found,) = listed(api, style="mine")["results"]
    assert found == api.call("GET", f"/v1/files/{made['id']}").body
    assert (found["name"], found["style"], found["expires_at"]) == ("masks/치마.png", "mine", None)
    api.key = "key-2"
    assert api.call("GET", f"/v1/files/{made['id']}").status == 404
    assert api.call("GET", "/v1/files", None, {"style": "mine"}).status == 404
    api.key = "key-1"
    assert api.call("DELETE", f"/v1/files/{made['id']}").status == 204
    assert listed(api, style="mine")["results"] == []


def test_the_house_s_dataset_is_read_by_all_and_deleted_by_who_manages() -> None:
    api = Api(key="key-2")
    api.buckets.put("data", "datasets/skirt/a.png", b"picture")
    (found,) = listed(api, style="skirt")["results"]
    assert api.call("DELETE", f"/v1/files/{found['id']}").status == 403
    api.key = "key-1"
    assert api.call("DELETE", f"/v1/files/{found['id']}").status == 204


@pytest.mark.parametrize("name", ["x", "a" * 26, f"skirt_{'0' * 26}", f"_{'0' * 26}"])
def test_a_file_that_is_not_there_is_404(name: str) -> None:
    assert Api().call("GET", f"/v1/files/{name}").status == 404


def test_the_content_type_of_a_stored_file_is_the_one_it_was_posted_with() -> None:
    api = Api()
    kinds = {"a.png": "image/png", "a.jpeg": "image/jpeg", "a.webp": "image/webp", "a.heic": "image/heic"}
    for name, kind in {**kinds, "a.heif": "image/heif", "a.safetensors": "application/octet-stream"}.items():
        made = put(api, name, content_type=kind)
        assert api.call("GET", f"/v1/files/{made['id']}").body["content_type"] == kind
