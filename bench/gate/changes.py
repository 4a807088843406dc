"""The few ways in which a defect changes a resource, a state or a policy."""

import json
from collections.abc import Callable, Iterator
from typing import Any

Change = Callable[[dict[str, Any]], None]
"""Changes the body of a resource, or a state, in place. Raises KeyError or ValueError where there is nothing to change."""


def put(path: str, value: Any) -> Change:
    """Set what is at ``path`` (``Properties.Targets.0.Arn``), which may be new; its parent is there."""

    def change(body: dict[str, Any]) -> None:
        parent, key = _parent(body, path)
        if not isinstance(parent, list) and parent.get(key) == value:
            raise ValueError(f"{path} is {value!r} already")
        parent[key] = value

    return change


def drop(path: str) -> Change:
    """Remove what is at ``path``."""

    def change(body: dict[str, Any]) -> None:
        parent, key = _parent(body, path)
        del parent[key]

    return change


def swap(old: str, new: str) -> Change:
    """Replace ``old`` by ``new`` everywhere in the texts, and in keys."""

    def change(body: dict[str, Any]) -> None:
        text = json.dumps(body)
        before, after = json.dumps(old)[1:-1], json.dumps(new)[1:-1]
        if before not in text:
            raise ValueError(f"nothing says {old!r}")
        changed = json.loads(text.replace(before, after))
        body.clear()
        body.update(changed)

    return change


def written_out(parameter: str, value: str) -> Change:
    """Write a value in place of a pseudo parameter (``AWS::Region``) wherever it is referred to."""

    def written(node: Any) -> Any:
        if node == {"Ref": parameter}:
            return value
        if isinstance(node, dict):
            return {key: written(each) for key, each in node.items()}
        return [written(each) for each in node] if isinstance(node, list) else node

    def change(body: dict[str, Any]) -> None:
        changed = written(body)
        if changed == body:
            raise ValueError(f"nothing refers to {parameter}")
        body.update(changed)

    return change


def without(*actions: str) -> Change:
    """Take actions from every statement that allows them; a statement without actions goes too."""

    def change(body: dict[str, Any]) -> None:
        document, found = body["Properties"]["PolicyDocument"], 0
        for statement in document["Statement"]:
            before = _actions(statement)
            statement["Action"] = [each for each in before if each not in actions]
            found += len(before) - len(statement["Action"])
        document["Statement"] = [each for each in document["Statement"] if each["Action"]]
        if not found:
            raise ValueError(f"no statement allows {actions}")

    return change


def allowing(action: str, new: str) -> Change:
    """Write another action in place of one that is allowed."""

    def change(body: dict[str, Any]) -> None:
        _statement(body, action)["Action"] = [
            new if each == action else each for each in _actions(_statement(body, action))
        ]

    return change


def granting(*actions: str, on: Any = "*") -> Change:
    """Add a statement."""

    def change(body: dict[str, Any]) -> None:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": on}
        body["Properties"]["PolicyDocument"]["Statement"].append(statement)

    return change


def statement(action: str, then: Change) -> Change:
    """Change the statement that allows ``action``."""
    return lambda body: then(_statement(body, action))


def _statement(body: dict[str, Any], action: str) -> dict[str, Any]:
    for each in body["Properties"]["PolicyDocument"]["Statement"]:
        if action in _actions(each):
            found: dict[str, Any] = each
            return found
    raise ValueError(f"no statement allows {action}")


def _actions(each: dict[str, Any]) -> list[str]:
    return [each["Action"]] if isinstance(each["Action"], str) else list(each["Action"])


def _parent(body: Any, path: str) -> tuple[Any, Any]:
    *way, last = _keys(path)
    for key in way:
        body = body[key]
    return body, last


def _keys(path: str) -> Iterator[Any]:
    for key in path.split("."):
        yield int(key) if key.isdigit() else key
