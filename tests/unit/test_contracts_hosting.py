"""The requests that make an endpoint, checked against SageMaker's own model."""

import json
from typing import Any

import botocore.loaders
import botocore.model
import botocore.validate
import pytest

from contracts.hosting import Hosting
from contracts.vpc import VpcConfig

HOSTING = Hosting(
    image_uri="123456789012.dkr.ecr.us-east-1.amazonaws.com/serve:1",
    base_uri="s3://model/base/tiny@v1/",
    role_arn="arn:aws:iam::123456789012:role/endpoint",
    key_arn="arn:aws:kms:us-east-1:123456789012:key/1",
    instance_type="ml.m5.xlarge",
    startup_seconds=600,
    concurrency=4,
    media_bucket="media",
    success_topic_arn="arn:aws:sns:us-east-1:123456789012:success",
    error_topic_arn="arn:aws:sns:us-east-1:123456789012:error",
    environment={"ATELIER_STYLES_URI": "s3://model/styles/"},
    tags={"atelier:stage": "test"},
    network=VpcConfig(subnets=["subnet-1", "subnet-2"], security_groups=["sg-1"]),
)


@pytest.mark.parametrize(
    ("instance", "key", "ami"),
    [
        ("ml.m5.xlarge", True, False),
        ("ml.g5.xlarge", False, True),
        ("ml.p5e.48xlarge", False, True),
        ("ml.m5d.xlarge", False, False),
    ],
)
def test_a_volume_key_and_an_ami_are_asked_for_only_where_sagemaker_takes_them(
    instance: str, key: bool, ami: bool
) -> None:
    config = HOSTING.model_copy(update={"instance_type": instance}).endpoint_config("model")
    (variant,) = config["ProductionVariants"]
    assert config.get("KmsKeyId") == (HOSTING.key_arn if key else None)
    assert variant.get("InferenceAmiVersion") == ("al2023-ami-sagemaker-inference-gpu-4-1" if ami else None)
    # Local disks have the size they have, and a size was never asked for elsewhere.
    assert "VolumeSizeInGB" not in variant


def test_answers_are_encrypted_and_told_to_both_topics() -> None:
    asynchronous = HOSTING.endpoint_config("model")["AsyncInferenceConfig"]
    assert asynchronous == {
        "OutputConfig": {
            "S3OutputPath": "s3://media/responses/",
            "S3FailurePath": "s3://media/failures/",
            "KmsKeyId": HOSTING.key_arn,
            "NotificationConfig": {
                "SuccessTopic": HOSTING.success_topic_arn,
                "ErrorTopic": HOSTING.error_topic_arn,
            },
        },
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
    }


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("CreateModel", {"ModelName": "m", **HOSTING.model("s3://model/base/tiny@v1/")}),
        ("CreateEndpointConfig", {"EndpointConfigName": "c", **HOSTING.endpoint_config("m")}),
    ],
)
def test_a_request_is_one_that_sagemaker_knows(operation: str, request_: dict[str, Any]) -> None:
    loaded = botocore.loaders.Loader().load_service_model("sagemaker", "service-2")
    shape = botocore.model.ServiceModel(loaded).operation_model(operation).input_shape
    assert shape is not None
    report = botocore.validate.ParamValidator().validate(request_, shape)
    assert not report.has_errors(), report.generate_report()


def test_it_crosses_to_a_lambda_as_text() -> None:
    assert Hosting.from_text(json.dumps(HOSTING.to_json())) == HOSTING
