"""What a service itself sends to a topic or a queue, or calls: the policy of what it reaches, and that of its key, must let the service.

Where they do not, AWS loses the message: at most an alarm's history or a metric tells. Here the server's log says so. Whoever calls an API
gets 500.
Alarms: https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
EventBridge: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic-sqs-queue-subscriptions.html
Functions: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
API Gateway: https://repost.aws/knowledge-center/api-gateway-rest-api-lambda-integrations ("Invalid permissions on Lambda function")
"""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from ministack.core import iam_evaluator
from ministack.services import apigateway_v1, cloudwatch, eventbridge, sns, sqs

from local.disturbed import Disturbed
from local.faults import EVENTS, SNS, Faults
from local.seams.keys import USE, key_arn
from local.seams.service_rights import admits, key_admits

_LOG = logging.getLogger("local.deliveries")
_CLOUDWATCH, _EVENTS, _SNS, _API = (f"{name}.amazonaws.com" for name in ("cloudwatch", "events", "sns", "apigateway"))
_REACHING = {"sns": "sns:Publish", "sqs": "sqs:SendMessage", "lambda": "lambda:InvokeFunction"}
_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")

Record = dict[str, Any]


def install(faults: Faults) -> None:
    """Ask the key's policy where ministack asks the destination's, for buckets and topics; ask both for all others.

    What is switched on of ``faults`` happens to what topics send to functions, and rules to their targets.
    """
    sns.topic_policy_allows = _with_key(sns.topic_policy_allows)
    sqs.queue_policy_allows = _with_key(sqs.queue_policy_allows)
    _guard_alarms()
    _guard_rules()
    _guard_subscriptions()
    _guard_apis()
    _guard_authorizers()
    sns._deliver_to_lambda = Disturbed(sns._deliver_to_lambda, faults, SNS)
    eventbridge._invoke_target = Disturbed(eventbridge._invoke_target, faults, EVENTS)


def _with_key(allows: Callable[..., bool]) -> Callable[..., bool]:
    def allows_with_key(destination: str, service: str, source: str, account: str) -> bool:
        return allows(destination, service, source, account) and _may_use_key(service, source, destination)

    return allows_with_key


def _guard_alarms() -> None:
    dispatch = cloudwatch._dispatch_alarm_actions

    def dispatch_allowed(alarm: Record, old_state: str, new_state: str, reason: str) -> None:
        heard = {
            name: [each for each in alarm.get(name) or [] if _may_reach(_CLOUDWATCH, alarm["AlarmArn"], each)]
            for name in _ACTIONS
        }
        dispatch({**alarm, **heard}, old_state, new_state, reason)

    cloudwatch._dispatch_alarm_actions = dispatch_allowed


def _guard_rules() -> None:
    invoke = eventbridge._invoke_target

    def invoke_allowed(target: Record, event: Record, rule: Record, view: Any = None) -> None:
        if _may_reach(_EVENTS, rule["Arn"], target["Arn"]):
            invoke(target, event, rule, view)

    eventbridge._invoke_target = invoke_allowed


def _guard_subscriptions() -> None:
    deliver = sns._deliver_to_lambda

    def deliver_allowed(endpoint: str, envelope: str, topic_arn: str, *message: Any) -> None:
        if _may_reach(_SNS, topic_arn, endpoint):
            deliver(endpoint, envelope, topic_arn, *message)

    sns._deliver_to_lambda = deliver_allowed


def _guard_apis() -> None:
    invoke = apigateway_v1._invoke_lambda_proxy_v1

    async def invoke_allowed(
        integration: Record,
        api: str,
        stage_name: str,
        stage: Record,
        resource: Record,
        path: str,
        method: str,
        *request: Any,
        **more: Any,
    ) -> Any:
        function = apigateway_v1._extract_lambda_ref_from_integration_uri(integration.get("uri", ""))
        region, account = function.split(":")[3:5]
        # Escaped: a policy's `*` matches no line break here, and a client may send one.
        source = f"arn:aws:execute-api:{region}:{account}:{api}/{stage_name}/{method}{quote(path)}"
        if not _may_reach(_API, source, function):
            return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")
        return await invoke(integration, api, stage_name, stage, resource, path, method, *request, **more)

    apigateway_v1._invoke_lambda_proxy_v1 = invoke_allowed


def _guard_authorizers() -> None:
    ask = apigateway_v1._invoke_authorizer_lambda

    async def ask_allowed(authorizer: Record, event: Record, account: str, region: str) -> Any:
        function = apigateway_v1._extract_lambda_ref_from_integration_uri(authorizer.get("authorizerUri", ""))
        api = event["methodArn"].split(":")[5].split("/")[0]
        source = f"arn:aws:execute-api:{region}:{account}:{api}/authorizers/{authorizer['id']}"
        # None is a function that API Gateway does not reach.
        return await ask(authorizer, event, account, region) if _may_reach(_API, source, function) else None

    apigateway_v1._invoke_authorizer_lambda = ask_allowed


def _may_reach(service: str, source: str, destination: str) -> bool:
    """Whether a service may, for ``source`` (an ARN), send to a topic or a queue or call a function; it may do anything else."""
    kind = destination.split(":")[2]
    policy = iam_evaluator._resource_policy(kind, destination) if kind in _REACHING else None
    if policy is None:
        return True
    if not admits(policy[0], service, _REACHING[kind], destination, _context(service, source, destination)):
        _LOG.warning("a message of %s is lost: the policy of %s does not let %s", source, destination, service)
        return False
    return kind == "lambda" or _may_use_key(service, source, destination)


def _may_use_key(service: str, source: str, destination: str) -> bool:
    is_topic = destination.split(":")[2] == "sns"
    there = sns._topics.get(destination) if is_topic else sqs._queue_by_arn(destination)
    key_id = (there or {}).get("attributes", {}).get("KmsMasterKeyId")
    if not key_id or key_admits(key_arn(key_id), service, USE, _context(service, source, destination)):
        return True
    _LOG.warning("a message of %s is lost: the key of %s does not let %s use it", source, destination, service)
    return False


def _context(service: str, source: str, destination: str) -> dict[str, str]:
    account = destination.split(":")[4]
    context = {"aws:SourceArn": source, "aws:SourceAccount": account}
    # The default policy of a topic admits whoever shows this, which EventBridge does not.
    return context if service == _EVENTS else {**context, "aws:SourceOwner": account}
