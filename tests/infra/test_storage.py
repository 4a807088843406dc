"""What is kept is encrypted, closed, and only thrown away where the stage says so."""

from tests.infra.conftest import Synthesized

LOGICAL_IDS = {
    "AWS::S3::Bucket": {"BucketsLogB6A44F41", "BucketsData941F65F0", "BucketsModel7C46D9F9", "BucketsMedia5BAFF3AF"},
    "AWS::DynamoDB::Table": {"RecordsTableC9B7A30B"},
    "AWS::KMS::Key": {"BucketsKeyCD6AF5CF"},
}
"""A change of one of these makes CloudFormation throw the old resource away, with what is in it."""


def test_stateful_resources_keep_their_logical_ids(stage: Synthesized) -> None:
    for kind, expected in LOGICAL_IDS.items():
        assert set(stage.resources(kind)) == expected


def test_every_bucket_is_encrypted_and_closed(stage: Synthesized) -> None:
    for name, bucket in stage.resources("AWS::S3::Bucket").items():
        properties = bucket["Properties"]
        (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        algorithm = rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"]
        assert algorithm == ("AES256" if "Log" in name else "aws:kms"), name
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert properties["LifecycleConfiguration"]["Rules"], name


def test_every_bucket_refuses_plain_http(stage: Synthesized) -> None:
    policies = stage.resources("AWS::S3::BucketPolicy").values()
    refusing = [
        policy["Properties"]["Bucket"]["Ref"]
        for policy in policies
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
    ]
    assert set(refusing) == LOGICAL_IDS["AWS::S3::Bucket"]


def test_precious_buckets_keep_old_versions_for_a_while(stage: Synthesized) -> None:
    for name, bucket in stage.resources("AWS::S3::Bucket").items():
        precious = name.startswith(("BucketsData", "BucketsModel"))
        assert ("VersioningConfiguration" in bucket["Properties"]) == precious, name
        rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
        assert any("NoncurrentVersionExpiration" in rule for rule in rules) == precious, name


def test_media_expires(stage: Synthesized) -> None:
    bucket = stage.resources("AWS::S3::Bucket")["BucketsMedia5BAFF3AF"]
    days = {"local": 1, "trial": 7, "dev": 30}[stage.name]
    assert [rule["ExpirationInDays"] for rule in bucket["Properties"]["LifecycleConfiguration"]["Rules"]] == [days]


def test_only_a_stage_that_says_so_is_emptied_when_it_is_destroyed(stage: Synthesized) -> None:
    keep = stage.name == "dev"
    for kind in LOGICAL_IDS:
        for name, resource in stage.resources(kind).items():
            assert resource["DeletionPolicy"] == ("Retain" if keep else "Delete"), name
    assert bool(stage.resources("Custom::S3AutoDeleteObjects")) == (not keep)


def test_the_table_expires_records_and_can_be_restored(stage: Synthesized) -> None:
    table = stage.one("AWS::DynamoDB::Table")
    assert table["KeySchema"] == [{"AttributeName": "pk", "KeyType": "HASH"}]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_topics_are_encrypted(stage: Synthesized) -> None:
    topics = stage.resources("AWS::SNS::Topic")
    assert len(topics) == 3
    assert all(topic["Properties"]["KmsMasterKeyId"] for topic in topics.values())


def test_the_key_rotates(stage: Synthesized) -> None:
    assert stage.one("AWS::KMS::Key")["EnableKeyRotation"] is True


def test_nothing_but_the_state_machine_has_a_physical_name(stage: Synthesized) -> None:
    named = {
        logical_id
        for template in stage.templates.values()
        for logical_id, resource in template["Resources"].items()
        for key in (
            "BucketName",
            "TableName",
            "FunctionName",
            "TopicName",
            "EndpointName",
            "RoleName",
            "StateMachineName",
        )
        if isinstance(resource.get("Properties", {}).get(key), str)
    }
    assert named == set(stage.resources("AWS::StepFunctions::StateMachine"))
