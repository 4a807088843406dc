"""Predictions over HTTP: Replicate's object, one job for one Idempotency-Key, honest states."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from atelier_ops.gateways.endpoints import EndpointState
from atelier_ops.gateways.records import Record
from atelier_ops.logic.late_answers import LATE, LATEST_ANSWER
from atelier_ops.logic.results import prediction_key
from contracts.layout import PREDICTION_ID, S3Uri
from contracts.modes import MODES
from tests.unit.ops_api import KEEP, OWN, SHARED, Answered, Api
from tests.unit.ops_fakes import PNG, MemoryStore
from tests.unit.ops_stage import put_promoted, put_version

PICTURE = base64.b64encode(PNG).decode()
INPUT = {"prompt": "a photo of sks skirt", "image": PICTURE, "mask_prompt": "a skirt"}
REPLICATE = {"id", "version", "model", "status", "input", "output", "error", "logs", "metrics", "urls"}
REPLICATE |= {"created_at", "started_at", "completed_at", "stage", "progress", "eta_seconds", "queue_position"}


@pytest.fixture
def api() -> Api:
    return Api()


def publish(api: Api, version: int, method: str = "lora") -> None:
    put_version(api.buckets, version, method=method)
    put_promoted(api.buckets, version)


def post(api: Api, body: Any = None, **headers: str) -> Answered:
    return api.call("POST", "/v1/predictions", {"input": INPUT} if body is None else body, None, **headers)


def test_a_prediction_is_queued_with_its_pictures_in_s3(api: Api) -> None:
    answered = post(api)
    assert answered.status == 201
    made = answered.body
    assert set(made) >= REPLICATE
    assert (made["status"], made["model"], made["version"], made["output"]) == ("starting", "base", "base", None)
    assert made["created_at"] == "2027-01-15T08:00:00.000Z"
    assert made["urls"]["get"] == f"https://abc.execute-api.us-east-1.amazonaws.com/live/v1/predictions/{made['id']}"
    assert answered.headers["Location"] == made["urls"]["get"]
    assert api.inference.queue == [(SHARED, f"s3://media/requests/{made['id']}.json", made["id"])]
    assert api.buckets.store("media").json(f"requests/{made['id']}.json")["image"] == PICTURE
    assert PICTURE not in json.dumps(made)


def test_people_are_to_be_told_in_the_language_that_is_asked_for_or_the_stage_s_own(api: Api) -> None:
    api.disclosure = {"ko": "AI가 만들었습니다.", "en": "AI made it."}
    made = post(api).body
    assert made["disclosure"] == "AI가 만들었습니다."
    place = f"/v1/predictions/{made['id']}"
    assert api.call("GET", place, None, None, Accept_Language="en-GB, ko;q=0.1").body["disclosure"] == "AI made it."
    listed = api.call("GET", "/v1/predictions", None, None, accept_language="en").body["results"]
    assert [each["disclosure"] for each in listed] == ["AI made it."]


def test_of_a_mask_there_is_nothing_to_tell(api: Api) -> None:
    found = {"mode": "segment", "image": PICTURE, "mask_prompt": "a skirt"}
    assert post(api, {"input": found}).body["disclosure"] is None


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_of_the_contract_is_accepted_and_none_without_what_it_needs(api: Api, mode: str) -> None:
    values = {"prompt": "p", "mask_prompt": "a skirt", "image": PICTURE, "mask": PICTURE}
    needed = {name: values[name] for name in MODES[mode].needs}
    made = post(api, {"input": {"mode": mode, **needed, "noise_level": 40}}).body
    assert made["input"]["mode"] == mode
    assert PICTURE not in json.dumps(made)
    assert api.buckets.store("media").json(f"requests/{made['id']}.json")["noise_level"] == 40
    for name in needed:
        refused = post(api, {"input": {"mode": mode, **needed, name: None}})
        assert refused.status == 422
        assert f"required when mode is {mode}" in refused.body["detail"]


def test_what_was_made_can_be_fetched(api: Api) -> None:
    made = post(api).body
    assert api.call("GET", f"/v1/predictions/{made['id']}").body == made


def test_waiting_is_accepted_and_answers_at_once(api: Api) -> None:
    answered = post(api, Prefer="wait=60")
    assert (answered.status, answered.body["status"]) == (201, "starting")


def test_an_unknown_prediction_is_404(api: Api) -> None:
    answered = api.call("GET", "/v1/predictions/nothing")
    assert (answered.status, answered.body["detail"].split(";")[0]) == (404, "prediction: got nothing")


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/cancel"), ("DELETE", "")])
def test_one_api_key_neither_sees_nor_cancels_nor_deletes_what_another_one_asked_for(
    api: Api, method: str, path: str
) -> None:
    made = post(api).body
    api.key = "key-2"
    other = api.call(method, f"/v1/predictions/{made['id']}{path}", {} if method == "POST" else None)
    unknown = api.call(method, f"/v1/predictions/{'0' * 26}{path}", {} if method == "POST" else None)
    assert (other.status, unknown.status) == (404, 404)
    assert other.body["detail"].replace(made["id"], "") == unknown.body["detail"].replace("0" * 26, "")
    api.key = "key-1"
    assert api.call("GET", f"/v1/predictions/{made['id']}").body["status"] == "starting"


@pytest.mark.parametrize("asked", [{"version": "skirt"}, {"version": "skirt@1"}, {"adapter": "skirt"}])
def test_a_commercial_stage_paints_in_no_style_that_may_not_be_used_so(api: Api, asked: dict[str, str]) -> None:
    put_version(api.buckets, 1, commercial="no")
    put_promoted(api.buckets, 1)
    inputs = {"mode": "text_to_image", "prompt": "a skirt"}
    body = {"input": inputs, **asked} if "version" in asked else {"input": {**inputs, **asked}}
    refused = post(api, body)
    assert refused.status == 422
    assert "skirt@1, which may not be used commercially" in refused.body["detail"]
    assert api.inference.queue == []
    api.commercial = False
    assert post(api, body).status == 201


def test_a_prediction_of_an_earlier_release_is_still_shown(api: Api) -> None:
    made = post(api).body
    record = api.records.items[prediction_key(made["id"])]
    del record.data["client"]
    api.records.put(record)
    assert api.call("GET", f"/v1/predictions/{made['id']}").status == 200


def test_the_same_key_and_body_make_one_prediction(api: Api) -> None:
    one, two = post(api, Idempotency_Key="k"), post(api, Idempotency_Key="k")
    assert one.body == two.body
    assert len(api.inference.queue) == 1


def test_the_same_key_with_another_body_is_422(api: Api) -> None:
    post(api, Idempotency_Key="k")
    answered = post(api, {"input": {**INPUT, "seed": 1}}, Idempotency_Key="k")
    assert answered.status == 422
    assert "Idempotency-Key" in answered.body["detail"]
    assert len(api.inference.queue) == 1


def test_other_keys_and_no_key_make_other_predictions(api: Api) -> None:
    ids = {post(api).body["id"], post(api).body["id"], post(api, Idempotency_Key="a").body["id"]}
    # By such an id the model server knows what it may stop once the request is gone.
    assert all(re.fullmatch(PREDICTION_ID, each) for each in ids)
    ids.add(post(api, Idempotency_Key="b").body["id"])
    assert len(ids) == 4


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_a_length(api: Api, key: str) -> None:
    assert post(api, Idempotency_Key=key).status == 400


def test_an_endpoint_that_is_not_there_is_503_and_leaves_nothing_behind(api: Api) -> None:
    api.inference.down = True
    answered = post(api, Idempotency_Key="k")
    assert answered.status == 503
    assert "Retry-After" in answered.headers
    api.inference.down = False
    assert post(api, Idempotency_Key="k").status == 201
    assert len(api.inference.queue) == 1


def test_an_endpoint_that_refuses_for_good_is_an_error_of_ours_and_no_call_to_try_again(api: Api) -> None:
    api.inference.denied = True
    answered = post(api)
    assert (answered.status, "Retry-After" in answered.headers) == (500, False)
    assert "again" not in answered.body["detail"]
    assert (api.records.items, api.buckets.store("media").names("requests/")) == ({}, [])


def test_a_lora_version_uses_the_shared_endpoint_with_its_adapter(api: Api) -> None:
    publish(api, 1)
    publish(api, 2)
    made = post(api, {"version": "skirt", "input": INPUT}).body
    assert (made["model"], made["version"]) == ("skirt", "skirt@2")
    assert api.inference.queue[0][0] == SHARED
    assert api.buckets.store("media").json(f"requests/{made['id']}.json")["adapter"] == "skirt@2"
    assert post(api, {"version": "skirt@1", "input": INPUT}).body["input"]["adapter"] == "skirt@1"


def test_a_full_version_uses_its_own_endpoint(api: Api) -> None:
    publish(api, 1, method="full")
    publish(api, 2, method="full")
    made = post(api, {"version": "skirt", "input": INPUT}).body
    assert "adapter" not in made["input"]
    post(api, {"version": "skirt@1", "input": INPUT})
    asked = [endpoint for endpoint, *_ in api.inference.queue]
    assert asked == ["atelier-test-style-skirt-v2", "atelier-test-style-skirt-v1"]


def test_a_full_version_whose_endpoint_was_removed_is_422_and_leaves_nothing_behind(api: Api) -> None:
    publish(api, 1, method="full")
    api.inference.down = True
    answered = post(api, {"version": "skirt@1", "input": INPUT})
    assert answered.status == 422
    assert "atelier-test-style-skirt-v1 has been removed" in answered.body["allowed"]
    assert api.records.items == {}


def test_a_full_version_whose_endpoint_cannot_answer_now_is_503(api: Api) -> None:
    publish(api, 1, method="full")
    api.inference.down = True
    name = "atelier-test-style-skirt-v1"
    api.endpoints.endpoints[name] = EndpointState(name=name, status="Updating")
    assert post(api, {"version": "skirt@1", "input": INPUT}).status == 503


@pytest.mark.parametrize(
    "version",
    [
        "coat",
        "skirt@9",
        "skirt@0",
        "Skirt",
        "owner/coat",
        "owner/skirt:9",
        "owner/skirt:coat@1",
        "a/b/skirt",
        "../skirt",
    ],
)
def test_a_version_that_is_not_published_is_422(api: Api, version: str) -> None:
    publish(api, 1)
    answered = post(api, {"version": version, "input": INPUT})
    assert answered.status == 422
    assert answered.body["what"].endswith("version")


def test_version_and_adapter_together_are_422(api: Api) -> None:
    publish(api, 1)
    assert post(api, {"version": "skirt", "input": {**INPUT, "adapter": "skirt@1"}}).status == 422


@pytest.mark.parametrize(("task", "mode"), [("upscale", "style"), ("inpaint", "upscale")])
@pytest.mark.parametrize("where", ["version", "input.adapter"])
def test_a_style_is_for_an_upscaler_or_for_what_paints(api: Api, task: str, mode: str, where: str) -> None:
    put_version(api.buckets, 1, task=task)
    put_promoted(api.buckets, 1)
    pictures = {"image": PICTURE, "mode": mode} if mode == "upscale" else INPUT
    asked = (
        {"version": "skirt", "input": pictures} if where == "version" else {"input": {**pictures, "adapter": "skirt"}}
    )
    answered = post(api, asked)
    assert (answered.status, answered.body["what"]) == (422, where)
    assert f"skirt@1, a style for {task}" in json.dumps(answered.body)
    assert api.inference.queue == []


def test_a_full_upscaler_enlarges_at_its_own_endpoint_and_paints_nothing(api: Api) -> None:
    put_version(api.buckets, 1, task="upscale", method="full")
    put_promoted(api.buckets, 1)
    enlarged = post(api, {"version": "skirt", "input": {"image": PICTURE, "mode": "upscale"}})
    assert enlarged.status == 201, enlarged.body
    painted = post(api, {"version": "skirt", "input": INPUT})
    assert (painted.status, painted.body["what"]) == (422, "version")
    assert "skirt@1, a style for upscale" in json.dumps(painted.body)
    assert [endpoint for endpoint, *_ in api.inference.queue] == ["atelier-test-style-skirt-v1"]


def test_a_photo_is_enlarged_with_an_upscalers_style(api: Api) -> None:
    put_version(api.buckets, 1, task="upscale")
    put_promoted(api.buckets, 1)
    made = post(api, {"version": "skirt", "input": {"image": PICTURE, "mode": "upscale"}}).body
    assert api.buckets.store("media").json(f"requests/{made['id']}.json")["adapter"] == "skirt@1"
    assert api.inference.queue[0][0] == SHARED


@pytest.mark.parametrize("version", [{}, {"version": "base"}])
@pytest.mark.parametrize("adapter", ["skirt", "skirt@1"])
def test_an_adapter_in_the_input_needs_no_version_and_means_what_it_means_now(
    api: Api, adapter: str, version: dict[str, str]
) -> None:
    publish(api, 1)
    made = post(api, {**version, "input": {**INPUT, "adapter": adapter}}).body
    assert (made["version"], made["input"]["adapter"]) == ("base", "skirt@1")
    publish(api, 2)
    assert api.buckets.store("media").json(f"requests/{made['id']}.json")["adapter"] == "skirt@1"


@pytest.mark.parametrize("first", [{"version": "skirt"}, {"input": {"adapter": "skirt"}}])
def test_a_second_adapter_means_what_it_means_now_too(api: Api, first: dict[str, Any]) -> None:
    publish(api, 1)
    made = post(api, {**first, "input": {**INPUT, **first.get("input", {}), "second_adapter": "skirt"}}).body
    publish(api, 2)
    asked = api.buckets.store("media").json(f"requests/{made['id']}.json")
    assert (asked["adapter"], asked["second_adapter"]) == ("skirt@1", "skirt@1")


@pytest.mark.parametrize(
    ("named", "allowed"),
    [
        ({"adapter": "skirt", "second_adapter": "coat"}, "a style that is published: skirt"),
        ({"second_adapter": "skirt"}, "one beside a first adapter"),
    ],
)
def test_a_second_adapter_that_cannot_be_is_422(api: Api, named: dict[str, str], allowed: str) -> None:
    publish(api, 1)
    answered = post(api, {"input": {**INPUT, **named}})
    assert (answered.status, answered.body["what"], answered.body["allowed"]) == (422, "input.second_adapter", allowed)
    assert api.inference.queue == []


@pytest.mark.parametrize("door", ["version", "adapter", "second_adapter"])
@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("coat", "a style that is published: hat | skirt"),
        ("nope@3", "a style that is published: hat | skirt"),
        ("skirt@9", "a published version: skirt@1 | skirt@2"),
        ("hat", "a published version: hat@1"),  # nothing of it is promoted
    ],
)
def test_both_doors_refuse_a_name_alike_with_what_there_is(api: Api, door: str, name: str, allowed: str) -> None:
    publish(api, 1)
    publish(api, 2)
    put_version(api.buckets, 1, style="hat")
    inputs = INPUT if door == "version" else {**INPUT, "adapter": "skirt@1", door: name}
    answered = post(api, {"version": name if door == "version" else "", "input": inputs})
    assert (answered.status, answered.body["allowed"]) == (422, allowed)
    assert answered.body["what"] == ("version" if door == "version" else f"input.{door}")
    assert api.inference.queue == []


def test_a_stage_without_styles_says_so(api: Api) -> None:
    answered = post(api, {"input": {**INPUT, "adapter": "skirt"}})
    assert answered.body["allowed"] == "a style that is published: no style is published yet"


def test_a_style_of_which_only_files_are_left_is_not_named(api: Api) -> None:
    put_version(api.buckets, 1, style="hat")
    for gone in ("coat", "skirt"):
        api.buckets.put("model", f"styles/{gone}/1/pytorch_lora_weights.safetensors", b"x")
    answered = post(api, {"input": {**INPUT, "adapter": "skirt"}})
    assert answered.body["allowed"] == "a style that is published: hat"


def test_a_full_fine_tune_is_no_adapter(api: Api) -> None:
    publish(api, 1, method="full")
    answered = post(api, {"input": {**INPUT, "adapter": "skirt"}})
    assert answered.status == 422
    assert '"version": "skirt@1"' in answered.body["allowed"]


def test_the_version_of_an_answer_can_be_posted_again(api: Api) -> None:
    made = post(api).body
    assert made["version"] == "base"
    again = post(api, {"version": made["version"], "input": INPUT})
    assert (again.status, again.body["version"], again.body["input"]) == (201, "base", made["input"])


@pytest.mark.parametrize("name", ["image", "mask"])
@pytest.mark.parametrize(
    "place",
    [
        *("s3://other/uploads/0/1/a.png", "s3://media/outputs/a.png", "s3://media/uploads/../outputs/a"),
        *(
            "s3://media/uploads/0/1/a.png",
            f"s3://media/{OWN}1/a.png",
            "uploads/0/1/a.png",
            "uploads/../outputs/a.png",
            "uploads/",
            "s3://media/",
            "s3://",
            "S3://media/uploads/0/1/a.png",
        ),
        *(
            "https://x.test/a.png",
            "HTTP://x.test/a.png",
            "file:///etc/passwd",
            " s3://media/uploads/0/1/a.png",
        ),
    ],
)
def test_only_what_files_gave_may_be_pointed_at_whatever_the_mode_does_with_it(api: Api, name: str, place: str) -> None:
    for inputs in (INPUT, {"mode": "text_to_image", "prompt": "p"}):
        answered = post(api, {"input": {**inputs, name: place}})
        assert (answered.status, answered.body["what"]) == (422, f"input.{name}")
    assert api.records.items == {}


@pytest.mark.parametrize("wrong", ["{}/../../0/1/a.png", "{}/", "{}/x", "{}%00"])
def test_an_address_is_taken_as_it_was_given_only(api: Api, wrong: str) -> None:
    image = api.upload("photo.png", PNG)
    assert post(api, {"input": {**INPUT, "image": wrong.format(image)}}).status == 422


def test_a_repeated_request_finds_its_prediction_though_its_upload_is_gone(api: Api) -> None:
    image = api.upload("photo.png", PNG)
    made = post(api, {"input": {**INPUT, "image": image}}, Idempotency_Key="k")
    api.buckets.objects.pop(("media", image.removeprefix("s3://media/")))
    again = post(api, {"input": {**INPUT, "image": image}}, Idempotency_Key="k")
    assert (again.status, again.body) == (201, made.body)
    assert post(api, {"input": {**INPUT, "image": image}}, Idempotency_Key="other").status == 422


def test_an_address_that_no_key_of_s3_can_have_is_not_looked_for(api: Api) -> None:
    refused = post(api, {"input": {**INPUT, "image": api.upload("photo.png", PNG) + "é" * 500}})
    assert (refused.status, refused.body["allowed"]) == (422, "the uri that POST /v1/files gave to the same API key")


def test_an_upload_may_be_pointed_at_by_the_client_whose_it_is(api: Api) -> None:
    image = api.upload("photo.png", PNG)
    made = post(api, {"input": {**INPUT, "image": image}}).body
    assert made["input"]["image"] == image
    assert api.buckets.store("media").json(f"requests/{made['id']}.json")["image"] == f"s3://media/{image}"
    api.key = "key-2"
    refused = post(api, {"input": {**INPUT, "image": image}})
    unknown = post(api, {"input": {**INPUT, "image": image.replace("photo", "other")}})
    assert (refused.status, refused.body["allowed"]) == (422, unknown.body["allowed"])


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"seed": "7"}, "input.seed"),
        ({"num_outputs": 9}, "input.num_outputs"),
        ({"prompts": "x"}, "input: unknown key"),
    ],
)
def test_a_bad_input_is_422_and_queues_nothing(api: Api, changes: dict[str, Any], what: str) -> None:
    answered = post(api, {"input": {**INPUT, **changes}})
    assert (answered.status, answered.body["what"]) == (422, what)
    assert api.inference.queue == []
    assert api.records.items == {}


def finish(api: Api, prediction: str, status: str, **data: Any) -> None:
    record = api.records.items[prediction_key(prediction)]
    api.records.put(Record(key=record.key, status=status, expires_at=record.expires_at, data={**record.data, **data}))


def test_a_succeeded_prediction_shows_addresses_of_its_pictures(api: Api) -> None:
    made = post(api).body
    finish(api, made["id"], "succeeded", outputs=[f"outputs/{made['id']}/0.png"], metrics={"predict_time": 2.0})
    shown = api.call("GET", f"/v1/predictions/{made['id']}").body
    assert shown["output"] == [f"https://media.test/outputs/{made['id']}/0.png?get=3600"]
    assert (shown["status"], shown["stage"], shown["metrics"]) == ("succeeded", "done", {"predict_time": 2.0})


def test_a_failed_prediction_shows_its_error(api: Api) -> None:
    made = post(api).body
    finish(api, made["id"], "failed", error="no garment")
    shown = api.call("GET", f"/v1/predictions/{made['id']}").body
    assert (shown["status"], shown["error"], shown["output"]) == ("failed", "no garment", None)
    finish(api, made["id"], "failed", error="Unable to download from s3://media/requests/1.json")
    shown = api.call("GET", f"/v1/predictions/{made['id']}").body
    assert shown["error"] == "Unable to download from s3://…/requests/1.json"


def test_a_request_that_expired_is_not_starting_for_ever(api: Api) -> None:
    made = post(api).body
    api.now += LATEST_ANSWER + 1
    shown = api.call("GET", f"/v1/predictions/{made['id']}").body
    assert shown["status"] == "failed"
    assert "no answer" in shown["error"]
    assert api.records.items[prediction_key(made["id"])].status == "failed"


def lay(api: Api, prediction: str, place: str, body: bytes) -> None:
    """Write what SageMaker would, where the record says; nobody is told."""
    places = api.records.items[prediction_key(prediction)].data["answer"]
    api.buckets.put("media", places[place].removeprefix("s3://media/"), body)


def test_an_answer_whose_notification_was_lost_is_found_when_it_is_late(api: Api) -> None:
    made = post(api).body
    answer = {"images": [PICTURE], "output_format": "png", "seed": 7, "model": "tiny@v1", "seconds": {"paint": 1.0}}
    lay(api, made["id"], "output", json.dumps(answer).encode())
    assert api.call("GET", f"/v1/predictions/{made['id']}").body["status"] == "starting"
    api.now += LATE
    shown = api.call("GET", f"/v1/predictions/{made['id']}").body
    assert (shown["status"], len(shown["output"])) == ("succeeded", 1)
    assert shown["completed_at"] == "2027-01-15T08:00:00.000Z"  # when it was written, not when it was found


def test_a_failure_whose_notification_was_lost_is_found_too(api: Api) -> None:
    made = post(api).body
    lay(api, made["id"], "failure", b'{"error": {"type": "GarmentNotFoundError", "message": "no skirt"}}')
    api.now += LATE
    shown = api.call("GET", f"/v1/predictions/{made['id']}").body
    assert (shown["status"], shown["error"]) == ("failed", "GarmentNotFoundError: no skirt")


def test_a_prediction_is_kept_as_long_as_its_pictures(api: Api) -> None:
    made = post(api).body
    assert api.records.items[prediction_key(made["id"])].expires_at == api.now + KEEP


def test_canceling_ends_a_prediction_for_good(api: Api) -> None:
    made = post(api).body
    path = made["urls"]["cancel"].partition("/live")[2]
    canceled = api.call("POST", path)
    assert (canceled.status, canceled.body["status"]) == (200, "canceled")
    assert canceled.body["completed_at"] == "2027-01-15T08:00:00.000Z"
    api.now += 100
    assert api.call("POST", path).body == canceled.body


def test_canceling_what_has_ended_changes_nothing(api: Api) -> None:
    made = post(api).body
    finish(api, made["id"], "succeeded", outputs=[])
    assert api.call("POST", f"/v1/predictions/{made['id']}/cancel").body["status"] == "succeeded"


def test_deleting_leaves_nothing_of_a_prediction_and_everything_of_others(api: Api) -> None:
    made, other = post(api).body["id"], post(api).body["id"]
    media, before = api.buckets.store("media"), set(api.buckets.store("media").names())
    assert api.call("DELETE", f"/v1/predictions/{made}").status == 409
    finish(api, made, "succeeded", outputs=[f"outputs/{made}/0.png"])
    places = api.records.items[prediction_key(made)].data["answer"].values()
    for key in (f"outputs/{made}/0.png", f"outputs/{made}/1.png", *(S3Uri.parse(place).key for place in places)):
        media.write(key, b"a person", "image/png")
    media.write("uploads/1/photo.png", b"of several predictions", "image/png")
    deleted = api.call("DELETE", f"/v1/predictions/{made}")
    assert (deleted.status, deleted.headers["Cache-Control"]) == (204, "no-store")
    assert set(media.names()) == before - {f"requests/{made}.json"} | {"uploads/1/photo.png"}
    assert [each.key for each in api.predictions] == [prediction_key(other)]
    assert api.call("DELETE", f"/v1/predictions/{made}").status == 404


def test_a_deletion_that_breaks_off_leaves_nothing_to_see_and_is_finished_by_whoever_comes_next(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, media = {"Idempotency-Key": "k"}, api.buckets.store("media")
    made = post(api, **key).body["id"]
    path = f"/v1/predictions/{made}"
    again: list[tuple[Callable[[], Answered], int]] = [
        (lambda: api.call("DELETE", path), 204),
        (lambda: post(api, **key), 201),
    ]
    for come_next, status in again:
        finish(api, made, "succeeded", outputs=[f"outputs/{made}/0.png"])
        media.write(f"outputs/{made}/0.png", b"a person", "image/png")
        with monkeypatch.context() as broken:
            broken.setattr(MemoryStore, "listing", lambda *_: 1 / 0)
            assert api.call("DELETE", path).status == 500
        assert (api.call("GET", path).status, api.call("POST", f"{path}/cancel").status) == (404, 404)
        assert come_next().status == status
        assert media.names(f"outputs/{made}/") == []
        post(api, **key)
        assert api.call("GET", path).body["status"] == "starting"


def test_canceling_an_unknown_prediction_is_404(api: Api) -> None:
    assert api.call("POST", f"/v1/predictions/{'0' * 26}/cancel").status == 404


def test_five_wrong_fields_are_answered_all_five_and_no_picture_is_echoed(api: Api) -> None:
    wrong = {"width": 65, "seed": "7", "output_format": "gif", "guidance_scale": 51, "image": " " * 1000}
    answered = post(api, {"input": {**INPUT, **wrong}})
    assert answered.status == 422
    found = {each["what"]: (each["got"], each["allowed"]) for each in answered.body["errors"]}
    assert set(found) == {f"input.{name}" for name in wrong}
    assert found["input.seed"] == ("'7'", "an integer from 0 to 4294967295")
    assert found["input.image"][0] == "'1000 characters'"


EMPTY = [
    {"input": {"seed": None, "width": None, "mask_grow": None, "num_outputs": None}},
    {"input": {"negative_prompt": "", "adapter": ""}},
    {"version": None},
    {"version": ""},
    {},
]


@pytest.mark.parametrize("empty", EMPTY, ids=str)
def test_an_empty_field_is_the_same_as_one_left_out(api: Api, empty: dict[str, Any]) -> None:
    answered = post(api, {**empty, "input": {**INPUT, **empty.get("input", {})}})
    assert answered.status == 201
    assert answered.body["input"] == post(api, {"input": INPUT}).body["input"]
    assert answered.body["version"] == "base"
