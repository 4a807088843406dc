"""IAM as ministack evaluates it: sessions of roles, checks made in a role's name, who may pass a role."""

import contextvars
import json
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime, router
from ministack.services import iam

from local.errors import ServiceError
from local.sagemaker.caller_rights import Need

SAGEMAKER = "sagemaker.amazonaws.com"


def count_loopback_as_tls() -> None:
    """Let `aws:SecureTransport` be true: plain HTTP on the loopback interface never leaves the machine.

    Nor does what no request has set off, such as an execution that goes on after a restart.
    """
    original = iam_evaluator.pin_request_origin
    iam_evaluator._request_origin = contextvars.ContextVar("local_request_origin", default=("127.0.0.1", True))

    def pin(source_ip: str, secure_transport: bool) -> None:
        original(source_ip, True)

    app.pin_request_origin = iam_evaluator.pin_request_origin = pin


def name_denied_resources() -> None:
    """Let every AccessDenied name the resource, as AWS does; ministack leaves it out for most services."""
    original = iam_actions.access_denied_response

    def respond(service: str, action: str, principal_arn: str, request_id: str, **details: Any) -> Any:
        if not (details.get("message") or details.get("error_code") or details.get("resource_policy_arn")):
            resource, explicit = details.get("resource_arn", "*"), details.get("explicit_deny", False)
            details["message"] = iam_actions.identity_denial_message(action, principal_arn, resource, explicit)
        return original(service, action, principal_arn, request_id, **details)

    iam_actions.access_denied_response = respond


def role_name(role_arn: str) -> str:
    """The name in a role's ARN."""
    return role_arn.rsplit("/", 1)[-1]


def sagemaker_session(role_arn: str, account: str, region: str) -> dict[str, str]:
    """Credentials of a session of the role, as SageMaker assumes it.

    Raises ValidationException where there is no such role or its trust policy does not name SageMaker.
    """
    role = iam._roles.get_scoped(account, None, role_name(role_arn))
    if role is None or not trusts(role, SAGEMAKER):
        raise ServiceError(
            "ValidationException",
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
            f"'{SAGEMAKER}' to assume the role.",
        )
    # ministack registers a session only for a Lambda's configuration; a SageMaker session is one under another name.
    function = f"arn:aws:lambda:{region}:{account}:function:SageMaker"
    session: dict[str, str] = lambda_runtime.execution_credentials(
        {"Role": role_arn, "FunctionArn": function, "FunctionName": "SageMaker"}
    )
    return session


def trusts(role: dict[str, Any], service: str) -> bool:
    """Whether the role's trust policy lets an AWS service assume it."""
    document = role["AssumeRolePolicyDocument"]
    statements = (json.loads(document) if isinstance(document, str) else document).get("Statement", [])
    return any(
        statement.get("Effect") == "Allow"
        and iam_evaluator._service_principal_matches(statement.get("Principal"), service)
        for statement in (statements if isinstance(statements, list) else [statements])
    )


def may(need: Need, role_arn: str, region: str) -> bool:
    """Whether a role that SageMaker assumes has the permission."""
    action, resource, context = need
    return denial(role_arn, "SageMaker", action, resource, region, **context) is None


def denial(role_arn: str, session: str, action: str, resource: str, region: str, **context: str) -> str | None:
    """Why a role may not do `action` on `resource` (AWS's sentence), or None where it may."""
    account, name = role_arn.split(":")[4], role_name(role_arn)
    principal = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
    question = iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=region,
        service_context={key.lower(): value for key, value in context.items()},
    )
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    result = iam_evaluator.evaluate(question, iam_evaluator._gather_role_policies(name, account), *limits)
    if action.startswith("kms:") and (policy := iam_evaluator._resource_policy("kms", resource)):
        result = iam_evaluator.combine_resource_policy(result, question, *policy, required=True, limits=limits)
    if result.decision == "Allow":
        return None
    sentence: str = iam_actions.identity_denial_message(action, principal, resource, result.decision == "Deny")
    return sentence


def check_caller(headers: dict[str, str], query: dict[str, Any], need: Need, region: str) -> None:
    """Raise AccessDeniedException unless the caller of an HTTP request has the permission."""
    action, resource, context = need
    namespace, key = action.partition(":")[0], router.extract_access_key_id(headers, query)
    denied = iam_evaluator.enforce(key, action, namespace, region, resource_arn=resource, service_context=context)
    if denied is None:
        return
    if isinstance(denied, iam_evaluator.AuthError):
        raise ServiceError(denied.code, denied.message, 403)
    text = iam_actions.identity_denial_message(action, denied.principal_arn, resource, denied.decision == "Deny")
    raise ServiceError("AccessDeniedException", text)


def pass_role(role_arn: str) -> Need:
    """The permission to hand a role to SageMaker."""
    return "iam:PassRole", role_arn, {"iam:PassedToService": SAGEMAKER}
