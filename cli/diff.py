"""What a deployment would change: the CDK command's list, and each state machine's definition line by line.

The command shows a definition as one line of thousands of characters, the old one and the new one, which nobody can review.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import Any

from cli.account import Client, account_client, stage_stacks
from cli.cdk import cdk, templates
from cli.deploy import require_stage
from cli.doctor.run import require_ready

Template = Mapping[str, Any]


def run_diff(stage: str, assembly: Path, words: Sequence[str]) -> None:
    """Print both."""
    require_stage(assembly, stage)
    require_ready(stage, assembly)
    cdk(["diff", *words], assembly)
    for line in definitions(account_client, stage, assembly):
        print(line)


def definitions(client: Client, stage: str, assembly: Path) -> Iterator[str]:
    """A unified diff of every state machine whose definition changes."""
    service, written = client("cloudformation"), templates(assembly)
    for name in [stack["StackName"] for stack in stage_stacks(client, stage)]:
        deployed = machines(service.get_template(StackName=name, TemplateStage="Original")["TemplateBody"])
        synthesized = machines(written.get(name, {}))
        for machine in sorted({*deployed, *synthesized}):
            old, new = deployed.get(machine, []), synthesized.get(machine, [])
            yield from unified_diff(old, new, f"{name} {machine}, deployed", f"{name} {machine}", n=5, lineterm="")


def machines(template: Template | str) -> dict[str, list[str]]:
    """The lines of each state machine's definition, by logical id; what CloudFormation puts in is written ``<…>``."""
    content = json.loads(template) if isinstance(template, str) else template
    resources = content.get("Resources", {}).items()
    found = {key: r for key, r in resources if r["Type"] == "AWS::StepFunctions::StateMachine"}
    return {key: _lines(resource["Properties"]["DefinitionString"]) for key, resource in found.items()}


def _lines(definition: Any) -> list[str]:
    parts = definition["Fn::Join"][1] if isinstance(definition, Mapping) else [definition]
    text = "".join(part if isinstance(part, str) else _reference(part) for part in parts)
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False).splitlines()


def _reference(part: Any) -> str:
    """An intrinsic function as it may stand in a JSON string."""
    return f"<{json.dumps(part)}>".replace('"', "")
