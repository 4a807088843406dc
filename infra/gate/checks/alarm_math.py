"""Alarms on an expression: every name in it is a metric of the alarm, one result is returned, and the idle alarm means what it should.

The expression is worked out with numbers: instances without requests set it off, and nothing else does.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.config import STAGES
from infra.gate.assembly import Assembly
from infra.gate.checks.machine_requests import requests
from infra.gate.finding import Finding
from infra.gate.kinds import is_real_time
from infra.gate.machines import machines
from infra.gate.sources import Sources

_NAME = "alarm math"
_INSTANCES, _BACKLOG = "CPUUtilization", "ApproximateBacklogSize"
_FEWEST_SECONDS, _MOST_SECONDS = 3600, 6 * 3600
"""How long a fleet may be idle before it is put to sleep: longer than a start with its first pictures, short enough to cost little."""

_Problems = Iterator[tuple[str, str]]


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    fewest = STAGES[assembly.stage].serving.may_idle if assembly.stage in STAGES else 0
    alarms = assembly.of("AWS::CloudWatch::Alarm")
    for alarm in alarms:
        for wrong, remedy in _math(alarm.properties, fewest):
            yield alarm.finding(_NAME, wrong, remedy)
    # A real-time endpoint is awake always.
    for endpoint in assembly.of("AWS::SageMaker::Endpoint") if not is_real_time(assembly) else ():
        idle = (each for each in alarms if _INSTANCES in str(each.properties.get("Metrics", "")))
        if not any(endpoint in assembly.referenced(each.properties["Metrics"]) for each in idle):
            wrong = "no alarm puts it to sleep where target tracking does not"
            yield endpoint.finding(
                _NAME, wrong, "Add an IdleAlarm: instances without a backlog set off the sleep policy"
            )
    for machine in machines(assembly):
        for name, operation, request in requests(assembly, machine):
            if operation == "PutMetricAlarm":
                for wrong, remedy in _math(request, fewest):
                    yield machine.finding(_NAME, name, wrong, remedy)


def _math(alarm: Mapping[str, Any], fewest: int) -> _Problems:
    queries = {str(each.get("Id")): each for each in alarm.get("Metrics", [])}
    if not queries:
        return
    if len(queries) != len(alarm["Metrics"]):
        yield "two of its metrics have one Id", "Give each its own"
    returned = [name for name, each in queries.items() if each.get("ReturnData", True) is True]
    if len(returned) != 1:
        yield (
            f"it returns {', '.join(returned) or 'nothing'}",
            "Set ReturnData on its one expression, and false on the rest",
        )
    for name, query in queries.items():
        if "Expression" in query:
            yield from _expression(name, str(query["Expression"]), queries, fewest, alarm)


def _expression(name: str, text: str, queries: Mapping[str, Any], fewest: int, alarm: Mapping[str, Any]) -> _Problems:
    tree = _parsed(text)
    if tree is None:
        yield f"{name}: {text} is no expression", "Write one of CloudWatch's metric math"
        return
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {"IF", "FILL"}
    for unknown in sorted(used - set(queries)):
        yield (
            f"{name} reads {unknown}, which is no metric of the alarm",
            f"Use {', '.join(sorted(set(queries) - {name}))}",
        )
    metrics = {
        str(queries[each].get("MetricStat", {}).get("Metric", {}).get("MetricName")): each
        for each in used & set(queries)
    }
    if set(metrics) == {_INSTANCES, _BACKLOG}:
        yield from _idle(tree, text, metrics, queries, fewest)
        yield from _long(alarm, queries[metrics[_INSTANCES]])


def _idle(tree: ast.expr, text: str, metrics: Mapping[str, str], queries: Mapping[str, Any], fewest: int) -> _Problems:
    """Each instance publishes once a minute, so a period has as many samples as instances times minutes."""
    stat = queries[metrics[_INSTANCES]]["MetricStat"]
    if stat.get("Stat") != "SampleCount":
        yield f"{stat.get('Stat')} of {_INSTANCES} is no number of instances", "Use SampleCount"
    minutes = int(stat.get("Period", 60)) // 60
    cases: tuple[tuple[int, int | None, bool], ...] = (
        (fewest + 1, None, True),
        (fewest + 1, 0, True),
        (fewest + 1, 3, False),
        (fewest, 0, False),
        (0, 0, False),
    )
    for instances, backlog, idle in cases:
        values = {metrics[_INSTANCES]: instances * minutes, metrics[_BACKLOG]: backlog}
        got = _value(tree, values)
        if bool(got) != idle:
            what = f"{instances} instances and a backlog of {'no value' if backlog is None else backlog}"
            yield (
                f"{text} is {got} with {what}",
                f"It is to be 1 where more than {fewest} instances (times {minutes} samples) have an empty queue, else 0",
            )


def _long(alarm: Mapping[str, Any], query: Mapping[str, Any]) -> _Problems:
    seconds = int(query["MetricStat"].get("Period", 0)) * int(alarm.get("EvaluationPeriods", 0))
    if not _FEWEST_SECONDS <= seconds <= _MOST_SECONDS:
        yield f"it goes off after {seconds} s", f"Wait {_FEWEST_SECONDS} to {_MOST_SECONDS} s"
    actions = [str(each) for each in alarm.get("AlarmActions", [])]
    if len(actions) != 2:
        yield (
            f"it sets off {', '.join(actions) or 'nothing'}",
            "Let it set off the sleep policy and tell the topic of news",
        )


def _parsed(text: str) -> ast.expr | None:
    code = re.sub(r"\b(AND|OR)\b", lambda found: found[1].lower(), text)
    try:
        return ast.parse(code, mode="eval").body
    except SyntaxError:
        return None


def _value(node: ast.expr, values: Mapping[str, Any]) -> Any:
    """What metric math makes of the values; None where a metric has none."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return values.get(node.id)
    if isinstance(node, ast.BoolOp):
        parts = [_value(each, values) for each in node.values]
        return all(parts) if isinstance(node.op, ast.And) else any(parts)
    if isinstance(node, ast.Compare):
        return _compared(node, values)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "FILL" and len(node.args) == 2:
        found = _value(node.args[0], values)
        return _value(node.args[1], values) if found is None else found
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "IF" and len(node.args) == 3:
        return _value(node.args[1 if _value(node.args[0], values) else 2], values)
    return None


def _compared(node: ast.Compare, values: Mapping[str, Any]) -> bool:
    left, right = _value(node.left, values), _value(node.comparators[0], values)
    if left is None or right is None:
        return False
    results = {ast.Gt: left > right, ast.GtE: left >= right, ast.Lt: left < right, ast.LtE: left <= right}
    return bool({**results, ast.Eq: left == right, ast.NotEq: left != right}.get(type(node.ops[0]), False))
