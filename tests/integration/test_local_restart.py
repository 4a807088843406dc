"""Nothing that was answered is lost with the server, and what was under way goes on: one cloud, killed in the middle of its work."""

import contextlib
import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.cloud import LocalCloud
from tests.integration import local_endpoint, local_toy
from tests.integration.local_toy import IMAGE, allow, arn, role, until

Record = dict[str, Any]

FUNCTION = '''
import json, os
import boto3
from botocore.config import Config


def handler(event, context):
    """Count a call; sign an address for who asks."""
    boto3.client("dynamodb").update_item(
        TableName=os.environ["TABLE"], Key={"id": {"S": event.get("name", "calls")}},
        UpdateExpression="ADD #n :one SET #t = if_not_exists(#t, :t)", ExpressionAttributeNames={"#n": "count", "#t": "token"},
        ExpressionAttributeValues={":one": {"N": "1"}, ":t": {"S": event.get("token", "-")}})
    s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"))
    return s3.generate_presigned_url("get_object", Params={"Bucket": os.environ["BUCKET"], "Key": "data/a.txt"})
'''

JOB = {
    "RoleArn": "{% $role %}",
    "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "{% 's3://' & $bucket & '/models' %}", "CompressionType": "NONE"},
    "CheckpointConfig": {"S3Uri": "{% 's3://' & $bucket & '/checkpoints' %}"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
    "StoppingCondition": {"MaxRuntimeInSeconds": 600},
}


def template() -> Record:
    """What a stage has: a table, a function, a topic, a queue, an API with a key, a rule, a state machine's role, a key."""
    base = local_toy.base_template()
    machine = [allow("*")]
    base["Resources"] |= {
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        },
        "Function": local_toy.lambda_function(
            "function", "app.handler", "FunctionRole", TABLE={"Ref": "Table"}, BUCKET={"Ref": "Bucket"}
        ),
        "FunctionRole": role("lambda.amazonaws.com", [allow("dynamodb:UpdateItem", "s3:GetObject")]),
        "MachineRole": role("states.amazonaws.com", machine),
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Topic": {"Type": "AWS::SNS::Topic"},
        "TopicPolicy": tls_only("Topic"),
        "Key": {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Enabled": True}},
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "s"}},
    }
    outputs = {"Table": {"Ref": "Table"}, "Function": arn("Function"), "MachineRole": arn("MachineRole")}
    outputs |= {name: {"Ref": name} for name in ("Queue", "Key", "Topic")}
    base["Outputs"] |= {name: {"Value": value} for name, value in outputs.items()}
    return base


def tls_only(topic: str) -> Record:
    """Whoever goes on after the server was killed reaches it as before: what never left this machine counts as TLS."""
    deny = {**allow("sns:Publish", on={"Ref": topic}), "Effect": "Deny", "Principal": "*"}
    deny["Condition"] = {"Bool": {"aws:SecureTransport": "false"}}
    document = {"Version": "2012-10-17", "Statement": [deny]}
    return {
        "Type": "AWS::SNS::TopicPolicy",
        "Properties": {"Topics": [{"Ref": topic}], "PolicyDocument": document},
    }


def kill(cloud: LocalCloud) -> None:
    """End the server at once, as the kernel does when memory runs out."""
    os.kill(json.loads((cloud.run_dir / "server.json").read_text(encoding="utf-8"))["pid"], signal.SIGKILL)
    cloud.close()


def start(cloud: LocalCloud, name: str, state: Record) -> str:
    """An execution of a machine that has one state of its own, between one that sets variables and one that uses them."""
    outputs, client = cloud.outputs("Toy"), cloud.client("stepfunctions")
    variables = {"role": outputs["JobRole"], "bucket": outputs["Bucket"], "function": outputs["Function"]}
    states = {
        "Remember": {"Type": "Pass", "Assign": variables, "Next": "Work"},
        "Work": {
            **state,
            "Output": {"result": "{% $states.result %}"} if state["Type"] == "Task" else {},
            "Next": "Tell",
        },
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Arguments": {"TopicArn": outputs["Topic"], "Message": "done"},
            "Output": {"bucket": "{% $bucket %}", "work": "{% $states.input %}"},
            "End": True,
        },
    }
    definition = {"QueryLanguage": "JSONata", "StartAt": "Remember", "States": states}
    machine = client.create_state_machine(name=name, definition=json.dumps(definition), roleArn=outputs["MachineRole"])
    arn: str = client.start_execution(stateMachineArn=machine["stateMachineArn"], name=name)["executionArn"]
    return arn


def processes_in(folder: Path) -> Iterator[psutil.Process]:
    """What still runs there."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd().startswith(str(folder)):
                yield process


def put_item(cloud: LocalCloud, number: int) -> None:
    cloud.client("dynamodb").put_item(
        TableName=cloud.outputs("Toy")["Table"], Item={"id": {"S": f"item-{number}"}, "n": {"N": str(number)}}
    )


def task(resource: str, arguments: Record) -> Record:
    """A state that calls a service."""
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments}


def calls(cloud: LocalCloud, name: str) -> tuple[int, str]:
    """How often the function was called under a name, and the token of the first time."""
    key = {"id": {"S": name}}
    item = cloud.client("dynamodb").get_item(TableName=cloud.outputs("Toy")["Table"], Key=key).get("Item")
    return (int(item["count"]["N"]), item["token"]["S"]) if item else (0, "")


@dataclass(frozen=True, kw_only=True)
class Killed:
    """A cloud that was killed in the middle of its work and started again, and what it knew before. Executions are named by their ARNs."""

    cloud: LocalCloud
    url: str
    outputs: dict[str, str]
    address: str
    """Signed by a function's session."""
    waits: str
    waits_for_token: str
    trains: str
    training_began: datetime
    readable: list[str]
    left_over: list[psutil.Process]


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    """The one of all tests of this module but the last."""
    folder = tmp_path_factory.mktemp("killed")
    (folder / "code").mkdir()
    (folder / "code" / "app.py").write_text(FUNCTION, encoding="utf-8")
    assembly = local_toy.write_assembly(folder / "out", {"Toy": template()}, lambdas={"function": folder / "code"})
    with LocalCloud(folder / "run") as cloud:
        cloud.deploy(assembly)
        outputs = cloud.outputs("Toy")
        known = {
            "url": cloud.url,
            "outputs": outputs,
            **leave_work(cloud, outputs),
            "readable": readable(folder / "run"),
        }
        known["address"] = leave_data(cloud, outputs)  # in the same moment, so that what is written later would be lost
        kill(cloud)
        known["left_over"] = list(processes_in(folder))
    with LocalCloud(folder / "run") as cloud:
        yield Killed(cloud=cloud, **known)


def leave_data(cloud: LocalCloud, outputs: dict[str, str]) -> str:
    """Something in each kind of store; the address of the object as the function signs it."""
    cloud.client("s3").put_object(
        Bucket=outputs["Bucket"], Key="data/a.txt", Body=b"a", Metadata={"of": "me"}, Tagging="k=v"
    )
    cloud.client("sqs").send_message(QueueUrl=outputs["Queue"], MessageBody="kept")
    for number in range(20):
        put_item(cloud, number)
    address: str = json.loads(
        cloud.client("lambda").invoke(FunctionName=outputs["Function"], Payload=b"{}")["Payload"].read()
    )
    return address


def leave_work(cloud: LocalCloud, outputs: dict[str, str]) -> Record:
    """Executions that wait, one for a time, one for a token, and one for a training that has written a checkpoint."""
    payload = {"name": "t", "token": "{% $states.context.Task.Token %}"}
    token = {"FunctionName": "{% $function %}", "Payload": payload}
    job = {"TrainingJobName": "long", "HyperParameters": {"loop": "7"}, **JOB}
    work = {
        "waits": start(cloud, "wait", {"Type": "Wait", "Seconds": 3}),
        "waits_for_token": start(cloud, "token", task("lambda:invoke.waitForTaskToken", token)),
        "trains": start(cloud, "train", task("sagemaker:createTrainingJob.sync", job)),
    }
    until(lambda: calls(cloud, "t")[0], cloud)
    until(
        lambda: cloud.client("s3").list_objects_v2(Bucket=outputs["Bucket"], Prefix="checkpoints/")["KeyCount"], cloud
    )
    began = cloud.client("sagemaker").describe_training_job(TrainingJobName="long")["TrainingStartTime"]
    return {**work, "training_began": began}


def test_what_was_answered_is_there_again_after_kill_9(killed: Killed) -> None:
    outputs, s3 = killed.outputs, killed.cloud.client("s3")
    there = {"Bucket": outputs["Bucket"], "Key": "data/a.txt"}
    assert (killed.cloud.url, killed.cloud.outputs("Toy")) == (killed.url, outputs)
    assert s3.get_object(**there)["Metadata"] == {"of": "me"}
    assert s3.get_object_tagging(**there)["TagSet"] == [{"Key": "k", "Value": "v"}]
    assert urllib.request.urlopen(killed.address).read() == b"a"
    items = killed.cloud.client("dynamodb").scan(TableName=outputs["Table"])["Items"]
    assert {f"item-{number}" for number in range(20)} < {item["id"]["S"] for item in items}
    messages = killed.cloud.client("sqs").receive_message(QueueUrl=outputs["Queue"])["Messages"]
    assert [message["Body"] for message in messages] == ["kept"]


def test_a_killed_server_takes_its_processes_along_and_other_users_read_nothing_of_it(killed: Killed) -> None:
    assert killed.left_over == []
    assert killed.readable == []


def test_an_execution_that_was_killed_goes_on_and_does_nothing_twice(killed: Killed) -> None:
    cloud, bucket = killed.cloud, killed.outputs["Bucket"]
    count, token = calls(cloud, "t")
    cloud.client("stepfunctions").send_task_success(taskToken=token, output=json.dumps({"said": "yes"}))
    done = until(lambda: ended(cloud, killed.waits_for_token), cloud)
    assert (done["status"], count) == ("SUCCEEDED", 1), done  # the function was not called twice
    assert json.loads(done["output"]) == {"bucket": bucket, "work": {"result": {"said": "yes"}}}
    assert until(lambda: ended(cloud, killed.waits), cloud)["status"] == "SUCCEEDED"


def test_a_training_that_was_killed_starts_again_from_its_checkpoints(killed: Killed) -> None:
    cloud, sagemaker = killed.cloud, killed.cloud.client("sagemaker")
    again = until(lambda: in_training(sagemaker, killed.training_began), cloud)
    assert "Interrupted" in [step["Status"] for step in again["SecondaryStatusTransitions"]]

    sagemaker.stop_training_job(TrainingJobName="long")
    done = until(lambda: ended(cloud, killed.trains), cloud)
    assert (done["status"], "Stopped" in done["cause"]) == ("FAILED", True)
    key = "models/long/output/model/facts.json"
    facts = json.loads(cloud.client("s3").get_object(Bucket=killed.outputs["Bucket"], Key=key)["Body"].read())
    assert facts["restored"] == "8"
    history = cloud.client("stepfunctions").get_execution_history(executionArn=killed.trains)["events"]
    entered = [event["type"] for event in history if "Entered" in event["type"]]
    assert entered == ["PassStateEntered", "TaskStateEntered"]


def readable(folder: Path) -> list[str]:
    """What other users of the machine may read or change in the folder."""
    paths = [folder, *(path for path in folder.rglob("*") if not path.is_symlink())]
    return [str(path) for path in paths if path.exists() and path.stat().st_mode & 0o077]


def test_an_endpoint_answers_what_waited_and_is_updated_as_if_nothing_had_happened(tmp_path: Path) -> None:
    with LocalCloud(tmp_path / "run") as cloud:
        local_endpoint.deploy(cloud, tmp_path)
        sent = [local_endpoint.invoke(cloud, {"n": number, "seconds": 1}) for number in range(4)]
        kill(cloud)

    with LocalCloud(tmp_path / "run") as cloud:
        answers = [local_endpoint.answer(cloud, each) for each in sent]
        assert [answer["echo"]["n"] for answer in answers] == [0, 1, 2, 3]
        for each in sent:
            local_endpoint.notification(cloud, each["InferenceId"])
        scaling = cloud.client("application-autoscaling")
        assert len(scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]) == 3
        changed = local_endpoint.template()
        changed["Resources"]["Model"]["Properties"]["PrimaryContainer"]["Environment"]["VERSION"] = "two"
        (before,) = assets(cloud)
        cloud.deploy(local_toy.write_assembly(tmp_path / "changed", {"Toy": changed}))
        (after,) = assets(cloud)
        assert before != after  # the template of before, of which nothing is made any more
        assert local_endpoint.answer(cloud, local_endpoint.invoke(cloud, {}))["version"] == "two"


def assets(cloud: LocalCloud) -> list[str]:
    """The keys in the bucket that a deployment publishes its files to."""
    bucket = f"cdk-hnb659fds-assets-{cloud.account}-{cloud.region}"
    return [item["Key"] for item in cloud.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]


def ended(cloud: LocalCloud, arn: str) -> Record | None:
    """An execution, once it has ended."""
    found: Record = cloud.client("stepfunctions").describe_execution(executionArn=arn)
    return None if found["status"] == "RUNNING" else found


def in_training(sagemaker: Any, before: Any) -> Record | None:
    """The job, once its container runs again."""
    found: Record = sagemaker.describe_training_job(TrainingJobName="long")
    return found if found["SecondaryStatus"] == "Training" and found["TrainingStartTime"] > before else None
