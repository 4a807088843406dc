"""The shared endpoint: what it loads, and how its fleet goes to zero and comes back."""

import re
from typing import Any, get_args

from atelier_ops import observability
from contracts.hosting import Hosting, alarm_names
from infra.config import STAGES
from infra.gate.placements import as_deployed
from local.cloudwatch.expressions import evaluate as metric_math
from tests.infra.conftest import Synthesized
from tests.infra.definition import evaluate, text
from tests.infra.plan import variables

POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"


def alarm_on(stage: Synthesized, metric: str) -> dict[str, Any]:
    found = [a["Properties"] for a in stage.resources("AWS::CloudWatch::Alarm", "Serving").values()]
    (only,) = [properties for properties in found if properties.get("MetricName") == metric]
    return dict(only)


def policy(stage: Synthesized, name: str) -> dict[str, Any]:
    (found,) = [p["Properties"] for p in stage.resources(POLICY).values() if p["Properties"]["PolicyName"] == name]
    return dict(found)


def policy_id(stage: Synthesized, name: str) -> str:
    (found,) = [key for key, p in stage.resources(POLICY).items() if p["Properties"]["PolicyName"] == name]
    return found


def test_a_fleet_that_stays_awake_with_nothing_to_do_is_put_to_sleep_and_the_news_say_so(stage: Synthesized) -> None:
    """It needs no metric of the queue: whether an endpoint without requests publishes any is not known."""
    alarm = stage.one("AWS::CloudWatch::Alarm", "Training")
    instances, backlog, watched = alarm["Metrics"]
    assert instances["MetricStat"]["Metric"]["MetricName"] == "CPUUtilization"
    assert instances["MetricStat"]["Stat"] == "SampleCount"
    assert [d["Name"] for d in instances["MetricStat"]["Metric"]["Dimensions"]] == ["EndpointName", "VariantName"]
    assert [d["Name"] for d in backlog["MetricStat"]["Metric"]["Dimensions"]] == ["EndpointName"]
    serving = STAGES[stage.name].serving
    fewest, asleep = serving.may_idle, serving.fewest_instances
    for running, waiting, idle in (
        (None, None, None),
        (5 * fewest + 5, None, 1),
        (5 * fewest + 5, 2, 0),
        (5 * fewest, 0, 0),
    ):
        assert metric_math(watched["Expression"], {"instances": [running], "backlog": [waiting]}) == [idle]
    assert alarm["EvaluationPeriods"] * instances["MetricStat"]["Period"] == 2 * 3600
    sleep, topic = alarm["AlarmActions"]
    assert policy_id(stage, "sleep") in str(sleep)
    assert policy(stage, "sleep")["StepScalingPolicyConfiguration"]["StepAdjustments"][0]["ScalingAdjustment"] == asleep
    (news,) = stage.resources("AWS::SNS::Topic", "Training")
    assert topic == {"Ref": news}


def test_alarms_may_publish_to_the_encrypted_topic(stage: Synthesized) -> None:
    key, topic = stage.key, stage.one("AWS::SNS::TopicPolicy", "Training")
    for policy_of, member, action in (
        (key, "KeyPolicy", "kms:GenerateDataKey*"),
        (topic, "PolicyDocument", "sns:Publish"),
    ):
        granted = [
            s["Action"] for s in policy_of[member]["Statement"] if "cloudwatch.amazonaws.com" in str(s["Principal"])
        ]
        assert action in str(granted)


def test_another_machine_is_another_endpoint(stage: Synthesized) -> None:
    # An update of the same one is refused on AWS: the variant must be deregistered before its instance type changes.
    (variant,) = stage.one("AWS::SageMaker::EndpointConfig")["ProductionVariants"]
    (endpoint,) = stage.resources("AWS::SageMaker::Endpoint")
    machine = variant.get("InstanceType") or variant["InstancePools"][0]["InstanceType"]
    assert machine.title().replace(".", "") in endpoint


def test_a_style_s_own_endpoint_scales_as_the_shared_one_does(stage: Synthesized) -> None:
    states = stage.definition["States"]
    for state, name, key in (
        ("PutBacklogPolicy", "backlog", "TargetTrackingScalingPolicyConfiguration"),
        ("PutWakePolicy", "wake", "StepScalingPolicyConfiguration"),
        ("PutSleepPolicy", "sleep", "StepScalingPolicyConfiguration"),
    ):
        sent = evaluate(states[state]["Arguments"], variables())
        assert without_endpoint(sent[key]) == without_endpoint(policy(stage, name)[key])
    alarm = evaluate(states["PutWakeAlarm"]["Arguments"], variables())
    shared = alarm_on(stage, "HasBacklogWithoutCapacity")
    assert {"Key": "atelier:stage", "Value": stage.name} in alarm["Tags"]  # CloudFormation tags the shared one
    own = {"AlarmName", "AlarmActions", "Dimensions", "Tags"}
    assert {k: v for k, v in alarm.items() if k not in own} == {k: v for k, v in shared.items() if k not in own}
    assert alarm["Dimensions"] == [{"Name": "EndpointName", "Value": "atelier-dev-style-teal-v3"}]


def test_a_style_s_own_endpoint_is_put_to_sleep_as_the_shared_one_is(stage: Synthesized) -> None:
    idle = evaluate(stage.definition["States"]["PutIdleAlarm"]["Arguments"], variables())
    shared = stage.one("AWS::CloudWatch::Alarm", "Training")
    assert idle["AlarmName"] == "atelier-dev-style-teal-v3-idle"
    assert idle["AlarmName"] in alarm_names("atelier-dev-style-teal-v3")
    assert idle["AlarmActions"][0] == variables()["sleep"]
    own = {"AlarmName", "AlarmActions", "Metrics", "Tags"}
    assert {k: v for k, v in idle.items() if k not in own} == {k: v for k, v in shared.items() if k not in own}
    assert idle["Metrics"][2] == shared["Metrics"][2]
    named = {d["Value"] for m in idle["Metrics"][:2] for d in m["MetricStat"]["Metric"]["Dimensions"]}
    assert named == {"atelier-dev-style-teal-v3", "AllTraffic"}


def without_endpoint(configuration: dict[str, Any]) -> dict[str, Any]:
    """A policy without the name it is about."""
    metric = {k: v for k, v in configuration.get("CustomizedMetricSpecification", {}).items() if k != "Dimensions"}
    return configuration | {"CustomizedMetricSpecification": metric}


def test_the_model_is_read_uncompressed_and_made_after_its_base_models(stage: Synthesized) -> None:
    (model,) = stage.resources("AWS::SageMaker::Model").values()
    source = model["Properties"]["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]
    assert (source["S3DataType"], source["CompressionType"]) == ("S3Prefix", "None")
    reference = STAGES[stage.name].default_model.reference
    assert source["S3Uri"]["Fn::Join"][1][-1] == f"/base/{reference}/"
    assert set(stage.resources("Custom::BaseModel")) <= set(model["DependsOn"])


def test_the_server_is_told_where_things_lie(stage: Synthesized) -> None:
    (model,) = stage.resources("AWS::SageMaker::Model").values()
    environment = dict(model["Properties"]["PrimaryContainer"]["Environment"])
    assert "SigningKey" in str(environment.pop("ATELIER_SIGNING_KEY"))
    assert "MarkKey" in str(environment.pop("ATELIER_MARK_KEY"))
    ends = {key: value["Fn::Join"][1][-1] for key, value in environment.items() if isinstance(value, dict)}
    settings = STAGES[stage.name]
    upscaler = settings.upscaler_model
    assert environment["ATELIER_UPSCALER_URI"] if upscaler else environment["ATELIER_UPSCALER_URI"] == ""
    assert ends == {
        **({"ATELIER_UPSCALER_URI": f"/base/{upscaler.reference}/"} if upscaler else {}),
        "ATELIER_SEGMENTER_URI": f"/base/{settings.segmenter_model.reference}/",
        "ATELIER_STYLES_URI": "/styles/",
        "ATELIER_UPLOADS_URI": "/uploads/",
        "ATELIER_REQUESTS_URI": "/requests/",
        "ATELIER_PROGRESS_URI": "/progress/",
        "ATELIER_CERTIFICATES_URI": "/certificates/",
    }
    assert environment["ATELIER_ADAPTER_MIB"] == "1024"
    assert environment["ATELIER_HOST_ADAPTER_MIB"] == "2048"


def test_a_style_s_own_endpoint_is_hosted_as_the_shared_one_is(stage: Synthesized) -> None:
    (function,) = [
        f["Properties"]
        for f in stage.resources("AWS::Lambda::Function").values()
        if f["Properties"]["Handler"].endswith(".deploy_endpoint.handler")
    ]
    hosting = Hosting.from_text(text(function["Environment"]["Variables"]["HOSTING"]))
    shared_model, shared = stage.one("AWS::SageMaker::Model"), stage.one("AWS::SageMaker::EndpointConfig")
    assert hosting.tags == as_deployed(STAGES[stage.name]).tags
    own = hosting.endpoint_config(text(shared["ProductionVariants"][0]["ModelName"]))
    model = hosting.model("s3://model/styles/")
    assert shape(hosting.base_uri) == shape(
        shared_model["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]["S3Uri"]
    )
    container, shared_container = model["PrimaryContainer"], shared_model["PrimaryContainer"]
    assert shape(model.get("VpcConfig")) == shape(shared_model.get("VpcConfig"))
    # A version's own endpoint starts with one instance, whatever the shared one starts with.
    assert own["ProductionVariants"][0]["InitialInstanceCount"] == 1
    own["ProductionVariants"][0]["InitialInstanceCount"] = STAGES[stage.name].serving.first_instances
    assert shape(own) == shape(shared)
    assert shape(container) == shape(shared_container)
    settings = STAGES[stage.name].serving
    assert own["AsyncInferenceConfig"]["ClientConfig"] == {"MaxConcurrentInvocationsPerInstance": settings.concurrency}


def shape(node: Any) -> Any:
    """``node`` with every name that CloudFormation gives left out: a reference, or text made of one."""
    if isinstance(node, dict):
        is_reference = len(node) == 1 and next(iter(node)).startswith(("Fn::", "Ref"))
        return "a name" if is_reference else {key: shape(value) for key, value in node.items()}
    if isinstance(node, list):
        return [shape(item) for item in node]
    return "a name" if re.search(r"output-|arn:aws:|s3://|dkr\.ecr|ref-", str(node)) else node


def test_every_model_of_the_stage_is_mirrored_by_the_same_function(stage: Synthesized) -> None:
    mirrored = stage.resources("Custom::BaseModel").values()
    assert len(mirrored) == len(STAGES[stage.name].models)
    assert len({str(resource["Properties"]["ServiceToken"]) for resource in mirrored}) == 1
    for resource in mirrored:
        shipped = '"kind": "asset"' in resource["Properties"]["Entry"]
        assert ("AssetKey" in resource["Properties"]) == shipped


def test_an_update_of_the_shared_endpoint_is_watched_and_can_go_back(stage: Synthesized) -> None:
    config = stage.one("AWS::SageMaker::Endpoint")["DeploymentConfig"]
    (alarm,) = config["AutoRollbackConfiguration"]["Alarms"]
    watched = stage.resources("AWS::CloudWatch::Alarm", "Serving")[alarm["AlarmName"]["Ref"]]["Properties"]
    assert (watched["Namespace"], watched["MetricName"]) == (observability.NAMESPACE, "PredictionsFailed")
    assert watched["MetricName"] in get_args(observability.Event)
    assert watched["Dimensions"] == [{"Name": "service", "Value": f"atelier-{stage.name}"}]
    routing = config["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    (variant,) = stage.one("AWS::SageMaker::EndpointConfig")["ProductionVariants"]
    started = variant["InitialInstanceCount"]
    assert started == STAGES[stage.name].serving.first_instances
    # SageMaker wants a canary to be at most half of the new fleet.
    if started >= 2:
        assert (routing["Type"], routing["CanarySize"]["Value"]) == ("CANARY", 1)
    else:
        assert routing["Type"] == "ALL_AT_ONCE"
        assert "CanarySize" not in routing


def test_production_takes_another_machine_where_its_own_is_not_to_be_had(prod: Synthesized) -> None:
    (variant,) = prod.one("AWS::SageMaker::EndpointConfig")["ProductionVariants"]
    serving = as_deployed(STAGES["prod"]).serving
    types = [pool["InstanceType"] for pool in sorted(variant["InstancePools"], key=lambda pool: pool["Priority"])]
    assert types == [serving.instance, *serving.fallbacks]
    assert "InstanceType" not in variant
    assert 300 <= variant["VariantInstanceProvisionTimeoutInSeconds"] <= 3600


def test_production_is_awake_in_office_hours_and_may_sleep_outside_them(prod: Synthesized) -> None:
    target = prod.one("AWS::ApplicationAutoScaling::ScalableTarget")
    actions = {action["ScheduledActionName"]: action for action in target["ScheduledActions"]}
    assert {name: action["ScalableTargetAction"]["MinCapacity"] for name, action in actions.items()} == {
        "open": 2,
        "close": 0,
    }
    assert actions["open"]["Schedule"] == "cron(0 8 ? * MON-FRI *)"
    assert {action["Timezone"] for action in actions.values()} == {"UTC"}
    assert target["MinCapacity"] == 0
