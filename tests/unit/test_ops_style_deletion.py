"""Deleting versions and styles: nothing can name them from then on, the next sweep removes what is left, no number comes again."""

from dataclasses import replace
from typing import Any

import pytest

from atelier_ops.errors import VersionGoneError
from atelier_ops.gateways.endpoints import EndpointState
from atelier_ops.logic.deleted_styles import DELETING, Dependencies, Doomed, sweep_all, write_down
from atelier_ops.logic.promotion import forget, let_go, promote, promote_run, promoted_version
from contracts.plan import FineTuningPlan
from tests.unit.ops_api import Answered, Api
from tests.unit.ops_fakes import execution
from tests.unit.ops_stage import make_stage, plan_of, put_dataset, put_promoted, put_version

GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package/atelier-test-skirt"
ENDPOINT = "atelier-test-style-skirt-v1"


@pytest.fixture
def api() -> Api:
    """Versions 1 (in full, with its endpoint) and 2 of ``skirt``, the house's; 2 is promoted. Its dataset."""
    api = Api()
    put_dataset(api.buckets, "skirt")
    put_version(api.buckets, 1, method="full")
    put_version(api.buckets, 2)
    put_promoted(api.buckets, 2)
    for number in (1, 2):
        api.packages.decisions[f"{GROUP}/{number}"] = ("Approved", "")
        api.buckets.put("model", f"styles/skirt/{number}/weights.safetensors", b"w")
    api.endpoints.endpoints[ENDPOINT] = EndpointState(name=ENDPOINT, status="InService")
    return api


def delete(api: Api, version: int | None = None, style: str = "skirt") -> Answered:
    return api.call("DELETE", f"/v1/styles/{style}" + (f"/versions/{version}" if version else ""))


def sweep(api: Api) -> int:
    store = api.buckets.store
    parts: dict[str, Any] = {"records": api.records, "packages": api.packages, "endpoints": api.endpoints}
    return sweep_all(Dependencies(models=store("model"), data=store("data"), name_prefix="atelier-test", **parts))


def test_a_deleted_version_cannot_be_named_and_then_its_files_and_its_endpoint_go(api: Api) -> None:
    assert delete(api, 1).status == 204
    assert delete(api, 1).status == 404
    assert [each["number"] for each in api.call("GET", "/v1/styles/skirt").body["versions"]] == [2]
    assert api.call("POST", "/v1/styles/skirt/versions/1/promote").status == 404
    body = {"version": "skirt@1", "input": {"prompt": "a skirt", "mode": "text_to_image"}}
    assert api.call("POST", "/v1/predictions", body).status == 422
    assert sweep(api) == 1
    assert api.buckets.store("model").names("styles/skirt/1/") == []
    assert api.endpoints.deleted == [ENDPOINT]
    assert api.records.items == {}
    assert api.buckets.store("model").json("styles/skirt/latest.json")["version"] == 2
    assert sweep(api) == 0


def test_its_package_stays_so_that_its_number_is_never_given_again(api: Api) -> None:
    delete(api, 1)
    assert api.packages.decisions[f"{GROUP}/1"] == ("Rejected", "deleted by first")


def test_what_the_bare_name_means_is_not_deleted(api: Api) -> None:
    answered = delete(api, 2)
    assert answered.status == 409
    assert "promote another" in answered.body["detail"]
    assert api.records.items == {}


def test_a_version_that_was_meant_before_is_no_longer_rolled_back_to(api: Api) -> None:
    put_version(api.buckets, 3)
    promote("skirt", 3, api.buckets.store("model"))
    assert delete(api, 2).status == 204
    answered = api.call("POST", "/v1/styles/skirt/rollback", {})
    assert (answered.status, "meant none before" in answered.body["detail"]) == (409, True)


@pytest.mark.parametrize("whole", [True, False])
def test_what_a_run_works_on_is_not_deleted(api: Api, whole: bool) -> None:
    api.executions.started["run-1"] = execution("run-1", {"style": "skirt"})
    answered = delete(api, None if whole else 1)
    assert answered.status == 409
    assert "run-1" in answered.body["detail"]


def test_a_version_that_was_rejected_is_deleted_too(api: Api) -> None:
    api.packages.decisions[f"{GROUP}/3"] = ("Rejected", "first: no")
    assert delete(api, 3).status == 204
    assert [each["number"] for each in api.call("GET", "/v1/styles/skirt").body["versions"]] == [2, 1]


def test_an_endpoint_that_is_being_made_goes_with_a_later_sweep(api: Api) -> None:
    api.endpoints.endpoints[ENDPOINT] = EndpointState(name=ENDPOINT, status="Creating")
    delete(api, 1)
    assert sweep(api) == 0
    api.endpoints.endpoints[ENDPOINT] = EndpointState(name=ENDPOINT, status="InService")
    assert sweep(api) == 1
    assert api.endpoints.deleted == [ENDPOINT]


def test_a_deleted_style_is_gone_with_its_dataset_and_its_name_stays_the_client_s(api: Api) -> None:
    assert delete(api).status == 204
    assert api.call("GET", "/v1/styles/skirt").status == 404
    assert api.call("GET", "/v1/styles").body["results"] == []
    train = {"destination": "skirt", "input": {"dataset": "datasets/skirt/", "target": "a skirt"}}
    busy = api.call("POST", "/v1/trainings", train)
    assert (busy.status, "being deleted" in busy.body["detail"]) == (409, True)
    assert sweep(api) == 1
    assert api.buckets.store("model").names("styles/") == []
    assert api.buckets.store("data").names("datasets/") == []
    assert set(api.records.items) == {"style#skirt"}
    assert {each[0] for each in api.packages.decisions.values()} == {"Rejected"}
    put_dataset(api.buckets, "skirt")
    assert api.call("POST", "/v1/trainings", train).status == 201
    api.key = "key-2"
    assert api.call("POST", "/v1/trainings", train).status == 409


def test_a_style_of_which_there_is_only_a_dataset_is_deleted_by_who_claimed_it() -> None:
    api = Api(key="key-2")
    claimed = {"name": "a.png", "content_type": "image/png", "purpose": "dataset", "style": "mine", "size": 9}
    api.call("POST", "/v1/files", claimed)
    api.buckets.put("data", "datasets/mine/a.png", b"picture")
    assert delete(api, style="other").status == 404
    assert delete(api, style="mine").status == 204
    sweep(api)
    assert api.buckets.store("data").names("datasets/") == []


def test_only_who_may_change_a_style_deletes_of_it(api: Api) -> None:
    api.key = "key-2"
    assert delete(api).status == 403
    assert delete(api, 1).status == 403
    assert api.records.items == {}


def test_a_deletion_that_broke_off_before_a_promotion_is_given_up(api: Api) -> None:
    delete(api, 1)
    (record,) = api.records.items.values()
    put_version(api.buckets, 1, method="full")
    put_promoted(api.buckets, 1)
    assert record.status == DELETING
    assert sweep(api) == 0
    assert api.records.items == {}
    assert promoted_version("skirt", api.buckets.store("model")) == 1


def test_a_run_s_version_that_was_deleted_meanwhile_is_not_promoted(api: Api) -> None:
    plan = FineTuningPlan.from_json(plan_of(make_stage()[1]))
    words, promotion = promote_run(plan, 9, api.buckets.store("model"))
    assert ("never published" in words, promotion) == (True, None)


def test_a_promotion_that_read_before_a_deletion_finds_that_it_is_over(api: Api) -> None:
    """Names may be written and forgotten, and the text be what it was: it counts deletions."""
    models = api.buckets.store("model")
    stored = models.read_tagged("styles/skirt/latest.json")
    assert stored is not None
    let_go("skirt", 1, models)
    with pytest.raises(VersionGoneError):
        promote("skirt", 1, models, backwards=True)
    forget("skirt", [1], models)
    assert not models.write_if("styles/skirt/latest.json", b"{}", "application/json", etag=stored[1])


def test_a_second_deletion_takes_what_was_published_since_the_first(api: Api) -> None:
    """Who had been let in before the first began may publish between the two."""
    assert delete(api).status == 204
    put_version(api.buckets, 3)
    api.packages.decisions[f"{GROUP}/3"] = ("Approved", "")
    api.buckets.put("model", "styles/skirt/3/weights.safetensors", b"w")
    assert delete(api).status == 204
    assert sweep(api) == 1
    assert api.buckets.store("model").names("styles/") == []
    assert {each[0] for each in api.packages.decisions.values()} == {"Rejected"}
    assert api.endpoints.deleted == [ENDPOINT]


def test_a_deletion_that_is_repeated_while_it_is_finished_is_written_down_again(api: Api) -> None:
    doomed = Doomed(style="skirt", numbers=[1], packages=[], full=[], executions=[], whole=True, client="first")
    later = replace(doomed, numbers=[2], packages=["p"])
    assert write_down(doomed, "deletion#skirt", api.records).data["numbers"] == [1]
    assert write_down(later, "deletion#skirt", api.records).data["numbers"] == [1, 2]
    both = api.records.get("deletion#skirt")
    assert both is not None
    assert (both.data["packages"], both.data["whole"], both.status) == (["p"], True, DELETING)
