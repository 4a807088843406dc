"""Buckets, the table and the key: what is kept, for how long, encrypted and for whom."""

from bench.gate.changes import drop, put, swap
from bench.gate.mutant import Defect

_RULES = "Properties.LifecycleConfiguration.Rules"
_SSE = "Properties.BucketEncryption.ServerSideEncryptionConfiguration.0"

MUTANTS = (
    Defect(
        name="the data bucket of a stage that keeps data is deleted",
        at="Storage/BucketsData9",
        change=put("DeletionPolicy", "Delete"),
    ),
    Defect(
        name="the model bucket is deleted when it is replaced",
        at="Storage/BucketsModel7",
        change=put("UpdateReplacePolicy", "Delete"),
    ),
    Defect(
        name="the table loses its deletion protection",
        at="Storage/RecordsTable",
        change=put("Properties.DeletionProtectionEnabled", False),
    ),
    Defect(
        name="the table is deleted with its stack", at="Storage/RecordsTable", change=put("DeletionPolicy", "Delete")
    ),
    Defect(name="the key is deleted with its stack", at="Storage/BucketsKey", change=put("DeletionPolicy", "Delete")),
    Defect(
        name="the data bucket keeps no old versions",
        at="Storage/BucketsData9",
        change=put("Properties.VersioningConfiguration.Status", "Suspended"),
    ),
    Defect(
        name="old versions of models are kept for ever",
        at="Storage/BucketsModel7",
        change=drop(f"{_RULES}.0.NoncurrentVersionExpiration"),
    ),
    Defect(name="uploads never expire", at="Storage/BucketsMedia5", change=drop(f"{_RULES}.0.ExpirationInDays")),
    Defect(name="data sets expire", at="Storage/BucketsData9", change=put(f"{_RULES}.0.ExpirationInDays", 30)),
    Defect(
        name="media live longer than the stage says",
        at="Storage/BucketsMedia5",
        change=put(f"{_RULES}.0.ExpirationInDays", 365),
    ),
    Defect(
        name="a lifecycle rule is switched off",
        at="Storage/BucketsMedia5",
        change=put(f"{_RULES}.0.Status", "Disabled"),
    ),
    Defect(
        name="answers expire by a prefix that nothing writes",
        at="Storage/BucketsMedia5",
        change=swap("responses/", "response/"),
    ),
    Defect(
        name="checkpoints expire by a prefix that nothing writes",
        at="Storage/BucketsData9",
        change=swap("checkpoints/", "checkpoint/"),
    ),
    Defect(
        name="parts of broken uploads stay",
        at="Storage/BucketsData9",
        change=drop(f"{_RULES}.0.AbortIncompleteMultipartUpload"),
    ),
    Defect(
        name="records expire by an attribute that nothing writes",
        at="Storage/RecordsTable",
        change=put("Properties.TimeToLiveSpecification.AttributeName", "expiresAt"),
    ),
    Defect(
        name="records never expire",
        at="Storage/RecordsTable",
        change=put("Properties.TimeToLiveSpecification.Enabled", False),
    ),
    Defect(
        name="the table's key is called otherwise than the code says",
        at="Storage/RecordsTable",
        change=swap("pk", "id"),
    ),
    Defect(
        name="the index is called otherwise than the code says",
        at="Storage/RecordsTable",
        change=swap("by_status", "status_index"),
    ),
    Defect(
        name="the index of what clients made is called otherwise than the code says",
        at="Storage/RecordsTable",
        change=swap("by_client", "client_index"),
    ),
    Defect(
        name="the table cannot be restored",
        at="Storage/RecordsTable",
        change=put("Properties.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", False),
    ),
    Defect(
        name="the table is encrypted with a key of AWS",
        at="Storage/RecordsTable",
        change=drop("Properties.SSESpecification"),
    ),
    Defect(
        name="data are encrypted without our key",
        at="Storage/BucketsData9",
        change=put(_SSE, {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}),
    ),
    Defect(
        name="each object costs calls of KMS", at="Storage/BucketsMedia5", change=put(f"{_SSE}.BucketKeyEnabled", False)
    ),
    Defect(
        name="the log bucket takes our key, with which S3 cannot deliver logs",
        at="Storage/BucketsLogB",
        change=put(_SSE, {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}),
    ),
    Defect(name="the key is never rotated", at="Storage/BucketsKey", change=put("Properties.EnableKeyRotation", False)),
    Defect(name="nobody may administer the key", at="Storage/BucketsKey", change=swap("kms:*", "kms:Decrypt")),
    Defect(
        name="everybody may use the key",
        at="Storage/BucketsKey",
        change=put("Properties.KeyPolicy.Statement.0.Principal", "*"),
    ),
    Defect(
        name="logs may not be encrypted with the key",
        at="Storage/BucketsKey",
        change=swap("logs.", "log."),
    ),
    Defect(
        name="logs of any account may be encrypted with the key",
        at="Storage/BucketsKey",
        change=swap("ArnLike", "ArnLikeIfExists"),
    ),
    Defect(
        name="a bucket may be made public",
        at="Storage/BucketsModel7",
        change=put("Properties.PublicAccessBlockConfiguration.BlockPublicPolicy", False),
    ),
    Defect(name="a bucket takes requests without TLS", at="Storage/BucketsDataPolicy"),
    Defect(
        name="the refusal of requests without TLS is turned round",
        at="Storage/BucketsMediaPolicy",
        change=swap("false", "true"),
    ),
    Defect(
        name="access to data is not logged", at="Storage/BucketsData9", change=drop("Properties.LoggingConfiguration")
    ),
    Defect(
        name="the encryption algorithm is misspelt",
        at="Storage/BucketsData9",
        change=put(f"{_SSE}.ServerSideEncryptionByDefault.SSEAlgorithm", "aws:kmss"),
    ),
)
