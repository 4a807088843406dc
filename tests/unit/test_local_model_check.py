"""Requests are checked against the service's own model."""

from typing import Any

import pytest

from local.errors import ServiceError
from local.sagemaker.model_check import ApiModel

Record = dict[str, Any]
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/skirts/1"


@pytest.fixture(scope="module")
def sagemaker() -> ApiModel:
    """SageMaker's model."""
    return ApiModel("sagemaker")


def request(**changes: Any) -> Record:
    """A valid CreateEndpointConfig request."""
    variant = {"VariantName": "a", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    return {"EndpointConfigName": "config", "ProductionVariants": [variant], **changes}


def test_a_valid_request_passes(sagemaker: ApiModel) -> None:
    sagemaker.check("CreateEndpointConfig", request())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"Colour": "red"}, "Unknown parameter in input"),
        ({"ProductionVariants": None}, "Invalid type for parameter ProductionVariants"),
        (
            {"EndpointConfigName": "under_score"},
            "at 'endpointConfigName' failed to satisfy constraint: Member must satisfy",
        ),
        ({"ProductionVariants": []}, "Invalid length for parameter ProductionVariants, value: 0, valid min length: 1"),
        ({"EndpointConfigName": "x" * 64}, "Member must have length less than or equal to 63"),
        (
            {"ProductionVariants": [{"VariantName": "a", "ModelName": "m", "InstanceType": "ml.huge"}]},
            "Value 'ml.huge' at 'productionVariants.1.member.instanceType' failed to satisfy constraint: "
            "Member must satisfy enum value set",
        ),
        (
            {"ProductionVariants": [{"VariantName": "a", "ModelName": "m", "ModelDataDownloadTimeoutInSeconds": 4000}]},
            "Member must have value less than or equal to 3600",
        ),
    ],
)
def test_what_the_service_refuses_is_refused(sagemaker: ApiModel, changes: Record, problem: str) -> None:
    with pytest.raises(ServiceError) as refused:
        sagemaker.check("CreateEndpointConfig", request(**changes))

    assert refused.value.code == "ValidationException"
    assert problem in refused.value.message


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ({"k" * 129: "v"}, "key' failed to satisfy constraint: Member must have length less than or equal to 128"),
        ({"run": "two (again)"}, "Member must satisfy regular expression pattern"),
        ({"a,b": "v"}, "key' failed to satisfy constraint: Member must satisfy regular expression pattern"),
        ({str(n): "v" for n in range(51)}, "at 'customerMetadataProperties' failed to satisfy constraint"),
    ],
)
def test_the_keys_of_a_map_and_their_number_are_checked(sagemaker: ApiModel, properties: Record, problem: str) -> None:
    with pytest.raises(ServiceError) as refused:
        sagemaker.check("UpdateModelPackage", {"ModelPackageArn": PACKAGE, "CustomerMetadataProperties": properties})
    assert problem in refused.value.message


def test_a_missing_member_is_named(sagemaker: ApiModel) -> None:
    with pytest.raises(ServiceError, match='Missing required parameter in input: "EndpointConfigName"'):
        sagemaker.check("CreateEndpointConfig", {"ProductionVariants": []})


def test_an_operation_that_does_not_exist_is_refused(sagemaker: ApiModel) -> None:
    with pytest.raises(ServiceError, match="UnknownOperationException: The operation MakeModel does not exist"):
        sagemaker.check("MakeModel", {})


def test_the_answer_has_only_the_operations_members(sagemaker: ApiModel) -> None:
    record = {"EndpointArn": "arn", "EndpointName": "n", "_private": 1, "FailureReason": None}

    assert sagemaker.answer("DescribeEndpoint", record) == {"EndpointArn": "arn", "EndpointName": "n"}
    assert sagemaker.answer("DeleteEndpoint", record) == {}


def test_templates_may_write_numbers_as_text_but_know_no_other_properties(sagemaker: ApiModel) -> None:
    coerced = sagemaker.coerce(
        "CreateEndpointConfig", {"ProductionVariants": [{"InitialInstanceCount": "2", "InitialVariantWeight": "0.5"}]}
    )

    assert coerced == {"ProductionVariants": [{"InitialInstanceCount": 2, "InitialVariantWeight": 0.5}]}
    with pytest.raises(ServiceError, match=r"Encountered unsupported property ProductionVariants\.Size"):
        sagemaker.coerce("CreateEndpointConfig", {"ProductionVariants": [{"Size": 1}]})
