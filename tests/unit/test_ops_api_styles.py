"""Styles: which there are, their versions, what is known of one, two side by side; approving, rejecting and rolling back."""

import json
from typing import Any

import pytest

from atelier_ops.logic import rollback
from atelier_ops.logic.promotion import promote as promote_by_name
from atelier_ops.logic.styles import promotable
from contracts.artifact import to_json
from contracts.release import ReleaseRules
from tests.unit.ops_api import Answered, Api
from tests.unit.ops_fakes import PNG, MemoryBuckets
from tests.unit.ops_stage import base_manifest, put_promoted, put_version

GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package/atelier-test-skirt"
MEASURED: dict[str, Any] = {"metrics": {"garment_share": 0.8, "pixels_changed_outside": 0.0}}


@pytest.fixture
def api() -> Api:
    """Two published versions of ``skirt``, the house's, of which the second is promoted, and a third that waits for approval."""
    api = Api()
    publish(api, 1, 0.7)
    publish(api, 2, 0.8)
    put_promoted(api.buckets, 2)
    wait(api, 3)
    return api


def publish(api: Api, number: int, share: float, **changes: Any) -> None:
    manifest = put_version(api.buckets, number, **changes)
    measured = manifest.model_copy(update={"metrics": {"garment_share": share, "pixels_changed_outside": 0.0}})
    prefix = f"styles/{manifest.style}/{number}/"
    api.buckets.put("model", f"{prefix}manifest.json", to_json(measured).encode())
    api.buckets.put("model", f"{prefix}pytorch_lora_weights.safetensors", b"w" * 100)
    api.packages.decisions[manifest.model_package] = ("Approved", "")
    paint(api.buckets, f"run-{number}")


def wait(api: Api, number: int, run: str = "") -> None:
    """A version that waits for a decision, of its own run or of the one called ``run``."""
    run = run or f"run-{number}"
    package = f"{GROUP}/{number}"
    api.packages.decisions[package] = ("PendingManualApproval", "")
    facts = {"style": "skirt", "execution": run, "task": "inpaint", "method": "lora"}
    api.packages.metadata[package] = {**facts, "base_model": "tiny@v1", "dataset_sha256": "0" * 64}
    paint(api.buckets, run)


def paint(buckets: MemoryBuckets, run: str) -> None:
    """What an evaluation leaves."""
    files = {
        "report.html": b"<html>",
        "sheet.png": PNG,
        "pictures/a_after.png": PNG,
        "metrics.json": json.dumps({"garment_share": 0.9}).encode(),
    }
    for name, body in files.items():
        buckets.put("data", f"runs/{run}/evaluate/{name}", body)


def good(answered: Answered) -> Any:
    assert answered.status == 200, answered.body
    return answered.body


def test_styles_are_listed_by_name_with_what_they_mean(api: Api) -> None:
    publish(api, 1, 0.5, style="coat")
    first = good(api.call("GET", "/v1/styles", None, {"limit": "1"}))
    assert [each["style"] for each in first["results"]] == ["coat"]
    assert first["results"][0]["promoted"] is None
    cursor = first["next"].rpartition("cursor=")[2]
    (skirt,) = good(api.call("GET", "/v1/styles", None, {"limit": "1", "cursor": cursor}))["results"]
    assert (skirt["style"], skirt["owner"], skirt["promoted"], skirt["versions"]) == ("skirt", "house", "skirt@2", 2)
    assert skirt["size"] > 200


def test_a_style_tells_of_its_versions_those_that_wait_for_approval_too(api: Api) -> None:
    style = good(api.call("GET", "/v1/styles/skirt"))
    told = [(each["version"], each["published"], each["promoted"], each["approval"]) for each in style["versions"]]
    assert told == [
        ("skirt@3", False, False, "pending"),
        ("skirt@2", True, True, "approved"),
        ("skirt@1", True, False, "approved"),
    ]
    assert style["versions_in_all"] == 3
    assert [each["metrics"]["garment_share"] for each in style["versions"]] == [0.9, 0.8, 0.7]
    assert {each["base_model"] for each in style["versions"]} == {"tiny@v1"}


def test_a_style_whose_first_version_waits_for_approval_is_there_to_be_approved() -> None:
    api = Api()
    wait(api, 1)
    assert [each["version"] for each in good(api.call("GET", "/v1/styles/skirt"))["versions"]] == ["skirt@1"]
    assert good(api.call("GET", "/v1/styles"))["results"] == []


def test_a_version_s_card_has_how_it_was_learnt_its_report_its_pictures_and_its_files(api: Api) -> None:
    card = good(api.call("GET", "/v1/styles/skirt/versions/2"))
    assert card["instance_prompt"] == "a photo of sks skirt"
    assert card["hyperparameters"] == {"max_steps": 150}
    assert card["training"] == "run-2"
    assert card["report"] == "https://data.test/runs/run-2/evaluate/report.html?get=3600"
    assert [each["name"] for each in card["pictures"]] == ["a_after.png", "sheet.png"]
    (weights,) = card["files"]
    assert (weights["name"], weights["size"]) == ("pytorch_lora_weights.safetensors", 100)


def test_of_a_version_that_waits_the_report_is_there_and_what_is_not_published_is_null(api: Api) -> None:
    card = good(api.call("GET", "/v1/styles/skirt/versions/3"))
    assert card["report"]
    assert card["instance_prompt"] is None
    assert card["files"] == []


def test_what_an_evaluation_left_may_have_expired(api: Api) -> None:
    for entry in api.buckets.store("data").names("runs/run-2/"):
        api.buckets.drop("data", entry)
    card = good(api.call("GET", "/v1/styles/skirt/versions/2"))
    assert (card["report"], card["pictures"]) == (None, [])


def test_versions_are_compared_by_metrics_and_pictures(api: Api) -> None:
    answer = good(api.call("GET", "/v1/styles/skirt/compare", None, {"versions": "1,2,1"}))
    assert [each["version"] for each in answer["versions"]] == ["skirt@1", "skirt@2"]
    share = next(each for each in answer["metrics"] if each["name"] == "garment_share")
    assert share["values"] == {"skirt@1": 0.7, "skirt@2": 0.8}
    assert (share["better"], share["best"]) == ("higher", ["skirt@2"])
    outside = next(each for each in answer["metrics"] if each["name"] == "pixels_changed_outside")
    assert outside["best"] == ["skirt@1", "skirt@2"]
    assert answer["same_dataset"]
    assert {each["name"]: sorted(each["urls"]) for each in answer["pictures"]} == {
        "a_after.png": ["skirt@1", "skirt@2"],
        "sheet.png": ["skirt@1", "skirt@2"],
    }


@pytest.mark.parametrize("versions", ["", "1", "1;2", "0,1", "1,2,3,4,5,6,7,8,9", "skirt@1,2"])
def test_a_comparison_wants_two_to_eight_numbers(api: Api, versions: str) -> None:
    answered = api.call("GET", "/v1/styles/skirt/compare", None, {"versions": versions})
    assert answered.status == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/styles/coat"),
        ("GET", "/v1/styles/Skirt"),
        ("GET", "/v1/styles/skirt/versions/9"),
        ("GET", "/v1/styles/skirt/versions/x"),
        ("GET", "/v1/styles/coat/versions/1"),
        ("POST", "/v1/styles/skirt/versions/9/approve"),
        ("POST", "/v1/styles/coat/versions/1/reject"),
        ("POST", "/v1/styles/coat/rollback"),
        ("POST", "/v1/styles/Skirt/rollback"),
    ],
)
def test_what_is_not_there_is_404_and_says_what_is(api: Api, method: str, path: str) -> None:
    answered = api.call(method, path, {} if method == "POST" else None)
    assert answered.status == 404
    assert ("skirt" in answered.body["detail"]) or ("1, 2, 3" in answered.body["detail"])


def decide(api: Api, what: str, number: int = 3, **body: str) -> Answered:
    return api.call("POST", f"/v1/styles/skirt/versions/{number}/{what}", body)


def test_a_version_is_approved_with_a_reason_that_stays(api: Api) -> None:
    version = good(decide(api, "approve", reason="the hem is right"))
    assert (version["approval"], version["reason"]) == ("approved", "first: the hem is right")
    assert api.packages.decisions[f"{GROUP}/3"] == ("Approved", "first: the hem is right")
    again = good(decide(api, "approve", reason="something else"))
    assert again["reason"] == "first: the hem is right"


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_a_decision_s_key_comes_with_one_body(api: Api, verb: str) -> None:
    path, key = f"/v1/styles/skirt/versions/3/{verb}", "once"
    first, repeated = (api.call("POST", path, {"reason": "the hem"}, Idempotency_Key=key) for _ in range(2))
    assert good(first) == good(repeated)
    for other, body in ((path, {"reason": "the waist"}), (path.replace("/3/", "/1/"), {"reason": "the hem"})):
        answered = api.call("POST", other, body, Idempotency_Key=key)
        assert (answered.status, answered.body["what"]) == (422, "Idempotency-Key")


def test_a_version_is_rejected(api: Api) -> None:
    assert good(decide(api, "reject"))["approval"] == "rejected"
    assert api.packages.decisions[f"{GROUP}/3"] == ("Rejected", "by first")


def test_what_a_name_means_is_not_rejected(api: Api) -> None:
    answered = decide(api, "reject", 2)
    assert answered.status == 409
    assert "roll back" in answered.body["detail"]


def test_a_version_without_a_package_cannot_be_decided_about(api: Api) -> None:
    del api.packages.decisions[f"{GROUP}/1"]
    assert decide(api, "approve", 1).status == 409
    assert good(api.call("GET", "/v1/styles/skirt/versions/1"))["approval"] == "unknown"


@pytest.mark.parametrize("reason", ["two\nlines", "x" * 801, "\0"])
def test_a_reason_is_one_line(api: Api, reason: str) -> None:
    assert decide(api, "approve", reason=reason).status == 422


def test_only_who_may_approve_decides(api: Api) -> None:
    api.key = "key-2"
    assert decide(api, "approve").status == 403
    assert decide(api, "reject").status == 403
    assert api.call("POST", "/v1/styles/skirt/rollback", {}).status == 403
    api.rules = ReleaseRules(approval="manual")
    assert decide(api, "approve").status == 403


def roll_back(api: Api, key: str = "", **body: str) -> Answered:
    path = "/v1/styles/skirt/rollback"
    return api.call("POST", path, body, Idempotency_Key=key) if key else api.call("POST", path, body)


def promote(api: Api, number: int) -> None:
    good(api.call("POST", f"/v1/styles/skirt/versions/{number}/promote"))


def test_a_style_means_again_what_it_meant_before(api: Api) -> None:
    assert roll_back(api).status == 409  # it meant nothing before
    promote(api, 1)
    assert good(roll_back(api)) == {"style": "skirt", "version": "skirt@2", "previous": "skirt@1"}
    assert good(roll_back(api))["version"] == "skirt@1"


def test_a_repeated_rollback_rolls_back_once(api: Api) -> None:
    promote(api, 1)
    assert good(roll_back(api, "k"))["version"] == "skirt@2"
    assert good(roll_back(api, "k"))["version"] == "skirt@2"
    assert roll_back(api, "k", leave="skirt@1").status == 422
    promote(api, 1)
    # The first request is done: what came later is not undone by its repetition.
    assert api.call("GET", "/v1/styles/skirt").body["promoted"] == "skirt@1"


def test_a_rollback_says_what_it_leaves(api: Api) -> None:
    promote(api, 1)
    assert roll_back(api, leave="skirt@2").status == 409
    assert good(roll_back(api, leave="skirt@1"))["version"] == "skirt@2"


def test_a_rollback_that_a_promotion_came_before_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    promote(api, 1)
    publish(api, 4, 0.9)

    def meanwhile(*given: Any) -> int:
        number = promotable(*given)
        promote_by_name("skirt", 4, api.buckets.store("model"), backwards=True)
        return number

    monkeypatch.setattr(rollback, "promotable", meanwhile)
    answered = roll_back(api)
    assert answered.status == 409
    assert "neither version 1 nor 2" in answered.body["detail"]
    assert good(api.call("GET", "/v1/styles/skirt"))["promoted"] == "skirt@4"


def test_a_rollback_to_what_is_gone_is_refused(api: Api) -> None:
    promote(api, 1)
    api.buckets.drop("model", "styles/skirt/2/manifest.json")
    assert roll_back(api).status == 404


def test_another_client_s_style_is_as_good_as_none(api: Api) -> None:
    api.key = "key-2"
    claimed = {"name": "a.png", "content_type": "image/png", "purpose": "dataset", "style": "mine", "size": 9}
    assert api.call("POST", "/v1/files", claimed).status == 201
    publish(api, 1, 0.5, style="mine")
    assert good(api.call("GET", "/v1/styles/mine"))["owner"] == "client"
    api.key = "key-1"
    assert [each["style"] for each in good(api.call("GET", "/v1/styles"))["results"]] == ["skirt"]
    for path in ("/v1/styles/mine", "/v1/styles/mine/versions/1", "/v1/styles/mine/compare"):
        query = {"versions": "1,2"} if path.endswith("compare") else None
        assert api.call("GET", path, None, query).status == 404, path
    for path in ("versions/1/approve", "versions/1/reject", "rollback"):
        assert api.call("POST", f"/v1/styles/mine/{path}", {}).status == 404, path


TERMS = {
    "licence_text": "https://example.com/licence",
    "commercial": "yes",
    "restricted": True,
    "stage": "deprecated",
    "retires": "2027-07-01",
}


def test_base_models_are_listed_with_their_revisions_and_terms() -> None:
    api = Api()
    clipseg = base_manifest("clipseg", "segment", family="clipseg", **TERMS)
    for manifest in (base_manifest("tiny", "inpaint"), clipseg):
        api.buckets.put("model", f"base/{manifest.reference}/manifest.json", to_json(manifest).encode())
    api.buckets.put("model", "base/half@v1/unet.safetensors", b"not mirrored to the end")
    models = good(api.call("GET", "/v1/base-models"))["results"]
    assert [(each["reference"], each["served"]) for each in models] == [("clipseg@v1", False), ("tiny@v1", True)]
    assert models[1]["methods"] == ["lora", "full"]
    assert {name: models[0][name] for name in TERMS} == TERMS
    assert {name: models[1][name] for name in TERMS} == {
        **{"licence_text": "", "commercial": "no", "restricted": False, "stage": "stable", "retires": None}
    }
    assert [each["reference"] for each in good(api.call("GET", "/v1/base-models/tiny"))["revisions"]] == ["tiny@v1"]
    assert "clipseg | half | tiny" in api.call("GET", "/v1/base-models/nothing").body["detail"]


def test_a_request_that_has_nothing_to_say_needs_no_body(api: Api) -> None:
    wait(api, 3)
    assert good(api.call("POST", "/v1/styles/skirt/versions/3/approve"))["approval"] == "approved"
    good(api.call("POST", "/v1/styles/skirt/versions/1/promote"))
    assert good(api.call("POST", "/v1/styles/skirt/rollback"))["version"] == "skirt@2"
