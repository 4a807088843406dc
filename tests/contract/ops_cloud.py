"""moto's AWS with our buckets, table, topic and state machine, and the handlers' environment pointing at them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

import pytest
from moto import mock_aws

from atelier_ops.gateways import aws
from atelier_ops.gateways.records import BY_CLIENT, BY_STATUS
from contracts.hosting import Hosting
from tests.unit.ops_api import PACE

HANDLERS = (
    "prepare",
    "gate",
    "request_approval",
    "settle",
    "publish",
    "promote",
    "deploy_endpoint",
    "remove_endpoints",
    "smoke_test",
    "ask_endpoint",
    "inference_result",
    "reconcile",
    "expire_logs",
    "delete_people",
    "delete_styles",
    "record_failure",
    "report_stop",
    "authorize",
    "api",
    "base_model",
    "page",
    "authorize_people",
    "prepare_pretraining",
    "publish_base",
    "deliver_webhooks",
    "prepare_batch",
    "paint_item",
    "report_batch",
    "settle_batches",
)


def handler_module(name: str) -> ModuleType:
    return import_module(f"atelier_ops.handlers.{name}")


@contextmanager
def cloud(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account with what the handlers of a stage need."""
    with mock_aws():
        for bucket in ("data", "model", "media"):
            aws.client("s3").create_bucket(Bucket=bucket)
        for name, value in environment().items():
            patch.setenv(name, value)
        yield


def make_table() -> None:
    """The records' table."""
    kinds = {"pk": "S", "status": "S", "expires_at": "N", "client": "S", "created": "S"}
    aws.client("dynamodb").create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()],
        GlobalSecondaryIndexes=[
            {
                "IndexName": BY_STATUS,
                "KeySchema": [
                    {"AttributeName": "status", "KeyType": "HASH"},
                    {"AttributeName": "expires_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
            {
                "IndexName": BY_CLIENT,
                "KeySchema": [
                    {"AttributeName": "client", "KeyType": "HASH"},
                    {"AttributeName": "created", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def environment() -> dict[str, str]:
    """Make table, topic and state machine; the variables that name them."""
    make_table()
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    role = "arn:aws:iam::123456789012:role/any"
    machine = aws.client("stepfunctions").create_state_machine(name="m", definition=definition, roleArn=role)
    topic = aws.client("sns").create_topic(Name="topic")["TopicArn"]
    return {
        "DATA_BUCKET": "data",
        "MODEL_BUCKET": "model",
        "PAGE_BUCKET": "page",
        "ISSUER": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Abc",
        "CLIENT_ID": "page-client",
        "PAGE_KEY_ID": "page-key",
        "MEDIA_BUCKET": "media",
        "TABLE_NAME": "table",
        "MEDIA_DAYS": "7",
        "OUTPUTS_DAYS": "7",
        "MASKS_DAYS": "7",
        "STARTUP_SECONDS": "600",
        "LOG_DAYS": "7",
        "TOPIC_ARN": topic,
        "SUCCESS_TOPIC_ARN": topic,
        "ERROR_TOPIC_ARN": topic,
        "STATE_MACHINE_ARN": machine["stateMachineArn"],
        "BATCH_MACHINE_ARN": machine["stateMachineArn"],
        "SERVING_INSTANCE": "ml.g5.xlarge",
        "NAME_PREFIX": "atelier-test",
        "DEFAULT_BASE_MODEL": "tiny@v1",
        "BASE_MODELS": "tiny@v1,words@v1",
        "SEGMENTER": "clipseg@v1",
        "UPSCALER": "none",
        "CAPTIONER": "none",
        "RELEASE_RULES": "{}",
        "SAFETY_RULES": "{}",
        "PACE": json.dumps(PACE.to_json()),
        "CONSENT": "optional",
        "ENDPOINT_NAME": "shared",
        "REAL_TIME_FUNCTION": "none",
        "SERVED_BASE": "tiny@v1",
        "IMAGE_URI": "123456789012.dkr.ecr.us-east-1.amazonaws.com/serve:1",
        "TAGS": "atelier:stage=test",
        "HOSTING": json.dumps(_hosting(role, topic).to_json()),
        "SHARD_INSTANCES": "2",
        "TRAIN_INSTANCES": "2",
        "INPUT_MODE": "FastFile",
        "LUSTRE": "none",
        "CLIENTS": '{"key-1":{"name":"first","manages":true}}',
        "WEBHOOKS": "loopback",
        "WEBHOOK_TOPIC_ARN": topic,
        "API_FUNCTION": "api",
        "COMMERCIAL": "true",
        "DISCLOSURE": '{"en": "AI made it."}',
        "ORIGINS": "https://studio.example.com",
        "RATE_POLICY": '"steady";q=10;w=1',
        "COSTLY_RATE_POLICY": '"steady";q=1;w=5',
    }


def _hosting(role: str, topic: str) -> Hosting:
    return Hosting(
        image_uri="123456789012.dkr.ecr.us-east-1.amazonaws.com/serve:1",
        base_uri="s3://model/base/tiny@v1/",
        role_arn=role,
        key_arn="arn:aws:kms:us-east-1:123456789012:key/1",
        instance_type="ml.m5.xlarge",
        startup_seconds=600,
        concurrency=4,
        media_bucket="media",
        success_topic_arn=topic,
        error_topic_arn=topic,
        environment={"ATELIER_SEGMENTER_URI": "s3://model/base/clipseg@v1/"},
        tags={"atelier:stage": "test"},
    )
