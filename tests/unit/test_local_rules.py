"""What services refuse beyond their models: of resources in templates, and of SageMaker's requests."""

import copy
from typing import Any

import pytest

from local.errors import ServiceError
from local.resource_rules import problems
from local.sagemaker.rules import check

Record = dict[str, Any]
METRIC = {"MetricStat": {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 60, "Stat": "Sum"}}
MATH = {
    "EvaluationPeriods": 2,
    "Metrics": [{"Id": "e", "Expression": "FILL(m, 0)"}, {"Id": "m", "ReturnData": False, **METRIC}],
}
WATCHED = {"MetricName": "M", "Period": 60, "EvaluationPeriods": 3}
TARGET = {"Id": "t", "InputTransformer": {"InputPathsMap": {"a": "$.detail"}, "InputTemplate": '{"x": <a>}'}}


@pytest.mark.parametrize(
    ("kind", "props"),
    [
        ("Lambda::Function", {"Environment": {"Variables": {"TABLE_NAME": "t"}}, "Timeout": "900"}),
        ("CloudWatch::Alarm", WATCHED),
        ("CloudWatch::Alarm", MATH),
        ("Events::Rule", {"ScheduleExpression": "rate(1 day)", "Targets": [TARGET]}),
        ("Events::Rule", {"ScheduleExpression": "rate(15 minutes)"}),
        ("IAM::Policy", {"PolicyDocument": {"Statement": ["x" * 9_000]}}),
        ("SQS::Queue", {}),
    ],
)
def test_what_aws_takes_has_no_problem(kind: str, props: Record) -> None:
    assert problems(f"AWS::{kind}", props) == []


@pytest.mark.parametrize(
    ("kind", "props", "says"),
    [
        ("Lambda::Function", {"Environment": {"Variables": {"HOSTING": "x" * 4_096}}}, "exceeded the 4KB limit: 4103"),
        ("Lambda::Function", {"Environment": {"Variables": {"AWS_REGION": "x"}}}, "AWS_REGION is reserved"),
        ("Lambda::Function", {"Environment": {"Variables": {"1X": "x"}}}, "1X is reserved, or not"),
        ("Lambda::Function", {"Timeout": 901}, "at most 900"),
        ("IAM::Role", {"Policies": [{"PolicyDocument": ["x" * 6_000]}] * 2}, "policy size of 10240"),
        ("CloudWatch::Alarm", WATCHED | {"Period": 45}, "the period is 45 s"),
        ("CloudWatch::Alarm", WATCHED | {"Period": 300, "EvaluationPeriods": 289}, "more than the 86400 s"),
        ("CloudWatch::Alarm", WATCHED | {"Period": 3600, "EvaluationPeriods": 169}, "more than the 604800 s"),
        ("CloudWatch::Alarm", WATCHED | {"DatapointsToAlarm": 4}, "DatapointsToAlarm is 4, and EvaluationPeriods 3"),
        ("CloudWatch::Alarm", WATCHED | MATH, "and not both"),
        ("CloudWatch::Alarm", MATH | {"Metrics": [{"Id": "m", **METRIC}, {"Id": "n", **METRIC}]}, "got ['m', 'n']"),
        ("CloudWatch::Alarm", {"Metrics": [{"Id": "e", "Expression": "MAX(m)"}]}, "names ['m']"),
        ("Events::Rule", {"ScheduleExpression": "rate(1 minutes)"}, "rate(1 minutes)"),
        ("Events::Rule", {"Targets": [{"Id": "t"}] * 6}, "at most 5 targets"),
        ("Events::Rule", {"Targets": [{"InputTransformer": {"InputTemplate": "<b>"}}]}, "names ['b']"),
    ],
)
def test_what_a_service_refuses_in_a_template_is_said(kind: str, props: Record, says: str) -> None:
    (problem,) = problems(f"AWS::{kind}", props)
    assert says in problem


TRAINING: Record = {
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "VolumeKmsKeyId": "k", "KeepAlivePeriodInSeconds": 60},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    "InputDataConfig": [{"ChannelName": "a"}, {"ChannelName": "b"}],
    "Tags": [{"Key": "a", "Value": "b"}],
}
PROCESSING: Record = {
    "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.xlarge", "VolumeKmsKeyId": "k"}},
    "ProcessingInputs": [{"InputName": "i", "S3Input": {"LocalPath": "/opt/ml/processing/input/i"}}],
    "ProcessingOutputConfig": {
        "Outputs": [{"OutputName": "o", "S3Output": {"LocalPath": "/opt/ml/processing/output/o"}}]
    },
}
CONFIG: Record = {"KmsKeyId": "k", "ProductionVariants": [{"VariantName": "v", "InstanceType": "ml.m5.xlarge"}]}

TUNING: Record = {
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "score"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2},
        "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0.1", "MaxValue": "1"}]},
    },
    "TrainingJobDefinition": {
        "StaticHyperParameters": {"style": "skirt"},
        "AlgorithmSpecification": {"MetricDefinitions": [{"Name": "score", "Regex": "x"}]},
    },
}
_RANGE = "HyperParameterTuningJobConfig.ParameterRanges.ContinuousParameterRanges.0"


def changed(request: Record, path: str, value: Any) -> Record:
    """The request with another value at ``A.0.B``."""
    copied = copy.deepcopy(request)
    at: Any = copied
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in way:
        at = at[part]
    at[last] = value
    return copied


@pytest.mark.parametrize(
    ("action", "request_", "path", "value", "says"),
    [
        ("CreateTrainingJob", TRAINING, "ResourceConfig.InstanceType", "ml.g5.xlarge", "local storage: ml.g5.xlarge"),
        ("CreateTrainingJob", TRAINING, "StoppingCondition.MaxRuntimeInSeconds", 28 * 86_400 + 1, "28 days"),
        ("CreateTrainingJob", TRAINING, "EnableManagedSpotTraining", True, "managed spot training"),
        ("CreateTrainingJob", TRAINING, "InputDataConfig.1.ChannelName", "a", "ChannelName: a is there twice"),
        ("CreateTrainingJob", TRAINING, "Tags.0.Key", "aws:a", "aws: prefixed"),
        (
            "CreateProcessingJob",
            PROCESSING,
            "ProcessingResources.ClusterConfig.InstanceType",
            "ml.g4dn.xlarge",
            "local storage",
        ),
        (
            "CreateProcessingJob",
            PROCESSING,
            "ProcessingInputs.0.S3Input.LocalPath",
            "/tmp/i",
            "begin with /opt/ml/processing/",
        ),
        ("CreateEndpointConfig", CONFIG, "ProductionVariants.0.InstanceType", "ml.g6e.xlarge", "KmsKeyId: you can't"),
        (
            "CreateHyperParameterTuningJob",
            TUNING,
            "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.MetricName",
            "loss",
            "A metric is required",
        ),
        ("CreateHyperParameterTuningJob", TUNING, f"{_RANGE}.Name", "style", "style is there twice"),
        ("CreateHyperParameterTuningJob", TUNING, "HyperParameterTuningJobConfig.Strategy", "Grid", "only categorical"),
        ("CreateHyperParameterTuningJob", TUNING, "TrainingJobDefinition", None, "allows one definition"),
        (
            "CreateHyperParameterTuningJob",
            TUNING,
            _RANGE,
            {"Name": "rate", "MinValue": "0", "MaxValue": "1", "ScalingType": "Logarithmic"},
            "above 0",
        ),
        ("CreateEndpointConfig", CONFIG, "ProductionVariants", CONFIG["ProductionVariants"] * 2, "v is there twice"),
    ],
)
def test_what_sagemaker_refuses_beyond_its_model(
    action: str, request_: Record, path: str, value: Any, says: str
) -> None:
    check(action, request_)
    with pytest.raises(ServiceError, match=says):
        check(action, changed(request_, path, value))
