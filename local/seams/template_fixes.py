"""Adds to CloudFormation types of ministack the properties and attributes that it ignores."""

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import apigateway_v1, cloudwatch_logs, dynamodb, s3, sns
from ministack.services.cloudformation import provisioners

from local.seams.keys import key_arn
from local.seams.service_rights import key_admits

_LOGS_USE = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey")

Properties = dict[str, Any]
Created = tuple[str, Properties]  # physical id, attributes for Fn::GetAtt


def install(root_client: Callable[[str], Any]) -> None:
    """Replace the handlers. `root_client(service)` is a boto3 client of the account's root."""
    _fix_key_source()
    _fix_request_validators(root_client)
    _fix_time_to_live()
    _fix_encryption()


def _fix_key_source() -> None:
    """ministack drops from where an API takes its keys when it makes the API, and sets it when it changes it."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RestApi"]

    def set_source(api: str, props: Properties) -> None:
        apigateway_v1._rest_apis[api]["apiKeySource"] = props.get("ApiKeySourceType", "HEADER")

    handlers["create"] = _then(set_source, 1, handlers["create"])


def _fix_request_validators(root_client: Callable[[str], Any]) -> None:
    """ministack creates no validator from a template and drops a method's reference to one."""
    handlers = provisioners._RESOURCE_HANDLERS
    create_method = handlers["AWS::ApiGateway::Method"]["create"]

    def flag(props: Properties, name: str) -> bool:
        return str(props.get(name)).lower() == "true"

    def create_validator(logical_id: str, props: Properties, stack: str) -> Created:
        validator = root_client("apigateway").create_request_validator(
            restApiId=props["RestApiId"],
            name=props.get("Name", logical_id),
            validateRequestBody=flag(props, "ValidateRequestBody"),
            validateRequestParameters=flag(props, "ValidateRequestParameters"),
        )
        return validator["id"], {"RequestValidatorId": validator["id"]}

    def create_validated_method(logical_id: str, props: Properties, stack: str) -> Created:
        created: Created = create_method(logical_id, props, stack)
        if props.get("RequestValidatorId"):
            change = {"op": "replace", "path": "/requestValidatorId", "value": props["RequestValidatorId"]}
            method = {"resourceId": props["ResourceId"], "httpMethod": props["HttpMethod"]}
            root_client("apigateway").update_method(restApiId=props["RestApiId"], **method, patchOperations=[change])
        return created

    handlers["AWS::ApiGateway::RequestValidator"]["create"] = create_validator
    handlers["AWS::ApiGateway::Method"]["create"] = create_validated_method


def _fix_time_to_live() -> None:
    """ministack's tables have a time to live, but its CloudFormation type ignores the property."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    create, update = handlers["create"], handlers["update"]

    def apply(name: str, props: Properties, old: Properties) -> None:
        new, former = (each.get("TimeToLiveSpecification") for each in (props, old))
        if new != former:
            enabled = new is not None and str(new.get("Enabled", True)).lower() == "true"
            specification = {**(new or former or {}), "Enabled": enabled}
            dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": specification})

    def create_with_ttl(logical_id: str, props: Properties, stack: str) -> Created:
        created: Created = create(logical_id, props, stack)
        apply(created[0], props, {})
        return created

    def update_with_ttl(physical_id: str, old: Properties, new: Properties, *place: str) -> Created:
        updated: Created = update(physical_id, old, new, *place)
        apply(updated[0], new, old if updated[0] == physical_id else {})
        return updated

    handlers.update(create=create_with_ttl, update=update_with_ttl)


def _fix_encryption() -> None:
    """ministack's types ignore the default encryption of a bucket and the keys of topics and tables, and ask no key of a log group."""
    for kind, apply in (
        ("S3::Bucket", _encrypt_bucket),
        ("SNS::Topic", _encrypt_topic),
        ("DynamoDB::Table", _encrypt_table),
        ("Logs::LogGroup", _encrypt_logs),
    ):
        handlers = provisioners._RESOURCE_HANDLERS[f"AWS::{kind}"]
        handlers["create"] = _then(apply, 1, handlers["create"])
        handlers["update"] = _then(apply, 2, handlers["update"])


def _then(
    apply: Callable[[str, Properties], None], position: int, make: Callable[..., Created]
) -> Callable[..., Created]:
    """The handler, and `apply` of the physical id and of the properties, its argument at that position."""

    def made(*arguments: Any, **named: Any) -> Created:
        created = make(*arguments, **named)
        apply(created[0], arguments[position])
        return created

    return made


def _encrypt_bucket(name: str, props: Properties) -> None:
    rules = props.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    s3._bucket_encryption.pop(name, None)
    for rule in rules[:1]:
        default = rule["ServerSideEncryptionByDefault"]
        members = "".join(f"<{member}>{escape(value)}</{member}>" for member, value in default.items())
        body = f"<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>{members}"
        body += "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
        s3._put_bucket_encryption(name, body.encode())


def _encrypt_topic(arn: str, props: Properties) -> None:
    attributes = sns._topics[arn]["attributes"]
    attributes.pop("KmsMasterKeyId", None)
    if props.get("KmsMasterKeyId"):
        attributes["KmsMasterKeyId"] = props["KmsMasterKeyId"]


def _encrypt_table(name: str, props: Properties) -> None:
    asked = props.get("SSESpecification") or {}
    enabled = str(asked.get("SSEEnabled")).lower() == "true"
    description = dynamodb._sse_description_from_spec({**asked, "Enabled": True}) if enabled else None
    dynamodb._tables[name]["SSEDescription"] = description


def _encrypt_logs(name: str, props: Properties) -> None:
    """The key must let the region's CloudWatch Logs use it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    key = key_arn(props.get("KmsKeyId"))
    if key is None:
        return
    group = cloudwatch_logs._log_groups[name]["arn"].removesuffix(":*")
    service, context = f"logs.{key.split(':')[3]}.amazonaws.com", {"kms:EncryptionContext:aws:logs:arn": group}
    if not key_admits(key, service, _LOGS_USE, context):
        raise ValueError(f"The specified KMS key does not exist or is not allowed to be used with Arn '{group}'")
