"""POST /v1/styles/{style}/versions: what was trained elsewhere becomes a version, once, whatever breaks in between."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from atelier_ops.logic import deleted_styles, imports, style_deletion
from atelier_ops.logic.baseline import thresholds
from atelier_ops.logic.http import Request
from atelier_ops.logic.lora.layers import PARTS
from atelier_ops.logic.numbering import check_style
from atelier_ops.logic.publishing import publish_once
from contracts.artifact import ADAPTER_WEIGHTS, StyleManifest, to_json
from contracts.errors import InvalidInputError
from contracts.execution import ExecutionInput
from contracts.layout import MANIFEST
from contracts.release import ReleaseRules
from tests.unit.lora_files import base_file, diffusers, file_of, kohya, peft, random_lora, sd1_layers
from tests.unit.ops_api import CLIENTS, OWN, Answered, Api
from tests.unit.ops_fakes import MemoryBuckets
from tests.unit.ops_stage import base_manifest, make_request, put_version

LORA = random_lora(sd1_layers())
FILE = file_of(kohya(LORA, 4.0))
KEY = f"{OWN}u1/mine.safetensors"
UPLOAD = KEY
BODY = {"weights": UPLOAD, "instance_prompt": "a photo of sks coat"}
PATH = "/v1/styles/coat/versions"


def put_base(buckets: MemoryBuckets, **changes: Any) -> None:
    """``tiny@v1``, a file a part, the UNet's layers in two."""
    files = {}
    for part in PARTS:
        layers = [layer for layer in sd1_layers() if layer.part == part]
        for number, some in enumerate((layers[::2], layers[1::2]) if part == "unet" else (layers,)):
            if some:
                files[f"{part}/model-{number}.safetensors"] = base_file(some)
    files["unet/config.json"] = b"{}"
    files["vae/model.safetensors"] = b"never read"
    hashes = {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
    manifest = base_manifest("tiny", "inpaint", files=hashes, **changes)
    for name, body in {**files, MANIFEST: to_json(manifest).encode()}.items():
        buckets.put("model", f"base/tiny@v1/{name}", body)


@pytest.fixture
def api() -> Api:
    """A base model, and a file that was put where POST /v1/files said."""
    api = Api()
    put_base(api.buckets)
    api.buckets.put("media", KEY, FILE)
    return api


def bring(api: Api, body: Mapping[str, Any] = BODY, style: str = "coat", **headers: str) -> Answered:
    return api.call("POST", f"/v1/styles/{style}/versions", dict(body), **headers)


def manifest_of(api: Api, version: int, style: str = "coat") -> StyleManifest:
    return StyleManifest.from_json(api.buckets.store("model").json(f"styles/{style}/{version}/{MANIFEST}"))


def test_a_file_is_put_through_the_same_door_as_pictures() -> None:
    body = {"name": "mine.safetensors", "content_type": "application/octet-stream", "purpose": "upload", "size": 9}
    made = Api().call("POST", "/v1/files", body)
    assert made.body["uri"] == f"{OWN}{made.body['id']}/mine.safetensors"
    for wrong in ({"name": "mine.ckpt"}, {"name": "a.png"}, {"purpose": "dataset", "style": "coat"}):
        assert Api().call("POST", "/v1/files", {**body, **wrong}).status == 422


def test_an_adapter_becomes_a_version_that_requests_can_name_and_nothing_promotes(api: Api) -> None:
    put_base(api.buckets, commercial="yes")
    made = bring(api)
    assert made.status == 201, made.body
    assert made.body == {
        "style": "coat",
        "version": "coat@1",
        "base_model": "tiny@v1",
        "format": "kohya",
        "ranks": [2],
        "layers": len(LORA),
    }
    assert api.buckets.store("model").names("styles/") == [
        f"styles/coat/1/{MANIFEST}",
        f"styles/coat/1/{ADAPTER_WEIGHTS}",
    ]
    assert api.buckets.writes[-1] == f"styles/coat/1/{MANIFEST}"
    manifest = manifest_of(api, 1)
    weights = api.buckets.store("model").read(f"styles/coat/1/{ADAPTER_WEIGHTS}")
    assert manifest.files == {ADAPTER_WEIGHTS: hashlib.sha256(weights).hexdigest()}
    assert manifest.imported is not None
    assert (manifest.imported.sha256, manifest.imported.weights) == (hashlib.sha256(FILE).hexdigest(), UPLOAD)
    assert (manifest.metrics, manifest.method, manifest.task) == ({}, "lora", "inpaint")
    inputs = {"mode": "text_to_image", "prompt": "p"}
    predict = {"version": "coat@1", "input": inputs}
    assert api.call("POST", "/v1/predictions", predict).body["version"] == "coat@1"
    unpromoted = api.call("POST", "/v1/predictions", {**predict, "version": "coat"})
    assert (unpromoted.status, unpromoted.body["allowed"]) == (422, "a published version: coat@1")
    assert api.call("POST", f"{PATH}/1/promote").body["version"] == "coat@1"
    assert api.call("POST", "/v1/predictions", {**predict, "version": "coat"}).body["version"] == "coat@1"


def test_the_registry_says_that_it_was_imported_and_not_evaluated(api: Api) -> None:
    bring(api)
    (request,) = api.packages.requests.values()
    assert api.packages.groups == {"atelier-test-coat": {"atelier:stage": "test"}}
    assert request["ModelApprovalStatus"] == "Approved"
    assert request["ModelPackageDescription"].endswith("trained elsewhere, imported, not evaluated")
    (container,) = request["InferenceSpecification"]["Containers"]
    source = container["ModelDataSource"]["S3DataSource"]["S3Uri"]
    artifact = api.buckets.store("data").names(source.removeprefix("s3://data/"))
    assert [key.rpartition("/")[2] for key in artifact] == [MANIFEST, ADAPTER_WEIGHTS]
    assert request["CustomerMetadataProperties"]["execution"] == manifest_of(api, 1).execution


def test_where_a_person_approves_every_result_they_approve_an_import_too(api: Api) -> None:
    api.rules = ReleaseRules(approval="manual")
    assert bring(api).status == 201
    (request,) = api.packages.requests.values()
    assert request["ModelApprovalStatus"] == "PendingManualApproval"


def test_the_next_run_is_numbered_after_it_and_not_compared_with_it(api: Api) -> None:
    bring(api, style="skirt")
    api.call("POST", "/v1/styles/skirt/versions/1/promote")
    models = api.buckets.store("model")
    check_style("skirt", models, api.packages)
    request = ExecutionInput.from_json(make_request())
    said = "not compared with skirt@1, which is in service: it was trained elsewhere, and nothing evaluated it"
    assert thresholds(request, "0" * 64, models)[1] == said


def test_a_second_adapter_is_the_next_version(api: Api) -> None:
    assert [bring(api).body["version"] for _ in range(2)] == ["coat@1", "coat@2"]


def test_the_same_key_and_body_give_the_same_version_and_nothing_twice(api: Api) -> None:
    first = bring(api, idempotency_key="k")
    writes = list(api.buckets.writes)
    api.buckets.store("media").delete(KEY)  # it has expired
    again = bring(api, idempotency_key="k")
    assert (again.status, again.body) == (201, first.body)
    assert api.buckets.writes == writes
    assert len(api.packages.requests) == 1


@pytest.mark.parametrize("other", [{"body": {**BODY, "instance_prompt": "another"}}, {"style": "skirt"}])
def test_the_same_key_with_another_request_is_refused(api: Api, other: dict[str, Any]) -> None:
    bring(api, idempotency_key="k")
    refused = bring(api, **other, idempotency_key="k")
    assert refused.status == 422
    assert refused.body["detail"].startswith("Idempotency-Key: got one that another body came with")
    assert refused.body["what"] == "Idempotency-Key"
    assert len(api.packages.requests) == 1


def test_a_refused_file_may_be_put_again_and_posted_with_the_same_key(api: Api) -> None:
    api.buckets.put("media", KEY, FILE[:-1])
    assert bring(api, idempotency_key="k").status == 422
    api.buckets.put("media", KEY, FILE)
    assert bring(api, idempotency_key="k").body["version"] == "coat@1"


def test_a_refused_request_does_not_use_its_key_up(api: Api) -> None:
    assert bring(api, {**BODY, "weights": UPLOAD + "2"}, idempotency_key="k").status == 422
    assert bring(api, idempotency_key="k").body["version"] == "coat@1"


@pytest.mark.parametrize("broken", range(5))
def test_whatever_breaks_in_between_the_same_request_finishes_it_once(api: Api, broken: int) -> None:
    """Writes: the artifact's weights, its manifest, the numbered manifest, the version's weights, its manifest."""
    api.buckets.fail_after = len(api.buckets.writes) + broken
    assert bring(api, idempotency_key="k").status == 500
    assert f"styles/coat/1/{MANIFEST}" not in api.buckets.store("model").names()
    api.buckets.fail_after = None
    assert bring(api, idempotency_key="k").body["version"] == "coat@1"
    assert len(api.packages.there) == 1
    assert manifest_of(api, 1).version == 1


def test_a_lost_answer_of_the_registry_numbers_it_once(api: Api) -> None:
    api.packages.fail_next = True
    assert bring(api, idempotency_key="k").status == 500
    assert len(api.packages.there) == 1
    assert bring(api, idempotency_key="k").body["version"] == "coat@1"
    assert len(api.packages.there) == 1


def test_a_style_that_has_lost_its_package_is_refused_before_anything_is_stored(api: Api) -> None:
    put_version(api.buckets, 3, style="coat")
    writes = list(api.buckets.writes)
    refused = bring(api)
    assert (refused.status, refused.body["what"]) == (422, "style")
    assert "whose version 3 is published but has lost its model package" in refused.body["detail"]
    assert api.buckets.writes == writes
    assert not api.packages.requests


def test_a_number_that_is_taken_all_the_same_is_a_conflict(api: Api) -> None:
    by_hand = put_version(api.buckets, 1, style="coat").model_copy(update={"model_package": ""})
    api.buckets.put("model", f"styles/coat/1/{MANIFEST}", to_json(by_hand).encode())
    refused = bring(api)
    assert refused.status == 409
    assert "another Idempotency-Key" in refused.body["detail"]


@pytest.mark.parametrize(
    ("body", "what", "allowed"),
    [
        ({}, "body: missing key 'instance_prompt'", ""),
        ({**BODY, "weights": "s3://media/requests/x.safetensors"}, "weights", "the uri that POST /v1/files gave"),
        ({**BODY, "weights": f"s3://media/{UPLOAD}"}, "weights", "the uri that POST /v1/files gave"),
        ({**BODY, "weights": "uploads/../x"}, "weights", "the uri that POST /v1/files gave"),
        ({**BODY, "weights": "https://example.com/x"}, "weights", "the uri that POST /v1/files gave"),
        ({**BODY, "weights": "uploads/0/1/x"}, "weights", "the uri that POST /v1/files gave"),
        ({**BODY, "weights": UPLOAD + "2"}, "weights", "a file that was put to the urls.upload"),
        ({**BODY, "base_model": "words@v1"}, "base_model", "tiny@v1, which the shared endpoint serves"),
        ({**BODY, "alpha": 0}, "alpha", "0.001"),
        ({**BODY, "alpha": 2}, "alpha", "left out: the file says its own"),
        ({**BODY, "rank": 2}, "body: unknown key", "alpha"),
        ({**BODY, "commercial": "no"}, "commercial", "yes: pictures of this stage are used commercially"),
        ({**BODY, "commercial": "yes"}, "commercial", "tiny@v1 may not be used commercially (Apache-2.0)"),
        ({**BODY, "commercial": "maybe"}, "commercial", "yes | no"),
        ({**BODY, "licence": "x" * 81}, "licence", "80"),
    ],
)
def test_a_body_that_cannot_be_is_refused_and_nothing_is_stored(
    api: Api, body: dict[str, Any], what: str, allowed: str
) -> None:
    writes = list(api.buckets.writes)
    refused = bring(api, body)
    assert refused.status == 422
    assert what in [problem["what"] for problem in refused.body["errors"]]
    assert any(allowed in problem["allowed"] for problem in refused.body["errors"])
    assert api.buckets.writes == writes
    assert not api.packages.requests


@pytest.mark.parametrize(
    ("of_base", "said", "kept"), [("yes", None, "yes"), ("yes", "yes", "yes"), ("yes", "no", "no"), ("no", None, "no")]
)
def test_a_style_s_terms_are_its_base_model_s_or_narrower(api: Api, of_base: str, said: str | None, kept: str) -> None:
    api.commercial = False
    put_base(api.buckets, commercial=of_base, restricted=True)
    own = {"licence": "CC BY-NC 4.0", "commercial": said} if said == "no" else {"commercial": said}
    assert bring(api, {**BODY, **own}).status == 201
    card = api.call("GET", "/v1/styles/coat/versions/1").body
    assert (card["licence"], card["commercial"], card["restricted"]) == (own.get("licence"), kept, True)
    (listed,) = api.call("GET", "/v1/styles/coat").body["versions"]
    assert {name: listed[name] for name in ("licence", "commercial", "restricted")} == {
        name: card[name] for name in ("licence", "commercial", "restricted")
    }


def test_of_a_style_from_before_terms_were_kept_nothing_is_said(api: Api) -> None:
    put_version(api.buckets, 1)
    card = api.call("GET", "/v1/styles/skirt/versions/1").body
    assert (card["licence"], card["commercial"], card["restricted"]) == (None, None, None)


@pytest.mark.parametrize("style", ["Coat", "coat-", "base", "a_b"])
def test_a_name_that_no_style_may_have_is_refused(api: Api, style: str) -> None:
    refused = bring(api, style=style)
    assert (refused.status, refused.body["what"]) == (422, "style")


def test_the_base_model_may_be_named(api: Api) -> None:
    for name in ("tiny", "tiny@v1"):
        assert bring(api, {**BODY, "base_model": name}).status == 201


def test_a_base_model_of_a_family_without_loras_is_refused(api: Api) -> None:
    put_base(api.buckets, family="upscaler")
    refused = bring(api)
    assert (refused.body["what"], refused.body["allowed"]) == ("base_model", "a family that LoRAs are made for")


def test_pefts_file_takes_its_alpha_from_the_request(api: Api) -> None:
    unet = {layer: halves for layer, halves in LORA.items() if layer.part == "unet"}
    api.buckets.put("media", KEY, file_of(peft(unet)))
    assert bring(api).body["what"] == "alpha"
    assert bring(api, {**BODY, "alpha": 4}).body["format"] == "peft"
    origin = manifest_of(api, 1).imported
    assert origin is not None
    assert origin.alpha == 4


def test_every_problem_of_a_file_is_in_the_answer(api: Api) -> None:
    tensors = {f"{key}x": value for key, value in diffusers(LORA).items()}
    api.buckets.put("media", KEY, file_of(tensors))
    refused = bring(api)
    assert (refused.status, len(refused.body["errors"])) == (422, 21)
    json.dumps(refused.body)


def test_a_file_too_large_is_refused_before_it_is_read(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "LARGEST_UPLOAD", len(FILE) - 1)
    refused = bring(api)
    assert refused.body["errors"] == [
        {"what": "weights", "got": f"'{len(FILE)} bytes'", "allowed": f"at most {len(FILE) - 1} bytes"}
    ]


def test_a_base_model_whose_file_is_broken_says_which(api: Api) -> None:
    api.buckets.put("model", "base/tiny@v1/unet/model-1.safetensors", b"garbage!garbage!")
    refused = bring(api)
    assert refused.body["what"] == "base/tiny@v1/unet/model-1.safetensors"


def test_the_check_of_runs_still_calls_the_style_as_their_input_does(api: Api) -> None:
    put_version(api.buckets, 1, style="coat")
    with pytest.raises(InvalidInputError, match=r"^input\.style: "):
        check_style("coat", api.buckets.store("model"), api.packages)


@pytest.mark.parametrize("whole", [True, False])
def test_a_version_that_is_deleted_while_it_is_published_does_not_come_back(
    api: Api, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its function stands still between its look at the package and the manifest, until the deletion and its sweep are over."""

    def publish_late(*everything: Any) -> None:
        monkeypatch.undo()
        request = Request(api.event_of("DELETE", "/v1/styles/coat", None, None, {}), CLIENTS)
        if whole:
            style_deletion.delete_style(request, api.dependencies(), "coat")
        else:
            style_deletion.delete_version(request, api.dependencies(), "coat", "1")
        swept(api)
        publish_once(*everything)

    monkeypatch.setattr(imports, "publish_once", publish_late)
    answered = bring(api)
    assert (answered.status, "coat@1, which was deleted" in answered.body["detail"]) == (409, True)
    assert api.call("GET", "/v1/styles/coat").body.get("versions", []) == []
    swept(api)
    assert api.buckets.store("model").names("styles/coat/1/") == []
    assert bring(api).body["version"] == "coat@2"


def swept(api: Api) -> None:
    store = api.buckets.store
    parts: Any = {"records": api.records, "packages": api.packages, "endpoints": api.endpoints}
    deleted_styles.sweep_all(
        deleted_styles.Dependencies(models=store("model"), data=store("data"), name_prefix="atelier-test", **parts)
    )
