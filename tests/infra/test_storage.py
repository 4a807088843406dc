"""What is kept is encrypted, closed, and only thrown away where the stage says so."""

from atelier_ops.gateways.records import BY_CLIENT, BY_STATUS
from infra.config import STAGES
from tests.infra.conftest import Synthesized

PAGE = "PageFilesBucketF0BFE1B6"
"""The bucket of the page's files, which each deployment makes anew."""

LOGICAL_IDS = {
    "AWS::S3::Bucket": {"BucketsLogB6A44F41", "BucketsData941F65F0", "BucketsModel7C46D9F9", "BucketsMedia5BAFF3AF"}
    | {PAGE},
    "AWS::DynamoDB::Table": {"RecordsTableC9B7A30B"},
    "AWS::KMS::Key": {"BucketsKeyCD6AF5CF", "SigningKey70710D41", "MarkKey8CE083DD"},
}
"""A change of one of these makes CloudFormation throw the old resource away, with what is in it."""


def test_stateful_resources_keep_their_logical_ids(stage: Synthesized) -> None:
    for kind, expected in LOGICAL_IDS.items():
        assert set(stage.resources(kind)) == expected


def test_precious_buckets_keep_old_versions_for_a_while(stage: Synthesized) -> None:
    for name, bucket in stage.resources("AWS::S3::Bucket").items():
        precious = name.startswith(("BucketsData", "BucketsModel"))
        assert ("VersioningConfiguration" in bucket["Properties"]) == precious, name
        rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
        assert any("NoncurrentVersionExpiration" in rule for rule in rules) == precious, name


def expiry(stage: Synthesized, bucket: str) -> dict[str, int]:
    """By prefix, after how many days a bucket's objects expire."""
    (found,) = [each for name, each in stage.resources("AWS::S3::Bucket").items() if name.startswith(bucket)]
    rules = found["Properties"]["LifecycleConfiguration"]["Rules"]
    return {rule.get("Prefix", ""): rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}


def test_media_expires_and_what_was_copied_out_of_it_sooner(stage: Synthesized) -> None:
    days = STAGES[stage.name].media_days
    answers = min(3, days)
    assert expiry(stage, "BucketsMedia") == {
        "": days,
        "requests/": answers,
        "progress/": answers,
        "responses/": answers,
        "failures/": answers,
    }


def test_what_a_run_leaves_expires_and_what_it_publishes_does_not(stage: Synthesized) -> None:
    assert expiry(stage, "BucketsData") == {"runs/": STAGES[stage.name].run_days, "checkpoints/": 14}
    assert expiry(stage, "BucketsModel") == {}


def test_a_prediction_s_record_lives_as_long_as_its_pictures(stage: Synthesized) -> None:
    functions = [each["Properties"] for each in stage.resources("AWS::Lambda::Function", "Api").values()]
    days = {
        f["Environment"]["Variables"].get("MEDIA_DAYS") for f in functions if f["Handler"].startswith("atelier_ops.")
    }
    assert days - {None} == {str(expiry(stage, "BucketsMedia")[""])}


def test_open_records_are_found_by_their_status_and_a_client_s_by_when_it_made_them(stage: Synthesized) -> None:
    indexes = stage.one("AWS::DynamoDB::Table")["GlobalSecondaryIndexes"]
    keys = {index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]] for index in indexes}
    assert keys == {BY_STATUS: ["status", "expires_at"], BY_CLIENT: ["client", "created"]}


def test_only_a_stage_that_says_so_is_emptied_when_it_is_destroyed(stage: Synthesized) -> None:
    keep = STAGES[stage.name].keep_data
    for kind in LOGICAL_IDS:
        for name, resource in stage.resources(kind).items():
            assert resource["DeletionPolicy"] == ("Retain" if keep and name != PAGE else "Delete"), name
    assert bool(stage.resources("Custom::S3AutoDeleteObjects")) == (not keep)


def test_the_table_expires_records_and_can_be_restored(stage: Synthesized) -> None:
    table = stage.one("AWS::DynamoDB::Table")
    assert table["KeySchema"] == [{"AttributeName": "pk", "KeyType": "HASH"}]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_a_stage_that_keeps_its_data_protects_the_stack_that_holds_it(stage: Synthesized) -> None:
    assert bool(stage.stacks.storage.termination_protection) >= STAGES[stage.name].keep_data
    assert bool(stage.stacks.api.termination_protection) == STAGES[stage.name].placement.protected


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
