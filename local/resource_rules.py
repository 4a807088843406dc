"""What AWS refuses of a resource in a template though its schema allows it: rules of the services, as sentences for what is wrong."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Properties = dict[str, Any]

LONGEST_ENVIRONMENT = 4096
"""Bytes of all environment variables of a function (quotas of Lambda: 4 KB)."""
LONGEST_FUNCTION_SECONDS = 900
LONGEST_INLINE_POLICIES = 10_240
"""Characters without white space of a role's inline policies (quotas of IAM)."""
LONGEST_ALARM_SECONDS = 7 * 86_400
"""Seconds that an alarm may look back with periods of an hour and more; with shorter ones it is a day."""
_SECONDS_A_DAY, _SECONDS_AN_HOUR = 86_400, 3_600
_VARIABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_RESERVED = {
    *(
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
    ),
    *("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE"),
    *("AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
}


def problems(resource_type: str, props: Properties) -> list[str]:
    """What is wrong with a resource's properties, all of it; empty where nothing is."""
    rule = _RULES.get(resource_type.removeprefix("AWS::"))
    return list(rule(props)) if rule else []


def _function(props: Properties) -> Iterator[str]:
    variables = props.get("Environment", {}).get("Variables", {})
    size = sum(len(f"{name}{value}".encode()) for name, value in variables.items())
    if size > LONGEST_ENVIRONMENT:
        yield (
            "Lambda was unable to configure your environment variables because the environment variables you have provided "
            f"exceeded the 4KB limit: {size} bytes"
        )
    for name in variables:
        if name in _RESERVED or not _VARIABLE.fullmatch(name):
            yield f"the environment variable {name} is reserved, or not a letter and then letters, digits and _"
    if int(props.get("Timeout", 3)) > LONGEST_FUNCTION_SECONDS:
        yield f"Value '{props['Timeout']}' at 'timeout' failed to satisfy constraint: at most {LONGEST_FUNCTION_SECONDS}"


def _inline_policies(props: Properties) -> Iterator[str]:
    documents = [props.get("PolicyDocument"), *(p.get("PolicyDocument") for p in props.get("Policies", []))]
    size = sum(len("".join(json.dumps(document).split())) for document in documents if document)
    if size > LONGEST_INLINE_POLICIES:
        yield f"Maximum policy size of {LONGEST_INLINE_POLICIES} bytes exceeded: {size} (LimitExceeded)"


def _alarm(props: Properties) -> Iterator[str]:
    queries = props.get("Metrics") or []
    if bool(queries) == bool(props.get("MetricName")):
        yield "an alarm watches one metric (MetricName) or what Metrics compute, and not both"
    watched = [query["Id"] for query in queries if _true(query.get("ReturnData", True))]
    if queries and len(watched) != 1:
        yield f"exactly one of Metrics is watched (ReturnData): got {watched}"
    ids = {query["Id"] for query in queries}
    for query in queries:
        if (
            unknown := set(
                re.findall(r"\b[a-z]\w*\b(?!\()", re.sub(r"'[^']*'|\"[^\"]*\"", "", query.get("Expression", "")))
            )
            - ids
        ):
            yield f"the expression {query['Expression']!r} names {sorted(unknown)}, which no entry of Metrics is called"
    periods = [int(p) for p in (props.get("Period"), *(q.get("MetricStat", {}).get("Period") for q in queries)) if p]
    count = int(props.get("EvaluationPeriods", 1))
    for period in periods:
        if period not in (10, 20, 30) and period % 60:
            yield f"the period is {period} s; allowed: 10, 20, 30 and multiples of 60"
        longest = LONGEST_ALARM_SECONDS if period >= _SECONDS_AN_HOUR else _SECONDS_A_DAY
        if period * count > longest:
            yield f"{count} periods of {period} s are more than the {longest} s that an alarm may look back"
    if int(props.get("DatapointsToAlarm", 1)) > count:
        yield f"DatapointsToAlarm is {props['DatapointsToAlarm']}, and EvaluationPeriods {count}"


def _rule(props: Properties) -> Iterator[str]:
    schedule = props.get("ScheduleExpression", "")
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)(s?)\)", schedule)
    if schedule.startswith("rate(") and (not rate or not int(rate[1]) or (int(rate[1]) == 1) == bool(rate[3])):
        yield f"Parameter ScheduleExpression is not valid: {schedule}"
    targets = props.get("Targets", [])
    if len(targets) > 5:
        yield f"a rule has at most 5 targets: got {len(targets)}"
    for target in targets:
        transformer = target.get("InputTransformer", {})
        used = set(re.findall(r"<([\w-]+(?:\.[\w-]+)*)>", str(transformer.get("InputTemplate", ""))))
        if unknown := {name for name in used if not name.startswith("aws.")} - set(
            transformer.get("InputPathsMap", {})
        ):
            yield f"the input template of target {target.get('Id')} names {sorted(unknown)}, which InputPathsMap lacks"


def _true(value: Any) -> bool:
    return str(value).lower() == "true"


_RULES: dict[str, Callable[[Properties], Iterator[str]]] = {
    "CloudWatch::Alarm": _alarm,
    "Events::Rule": _rule,
    "IAM::Policy": _inline_policies,
    "IAM::Role": _inline_policies,
    "Lambda::Function": _function,
}
