"""A mark finds the prediction whose pictures hold it, for its client, as long as there is a record."""

from contracts.mark import mark_of
from tests.unit.ops_api import Api

PAINT = {"input": {"prompt": "a red skirt", "mode": "text_to_image"}}


def test_a_mark_finds_its_prediction() -> None:
    api = Api()
    made = api.call("POST", "/v1/predictions", PAINT).body["id"]
    found = api.call("GET", f"/v1/marks/{mark_of(made)}")
    assert found.status == 200
    assert (found.body["mark"], found.body["prediction"]) == (mark_of(made), made)
    assert found.body["url"].endswith(f"/v1/predictions/{made}")


def test_of_a_mark_that_nobody_wrote_nothing_is_found() -> None:
    answered = Api().call("GET", "/v1/marks/0123456789ab")
    assert answered.status == 404
    assert answered.body["detail"].startswith("mark: got 0123456789ab; allowed: that of a prediction of the last ")


def test_a_deleted_prediction_leaves_nothing_that_its_mark_finds() -> None:
    api = Api()
    made = api.call("POST", "/v1/predictions", PAINT).body["id"]
    assert any(key.startswith("mark#") for key in api.records.items)
    assert api.call("POST", f"/v1/predictions/{made}/cancel").status == 200
    assert api.call("DELETE", f"/v1/predictions/{made}").status == 204
    assert not any(key.startswith("mark#") for key in api.records.items)
    assert api.call("GET", f"/v1/marks/{mark_of(made)}").status == 404


def test_the_note_of_a_mark_expires_with_its_record() -> None:
    api = Api()
    api.call("POST", "/v1/predictions", PAINT)
    notes = [each for key, each in api.records.items.items() if key.startswith("mark#")]
    records = [each for key, each in api.records.items.items() if key.startswith("prediction#")]
    assert [each.expires_at for each in notes] == [each.expires_at for each in records]
