"""Consent references: where they are demanded, what is kept of them, and what is not."""

import json
from typing import Any

import pytest

from atelier_ops.gateways.records import NEVER, Record
from atelier_ops.logic.people.persons import erasure_keys, person_of
from contracts.batches import BatchPlan
from tests.unit.ops_api import Answered, Api
from tests.unit.ops_batches import Studio
from tests.unit.ops_fakes import PNG
from tests.unit.ops_stage import put_dataset

REFERENCE = "release-2026-0417"
WORDS = {"mode": "text_to_image", "prompt": "a red skirt"}


@pytest.fixture
def api() -> Api:
    api = Api()
    put_dataset(api.buckets, "skirt")
    return api


def upload(api: Api, name: str = "a.png") -> str:
    made = api.call("POST", "/v1/files", {"name": name, "content_type": "image/png", "purpose": "upload", "size": 9})
    api.buckets.put("media", made.body["uri"], PNG)
    return str(made.body["uri"])


def paint(api: Api, consent: str | None = REFERENCE, **given: Any) -> Answered:
    inputs = {"mode": "image_to_image", "prompt": "a red skirt", "image": upload(api), "consent": consent}
    return api.call("POST", "/v1/predictions", {"input": {**inputs, **given}})


def train(api: Api, **given: Any) -> Answered:
    inputs = {"dataset": "datasets/skirt/", "target": "a skirt", **given}
    return api.call("POST", "/v1/trainings", {"destination": "skirt", "input": inputs})


def withdraw(api: Api, client: str = "") -> None:
    """Say that the person's data are deleted: all clients', or one's."""
    key = erasure_keys(person_of(REFERENCE, api.records), client)[bool(client)]
    api.records.put(Record(key=key, status="erased", expires_at=NEVER))


def test_a_reference_is_kept_with_the_record_and_handed_to_the_server(api: Api) -> None:
    made = paint(api).body
    assert made["input"]["consent"] == REFERENCE
    assert api.buckets.store("media").json(f"requests/{made['id']}.json")["consent"] == REFERENCE


def test_no_key_of_the_table_holds_a_reference(api: Api) -> None:
    paint(api)
    train(api, consent=REFERENCE)
    notes = [record for key, record in api.records.items.items() if key.startswith("theirs#")]
    assert len(notes) == 2
    assert all(REFERENCE not in f"{note.key} {note.status} {note.data}" for note in notes)
    assert not any(REFERENCE in key for key in api.records.items)


def test_the_note_goes_with_the_prediction(api: Api) -> None:
    made = paint(api).body
    api.call("POST", f"/v1/predictions/{made['id']}/cancel")
    assert api.call("DELETE", f"/v1/predictions/{made['id']}").status == 204
    assert not [key for key in api.records.items if key.startswith(("theirs#", "prediction#"))]


def test_a_stage_that_demands_consent_takes_no_picture_of_a_person_without(api: Api) -> None:
    api.consent = "required"
    refused = paint(api, consent=None)
    assert (refused.status, refused.body["what"]) == (422, "input.consent")
    assert not api.inference.queue
    assert paint(api).status == 201
    assert api.call("POST", "/v1/predictions", {"input": WORDS}).status == 201, "words alone show nobody"


def test_a_stage_that_demands_consent_trains_on_nobody_without(api: Api) -> None:
    api.consent = "required"
    assert train(api).body["what"] == "input.consent"
    assert train(api, consent=REFERENCE).status == 201


def test_step_functions_is_told_of_no_reference(api: Api) -> None:
    name = train(api, consent=REFERENCE).body["id"]
    assert REFERENCE not in json.dumps(api.executions.started[name].input)


@pytest.mark.parametrize("reference", ["a b c", "ab", "me@example.com", "x" * 65, "../secret", "-abc", "é-release"])
def test_a_reference_is_no_name_and_no_path(api: Api, reference: str) -> None:
    assert paint(api, consent=reference).body["what"] == "input.consent"


def test_what_was_withdrawn_is_refused_without_being_repeated(api: Api) -> None:
    withdraw(api)
    for refused in (paint(api), train(api, consent=REFERENCE)):
        assert (refused.status, refused.body["what"]) == (422, "input.consent")
        assert REFERENCE not in json.dumps(refused.body)
    assert not api.inference.queue
    assert not api.executions.started


def test_what_one_client_withdrew_another_may_go_on_with(api: Api) -> None:
    withdraw(api, "second")
    assert paint(api).status == 201
    api.key = "key-2"
    assert paint(api).status == 422


@pytest.mark.parametrize("path", ["/v1/images/edits", "/v2beta/stable-image/edit/search-and-replace"])
def test_forms_of_others_have_the_field(api: Api, path: str) -> None:
    api.consent = "required"
    fields: dict[str, str | bytes] = {"prompt": "a red skirt", "image": PNG}
    words = "search_prompt" if "stable" in path else "mask_prompt"
    assert api.post_form(path, {**fields, words: "a skirt"}).status == 422
    assert api.post_form(path, {**fields, words: "a skirt", "consent": REFERENCE}).status == 503, "it is being painted"
    ids = [key for key in api.records.items if key.startswith("prediction#")]
    assert [api.records.items[key].data["input"]["consent"] for key in ids] == [REFERENCE]


@pytest.fixture
def studio() -> Studio:
    return Studio()


PAINTED = {"mode": "upscale", "image": "{image}", "consent": "{who}"}


def begin(studio: Studio, *references: str) -> BatchPlan:
    rows = [{"image": upload(studio, f"{each}.png"), "who": each} for each in references]
    batch = studio.post(input=PAINTED, items=rows)
    return studio.prepare(f"{batch['id']}-1")


def test_what_a_machine_maps_names_nobody_and_the_prediction_does(studio: Studio) -> None:
    plan = begin(studio, "model-one", "model-two")
    mapped = studio.buckets.store("media").read(plan.key).decode()
    assert "model-one" not in mapped.replace("model-one.png", "")
    first = studio.items(plan)[0]
    record = studio.records.items[f"prediction#{studio.paint(first)}"]
    assert record.data["input"]["consent"] == "model-one"


def test_a_row_whose_person_has_withdrawn_is_left_out_and_the_others_are_painted(studio: Studio) -> None:
    plan = begin(studio, "model-one", "model-two")
    one, two = studio.items(plan)
    person = person_of("model-one", studio.records)
    studio.records.put(Record(key=erasure_keys(person, "")[0], status="erasing", expires_at=NEVER))
    studio.paint(one)
    studio.paint(two)
    assert studio.told(one) == ("success", {"prediction": ""})
    assert studio.told(two) is None


def test_each_row_has_a_reference_where_the_stage_demands_one(studio: Studio) -> None:
    studio.consent = "required"
    rows = [{"image": upload(studio), "who": who} for who in ("model-one", "", "model-two")]
    refused = studio.call("POST", "/v1/batches", {"input": PAINTED, "items": rows})
    assert [each["what"] for each in refused.body["errors"]] == ["line 2: input.consent"]


def test_a_batch_of_somebody_who_has_withdrawn_is_refused(studio: Studio) -> None:
    person = person_of("model-one", studio.records)
    studio.records.put(Record(key=erasure_keys(person, "")[0], status="erased", expires_at=NEVER))
    rows = [{"image": upload(studio), "who": "model-one"}]
    refused = studio.call("POST", "/v1/batches", {"input": PAINTED, "items": rows})
    assert (refused.status, "model-one" in json.dumps(refused.body)) == (422, False)
    assert not [key for key in studio.records.items if key.startswith("batch#")]
