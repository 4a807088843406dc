"""A toy endpoint `live` for the local cloud's tests: its template, and what a client does with it."""

import json
from pathlib import Path
from typing import Any

from infra.components import scaling
from infra.settings.serving import Serving
from local.cloud import LocalCloud
from tests.integration import local_toy
from tests.integration.local_toy import IMAGE, arn, until

Record = dict[str, Any]
SERVING = Serving(instance="ml.m5.large", upscaler=None, most_instances=2, backlog_per_instance=2, startup_seconds=300)
"""How it scales: by the requests of every stage's endpoint."""


def template() -> Record:
    """An asynchronous endpoint `live` whose model data is a prefix, with topics, a queue behind them, and its scaling."""
    base = local_toy.base_template()
    container = {
        "Image": IMAGE,
        "Environment": {"VERSION": "one"},
        "ModelDataSource": {
            "S3DataSource": {
                "S3Uri": {"Fn::Sub": "s3://${Bucket}/base/"},
                "S3DataType": "S3Prefix",
                "CompressionType": "None",
            }
        },
    }
    notification = {"SuccessTopic": {"Ref": "Done"}, "ErrorTopic": {"Ref": "Broken"}}
    output = {
        "S3OutputPath": {"Fn::Sub": "s3://${Bucket}/outputs/"},
        "S3FailurePath": {"Fn::Sub": "s3://${Bucket}/failures/"},
        "NotificationConfig": notification,
    }
    subscribe = [
        {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Ref": topic},
                "Protocol": "sqs",
                "Endpoint": arn("Queue"),
                "RawMessageDelivery": True,
            },
        }
        for topic in ("Done", "Broken", "News")
    ]
    base["Resources"] |= {
        "Done": {"Type": "AWS::SNS::Topic"},
        "Broken": {"Type": "AWS::SNS::Topic"},
        "News": {"Type": "AWS::SNS::Topic"},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "QueuePolicy": local_toy.queue_policy("Queue", "sns.amazonaws.com"),
        "DoneToQueue": subscribe[0],
        "BrokenToQueue": subscribe[1],
        "NewsToQueue": subscribe[2],
        "Model": {
            "Type": "AWS::SageMaker::Model",
            "Properties": {"ExecutionRoleArn": arn("JobRole"), "PrimaryContainer": container},
        },
        "Config": {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Properties": {
                "ProductionVariants": [
                    {
                        "VariantName": "AllTraffic",
                        "ModelName": {"Fn::GetAtt": ["Model", "ModelName"]},
                        "InitialInstanceCount": "1",
                        "InitialVariantWeight": 1,
                        "InstanceType": "ml.m5.large",
                    }
                ],
                "AsyncInferenceConfig": {
                    "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 2},
                    "OutputConfig": output,
                },
            },
        },
        "Endpoint": {
            "Type": "AWS::SageMaker::Endpoint",
            "Properties": {
                "EndpointName": "live",
                "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
            },
        },
        **scaled(),
    }
    base["Outputs"] |= {
        "Queue": {"Value": {"Ref": "Queue"}},
        "ModelName": {"Value": {"Fn::GetAtt": ["Model", "ModelName"]}},
    }
    return base


def scaled() -> Record:
    """The target, the policies and the alarms, as templates have them; a number may be a string there."""
    policy, alarm = "AWS::ApplicationAutoScaling::ScalingPolicy", "AWS::CloudWatch::Alarm"
    of_target = {"ScalingTargetId": {"Ref": "Target"}}
    wake = scaling.wake_alarm("live", "-") | {"AlarmActions": [{"Ref": "Wake"}], "AlarmName": "wake"}
    idle = scaling.idle_alarm("live", "AllTraffic", SERVING, []) | {"AlarmActions": [{"Ref": "Sleep"}, {"Ref": "News"}]}
    return {
        "Target": {
            "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
            "DependsOn": ["Endpoint"],
            "Properties": {
                **scaling.scalable("endpoint/live/variant/AllTraffic"),
                **scaling.capacity(SERVING),
                "MaxCapacity": str(SERVING.most_instances),
                "ScheduledActions": [
                    {
                        "ScheduledActionName": "open",
                        "Schedule": "at(2099-01-01T08:00:00)",
                        "ScalableTargetAction": {"MinCapacity": "1"},
                    }
                ],
            },
        },
        "Backlog": {"Type": policy, "Properties": of_target | scaling.backlog_policy("live", SERVING)},
        "Wake": {"Type": policy, "Properties": of_target | scaling.wake_policy()},
        "Sleep": {"Type": policy, "Properties": of_target | scaling.sleep_policy(SERVING)},
        "WakeAlarm": {"Type": alarm, "Properties": wake},
        "IdleAlarm": {"Type": alarm, "Properties": idle | {"AlarmName": "idle"}},
    }


def deploy(cloud: LocalCloud, folder: Path) -> None:
    """Deploy the stack `Toy`: first its bucket with the model's data, then the endpoint."""
    cloud.deploy(local_toy.write_assembly(folder / "first", {"Toy": local_toy.base_template()}))
    cloud.client("s3").put_object(Bucket=cloud.outputs("Toy")["Bucket"], Key="base/unet/weights.bin", Body=b"weights")
    cloud.deploy(local_toy.write_assembly(folder / "out", {"Toy": template()}))


def invoke(cloud: LocalCloud, request: Record, **options: Any) -> Record:
    """Queue a request at `live`; its answer's locations and inference id."""
    answer: Record = cloud.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName="live", Body=json.dumps(request).encode(), ContentType="application/json", **options
    )
    return answer


def find(cloud: LocalCloud, uri: str) -> bytes | None:
    """An object, or None while it is not there."""
    s3 = cloud.client("s3")
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    return body


def answer(cloud: LocalCloud, queued: Record) -> Record:
    """The output of a queued request, once it is there."""
    found: Record = json.loads(until(lambda: find(cloud, queued["OutputLocation"]), cloud))
    return found


def notification(cloud: LocalCloud, inference_id: str) -> Record:
    """The message SNS delivered about a request."""
    sqs, queue = cloud.client("sqs"), cloud.outputs("Toy")["Queue"]

    def look() -> Record | None:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0).get(
            "Messages", []
        ):
            body: Record = json.loads(message["Body"])
            if body["inferenceId"] == inference_id:
                return body
        return None

    found: Record = until(look, cloud)
    return found


def described(cloud: LocalCloud, name: str = "live") -> Record:
    """DescribeEndpoint."""
    found: Record = cloud.client("sagemaker").describe_endpoint(EndpointName=name)
    return found


def ends(cloud: LocalCloud, queued: list[Record]) -> list[bytes]:
    """The outputs or failures of queued requests, once they are all there."""
    return [
        until(lambda item=item: find(cloud, item["OutputLocation"]) or find(cloud, item["FailureLocation"]), cloud)  # type: ignore[misc]
        for item in queued
    ]


def server(cloud: LocalCloud, name: str = "live") -> Record:
    """The one server of an endpoint."""
    (found,) = [shown for shown in cloud.servers() if shown["endpoint"] == name]
    return found


def resize(cloud: LocalCloud, count: int) -> None:
    """Give the variant `count` instances and wait for it."""
    change = {"VariantName": "AllTraffic", "DesiredInstanceCount": count}
    cloud.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName="live", DesiredWeightsAndCapacities=[change]
    )
    until(lambda: described(cloud)["EndpointStatus"] == "InService", cloud)
