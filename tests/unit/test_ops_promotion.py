"""What a style's bare name means: forward by itself, back only when asked, and never lost between two promotions at once."""

from typing import Any

import pytest

from atelier_ops.errors import PromotionRaceError
from atelier_ops.gateways.endpoints import EndpointState
from atelier_ops.logic.promotion import ATTEMPTS, Promotion, promote, promote_run, promoted_version
from atelier_ops.logic.versions import approval_of, read_version, versions_left
from contracts.plan import FineTuningPlan
from tests.unit.ops_api import Answered, Api
from tests.unit.ops_fakes import MemoryBuckets, MemoryPackages, MemoryStore
from tests.unit.ops_stage import make_stage, plan_of, put_promoted, put_version


@pytest.fixture
def buckets() -> MemoryBuckets:
    buckets = make_stage()[0]
    for version in (*range(1, 10), 99):
        put_version(buckets, version)
    return buckets


def plan(**changes: Any) -> FineTuningPlan:
    return FineTuningPlan.from_json(plan_of(make_stage()[1], **changes))


class Contested(MemoryStore):
    """A store in which another promotion comes between, ``times`` times."""

    def __init__(self, buckets: MemoryBuckets, version: int, times: int) -> None:
        super().__init__(buckets, "model")
        self.version, self.times = version, times

    def write_if(self, key: str, body: bytes, content_type: str, *, etag: str | None) -> bool:
        if self.times:
            self.times -= 1
            self.version += 1
            put_promoted(self._all, self.version)
        return super().write_if(key, body, content_type, etag=etag)


def test_the_first_version_is_promoted_and_a_newer_one_after_it(buckets: MemoryBuckets) -> None:
    models = buckets.store("model")
    assert promoted_version("skirt", models) is None
    assert promote("skirt", 1, models) == Promotion(version=1, previous=None)
    assert promote("skirt", 3, models) == Promotion(version=3, previous=1)
    assert promoted_version("skirt", models) == 3
    assert promote("skirt", 3, models) == Promotion(version=3, previous=1), "a repeat after a lost answer"


def test_an_older_version_does_not_take_the_place_of_a_newer_one_by_itself(buckets: MemoryBuckets) -> None:
    models = buckets.store("model")
    put_promoted(buckets, 2)
    text = "approved, not promoted: 2 is newer; POST /v1/styles/skirt/versions/1/promote promotes it all the same"
    assert promote_run(plan(), 1, models) == (text, None)
    assert promoted_version("skirt", models) == 2


def test_a_repeated_step_promotes_once(buckets: MemoryBuckets) -> None:
    models = buckets.store("model")
    promotion = Promotion(version=1, previous=None)
    assert promote_run(plan(), 1, models) == promote_run(plan(), 1, models)
    assert promote_run(plan(), 1, models) == ("promoted: skirt means version 1", promotion)


def test_a_run_whose_version_was_rejected_after_its_approval_leaves_the_name_alone(buckets: MemoryBuckets) -> None:
    models, packages = buckets.store("model"), MemoryPackages()
    package = read_version("skirt", 1, models).model_package
    for status, promoted in (("Rejected", None), ("Approved", 1)):
        packages.decisions[package] = (status, "")
        text, _ = promote_run(plan(), 1, models, approval_of("skirt", 1, models, packages))
        assert promoted_version("skirt", models) == promoted
        assert (promoted is None) == (text == "published, not promoted: it was rejected after its approval")


def test_of_a_version_that_is_gone_the_registry_says_nothing(buckets: MemoryBuckets) -> None:
    models = buckets.store("model")
    assert approval_of("skirt", 1, models, MemoryPackages()) == ""
    assert approval_of("skirt", 1_000, models, MemoryPackages()) == ""


def test_a_run_that_is_to_be_promoted_by_hand_leaves_the_name_alone(buckets: MemoryBuckets) -> None:
    models = buckets.store("model")
    text, _ = promote_run(plan(promote="manual"), 1, models)
    assert text == "approved, not promoted: promote is manual; POST /v1/styles/skirt/versions/1/promote does it"
    assert promoted_version("skirt", models) is None


@pytest.mark.parametrize(
    "text", ["[]", "", "{", "null", "3", '{"version": "3"}', '{"version": 0}', '{"version": 1.5}', "\xff", "[" * 9_999]
)
def test_a_promotion_that_cannot_be_read_means_nothing_and_the_next_one_replaces_it(
    buckets: MemoryBuckets, text: str
) -> None:
    models = buckets.store("model")
    buckets.put("model", "styles/skirt/latest.json", text.encode("latin-1"))
    assert promoted_version("skirt", models) is None
    assert promote("skirt", 2, models) == Promotion(version=2, previous=None)
    assert promoted_version("skirt", models) == 2


@pytest.mark.parametrize(("between", "expected"), [(1, 5), (7, 8)])
def test_of_two_promotions_at_once_the_newer_version_stays(buckets: MemoryBuckets, between: int, expected: int) -> None:
    models = Contested(buckets, between, times=1)
    promote("skirt", 5, models)
    assert promoted_version("skirt", models) == expected


def test_a_name_that_never_rests_is_an_error(buckets: MemoryBuckets) -> None:
    with pytest.raises(PromotionRaceError, match=r"styles/skirt/latest\.json: changed"):
        promote("skirt", 99, Contested(buckets, 1, times=ATTEMPTS))


def ask(api: Api, version: object, style: str = "skirt") -> Answered:
    return api.call("POST", f"/v1/styles/{style}/versions/{version}/promote")


@pytest.fixture
def api() -> Api:
    """Versions 1 and 2 of ``skirt`` are published, 2 is promoted."""
    api = Api()
    put_version(api.buckets, 1)
    put_version(api.buckets, 2)
    put_promoted(api.buckets, 2)
    return api


def test_a_version_is_rolled_back_and_forward_again_by_name(api: Api) -> None:
    back = ask(api, 1)
    assert (back.status, back.body) == (200, {"style": "skirt", "version": "skirt@1", "previous": "skirt@2"})
    assert api.buckets.store("model").json("styles/skirt/latest.json") == {"version": 1, "previous": 2}
    assert ask(api, 1).body == back.body
    assert ask(api, 2).body == {"style": "skirt", "version": "skirt@2", "previous": "skirt@1"}


def test_the_next_prediction_paints_in_the_version_that_was_promoted(api: Api) -> None:
    ask(api, 1)
    made = api.call("POST", "/v1/predictions", {"version": "skirt", "input": {"mode": "text_to_image", "prompt": "p"}})
    assert made.body["version"] == "skirt@1"


def test_a_version_that_waits_for_its_first_promotion_is_promoted(api: Api) -> None:
    put_version(api.buckets, 1, style="coat")
    assert ask(api, 1, "coat").body == {"style": "coat", "version": "coat@1", "previous": None}


@pytest.mark.parametrize(("style", "version"), [("skirt", 3), ("skirt", 0), ("skirt", "one"), ("skirt", "01x")])
def test_a_version_that_is_not_published_is_404_and_says_which_are(api: Api, style: str, version: object) -> None:
    answered = ask(api, version, style)
    assert (answered.status, answered.body["detail"]) == (404, f"version: got {version}; allowed: 1, 2")


@pytest.mark.parametrize("style", ["coat", "Skirt", "skirt-"])
def test_a_style_that_is_not_published_is_404_and_says_which_are(api: Api, style: str) -> None:
    answered = ask(api, 1, style)
    assert (answered.status, answered.body["detail"]) == (404, f"style: got {style}; allowed: skirt")


def test_a_full_fine_tune_is_the_way_back_as_long_as_its_endpoint_is_in_service(api: Api) -> None:
    """Whatever was promoted since: another full fine-tune, a LoRA, an adapter that was trained elsewhere."""
    put_version(api.buckets, 1, method="full")
    gone = ask(api, 1)
    assert gone.status == 409
    assert "version: got 1, whose endpoint atelier-test-style-skirt-v1 is not there any more" in gone.body["detail"]
    name = "atelier-test-style-skirt-v1"
    api.endpoints.endpoints[name] = EndpointState(name=name, status="Failed")
    assert f"whose endpoint {name} is Failed" in ask(api, 1).body["detail"]
    api.endpoints.endpoints[name] = EndpointState(name=name, status="InService")
    assert ask(api, 1).body == {"style": "skirt", "version": "skirt@1", "previous": "skirt@2"}
    assert ask(api, 2).body["previous"] == "skirt@1"


def left(buckets: MemoryBuckets, version: int, previous: int | None) -> list[int]:
    return versions_left("skirt", Promotion(version=version, previous=previous), buckets.store("model"))


def test_a_promotion_leaves_the_endpoints_of_older_full_versions_but_the_one_before(api: Api) -> None:
    for number, method in enumerate(("full", "lora", "full", "full", "full"), start=1):
        put_version(api.buckets, number, method=method)
    assert left(api.buckets, 4, 3) == [1]
    assert left(api.buckets, 4, 2) == [1, 3]  # the LoRA before it needs no endpoint
    assert left(api.buckets, 4, 1) == [3]  # somebody had gone back
    assert left(api.buckets, 1, None) == []


def test_promotions_that_others_come_between_are_409(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryStore, "write_if", lambda *_, **__: False)
    assert ask(api, 1).status == 409
