"""A template whose bucket, topic, queue and table are encrypted with one key, and what sends messages to them by itself."""

from typing import Any

from tests.integration import local_toy
from tests.integration.local_toy import allow, arn, role

Record = dict[str, Any]
SENDERS = ("cloudwatch", "events", "s3", "sns")
GRANT = {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def policy(*statements: Record) -> Record:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def key(*statements: Record) -> Record:
    """A key that leaves it to the account's own policies who may use it, as the CDK's do, and its further statements."""
    account = {"AWS": "arn:aws:iam::123456789012:root"}
    delegated = {**allow("kms:*"), "Principal": account}
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy(delegated, *statements)}}


def template() -> Record:
    """A bucket and a topic with a key; a model's role that may use it, and one that may not."""
    base = local_toy.base_template()
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn("Key")}
    rule = {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": encryption}
    base["Resources"]["Bucket"]["Properties"] = {"BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]}}
    jobs = base["Resources"]["JobRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    base["Resources"] |= {
        "Key": key(),
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": arn("Key")}},
        "KeylessRole": role("sagemaker.amazonaws.com", list(jobs)),
        "MachineRole": role("states.amazonaws.com", [allow("sagemaker:*", "iam:PassRole", "events:*", "sns:Publish")]),
    }
    jobs.append(allow("kms:Decrypt", "kms:GenerateDataKey", on=arn("Key")))
    base["Resources"] |= services()
    for name in ("Key", "KeylessRole", "MachineRole"):
        base["Outputs"][name] = {"Value": arn(name)}
    for name in ("Topic", "PlainTopic", "Heard", "Secret", "Told", "Table"):
        base["Outputs"][name] = {"Value": {"Ref": name}}
    return base


def services() -> Record:
    """What sends messages by itself, whose topics and queues all allow it; and a table. Only the key decides."""
    topic, everyone = {"Ref": "Topic"}, [f"{name}.amazonaws.com" for name in SENDERS]

    def open_to_services(action: str, on: Record) -> Record:
        return policy({**allow(action, on=on), "Principal": {"Service": everyone}})

    heard = {"Protocol": "sqs", "RawMessageDelivery": True}
    alarm = {
        "AlarmName": "heard", "Namespace": "Toy", "MetricName": "none", "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": [topic],
    }  # fmt: skip
    pattern = {"EventPattern": {"source": ["toy"]}, "Targets": [{"Id": "topic", "Arn": topic}]}
    table = {
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": arn("Key")},
    }
    queues = {"QueuePolicy": ("Heard", arn("Heard")), "SecretPolicy": ("Secret", arn("Secret"))}
    return {
        "PlainTopic": {"Type": "AWS::SNS::Topic"},
        "TopicPolicy": _resource(
            "SNS::TopicPolicy", Topics=[topic], PolicyDocument=open_to_services("sns:Publish", topic)
        ),
        "Heard": {"Type": "AWS::SQS::Queue"},
        "Secret": _resource("SQS::Queue", KmsMasterKeyId=arn("Key")),
        **{
            name: _resource(
                "SQS::QueuePolicy", Queues=[{"Ref": queue}], PolicyDocument=open_to_services("sqs:SendMessage", on)
            )
            for name, (queue, on) in queues.items()
        },
        "Hears": _resource("SNS::Subscription", TopicArn=topic, Endpoint=arn("Heard"), **heard),
        "Receives": _resource("SNS::Subscription", TopicArn={"Ref": "PlainTopic"}, Endpoint=arn("Secret"), **heard),
        "Alarm": _resource("CloudWatch::Alarm", **alarm),
        "Rule": _resource("Events::Rule", **pattern),
        "Told": {"Type": "AWS::S3::Bucket"},
        "Table": _resource("DynamoDB::Table", **table),
    }


def _resource(kind: str, **properties: Any) -> Record:
    return {"Type": f"AWS::{kind}", "Properties": properties}
