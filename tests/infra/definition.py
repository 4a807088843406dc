"""Reading a synthesized state machine: references replaced by likely values, expressions compiled and evaluated."""

import json
import re
from collections.abc import Mapping
from typing import Any

import jsonata

ACCOUNT = "123456789012"
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": ACCOUNT,
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": "",
}


def resolve(node: Any) -> dict[str, Any]:
    """The definition as Step Functions would read it."""
    return dict(json.loads(text(node)))


def text(node: Any) -> str:
    """A template's string, with each reference replaced by something of its kind."""
    if isinstance(node, str):
        return node
    (function, value), *_ = node.items()
    if function == "Fn::Join":
        return str(value[0]).join(text(part) for part in value[1])
    if function == "Ref":
        return PSEUDO.get(value, f"ref-{value}")
    if function == "Fn::Sub":
        return re.sub(r"\$\{([^}]+)\}", lambda found: PSEUDO[found[1]], value)
    if function == "Fn::GetAtt":
        return f"arn:aws:service:us-east-1:{ACCOUNT}:{value[0]}"
    if function == "Fn::GetStackOutput":
        return f"output-{value['OutputName']}"
    raise AssertionError(f"an intrinsic function that nothing here resolves: {function}")


def evaluate(node: Any, variables: Mapping[str, Any]) -> Any:
    """``node`` with every expression replaced by its value. Raises AssertionError where one has none."""
    if isinstance(node, Mapping):
        return {key: evaluate(value, variables) for key, value in node.items()}
    if isinstance(node, list):
        return [evaluate(value, variables) for value in node]
    if not isinstance(node, str) or not node.startswith("{%"):
        return node
    expression = jsonata.Jsonata(node[2:-2].strip())
    for name, value in variables.items():
        expression.assign(name, value)
    found = expression.evaluate(None)
    assert found is not None, f"undefined: {node}"
    return found
