"""The gate and state machines: a definition with one defect is named, with its state."""

from pathlib import Path
from typing import Any

import pytest

from infra.gate.door import findings
from tests.infra.conftest import Synthesized
from tests.infra.mutants import Change, asked, changed, changed_machine, drop, put, state

TOKEN = ("Arguments", "Payload", "token")
DEFECTS: list[tuple[Change, str, str]] = [
    # shape
    (put("StartAt", value="Nowhere"), "machine shape", "StartAt names Nowhere"),
    (drop("TimeoutSeconds"), "machine shape", "it has no TimeoutSeconds"),
    (put("QueryLanguage", value="JSONPath"), "machine shape", "QueryLanguage is JSONPath"),
    (state("Approval", drop("Default")), "machine shape", "state Approval: the choice has no Default"),
    (state("Gate", put("Next", value="GatePased")), "machine shape", "goes on to GatePased, which is no state"),
    (
        state("MissesGate", put("Choices", 0, "Next", value="GatePassed")),
        "machine shape",
        "state Reject: no way leads to it",
    ),
    (state("Gate", drop("Catch")), "machine shape", "state Gate: no Catch takes States.ALL"),
    (state("Gate", put("Catch", 0, "Next", value="Succeed")), "machine shape", "does not lead to RecordFailure"),
    (state("Gate", put("Catch", 0, "Next", value="Register")), "machine shape", "does not lead to RecordFailure"),
    (state("Gate", put("Catch", 0, "Assign", value={})), "machine shape", "does not assign $failure"),
    # times
    (state("Gate", drop("TimeoutSeconds")), "machine times", "TimeoutSeconds is None"),
    (state("SmokeTest", put("HeartbeatSeconds", value=9999)), "machine times", "HeartbeatSeconds 9999 is not below"),
    (state("Publish", put("TimeoutSeconds", value=900)), "machine times", "gives up after 900 s, its function"),
    (state("FineTune", put("TimeoutSeconds", value=60)), "machine times", "gives up after 60 s, its job may run"),
    (state("Segment", drop("Arguments", "StoppingCondition")), "machine times", "no StoppingCondition"),
    (
        state("FineTune", put("Arguments", "StoppingCondition", "MaxWaitTimeInSeconds", value=60)),
        "machine times",
        "MaxWaitTimeInSeconds 60",
    ),
    (state("FineTune", put("Arguments", "EnableManagedSpotTraining", value=False)), "machine times", "is False with"),
    (state("Register", put("Retry", value=[])), "machine times", "it has no Retry"),
    (state("Register", put("Retry", 0, "BackoffRate", value=0.5)), "machine times", "BackoffRate 0.5"),
    (state("AwaitSegment", put("Seconds", value=0)), "machine times", "it waits 0 s"),
    # runs, played through
    (state("DeployChoice", put("Choices", 0, "Next", value="Publish")), "machine runs", "only registered enters it"),
    (
        state("Promote", put("Next", value="Notify")),
        "machine runs",
        "goes from Promote by Notify",
    ),
    (
        state("Notify", put("Output", value="{% {'style': $plan.style} %}")),
        "machine runs",
        "the run's output is ['style']",
    ),
    (
        state("Register", put("Assign", "version", value="{% $states.result.version %}")),
        "machine runs",
        "$states.result.version has no value",
    ),
    (
        state("Segment", put("Catch", 1, "Assign", "failure", "step", value="Gate")),
        "machine failures",
        "step of the record is 'Gate'",
    ),
    (
        state("SmokeTest", put("Catch", 0, "Next", value="RecordFailure")),
        "machine failures",
        "where it fails, the run passes RecordFailure",
    ),
    (state("Start", drop("Choices", 2, "Assign", "artifact")), "machine failures", "$artifact reads artifact"),
    (state("SegmentEnded", put("Default", value="FineTune")), "machine adoption", "a job that failed counts as done"),
    (state("AdoptSegment", put("Arguments", "ProcessingJobName", value="x")), "machine adoption", "it looks at"),
    (
        state("Segment", put("Arguments", "ProcessingJobName", value="{% $plan.jobs.evaluate.name %}")),
        "machine values",
        "state Segment: ProcessingJobName is",
    ),
    (
        state("Register", put("Arguments", "ModelMetrics", value={})),
        "machine values",
        "ModelMetrics.ModelQuality.Statistics.S3Uri is None",
    ),
    (
        state(
            "Search",
            put(
                *("Arguments", "HyperParameterTuningJobConfig", "HyperParameterTuningJobObjective", "MetricName"),
                value="loss",
            ),
        ),
        "machine values",
        "HyperParameterTuningJobObjective.MetricName is",
    ),
    # what jobs are, what is tried again
    (state("Segment", put("Arguments", "Tags", value=[])), "machine places", "its tags are {}, and atelier:stage"),
    (state("RequestApproval", put("HeartbeatSeconds", value=60)), "machine retries", "nothing sends them"),
    (state("DeployEndpoint", drop("Retry", 0)), "machine retries", "raises EndpointBusyError, which passes"),
    (
        state("Segment", put("Arguments", "AppSpecification", "ContainerArguments", value=["paint"])),
        "job contract",
        "the image has no command paint",
    ),
    # tokens
    (state("RequestApproval", drop(*TOKEN)), "machine tokens", "state RequestApproval: it waits for an answer"),
    (state("Gate", put(*TOKEN, value="{% $states.context.Task.Token %}")), "machine tokens", "does not wait"),
    # handlers
    (
        state("Gate", put("Arguments", "FunctionName", value="<Training/HandlersSettleFunctionDD962E6E.Arn>")),
        "machine handlers",
        "state Gate: it calls settle",
    ),
    (state("Gate", drop("Arguments", "Payload", "plan")), "machine handlers", "reads event['plan']"),
    # errors
    (
        state("Register", put("Retry", 0, "ErrorEquals", value=["SageMaker.ThrottlingException"])),
        "machine errors",
        "never fails with",
    ),
    (state("DeployEndpoint", put("Retry", 0, "ErrorEquals", value=["EndpointBusy"])), "machine errors", "EndpointBusy"),
    (state("Gate", put("Retry", 0, "ErrorEquals", value=["States.ALL"])), "machine errors", "it retries every error"),
    (state("Gate", put("Retry", 0, "ErrorEquals", value=["S3.S3Exception"])), "machine errors", "S3.S3Exception"),
    # scaling and metrics of what states send
    (
        state("PutBacklogPolicy", put("Arguments", "ScalableDimension", value="sagemaker:variant:Count")),
        "scaling",
        "its ScalableDimension",
    ),
    (state("RegisterScalableTarget", put("Arguments", "MaxCapacity", value=50)), "scaling", "it has 0 to 50 instances"),
    (state("PutWakeAlarm", put("Arguments", "MetricName", value="Backlog")), "metrics", "no metric Backlog"),
    (
        state("Segment", put("Arguments", "NetworkConfig", "EnableNetworkIsolation", value=False)),
        "hosting",
        "can reach the network",
    ),
    (state("Segment", drop("Arguments", "Tags")), "tagging", "it carries no tags"),
    (state("PutWakeAlarm", drop("Arguments", "Tags")), "tagging", "it carries no tags"),
    # expressions
    (state("Register", put("Assign", "version", value="{% $number( %}")), "machine expressions", "does not compile"),
    (
        state("Promote", put("Arguments", "Payload", "version", value="{% $verion %}")),
        "machine expressions",
        "reads $verion",
    ),
    (state("Gate", put("Arguments", "Payload", "wake", value="{% $wake %}")), "machine expressions", "reads $wake"),
    (
        state("Notify", put("Arguments", "Subject", value="{% $plan.styel %}")),
        "machine expressions",
        "reads $plan.styel",
    ),
    (
        state("Gate", put("Arguments", "Payload", "x", value="{% $states.result.x %}")),
        "machine expressions",
        "$states.result",
    ),
    (state("Gate", put("Arguments", "Payload", "x", value="{% $plan.style")), "machine expressions", "sent as it is"),
    (state("Gate", put("Arguments", "Payload", "x", value="$.plan")), "machine expressions", "is JSONPath"),
    # requests
    (
        state("Register", put("Resource", value="arn:aws:states:::aws-sdk:sagemaker:makeModel")),
        "machine requests",
        "makeModel",
    ),
    (
        state("Gate", put("Resource", value="arn:aws:states:::lambda:invoke.sync")),
        "machine requests",
        "nothing is called",
    ),
    (state("Register", put("Arguments", "Tagz", value=[])), "machine requests", "got Tagz"),
    (
        state("AutoApprove", put("Arguments", "ModelApprovalStatus", value="Aproved")),
        "machine requests",
        "got 'Aproved'",
    ),
    (state("Segment", drop("Arguments", "RoleArn")), "machine requests", "RoleArn is missing"),
    (
        state("Segment", put("Arguments", "RoleArn", value="<Training/NewsE995708C>")),
        "machine requests",
        "RoleArn: got 'arn:",
    ),
    (
        state("FineTune", put("Arguments", "ResourceConfig", "VolumeSizeInGB", value="100")),
        "machine requests",
        "VolumeSizeInGB: got '100'",
    ),
    (
        state("FineTune", put("Arguments", "ResourceConfig", "InstanceType", value="ml.g5.huge")),
        "machine requests",
        "InstanceType: got 'ml.g5.huge'",
    ),
    (
        state("PutWakeAlarm", put("Arguments", "ComparisonOperator", value="GreaterOrEqual")),
        "machine requests",
        "ComparisonOperator: got 'GreaterOrEqual'",
    ),
]


def test_the_templates_of_every_stage_pass(stage: Synthesized, root: Path) -> None:
    assert [str(finding) for finding in findings(stage.assembly, root)] == []


@pytest.mark.parametrize(("defect", "check", "wrong"), DEFECTS)
def test_a_defect_is_named_with_its_state(dev: Synthesized, root: Path, defect: Change, check: str, wrong: str) -> None:
    found = asked(check, changed_machine(dev.assembly, defect), root)
    assert any(wrong in each.wrong for each in found), found
    assert all(
        "Training/WorkflowMachine" in each.place and "(Training/Workflow/Machine)" in each.place for each in found
    )


def test_a_definition_that_is_no_json_is_named(dev: Synthesized, root: Path) -> None:
    def cut(body: dict[str, Any]) -> None:
        body["Properties"]["DefinitionString"] = "{"

    found = asked("machine shape", changed(dev.assembly, "AWS::StepFunctions::StateMachine", cut), root)
    assert "its definition is no JSON object with States" in {each.wrong for each in found}
