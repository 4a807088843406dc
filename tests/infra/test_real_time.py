"""A stage whose endpoints are real-time: what its templates have instead of a queue, and that the gate takes them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.gate.stages import REAL_TIME, tabled
from contracts.hosting import Hosting
from contracts.work import MOST_SECONDS, REAL_TIME_PIXELS, REAL_TIME_SECONDS
from infra.config import STAGES
from infra.costs import report
from infra.function_costs import MEMORY_MIB
from infra.gate.door import findings
from tests.infra.conftest import Synthesized
from tests.infra.definition import text

LOCAL = STAGES["local"]


def test_the_gate_finds_nothing_wrong(quick: Synthesized, root: Path) -> None:
    with tabled(quick.name):
        found = findings(quick.assembly, root)
    # The docs are those of the stages that are in the file.
    assert not [each for each in found if not each.place.startswith("docs/")]


def test_no_endpoint_has_a_queue_and_one_instance_is_awake(quick: Synthesized) -> None:
    shared = quick.one("AWS::SageMaker::EndpointConfig")
    hosting = Hosting.from_text(text(function(quick, "deploy_endpoint")["Environment"]["Variables"]["HOSTING"]))
    for config in (shared, hosting.endpoint_config("model")):
        assert "AsyncInferenceConfig" not in config
    (target,) = quick.resources("AWS::ApplicationAutoScaling::ScalableTarget").values()
    assert (target["Properties"]["MinCapacity"], target["Properties"]["MaxCapacity"]) == (1, 2)
    (endpoint,) = quick.resources("AWS::SageMaker::Endpoint")
    assert "RealTime" in endpoint  # of another kind is another endpoint


def test_the_function_that_waits_has_the_memory_that_is_reckoned_with(quick: Synthesized) -> None:
    assert function(quick, "ask_endpoint")["MemorySize"] == MEMORY_MIB["ask_endpoint"]


def test_the_fleet_follows_the_requests_that_are_in_it(quick: Synthesized) -> None:
    policy = quick.one("AWS::ApplicationAutoScaling::ScalingPolicy")
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["TargetValue"] == REAL_TIME.serving.backlog_per_instance
    of_style = quick.definition["States"]["PutRequestsPolicy"]["Arguments"]
    assert of_style["TargetTrackingScalingPolicyConfiguration"] == tracking
    assert not {"PutBacklogPolicy", "PutWakePolicy", "PutWakeAlarm", "PutSleepPolicy", "PutIdleAlarm"} & set(
        quick.definition["States"]
    )


def test_whoever_hands_requests_over_calls_the_function_that_asks(quick: Synthesized) -> None:
    asking = [key for key, f in functions(quick).items() if f["Handler"].endswith(".ask_endpoint.handler")]
    for name in ("api", "inference_result", "reconcile", "smoke_test"):
        told = function(quick, name)["Environment"]["Variables"]["REAL_TIME_FUNCTION"]
        assert asking[0] in json.dumps(told), name
    for template in quick.templates.values():
        assert "sagemaker:InvokeEndpointAsync" not in json.dumps(template)


def test_asynchronous_stages_have_no_such_function(stage: Synthesized) -> None:
    assert not [f for f in functions(stage).values() if f["Handler"].endswith(".ask_endpoint.handler")]
    assert function(stage, "api")["Environment"]["Variables"]["REAL_TIME_FUNCTION"] == "none"


def test_requests_are_bounded_by_what_such_an_endpoint_carries(quick: Synthesized) -> None:
    assert (REAL_TIME.pace.most_seconds, LOCAL.pace.most_seconds) == (REAL_TIME_SECONDS, MOST_SECONDS)
    assert REAL_TIME.pace.most_answer_pixels == REAL_TIME_PIXELS
    (model,) = quick.resources("AWS::SageMaker::Model").values()
    assert model["Properties"]["PrimaryContainer"]["Environment"]["ATELIER_REAL_TIME"] == "true"


def test_costs_say_that_it_never_sleeps() -> None:
    said = report(REAL_TIME)
    assert "1 x ml.m5.xlarge that never sleep" in said
    assert "wakes for" not in said


@pytest.mark.parametrize(("change", "words"), [
    ({"kind": "serverless"}, r"serving.kind: got 'serverless'; allowed: asynchronous \| real-time"),
    ({"kind": "real-time"}, r"serving.fewest_instances: got 0; allowed: at least 1: a real-time endpoint does not"),
])  # fmt: skip
def test_a_kind_that_cannot_be_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(LOCAL.serving, **change)


def functions(stage: Synthesized) -> dict[str, dict[str, Any]]:
    return {key: each["Properties"] for key, each in stage.resources("AWS::Lambda::Function").items()}


def function(stage: Synthesized, name: str) -> dict[str, Any]:
    (found,) = [f for f in functions(stage).values() if f["Handler"] == f"atelier_ops.handlers.{name}.handler"]
    return found
