"""Who reads, writes or starts what a key encrypts needs the key: its policy and the caller's own are asked, as on AWS."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud import LocalCloud
from local.errors import DeploymentError
from tests.integration import local_toy
from tests.integration.keyed import GRANT, SENDERS, Record, key, policy, template
from tests.integration.local_toy import IMAGE, allow, arn, until


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud with the template, and an object that its key encrypts."""
    folder = tmp_path_factory.mktemp("keys")
    with LocalCloud(folder / "run") as started:
        started.deploy(local_toy.write_assembly(folder / "out", {"Toy": template()}))
        started.client("s3").put_object(Bucket=started.outputs("Toy")["Bucket"], Key="base/a.txt", Body=b"a")
        yield started


def caller(cloud: LocalCloud, name: str, *statements: Record) -> Any:
    """A function that gives a user's clients; the user may do what the statements say."""
    iam = cloud.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(policy(*statements)))
    access = iam.create_access_key(UserName=name)["AccessKey"]
    session = boto3.Session(access["AccessKeyId"], access["SecretAccessKey"], region_name=cloud.region)
    return lambda service: session.client(service, endpoint_url=cloud.url)


def test_an_object_is_read_and_written_with_its_key_only(cloud: LocalCloud) -> None:
    outputs = cloud.outputs("Toy")
    bucket, everything = outputs["Bucket"], allow("s3:*")
    without = caller(cloud, "without", everything)("s3")
    reader = caller(cloud, "reader", everything, allow("kms:Decrypt", on=outputs["Key"]))("s3")

    with pytest.raises(ClientError, match=f"perform: kms:Decrypt on resource: {outputs['Key']}"):
        without.get_object(Bucket=bucket, Key="base/a.txt")
    with pytest.raises(ClientError, match="perform: kms:GenerateDataKey"):
        reader.put_object(Bucket=bucket, Key="b.txt", Body=b"b")
    with pytest.raises(ClientError, match="perform: kms:GenerateDataKey"):
        reader.copy_object(Bucket=bucket, Key="b.txt", CopySource={"Bucket": bucket, "Key": "base/a.txt"})

    assert reader.get_object(Bucket=bucket, Key="base/a.txt")["Body"].read() == b"a"
    assert without.list_objects_v2(Bucket=bucket, Prefix="base/")["KeyCount"] == 1


def test_that_an_object_is_missing_is_told_to_those_who_may_list_the_bucket(cloud: LocalCloud) -> None:
    outputs = cloud.outputs("Toy")
    rights = [allow("s3:GetObject"), allow("kms:Decrypt", on=outputs["Key"])]
    with pytest.raises(ClientError, match=r"AccessDenied.* perform: s3:ListBucket"):
        caller(cloud, "gets", *rights)("s3").get_object(Bucket=outputs["Bucket"], Key="base/missing.txt")
    with pytest.raises(ClientError, match="NoSuchKey"):
        caller(cloud, "lists", *rights, allow("s3:ListBucket"))("s3").get_object(
            Bucket=outputs["Bucket"], Key="base/missing.txt"
        )


def test_the_parts_of_an_upload_are_decrypted_again(cloud: LocalCloud) -> None:
    outputs = cloud.outputs("Toy")
    writer = caller(cloud, "writer", allow("s3:*"), allow("kms:GenerateDataKey", on=outputs["Key"]))("s3")

    writer.put_object(Bucket=outputs["Bucket"], Key="c.txt", Body=b"c")
    with pytest.raises(ClientError, match="perform: kms:Decrypt"):
        writer.create_multipart_upload(Bucket=outputs["Bucket"], Key="c.txt")


def test_a_key_s_own_policy_is_asked_too(cloud: LocalCloud) -> None:
    outputs, kms = cloud.outputs("Toy"), cloud.client("kms")
    admitted = caller(cloud, "admitted", allow("s3:*", "kms:*"))("s3")
    before = kms.get_key_policy(KeyId=outputs["Key"], PolicyName="default")["Policy"]
    other = {**allow("kms:*"), "Principal": {"AWS": "arn:aws:iam::123456789012:role/other"}}

    kms.put_key_policy(KeyId=outputs["Key"], PolicyName="default", Policy=json.dumps(policy(other)))
    with pytest.raises(ClientError, match="perform: kms:Decrypt"):
        admitted.get_object(Bucket=outputs["Bucket"], Key="base/a.txt")
    kms.put_key_policy(KeyId=outputs["Key"], PolicyName="default", Policy=before)

    assert admitted.get_object(Bucket=outputs["Bucket"], Key="base/a.txt")


def test_an_encrypted_topic_takes_messages_of_those_who_have_its_key(cloud: LocalCloud) -> None:
    outputs = cloud.outputs("Toy")
    arguments = {"TopicArn": outputs["Topic"], "Message": "done"}

    with pytest.raises(ClientError, match="KMSAccessDenied"):
        caller(cloud, "mute", allow("sns:Publish"))("sns").publish(**arguments)
    caller(cloud, "heard", allow("sns:Publish", "kms:GenerateDataKey", "kms:Decrypt"))("sns").publish(**arguments)
    failed = execution(cloud, "publishes", "sns:publish", arguments)
    assert "kms:GenerateDataKey" in failed["cause"]


def send(cloud: LocalCloud, service: str) -> None:
    """Let a service send a message: an alarm, a rule and a bucket to the encrypted topic, a topic to the encrypted queue."""
    outputs, alarms, s3 = cloud.outputs("Toy"), cloud.client("cloudwatch"), cloud.client("s3")
    if service == "cloudwatch":
        for state in ("OK", "ALARM"):
            alarms.set_alarm_state(AlarmName="heard", StateValue=state, StateReason="test")
    elif service == "events":
        event = {"Source": "toy", "DetailType": "toy", "Detail": "{}"}
        cloud.client("events").put_events(Entries=[event])
    elif service == "s3":
        told = {"TopicArn": outputs["Topic"], "Events": ["s3:ObjectCreated:*"]}
        with contextlib.suppress(ClientError):  # S3 sends a message before it takes the setting
            s3.put_bucket_notification_configuration(
                Bucket=outputs["Told"], NotificationConfiguration={"TopicConfigurations": [told]}
            )
    else:
        cloud.client("sns").publish(TopicArn=outputs["PlainTopic"], Message="told")


@pytest.mark.parametrize("service", SENDERS)
def test_a_service_is_heard_only_where_the_key_of_the_topic_or_queue_names_it(cloud: LocalCloud, service: str) -> None:
    outputs, kms, sqs = cloud.outputs("Toy"), cloud.client("kms"), cloud.client("sqs")
    queue = outputs["Secret" if service == "sns" else "Heard"]
    before = json.loads(kms.get_key_policy(KeyId=outputs["Key"], PolicyName="default")["Policy"])
    use = {**allow("kms:GenerateDataKey*", "kms:Decrypt"), "Principal": {"Service": f"{service}.amazonaws.com"}}

    def messages() -> list[str]:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for each in found:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
        return [each["Body"] for each in found]

    messages()  # other tests publish to the topic, too
    send(cloud, service)
    admitted = json.dumps({**before, "Statement": [*before["Statement"], use]})
    kms.put_key_policy(KeyId=outputs["Key"], PolicyName="default", Policy=admitted)
    send(cloud, service)
    heard = until(messages, cloud)
    kms.put_key_policy(KeyId=outputs["Key"], PolicyName="default", Policy=json.dumps(before))

    assert len(heard) == 1, heard
    assert messages() == []


def test_an_item_is_read_and_written_with_the_key_of_its_table(cloud: LocalCloud) -> None:
    outputs, item = cloud.outputs("Toy"), {"pk": {"S": "a"}}
    table, everything = outputs["Table"], allow("dynamodb:*")
    without = caller(cloud, "no-items", everything)("dynamodb")
    reader = caller(cloud, "items", everything, allow("kms:Decrypt", on=outputs["Key"]))("dynamodb")

    with pytest.raises(ClientError, match=f"perform: kms:Decrypt on resource: {outputs['Key']}"):
        without.put_item(TableName=table, Item=item)
    reader.put_item(TableName=table, Item=item)
    with pytest.raises(ClientError, match="perform: kms:Decrypt"):
        without.query(TableName=table, KeyConditionExpression="pk = :a", ExpressionAttributeValues={":a": {"S": "a"}})
    assert reader.get_item(TableName=table, Key=item)["Item"] == item
    assert without.describe_table(TableName=table)


def test_logs_are_encrypted_only_with_a_key_that_names_their_service(cloud: LocalCloud, tmp_path: Path) -> None:
    use = allow("kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*")
    own = {"kms:EncryptionContext:aws:logs:arn": {"Fn::Sub": "arn:aws:logs:us-east-1:${AWS::AccountId}:log-group:*"}}
    named = {**use, "Principal": {"Service": "logs.us-east-1.amazonaws.com"}, "Condition": {"ArnLike": own}}

    def deploy(name: str, *statements: Record) -> None:
        group = {"Type": "AWS::Logs::LogGroup", "Properties": {"KmsKeyId": arn("Key")}}
        stack = {"Resources": {"Key": key(*statements), "Log": group}}
        cloud.deploy(local_toy.write_assembly(tmp_path / name, {name: stack}))

    with pytest.raises(DeploymentError, match=r"Log.*is not allowed to be used with Arn"):
        deploy("Unnamed")
    deploy("Named", named)


def execution(cloud: LocalCloud, name: str, resource: str, arguments: Record) -> Record:
    """A state machine of one task, once it has run."""
    client = cloud.client("stepfunctions")
    task = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments, "End": True}
    machine = client.create_state_machine(
        name=name,
        definition=json.dumps({"QueryLanguage": "JSONata", "StartAt": "Task", "States": {"Task": task}}),
        roleArn=cloud.outputs("Toy")["MachineRole"],
    )["stateMachineArn"]
    started = client.start_execution(stateMachineArn=machine)["executionArn"]

    def done() -> Record | None:
        found: Record = client.describe_execution(executionArn=started)
        return found if found["status"] != "RUNNING" else None

    found: Record = until(done, cloud)
    return found


def test_who_creates_an_endpoint_with_a_volume_key_may_create_a_grant(cloud: LocalCloud) -> None:
    """CreateEndpoint asks its caller for the grant, not the model's role: `KmsKeyId` is in the configuration alone."""
    outputs, sagemaker = cloud.outputs("Toy"), cloud.client("sagemaker")
    source = {"S3Uri": f"s3://{outputs['Bucket']}/base/", "S3DataType": "S3Prefix", "CompressionType": "None"}
    container = {"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}
    sagemaker.create_model(ModelName="toy", ExecutionRoleArn=outputs["JobRole"], PrimaryContainer=container)
    variant = {"VariantName": "A", "ModelName": "toy", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(
        EndpointConfigName="encrypted", ProductionVariants=[variant], KmsKeyId=outputs["Key"]
    )
    request = {"EndpointName": "encrypted", "EndpointConfigName": "encrypted"}
    without = caller(cloud, "no-grant", allow("sagemaker:*"), allow("kms:Decrypt", "kms:GenerateDataKey"))

    with pytest.raises(ClientError, match=f"perform: kms:CreateGrant on resource: {outputs['Key']}"):
        without("sagemaker").create_endpoint(**request)
    failed = execution(cloud, "no-grant", "aws-sdk:sagemaker:createEndpoint", request)
    assert (failed["error"], "kms:CreateGrant" in failed["cause"]) == ("SageMaker.SageMakerException", True)

    grant = {**allow("kms:CreateGrant", on=outputs["Key"]), "Condition": GRANT}
    caller(cloud, "grants", allow("sagemaker:*"), grant)("sagemaker").create_endpoint(**request)
    until(lambda: sagemaker.describe_endpoint(EndpointName="encrypted")["EndpointStatus"] == "InService", cloud)
    sagemaker.delete_endpoint(EndpointName="encrypted")


def test_a_model_is_not_made_of_data_that_its_role_cannot_decrypt_and_a_job_does_not_read_them(
    cloud: LocalCloud,
) -> None:
    outputs, sagemaker = cloud.outputs("Toy"), cloud.client("sagemaker")
    source = {"S3Uri": f"s3://{outputs['Bucket']}/base/a.txt", "S3DataType": "S3Object", "CompressionType": "None"}
    container = {"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}
    with pytest.raises(ClientError, match="Could not access model data"):
        sagemaker.create_model(ModelName="no", ExecutionRoleArn=outputs["KeylessRole"], PrimaryContainer=container)

    data = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{outputs['Bucket']}/base/"}
    request: Record = {
        "TrainingJobName": "keyless",
        "RoleArn": outputs["KeylessRole"],
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "InputDataConfig": [{"ChannelName": "dataset", "DataSource": {"S3DataSource": data}}],
        "OutputDataConfig": {"S3OutputPath": f"s3://{outputs['Bucket']}/models"},
        "ResourceConfig": {
            "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10, "VolumeKmsKeyId": outputs["Key"],
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }  # fmt: skip
    starts = caller(cloud, "starts", allow("sagemaker:*", "iam:PassRole"))("sagemaker")
    with pytest.raises(ClientError, match="perform: kms:CreateGrant"):
        starts.create_training_job(**request)

    del request["ResourceConfig"]["VolumeKmsKeyId"]
    starts.create_training_job(**request)

    def failure() -> str:
        return str(sagemaker.describe_training_job(TrainingJobName="keyless").get("FailureReason", ""))

    assert "kms:Decrypt" in until(failure, cloud)
