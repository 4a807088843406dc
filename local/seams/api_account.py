"""API Gateway's one setting for an account and region: the role with which it writes the logs of every REST API there.

On AWS whoever deploys an `AWS::ApiGateway::Account` last sets it for all APIs, and nobody unsets it: a stack that takes its role away ends
the logging of all of them, without an error (https://github.com/aws/aws-cdk/issues/10878). Here that is an error.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import apigateway_v1, iam
from ministack.services.cloudformation import provisioners

from local.seams.roles import role_name, trusts

Properties = dict[str, Any]
_API_GATEWAY = "apigateway.amazonaws.com"


def install() -> None:
    """Put the checks before what ministack does."""
    types = provisioners._RESOURCE_HANDLERS
    account, stage, role = (types[f"AWS::{name}"] for name in ("ApiGateway::Account", "ApiGateway::Stage", "IAM::Role"))
    for each, check in ((account, _check_role), (stage, _check_logging)):
        each["create"] = _after(check, 1, each["create"])
        each["update"] = _after(check, 2, each["update"])
    account["delete"] = lambda physical_id, props: None  # the setting stays
    role["delete"] = _after(_check_unused, 0, role["delete"])


def _after(check: Callable[[Any], None], position: int, handle: Callable[..., Any]) -> Callable[..., Any]:
    """The handler, with a check of its argument at that position before it."""

    def checked(*arguments: Any, **named: Any) -> Any:
        check(arguments[position])
        return handle(*arguments, **named)

    return checked


def _logging_role() -> str:
    """The name of the role that is set; empty where none is."""
    settings = apigateway_v1._account_settings.get("settings") or {}
    return role_name(settings.get("cloudwatchRoleArn") or "")


def _check_role(props: Properties) -> None:
    role = iam._roles.get(role_name(props.get("CloudWatchRoleArn", "")))
    if role is None or not trusts(role, _API_GATEWAY):
        raise ValueError(
            "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway "
            "and add the required role policy.",
        )


def _check_logging(props: Properties) -> None:
    levels = [setting.get("LoggingLevel", "OFF") for setting in props.get("MethodSettings", [])]
    logs = "AccessLogSetting" in props or any(level != "OFF" for level in levels)
    if logs and iam._roles.get(_logging_role()) is None:
        raise ValueError("CloudWatch Logs role ARN must be set in account settings to enable logging")


def _check_unused(role: str) -> None:
    if role == _logging_role():
        raise ValueError(
            f"{role} writes the logs of every REST API of the account and region, and nothing would say so when they end: "
            "keep it (DeletionPolicy: Retain)",
        )
