"""What is kept is encrypted, closed to the public and to plain HTTP, and thrown away only where the stage says so."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.config import STAGES
from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.location import Location
from infra.gate.roles import listed
from infra.gate.sources import Sources
from infra.settings.retention import Retention

_NAME = "storage"
_KEPT = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::KMS::Key")
_PRECIOUS = ("BucketsData", "BucketsModel")
"""Buckets whose contents cannot be made again: versioned, and old versions are kept for a while."""

_PASSING = ("BucketsMedia", "BucketsLog")
"""Buckets whose contents end by themselves."""

_S3S_OWN_KEY = ("BucketsLog", "PageFilesBucket")
"""Buckets that S3 encrypts with a key of its own: its log delivery can use no other, and what everybody may read is no secret."""

_MADE_ANEW = "PageFilesBucket"
"""The bucket of the page's files, which each deployment writes: it goes with its stack in every stage."""

_EXPIRING = {
    "BucketsData": {"runs/", "checkpoints/"},
    "BucketsMedia": {"requests/", "progress/", "responses/", "failures/"},
}
"""The prefixes that expire sooner than their bucket, by the beginning of its id: a misspelt one keeps everything."""

_FEWEST_DAYS_OF_OLD_VERSIONS = 7
_BLOCKED = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for resource in assembly.of(*_KEPT):
        yield from _deleted(assembly.stage, resource)
    for bucket in assembly.of("AWS::S3::Bucket"):
        for wrong, remedy in (*_bucket(assembly, bucket), *_rules(assembly.stage, bucket)):
            yield bucket.finding(_NAME, wrong, remedy)
    for table in assembly.of("AWS::DynamoDB::Table"):
        for wrong, remedy in _table(assembly, table):
            yield table.finding(_NAME, wrong, remedy)
    for key in assembly.of("AWS::KMS::Key"):
        for wrong, remedy in _key(key, assembly.location):
            yield key.finding(_NAME, wrong, remedy)
    for topic in assembly.of("AWS::SNS::Topic", "AWS::SQS::Queue"):
        yield from _messages(assembly, topic)


def _deleted(stage: str, resource: Resource) -> Iterator[Finding]:
    keep = STAGES[stage].keep_data if stage in STAGES else None
    wanted = "Retain" if keep and not resource.logical_id.startswith(_MADE_ANEW) else "Delete"
    for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
        got = resource.body.get(policy)
        if keep is not None and got != wanted:
            wrong = f"its {policy} is {got}, and keep_data of stage {stage} is {keep}"
            yield resource.finding(_NAME, wrong, f"Make it {wanted}: removal_policy follows keep_data")
    if resource.kind == "AWS::DynamoDB::Table" and keep and not resource.properties.get("DeletionProtectionEnabled"):
        yield resource.finding(
            _NAME, "it can be deleted by hand", "Set DeletionProtectionEnabled where the stage keeps its data"
        )


def _bucket(assembly: Assembly, bucket: Resource) -> Iterator[tuple[str, str]]:
    properties = bucket.properties
    rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    defaults = [rule.get("ServerSideEncryptionByDefault", {}) for rule in rules]
    is_log, open_ = bucket.logical_id.startswith("BucketsLog"), bucket.logical_id.startswith(_S3S_OWN_KEY)
    if [each.get("SSEAlgorithm") for each in defaults] != ["AES256" if open_ else "aws:kms"]:
        yield (
            f"its encryption is {defaults}",
            "Encrypt it with the stage's key; the log bucket and the page's with S3's own",
        )
    elif not open_ and not _is_key(assembly, defaults[0].get("KMSMasterKeyID")):
        yield "its KMSMasterKeyID is no key of the stage", "Name the stage's key"
    elif not open_ and rules[0].get("BucketKeyEnabled") is not True:
        yield "each object is a call of KMS, which is paid and limited", "Set BucketKeyEnabled"
    blocked = properties.get("PublicAccessBlockConfiguration", {})
    if not all(blocked.get(each) is True for each in _BLOCKED):
        yield f"public access is not blocked: {dict(blocked)}", "Block all four kinds"
    if not any(
        _refuses_http(policy) for policy in assembly.of("AWS::S3::BucketPolicy") if _is_for(assembly, policy, bucket)
    ):
        yield "no policy of it denies s3:* where aws:SecureTransport is false", "Set enforce_ssl"
    if not is_log and not assembly.referenced(
        properties.get("LoggingConfiguration", {}).get("DestinationBucketName", "")
    ):
        yield "its accesses are not logged", "Log them into the log bucket"


def _key(key: Resource, here: Location) -> Iterator[tuple[str, str]]:
    # https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html: keys that sign cannot be rotated by KMS.
    signs = key.properties.get("KeyUsage") in ("SIGN_VERIFY", "GENERATE_VERIFY_MAC")
    if not signs and key.properties.get("EnableKeyRotation") is not True:
        yield "it does not rotate", "Set EnableKeyRotation"
    if key.properties.get("Enabled") is False:
        yield "it is not enabled: nothing can be signed, or read that it encrypts", "Enable it"
    statements = listed(key.properties.get("KeyPolicy", {}).get("Statement"))
    if not any("kms:*" in listed(each.get("Action")) and ":root" in str(each.get("Principal")) for each in statements):
        yield "the account itself may not administer it", "Allow kms:* to the account's root, who then grants by IAM"
    if any("*" in (each.get("Principal"), *_principals(each)) and not each.get("Condition") for each in statements):
        yield "everybody may use it", "Name the account or the service in each Principal"
    if not signs and not any(_serves_logs(each, here) for each in statements):
        yield (
            "CloudWatch Logs may not use it, so no log group of the stage can be made",
            "Keep _let_logs_use in buckets.py",
        )


def _serves_logs(statement: Mapping[str, Any], here: Location) -> bool:
    """Whether a statement of a key's policy lets the region's logs, of this account alone, be encrypted.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    principal = statement.get("Principal")
    service = principal.get("Service") if isinstance(principal, Mapping) else None
    condition = str(statement.get("Condition", {}).get("ArnLike", {}).get("kms:EncryptionContext:aws:logs:arn"))
    actions = {"kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:Describe*"}
    own = condition.startswith(here.arn("logs", "log-group:"))
    return service == f"logs.{here.region}.amazonaws.com" and own and actions <= set(listed(statement.get("Action")))


def _principals(statement: Mapping[str, Any]) -> list[Any]:
    principal = statement.get("Principal")
    return listed(principal.get("AWS")) if isinstance(principal, Mapping) else []


def _rules(stage: str, bucket: Resource) -> Iterator[tuple[str, str]]:
    rules = bucket.properties.get("LifecycleConfiguration", {}).get("Rules", [])
    active = [rule for rule in rules if rule.get("Status") == "Enabled"]
    if not any("AbortIncompleteMultipartUpload" in rule for rule in active):
        yield "uploads that were broken off stay for ever", "Abort them after a day"
    versioned = bucket.properties.get("VersioningConfiguration", {}).get("Status") == "Enabled"
    if versioned != bucket.logical_id.startswith(_PRECIOUS):
        yield (
            f"versioning is {'on' if versioned else 'off'}",
            "Version what cannot be made again (data, models), nothing else",
        )
    if versioned:
        everything = [rule for rule in active if not ({"Prefix", "TagFilters"} & set(rule))]
        old = [rule["NoncurrentVersionExpiration"] for rule in everything if "NoncurrentVersionExpiration" in rule]
        days = [each.get("NoncurrentDays", 0) for each in old]
        if not days or min(days) < _FEWEST_DAYS_OF_OLD_VERSIONS:
            yield (
                f"old versions are kept for {days or 'ever'} days",
                f"Keep them {_FEWEST_DAYS_OF_OLD_VERSIONS} days or more, not for ever",
            )
    yield from _prefixes(stage, bucket, active)
    # A rule without a prefix or tag empties the whole bucket.
    whole = [
        rule["ExpirationInDays"]
        for rule in active
        if "ExpirationInDays" in rule and not ({"Prefix", "TagFilters"} & set(rule))
    ]
    if bucket.logical_id.startswith(_PRECIOUS) and whole:
        yield f"everything in it is deleted after {whole[0]} days", "Expire prefixes only"
    if bucket.logical_id.startswith(_PASSING) and not whole:
        yield "nothing in it is ever deleted", "Give it a rule with ExpirationInDays for the whole bucket"
    elif bucket.logical_id.startswith("BucketsMedia") and stage in STAGES and whole != [STAGES[stage].media_days]:
        yield (
            f"media is kept for {whole[0]} days, the stage says {STAGES[stage].media_days}",
            "Take media_days of the stage",
        )


def _prefixes(stage: str, bucket: Resource, active: list[Any]) -> Iterator[tuple[str, str]]:
    prefixes = {rule["Prefix"] for rule in active if rule.get("Prefix") and "ExpirationInDays" in rule}
    wanted = next((known for start, known in _EXPIRING.items() if bucket.logical_id.startswith(start)), set())
    wanted = wanted | _shorter(stage, bucket)
    if prefixes != wanted:
        yield (
            f"what expires in it is {sorted(prefixes)}",
            f"Expire {sorted(wanted)}, which are written to, or change the gate's own table",
        )


def _shorter(stage: str, bucket: Resource) -> set[str]:
    """The prefixes that expire only where the stage says so."""
    kept = STAGES[stage].retention if stage in STAGES else Retention()
    if bucket.logical_id.startswith("BucketsMedia"):
        said = {"uploads/": kept.uploads_days, "outputs/": kept.outputs_days, "outputs/masks/": kept.masks_days}
        return {prefix for prefix, days in said.items() if days}
    return {"datasets/"} if kept.datasets_days and bucket.logical_id.startswith("BucketsData") else set()


def _table(assembly: Assembly, table: Resource) -> Iterator[tuple[str, str]]:
    properties = table.properties
    if properties.get("SSESpecification", {}).get("SSEEnabled") is not True or not _is_key(
        assembly, properties["SSESpecification"].get("KMSMasterKeyId")
    ):
        yield "it is not encrypted with the stage's key", "Set SSESpecification with KMSMasterKeyId"
    if properties.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled") is not True:
        yield "it cannot be restored", "Enable point-in-time recovery"
    if properties.get("BillingMode") != "PAY_PER_REQUEST":
        yield (
            f"its BillingMode is {properties.get('BillingMode')}: it costs while nobody uses it",
            "Use PAY_PER_REQUEST",
        )


def _messages(assembly: Assembly, resource: Resource) -> Iterator[Finding]:
    own = resource.kind == "AWS::SQS::Queue" and resource.properties.get("SqsManagedSseEnabled") is True
    if not own and not _is_key(assembly, resource.properties.get("KmsMasterKeyId")):
        wrong = "its KmsMasterKeyId is no key of the stage"
        yield resource.finding(_NAME, wrong, "Encrypt it with the stage's key; a queue may use SQS's own")
    kind, action = (
        ("AWS::SNS::TopicPolicy", "Topics")
        if resource.kind == "AWS::SNS::Topic"
        else ("AWS::SQS::QueuePolicy", "Queues")
    )
    policies = [each for each in assembly.of(kind) if resource in assembly.referenced(each.properties.get(action, []))]
    if not any(_refuses_http(policy) for policy in policies):
        yield resource.finding(_NAME, "it takes messages over plain HTTP", "Set enforce_ssl")


def _is_key(assembly: Assembly, node: object) -> bool:
    return [each.kind for each in assembly.referenced(str(node))] == ["AWS::KMS::Key"]


def _is_for(assembly: Assembly, policy: Resource, bucket: Resource) -> bool:
    return bucket in assembly.referenced(policy.properties.get("Bucket", ""))


def _refuses_http(policy: Resource) -> bool:
    return any(
        statement.get("Effect") == "Deny"
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        and statement.get("Principal") in ("*", {"AWS": "*"})
        for statement in listed(policy.properties.get("PolicyDocument", {}).get("Statement"))
    )
