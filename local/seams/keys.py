"""KMS behind other services: whoever reads or writes what a key encrypts must be allowed to use the key, by its policy and their own.

And whoever asks for an object that is not there learns so only where the bucket may be listed.

S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html (parts of an upload need kms:Decrypt, too)
Missing objects: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html (permissions)
SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
DynamoDB: https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb; that writing needs kms:Decrypt, and only that, is
reported in https://github.com/aws/aws-cdk/issues/10010
"""

import contextvars
from collections.abc import Iterator
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services import dynamodb, kms, s3, sns, sqs

USE = ("kms:GenerateDataKey", "kms:Decrypt")
"""What sending to an encrypted topic or queue takes of its key."""

_KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"
_KEY = f"s3:{_KEY_HEADER}"
_IN_PARTS = "local:in-parts"
_ITEMS = (
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "Scan",
    "BatchGetItem",
    "BatchWriteItem",
    "ConditionCheckItem",
)
_CODES = {"sns": "KMSAccessDenied", "sqs": "KMS.AccessDeniedException"}

# What of the key was refused to the request that is being answered: the action and the key.
_refused: contextvars.ContextVar[tuple[str, str] | None] = contextvars.ContextVar("local_refused_key", default=None)


def install() -> None:
    """Ask for the key after IAM has allowed the call itself."""
    _note_headers()
    _check_keys()
    _name_refused_keys()
    _use_aws_key()


def key_arn(key_id: str | None) -> str | None:
    """The ARN of a customer's key by id, ARN or alias; None where there is none, as for the keys of AWS itself."""
    key = kms._resolve_key(key_id)
    return str(key["Arn"]) if key else None


def needs(action: str, resource: str, context: dict[str, Any] | None = None) -> Iterator[tuple[str, str]]:
    """The actions, and what they are on, that a call of S3, SNS, SQS or DynamoDB needs beside its own permission."""
    given = context or {}
    if action == "s3:PutObject":
        bucket = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
        key = given.get(_KEY) or s3._bucket_default_sse_headers(bucket).get(_KEY_HEADER)
        yield from _uses(key, USE if given.get(_IN_PARTS) else USE[:1])
    elif action in ("s3:GetObject", "s3:GetObjectVersion"):
        bucket, _, name = resource.removeprefix("arn:aws:s3:::").partition("/")
        stored = s3._buckets.get(bucket, {}).get("objects", {}).get(name)
        if stored is None and bucket in s3._buckets:  # that it is missing is told to those who may list the bucket
            yield "s3:ListBucket", f"arn:aws:s3:::{bucket}"
        yield from _uses((stored or {}).get("preserved_headers", {}).get(_KEY_HEADER), USE[1:])
    elif action == "sns:Publish":
        topic = sns._topics.get(resource) or {}
        yield from _uses(topic.get("attributes", {}).get("KmsMasterKeyId"), USE)
    elif action in ("sqs:SendMessage", "sqs:ReceiveMessage"):
        queue = sqs._queue_by_arn(resource) or {}
        yield from _uses(queue.get("attributes", {}).get("KmsMasterKeyId"), USE if "Send" in action else USE[1:])
    elif action in {f"dynamodb:{each}" for each in _ITEMS}:
        table = dynamodb._tables.get(resource.partition(":table/")[2].partition("/")[0]) or {}
        yield from _uses((table.get("SSEDescription") or {}).get("KMSMasterKeyArn"), USE[1:])


def _uses(key_id: str | None, actions: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    key = key_arn(key_id) if key_id else None
    if key:
        yield from ((action, key) for action in actions)


def _use_aws_key() -> None:
    """An object that is to be encrypted with KMS and names no key gets AWS's own for S3; ministack refuses it."""
    original = s3._resolve_sse_write_headers

    def resolve(headers: dict[str, str], bucket_name: str) -> Any:
        own = {_KEY_HEADER: "alias/aws/s3"} if headers.get("x-amz-server-side-encryption") == "aws:kms" else {}
        return original({**own, **headers}, bucket_name)

    s3._resolve_sse_write_headers = resolve


def _check_keys() -> None:
    enforce = iam_evaluator.enforce

    def enforce_with_keys(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        _refused.set(None)
        denied = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        if denied is not None:
            return denied
        via = {"kms:ViaService": f"{service}.{region}.amazonaws.com"}
        for action, resource in needs(iam_action, resource_arn, service_context):
            asked = action.partition(":")[0]
            denied = enforce(access_key_id, action, asked, region, resource, via if asked == "kms" else service_context)
            if denied is not None:
                _refused.set((action, resource))
                return denied
        return None

    iam_evaluator.enforce = enforce_with_keys


def _note_headers() -> None:
    """Let IAM see which key a write names, and whether it is a part of an upload."""
    original = iam_actions.s3_service_context

    def context_with_key(
        iam_action: str, query_params: dict[str, Any] | None, path: str = "", headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        context: dict[str, Any] = original(iam_action, query_params, path, headers)
        key, query = (headers or {}).get(_KEY_HEADER), query_params or {}
        in_parts = {_IN_PARTS: "true"} if {"uploadId", "uploads"} & set(query) else {}
        return {**context, **({_KEY: key} if key else {}), **in_parts}

    iam_actions.s3_service_context = context_with_key


def _name_refused_keys() -> None:
    original = iam_actions.access_denied_response

    def respond(service: str, action: str, principal_arn: str, request_id: str, **details: Any) -> Any:
        if refused := _refused.get():
            action, details["resource_arn"] = refused
            details["error_code"] = _CODES.get(service, "")
            details["message"] = iam_actions.identity_denial_message(
                action, principal_arn, details["resource_arn"], False
            )
        return original(service, action, principal_arn, request_id, **details)

    iam_actions.access_denied_response = respond
