"""Pictures that a stage keeps less long than their records: the record says that they are gone, and nothing hands out a dead address."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.ops_api import Api
from tests.unit.ops_fakes import PNG
from tests.unit.test_ops_submission import notify

DAY = 86_400


@pytest.fixture
def api() -> Api:
    return Api(picture_seconds=2 * DAY)


def painted(api: Api) -> str:
    made = api.call("POST", "/v1/predictions", {"input": {"mode": "text_to_image", "prompt": "a skirt"}}).body
    notify(api, 0)
    return str(made["id"])


def test_a_prediction_outlives_its_pictures_and_says_so(api: Api) -> None:
    made = painted(api)
    api.now += 2 * DAY - 3_600
    assert api.call("GET", f"/v1/predictions/{made}").body["output"]
    api.now += 7_200
    shown = api.call("GET", f"/v1/predictions/{made}").body
    assert (shown["status"], shown["output"]) == ("succeeded", None)
    assert shown["logs"].endswith("pictures were kept for 2 days, and are gone\n")
    (listed,) = api.call("GET", "/v1/predictions").body["results"]
    assert listed["output"] is None


def test_what_is_under_way_says_nothing_of_it(api: Api) -> None:
    made = api.call("POST", "/v1/predictions", {"input": {"mode": "text_to_image", "prompt": "a skirt"}}).body["id"]
    api.now += 3 * DAY
    assert "gone" not in api.call("GET", f"/v1/predictions/{made}").body["logs"]


def test_masks_may_be_gone_before_the_pictures() -> None:
    api = Api(picture_seconds=7 * DAY, mask_seconds=2 * DAY)
    made = painted(api)
    (record,) = [each for key, each in api.records.items.items() if key.endswith(made)]
    api.records.put(
        replace(record, data={**record.data, "outputs": [f"outputs/{made}/0.png", f"outputs/masks/{made}/1.png"]})
    )
    path = f"/v1/predictions/{made}"
    assert len(api.call("GET", path).body["output"]) == 2
    api.now += 3 * DAY
    shown = api.call("GET", path).body
    assert [each.split("?")[0].rpartition("/")[2] for each in shown["output"]] == ["0.png"]
    assert shown["logs"].endswith("masks were kept for 2 days, and are gone\n")
    api.now += 5 * DAY
    shown = api.call("GET", path).body
    assert (shown["output"], shown["logs"].count("are gone")) == (None, 1)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/images/edits", {"prompt": "a red skirt", "image": PNG, "mask_prompt": "a skirt", "size": "64x64"}),
        (
            "/v2beta/stable-image/edit/search-and-replace",
            {"prompt": "a red skirt", "image": PNG, "search_prompt": "a skirt"},
        ),
    ],
)
def test_who_repeats_a_request_of_then_is_told(api: Api, path: str, fields: dict[str, Any]) -> None:
    asked = {"Idempotency_Key": "mine"}
    assert api.post_form(path, fields, **asked).status == 503
    notify(api, 0)
    assert api.post_form(path, fields, **asked).status == 200
    api.now += 3 * DAY
    answered = api.post_form(path, fields, **asked)
    assert answered.status == 422
    assert "pictures were kept for 2 days" in str(answered.body)
