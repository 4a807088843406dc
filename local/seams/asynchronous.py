"""Sends what SNS, EventBridge, S3 and `InvocationType: Event` give to a function through one queue, which keeps it until it is done."""

import json
from typing import Any

from ministack.core.arn import parse_arn
from ministack.core.responses import request_scope
from ministack.services import eventbridge, lambda_svc, sns

from local.durable import Table
from local.lambdas.events import Attempt, Caller, EventQueue, Rules
from local.lambdas.places import Places
from local.seams.workers import holds_place

Record = dict[str, Any]


def install(table: Table, places: Places) -> EventQueue:
    """Replace the three ways in which ministack calls a function that nobody waits for."""
    queue = EventQueue(table, places, Caller(attempt=_attempt, rules=_rules, give_up=_give_up))

    def invoke_later(func: Record, event: Any) -> None:
        queue.put((func.get("config") or func)["FunctionArn"], event)

    def deliver_to_lambda(endpoint: str, envelope: str, topic_arn: str, sub_arn: str, *_message: Any) -> None:
        record = {"EventVersion": "1.0", "EventSubscriptionArn": sub_arn, "EventSource": "aws:sns"}
        queue.put(endpoint, {"Records": [{**record, "Sns": json.loads(envelope)}]})

    def dispatch_to_lambda(arn: str, payload: str) -> None:
        queue.put(arn, json.loads(payload))

    lambda_svc.invoke_async_with_retry = invoke_later
    sns._deliver_to_lambda = deliver_to_lambda
    eventbridge._dispatch_to_lambda = dispatch_to_lambda
    return queue


def _attempt(function: str, event: Any) -> tuple[Attempt, Record]:
    record = _record(function)
    if record is None:
        return Attempt.THROTTLED, {}
    token = holds_place.set(True)
    try:
        answer: Record = lambda_svc._execute_function_with_config_scope(record, event)
    finally:
        holds_place.reset(token)
    if answer.get("throttle"):
        return Attempt.THROTTLED, answer
    return (Attempt.FAILED if answer.get("error") else Attempt.DONE), answer


def _record(function: str) -> Record | None:
    """The function as it is now, None where there is none of that ARN."""
    spec = parse_arn(function)
    found, config, _ = lambda_svc._get_func_record_for_ref_in_scope(
        function, account_id=spec.account_id, region=spec.region
    )
    if not found or not config:
        return None
    record: Record = lambda_svc._execution_record_for_config(found, {**config, "FunctionArn": function})
    return record


def _setting(function: str) -> Record:
    record = _record(function) or {}
    setting: Record = record.get("event_invoke_config") or {}
    return setting or (record.get("event_invoke_configs") or {}).get("$LATEST") or {}


def _rules(function: str) -> Rules:
    setting, default = _setting(function), Rules()
    return Rules(
        retries=setting.get("MaximumRetryAttempts", default.retries),
        most_seconds=setting.get("MaximumEventAgeInSeconds", default.most_seconds),
    )


def _give_up(function: str, event: Any, answer: Record) -> None:
    record, spec = _record(function), parse_arn(function)
    config = record["config"] if record else {}
    wanted = (_setting(function).get("DestinationConfig") or {}).get("OnFailure") or {}
    target = wanted.get("Destination") or (config.get("DeadLetterConfig") or {}).get("TargetArn")
    if not target:
        return
    with request_scope(spec.account_id, spec.region):
        lambda_svc._route_async_failure(target, config["FunctionName"], event, answer)
