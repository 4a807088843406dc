"""Fn::GetStackOutput as CloudFormation resolves it: while an update is carried out, not when its change set is made.

A change set therefore lists whatever holds such a reference as changing, with a placeholder for the value
(github.com/aws/aws-cdk/issues/38829). ministack compares only what the templates say, so that a reference to another stack's output
would stay at the value that it had, whatever is done.
"""

from typing import Any

from ministack.services.cloudformation import _stacks, changesets

PLACEHOLDER = "{{changeSet:KNOWN_AFTER_APPLY}}"


def install() -> None:
    """Let the new side of a comparison have the placeholder."""
    original = changesets._resolve_props_for_diff

    def resolve(template: Any, params: Any, stack_name: str, stack_id: str) -> Any:
        deployed = _stacks.get(stack_name, {}).get("_template")
        return original(template if template is deployed else later(template), params, stack_name, stack_id)

    changesets._resolve_props_for_diff = resolve


def later(node: Any) -> Any:
    """A template with the placeholder for each reference to another stack's output."""
    if isinstance(node, dict):
        return PLACEHOLDER if "Fn::GetStackOutput" in node else {key: later(value) for key, value in node.items()}
    return [later(each) for each in node] if isinstance(node, list) else node
