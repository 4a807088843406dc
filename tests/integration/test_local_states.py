"""Step Functions drives SageMaker with `.sync`, SDK calls and task tokens, under the state machine's own role."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from infra.components.workflow.job_step import EXECUTION, EXECUTION_VARIABLE, JobStep
from infra.components.workflow.step import JobSpec
from local.cloud import LocalCloud
from local.faults import Fault
from tests.integration import local_toy
from tests.integration.local_toy import IMAGE, allow, arn, role, until

Record = dict[str, Any]

FUNCTION = '''
import json, os
import boto3


class GarmentNotFoundError(Exception):
    pass


def handler(event, context):
    """Succeed, fail with a named error, or answer a token."""
    if "fill" in event:
        return "x" * event["fill"]
    if event.get("fail"):
        raise GarmentNotFoundError(event["fail"])
    if "token" in event:
        states = boto3.client("stepfunctions")
        if event.get("refuse"):
            states.send_task_failure(taskToken=event["token"], error="Refused", cause=event["refuse"])
        else:
            states.send_task_success(taskToken=event["token"], output=json.dumps({"approved": True, **event.get("also", {})}))
    return {"got": event, "word": os.environ["WORD"]}
'''

RULES = "arn:aws:events:us-east-1:123456789012:rule/StepFunctionsGetEventsForSageMaker*"


def training_job(bucket: str, job_role: str, hyperparameters: str) -> Record:
    """The `.sync` state that trains."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Arguments": {
            "TrainingJobName": "{% $states.context.Execution.Name %}",
            "RoleArn": job_role,
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "InputDataConfig": [
                {
                    "ChannelName": "dataset",
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/data/"}},
                }
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/models", "CompressionType": "NONE"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "HyperParameters": hyperparameters,
        },
    }


def definition(states: Record, start: str) -> Record:
    """A JSONata state machine."""
    return {"QueryLanguage": "JSONata", "StartAt": start, "States": states}


def template() -> Record:
    """A function, a role for machines, and what jobs need; the tests bring their own definitions."""
    base = local_toy.base_template()
    jobs = ["arn:aws:sagemaker:us-east-1:123456789012:training-job/*"]
    machine = [
        allow("sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob", on=jobs),
        allow("sagemaker:AddTags", on=jobs),
        {
            **allow("iam:PassRole", on=arn("JobRole")),
            "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        },
        allow("events:PutTargets", "events:PutRule", "events:DescribeRule", on=RULES),
        allow("lambda:InvokeFunction", on=arn("Function")),
        allow("sagemaker:CreateModelPackageGroup", "sagemaker:DescribeEndpoint"),
        allow("sagemaker:DescribeEndpointConfig", "sagemaker:UpdateEndpointWeightsAndCapacities"),
        allow("cloudwatch:PutMetricAlarm", on="arn:aws:cloudwatch:us-east-1:123456789012:alarm:wake*"),
        allow("cloudwatch:TagResource", on="arn:aws:cloudwatch:us-east-1:123456789012:alarm:wake*"),
        {
            **allow(
                "application-autoscaling:RegisterScalableTarget",
                on="arn:aws:application-autoscaling:us-east-1:123456789012:scalable-target/*",
            ),
            "Condition": {"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}},
        },
        allow("s3:PutObject", on=local_toy.below("Bucket")),
    ]
    base["Resources"] |= {
        "FunctionRole": role(
            "lambda.amazonaws.com",
            [
                allow(
                    "states:SendTaskSuccess",
                    "states:SendTaskFailure",
                    on="arn:aws:states:us-east-1:123456789012:stateMachine:token-*",
                )
            ],
        ),
        "Function": local_toy.lambda_function("function", "app.handler", "FunctionRole", WORD="ready"),
        "MachineRole": role("states.amazonaws.com", machine),
        "Ends": {"Type": "AWS::SQS::Queue"},
        "EndsPolicy": local_toy.queue_policy("Ends", "events.amazonaws.com"),
        "Stopped": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {
                    "source": ["aws.states"],
                    "detail-type": ["Step Functions Execution Status Change"],
                    "detail": {"status": ["ABORTED"], "name": ["stops"]},
                },
                "Targets": [{"Id": "queue", "Arn": arn("Ends")}],
            },
        },
    }
    base["Outputs"] |= {
        "Ends": {"Value": {"Ref": "Ends"}},
        "Function": {"Value": arn("Function")},
        "MachineRole": {"Value": arn("MachineRole")},
    }
    return base


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud with the template above."""
    folder = tmp_path_factory.mktemp("states")
    code = folder / "code"
    code.mkdir()
    (code / "app.py").write_text(FUNCTION, encoding="utf-8")
    with LocalCloud(folder / "run") as started:
        started.deploy(local_toy.write_assembly(folder / "out", {"Toy": template()}, lambdas={"function": code}))
        started.client("s3").put_object(Bucket=started.outputs("Toy")["Bucket"], Key="data/a.txt", Body=b"a")
        yield started


def start(cloud: LocalCloud, name: str, states: Record, given: Record | None = None) -> str:
    """Create a machine and start its execution `name`; the execution's ARN. The first state is the first of `states`."""
    client = cloud.client("stepfunctions")
    machine = client.create_state_machine(
        name=name,
        definition=json.dumps(definition(states, next(iter(states)))),
        roleArn=cloud.outputs("Toy")["MachineRole"],
    )
    execution: str = client.start_execution(
        stateMachineArn=machine["stateMachineArn"], name=name, input=json.dumps(given or {})
    )["executionArn"]
    return execution


def ended(cloud: LocalCloud, execution: str) -> Record:
    """The description of an execution, once it has ended."""
    client = cloud.client("stepfunctions")

    def done() -> Record | None:
        found: Record = client.describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    found: Record = until(done, cloud)
    return found


def run(cloud: LocalCloud, name: str, states: Record, given: Record | None = None) -> Record:
    """Run a machine to its end."""
    return ended(cloud, start(cloud, name, states, given))


def trains(cloud: LocalCloud, **state: Any) -> Record:
    """The training state for this cloud."""
    outputs = cloud.outputs("Toy")
    job = training_job(outputs["Bucket"], outputs["JobRole"], "{% $states.input.parameters %}")
    return {**job, "End": True, **state}


def test_sync_waits_for_the_job_and_gives_its_description(cloud: LocalCloud) -> None:
    state = trains(cloud, Output="{% {'artifact': $states.result.ModelArtifacts.S3ModelArtifacts} %}")

    found = run(cloud, "waits", {"Train": state}, {"parameters": {"a": "1"}})

    assert found["status"] == "SUCCEEDED", found
    bucket = cloud.outputs("Toy")["Bucket"]
    assert json.loads(found["output"]) == {"artifact": f"s3://{bucket}/models/waits/output/model"}


def test_a_failed_job_is_caught_with_its_reason(cloud: LocalCloud) -> None:
    caught = {"ErrorEquals": ["States.TaskFailed"], "Output": "{% $states.errorOutput %}", "Next": "Told"}
    states = {"Train": trains(cloud, Catch=[caught]), "Told": {"Type": "Pass", "End": True}}

    found = run(cloud, "catches", states, {"parameters": {"fail": "BadDatasetError: pictures: got 2; allowed: 4"}})

    output = json.loads(found["output"])
    reason = json.loads(output["Cause"])["FailureReason"]
    assert output["Error"] == "States.TaskFailed"
    assert reason == "AlgorithmError: BadDatasetError: pictures: got 2; allowed: 4, exit code: 1"


def test_a_job_name_that_is_taken_has_its_own_error(cloud: LocalCloud) -> None:
    run(cloud, "taken", {"Train": trains(cloud)}, {"parameters": {}})
    again = trains(cloud)
    again["Arguments"] = {**again["Arguments"], "TrainingJobName": "taken"}

    found = run(cloud, "taken-again", {"Train": again}, {"parameters": {}})

    assert found["error"] == "SageMaker.ResourceInUseException"


def adopting(cloud: LocalCloud) -> Record:
    """The states of a job as our machines have them, with a wait of a second."""
    job = trains(cloud)["Arguments"]
    step = JobStep(
        name="Train",
        does="Train",
        resource="sagemaker:createTrainingJob.sync",
        arguments={
            **job,
            "HyperParameters": "{% $states.context.Execution.Input.parameters %}",
            "Environment": {EXECUTION_VARIABLE: f"{{% {EXECUTION} %}}"},
        },
        assign={"artifact": "{% $states.result.ModelArtifacts.S3ModelArtifacts %}"},
        retries=[{"ErrorEquals": ["SageMaker.SdkClientException"], "IntervalSeconds": 1, "MaxAttempts": 2}],
        allows=[],
        seconds=100,
        job=JobSpec(key="train", kind="training", instance="ml.m5.large", volume_gib=1, seconds=60),
        knows_plan=False,
    )
    states = json.loads(re.sub(r"\$\{Token\[[^]]*\]\}", "aws", json.dumps(step.states("Done"))))
    failed = {"Type": "Fail", "Error": "{% $failure.error %}", "Cause": "{% $failure.cause %}"}
    return {**states, "Done": {"Type": "Pass", "Output": "{% $artifact %}", "End": True}, "RecordFailure": failed}


def test_a_job_whose_answer_was_lost_is_waited_for_and_not_made_again(cloud: LocalCloud) -> None:
    sagemaker = cloud.client("sagemaker")
    cloud.faults.switch_on(Fault.LOST_ANSWER, "CreateTrainingJob")
    execution = start(cloud, "lost", adopting(cloud), {"parameters": {"loop": "1"}})
    until(lambda: "AwaitTrain" in entered(cloud, execution), cloud)
    assert status(sagemaker, "lost") == "InProgress"
    (process,) = (each for each in psutil.process_iter() if "/training/lost/" in environment_of(each))
    process.terminate()
    found = ended(cloud, execution)
    assert (found["status"], status(sagemaker, "lost")) == ("SUCCEEDED", "Completed"), found
    assert json.loads(found["output"]) == f"s3://{cloud.outputs('Toy')['Bucket']}/models/lost/output/model"


def test_a_job_whose_answer_was_lost_fails_the_run_with_its_own_reason(cloud: LocalCloud) -> None:
    cloud.faults.switch_on(Fault.LOST_ANSWER, "CreateTrainingJob")
    parameters = {"fail": "BadDatasetError: pictures: got 2; allowed: 4"}
    found = run(cloud, "lost-and-failed", adopting(cloud), {"parameters": parameters})
    assert found["error"] == "States.TaskFailed"
    assert "BadDatasetError: pictures: got 2" in json.loads(found["cause"])["FailureReason"]


def test_a_job_that_another_execution_made_is_not_taken_over(cloud: LocalCloud) -> None:
    run(cloud, "own", adopting(cloud), {"parameters": {}})
    states = adopting(cloud)
    states["Train"]["Arguments"]["TrainingJobName"] = states["AdoptTrain"]["Arguments"]["TrainingJobName"] = "own"
    found = run(cloud, "another", states, {"parameters": {}})
    assert found["error"] == "SageMaker.ResourceInUseException"


def test_a_redriven_execution_keeps_the_job_that_has_completed(cloud: LocalCloud) -> None:
    """Its first state was left while the job went on, which SageMaker alone knew."""
    client = cloud.client("stepfunctions")
    states = adopting(cloud)
    states["Train"]["Retry"] = [{**states["Train"]["Retry"][0], "IntervalSeconds": 30}]
    cloud.faults.switch_on(Fault.LOST_ANSWER, "CreateTrainingJob")
    execution = start(cloud, "redriven-job", states, {"parameters": {}})
    until(lambda: status(cloud.client("sagemaker"), "redriven-job") == "Completed", cloud)
    client.stop_execution(executionArn=execution)
    client.redrive_execution(executionArn=execution)
    assert ended(cloud, execution)["status"] == "SUCCEEDED"
    assert "AdoptTrain" in entered(cloud, execution)


def entered(cloud: LocalCloud, execution: str) -> list[str]:
    """The states that an execution has entered."""
    events = cloud.client("stepfunctions").get_execution_history(executionArn=execution)["events"]
    return [each["stateEnteredEventDetails"]["name"] for each in events if "stateEnteredEventDetails" in each]


def environment_of(process: psutil.Process) -> str:
    """Where a container's process has its files; empty where it is none."""
    try:
        return str(process.environ().get("ATELIER_ML_ROOT", ""))
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return ""


def test_a_stopped_execution_stops_its_job_and_is_announced(cloud: LocalCloud) -> None:
    sagemaker, sqs = cloud.client("sagemaker"), cloud.client("sqs")
    execution = start(cloud, "stops", {"Train": trains(cloud)}, {"parameters": {"loop": "1"}})
    until(lambda: status(sagemaker, "stops") == "InProgress", cloud)

    cloud.client("stepfunctions").stop_execution(executionArn=execution)

    until(lambda: status(sagemaker, "stops") == "Stopped", cloud)
    queue = cloud.outputs("Toy")["Ends"]
    (message,) = until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"), cloud)
    event = json.loads(message["Body"])
    assert (event["source"], event["detail"]["executionArn"]) == ("aws.states", execution)


def test_a_timed_out_task_stops_its_job(cloud: LocalCloud) -> None:
    found = run(cloud, "times-out", {"Train": trains(cloud, TimeoutSeconds=1)}, {"parameters": {"loop": "1"}})

    assert found["error"] == "States.Timeout"
    until(lambda: status(cloud.client("sagemaker"), "times-out") == "Stopped", cloud)


def status(sagemaker: Any, name: str) -> str | None:
    """A training job's status; None before it exists."""
    jobs = sagemaker.list_training_jobs(NameContains=name)["TrainingJobSummaries"]
    return next((job["TrainingJobStatus"] for job in jobs if job["TrainingJobName"] == name), None)


def call(cloud: LocalCloud, payload: Record, *, pattern: str = "", **state: Any) -> Record:
    """The state that invokes the function."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::lambda:invoke{pattern}",
        "Arguments": {"FunctionName": cloud.outputs("Toy")["Function"], "Payload": payload},
        "End": True,
        **state,
    }


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({"fill": 7 * 1024 * 1024}, "Function.ResponseSizeTooLarge"),
        ({"fill": 300_000}, "States.DataLimitExceeded"),
        ({"words": "{% $pad('', 300000, 'x') %}"}, "States.DataLimitExceeded"),
    ],
)
def test_what_is_too_large_for_a_function_or_a_state_fails(cloud: LocalCloud, payload: Record, error: str) -> None:
    found = run(cloud, f"large-{'-'.join(payload)}-{error[-20:].replace('.', '-')}", {"Call": call(cloud, payload)})
    assert found["error"] == error, found


def test_a_functions_exception_is_caught_by_its_class_name(cloud: LocalCloud) -> None:
    caught = {"ErrorEquals": ["GarmentNotFoundError"], "Output": "{% $states.errorOutput %}", "Next": "Told"}
    states = {"Call": call(cloud, {"fail": "no skirt"}, Catch=[caught]), "Told": {"Type": "Pass", "End": True}}

    output = json.loads(run(cloud, "named", states)["output"])

    assert output["Error"] == "GarmentNotFoundError"
    assert json.loads(output["Cause"])["errorMessage"] == "no skirt"


def test_a_function_that_is_throttled_fails_by_the_name_that_machines_retry(cloud: LocalCloud) -> None:
    functions, name = cloud.client("lambda"), cloud.outputs("Toy")["Function"]
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    found = run(cloud, "throttled", {"Call": call(cloud, {})})
    functions.delete_function_concurrency(FunctionName=name)
    assert found["error"] == "Lambda.TooManyRequestsException", found


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({}, ("SUCCEEDED", {"approved": True}, None)),
        ({"refuse": "not good"}, ("FAILED", None, "Refused")),
        ({"fail": "broken"}, ("FAILED", None, "GarmentNotFoundError")),
    ],
)
def test_a_task_token_is_answered_by_the_function(
    cloud: LocalCloud, payload: Record, expected: tuple[str, Record | None, str | None]
) -> None:
    state = call(cloud, {**payload, "token": "{% $states.context.Task.Token %}"}, pattern=".waitForTaskToken")

    found = run(cloud, f"token-{len(str(payload))}", {"Ask": state})

    output = json.loads(found["output"]) if found["status"] == "SUCCEEDED" else None
    assert (found["status"], output, found.get("error")) == expected


def test_who_answers_too_late_is_told_that_nobody_waits(cloud: LocalCloud) -> None:
    token = {"token": "{% $states.context.Task.Token %}"}
    event = run(cloud, "token-late", {"Ask": call(cloud, {**token, "also": token}, pattern=".waitForTaskToken")})[
        "output"
    ]
    late = cloud.client("lambda").invoke(FunctionName=cloud.outputs("Toy")["Function"], Payload=event.encode())
    assert json.loads(late["Payload"].read())["errorType"] in ("TaskDoesNotExist", "TaskTimedOut")


def sdk(resource: str, arguments: Record, **state: Any) -> Record:
    """An SDK task."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:{resource}",
        "Arguments": arguments,
        "End": True,
        **state,
    }


TAGS = [{"Key": "atelier:stage", "Value": "local"}]


def test_sdk_tasks_reach_the_added_services_with_the_sdks_error_names(cloud: LocalCloud) -> None:
    group = {"ModelPackageGroupName": "styles"}
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/none/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "MinCapacity": 0,
        "MaxCapacity": 1,
    }
    alarm = {
        "AlarmName": "wake", "MetricName": "HasBacklogWithoutCapacity", "Namespace": "AWS/SageMaker", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Statistic": "Average", "Dimensions": [{"Name": "EndpointName", "Value": "live"}], "Tags": TAGS,
    }  # fmt: skip
    bucket = cloud.outputs("Toy")["Bucket"]

    made = run(cloud, "group", {"Make": sdk("sagemaker:createModelPackageGroup", group)})
    again = run(cloud, "group-again", {"Make": sdk("sagemaker:createModelPackageGroup", group)})
    missing = run(cloud, "target", {"Register": sdk("applicationautoscaling:registerScalableTarget", target)})
    woken = run(cloud, "alarm", {"Alarm": sdk("cloudwatch:putMetricAlarm", alarm)})
    with without(cloud, "cloudwatch:TagResource"):
        untagged = run(cloud, "alarm-untagged", {"Alarm": sdk("cloudwatch:putMetricAlarm", alarm)})
    put = run(
        cloud, "put", {"Put": sdk("s3:putObject", {"Bucket": bucket, "Key": "latest.json", "Body": {"version": 1}})}
    )

    assert made["status"] == "SUCCEEDED", made
    assert again["error"] == "SageMaker.SageMakerException"
    assert "already exists" in again["cause"]
    assert missing["error"] == "ApplicationAutoScaling.ValidationException"
    assert woken["status"] == "SUCCEEDED", woken
    (made_alarm,) = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert made_alarm["AlarmName"] == "wake"
    assert cloud.client("cloudwatch").list_tags_for_resource(ResourceARN=made_alarm["AlarmArn"])["Tags"] == TAGS
    assert untagged["error"] == "CloudWatch.CloudWatchException"
    assert "cloudwatch:TagResource on resource" in untagged["cause"]
    assert put["status"] == "SUCCEEDED", put
    assert json.loads(cloud.client("s3").get_object(Bucket=bucket, Key="latest.json")["Body"].read()) == {"version": 1}


def test_the_history_says_what_each_state_assigned(cloud: LocalCloud) -> None:
    """Prepare reads how far an execution came that was stopped from there."""
    taken = {"Condition": "{% $a = 1 %}", "Assign": {"way": "{% ['b', $a] %}"}, "Next": "Wrong"}
    caught = {"ErrorEquals": ["States.ALL"], "Assign": {"failure": "{% $states.errorOutput.Error %}"}, "Next": "End"}
    wrong = sdk("sagemaker:describeEndpoint", {"EndpointName": "none"}, Catch=[caught])
    states = {
        "First": {"Type": "Pass", "Assign": {"a": 1}, "Next": "Way"},
        "Way": {"Type": "Choice", "Choices": [taken], "Default": "End"},
        "Wrong": wrong,
        "End": {"Type": "Succeed"},
    }
    arn = run(cloud, "assigned", states)["executionArn"]
    events = cloud.client("stepfunctions").get_execution_history(executionArn=arn)["events"]
    exited = [event["stateExitedEventDetails"] for event in events if "stateExitedEventDetails" in event]
    assert [(each["name"], each.get("assignedVariables")) for each in exited] == [
        ("First", {"a": "1"}),
        ("Way", {"way": '["b", 1]'}),
        ("Wrong", {"failure": '"SageMaker.SageMakerException"'}),
        ("End", None),
    ]


NOT_JSON = [
    "{style: x}",
    '{"style": "x",}',
    "",
    "{",
    "NaN",
    "{'style': 'x'}",
    "\ufeff{}",
    "[" * 100_000,
    f'"{"x" * 262_143}"',
]


@pytest.fixture(scope="module")
def idle(cloud: LocalCloud) -> str:
    """A machine that does nothing."""
    states = definition({"Done": {"Type": "Succeed"}}, "Done")
    made: Record = cloud.client("stepfunctions").create_state_machine(
        name="idle", definition=json.dumps(states), roleArn=cloud.outputs("Toy")["MachineRole"]
    )
    return str(made["stateMachineArn"])


@pytest.mark.parametrize("text", NOT_JSON, ids=lambda text: text[:12])
def test_an_input_that_is_not_json_starts_nothing(cloud: LocalCloud, idle: str, text: str) -> None:
    client = cloud.client("stepfunctions")
    with pytest.raises(client.exceptions.InvalidExecutionInput, match="Invalid State Machine Execution Input"):
        client.start_execution(stateMachineArn=idle, name="bad", input=text)
    with pytest.raises(client.exceptions.ExecutionDoesNotExist):
        client.describe_execution(executionArn=f"{idle.replace('stateMachine', 'execution')}:bad")


@pytest.mark.parametrize("name", ["a b", "what?", "a/b", 'a"b', "line\n"])
def test_a_name_that_no_execution_may_have_is_refused(cloud: LocalCloud, idle: str, name: str) -> None:
    client = cloud.client("stepfunctions")
    with pytest.raises(client.exceptions.InvalidName):
        client.start_execution(stateMachineArn=idle, name=name)


@pytest.mark.parametrize("text", ["{}", "[]", '"words"', "null", ' {"a": "치마"} '])
def test_an_input_that_is_json_is_what_the_execution_gets(cloud: LocalCloud, idle: str, text: str) -> None:
    started = cloud.client("stepfunctions").start_execution(stateMachineArn=idle, input=text)["executionArn"]
    assert json.loads(ended(cloud, started)["output"]) == json.loads(text)


@pytest.mark.parametrize("output", ["approved", "{'a': 1}", ""])
def test_an_answer_to_a_token_that_is_not_json_is_refused(cloud: LocalCloud, output: str) -> None:
    client = cloud.client("stepfunctions")
    with pytest.raises(client.exceptions.InvalidOutput):
        client.send_task_success(taskToken="any", output=output)


def test_sdk_answers_keep_their_members_names(cloud: LocalCloud) -> None:
    """Of an acronym only the first word's changes: ScalableTargetARN is no ScalableTargetArn."""
    variant = {"VariantName": "a", "ModelName": "bare", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    sagemaker = cloud.client("sagemaker")
    role_arn = cloud.outputs("Toy")["JobRole"]
    sagemaker.create_model(ModelName="bare", ExecutionRoleArn=role_arn, PrimaryContainer={"Image": IMAGE})
    sagemaker.create_endpoint_config(EndpointConfigName="bare", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="bare", EndpointConfigName="bare")
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/bare/variant/a",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "MinCapacity": 0,
        "MaxCapacity": 1,
    }

    state = sdk(
        "applicationautoscaling:registerScalableTarget", target, Output="{% $states.result.ScalableTargetARN %}"
    )

    assert ":scalable-target/" in json.loads(run(cloud, "names", {"Register": state})["output"])


@pytest.mark.parametrize(
    ("removed", "states", "error"),
    [
        ("sagemaker:CreateTrainingJob", "train", "SageMaker.AmazonSageMakerException"),
        ("iam:PassRole", "train", "SageMaker.AmazonSageMakerException"),
        ("events:PutTargets", "train", "SageMaker.AmazonSageMakerException"),
        ("lambda:InvokeFunction", "call", "Lambda.AWSLambdaException"),
        ("s3:PutObject", "put", "S3.S3Exception"),
    ],
)
def test_the_machines_role_is_enforced(cloud: LocalCloud, removed: str, states: str, error: str) -> None:
    put = sdk("s3:putObject", {"Bucket": cloud.outputs("Toy")["Bucket"], "Key": "x", "Body": "x"})
    state = {"train": trains(cloud), "call": call(cloud, {}), "put": put}[states]
    with without(cloud, removed):
        found = run(cloud, f"without-{removed.replace(':', '-')}", {"Do": state}, {"parameters": {}})

    assert (found["status"], found["error"]) == ("FAILED", error)
    assert "AccessDenied" in found["cause"]
    assert f"is not authorized to perform: {removed} on resource: arn:aws:" in found["cause"]


@contextmanager
def without(cloud: LocalCloud, action: str) -> Iterator[None]:
    """Take what allows ``action`` out of the machines' role, for a while."""
    iam, name = cloud.client("iam"), cloud.outputs("Toy")["MachineRole"].rsplit("/", 1)[1]
    policy = iam.get_role_policy(RoleName=name, PolicyName="all")["PolicyDocument"]
    kept = [s for s in policy["Statement"] if action not in s["Action"]]
    assert len(kept) < len(policy["Statement"])
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps({**policy, "Statement": kept}))
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(policy))


def test_a_redriven_execution_goes_on_at_the_state_that_failed_with_its_variables(cloud: LocalCloud) -> None:
    client, bucket = cloud.client("stepfunctions"), cloud.outputs("Toy")["Bucket"]
    first = call(cloud, {"word": "kept"}, Assign={"word": "{% $states.result.Payload.got.word %}"})
    del first["End"]
    put = sdk("s3:putObject", {"Bucket": bucket, "Key": "redriven", "Body": "{% $word %}"}, Output="{% $word %}")
    with without(cloud, "s3:PutObject"):
        failed = run(cloud, "redriven", {"First": {**first, "Next": "Put"}, "Put": put}, {"any": 1})
    assert (failed["status"], failed["redriveCount"], failed["redriveStatus"]) == ("FAILED", 0, "REDRIVABLE")

    client.redrive_execution(executionArn=failed["executionArn"])
    found = ended(cloud, failed["executionArn"])

    assert (found["status"], json.loads(found["output"]), found["redriveCount"]) == ("SUCCEEDED", "kept", 1)
    assert "error" not in found
    assert found["redriveDate"] >= failed["stopDate"]
    assert found["input"] == failed["input"]
    events = client.get_execution_history(executionArn=found["executionArn"])["events"]
    assert [e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e] == [
        "First",
        "Put",
        "Put",
    ]
    assert [e["executionRedrivenEventDetails"] for e in events if e["type"] == "ExecutionRedriven"] == [
        {"redriveCount": 1}
    ]
    assert [e["id"] for e in events] == list(range(1, len(events) + 1))


def test_an_execution_can_be_redriven_as_often_as_it_fails_and_ends_in_its_fail_state_again(cloud: LocalCloud) -> None:
    client = cloud.client("stepfunctions")
    failed = run(cloud, "fails", {"No": {"Type": "Fail", "Error": "Bad", "Cause": "it is"}})
    for count in (1, 2):
        client.redrive_execution(executionArn=failed["executionArn"])
        found = ended(cloud, failed["executionArn"])
        assert (found["status"], found["error"], found["cause"], found["redriveCount"]) == (
            "FAILED",
            "Bad",
            "it is",
            count,
        )


def test_a_stopped_execution_goes_on_and_its_old_thread_does_not(cloud: LocalCloud) -> None:
    client = cloud.client("stepfunctions")
    states = {"Wait": {"Type": "Wait", "Seconds": 2, "Next": "Done"}, "Done": {"Type": "Pass", "End": True}}
    execution = start(cloud, "stopped", states)
    client.stop_execution(executionArn=execution)
    client.redrive_execution(executionArn=execution)
    assert ended(cloud, execution)["status"] == "SUCCEEDED"
    events = client.get_execution_history(executionArn=execution)["events"]
    assert [e["type"] for e in events].count("PassStateEntered") == 1


def test_what_cannot_be_redriven_is_refused_as_aws_does(cloud: LocalCloud, idle: str) -> None:
    client = cloud.client("stepfunctions")
    succeeded = client.start_execution(stateMachineArn=idle, name="succeeds")["executionArn"]
    assert ended(cloud, succeeded)["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    with pytest.raises(client.exceptions.ExecutionNotRedrivable, match="Execution is SUCCEEDED and cannot be redriven"):
        client.redrive_execution(executionArn=succeeded)
    running = start(cloud, "runs", {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}})
    with pytest.raises(client.exceptions.ExecutionNotRedrivable, match="Execution is RUNNING and cannot be redriven"):
        client.redrive_execution(executionArn=running)
    client.stop_execution(executionArn=running)
    with pytest.raises(client.exceptions.ExecutionDoesNotExist):
        client.redrive_execution(executionArn=running + "-not")


def test_a_function_may_answer_only_the_machines_it_was_granted(cloud: LocalCloud) -> None:
    state = call(cloud, {"token": "{% $states.context.Task.Token %}"}, pattern=".waitForTaskToken")

    found = run(cloud, "another-machine", {"Ask": state})

    problem = "states:SendTaskSuccess on resource: arn:aws:states:us-east-1:123456789012:stateMachine:another-machine"
    assert "AccessDenied" in found["cause"]
    assert problem in found["cause"]
