"""What a resource's own policy lets an AWS service itself do."""

from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator


def admits(policy: Any, service: str, action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether a policy (JSON, or read) names the service: what it grants to the account is no grant to a service.

    ``context`` are condition keys.
    """
    question = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=resource.split(":")[3],
        service_context={key.lower(): value for key, value in context.items()},
    )
    decision: str = iam_evaluator.evaluate_resource_policy(policy, question, service=service).decision
    return decision == "Allow"


def key_admits(key: str | None, service: str, actions: tuple[str, ...], context: Mapping[str, str]) -> bool:
    """Whether a customer's key (its ARN) lets the service use it; those of AWS itself admit no service, and nobody can change that."""
    policy = iam_evaluator._resource_policy("kms", key) if key else None
    return policy is not None and all(admits(policy[0], service, action, str(key), context) for action in actions)
