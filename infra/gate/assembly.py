"""One stage's synthesized templates, with every reference followed to the resource it means."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.gate.finding import Finding
from infra.gate.location import Location

_REFERENCE = re.compile(r"<(\w+)/(\w+)(?:\.([\w.]+))?>")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A resource that a text names, and which of its attributes; empty for ``Ref``."""

    stack: str
    logical_id: str
    attribute: str

    @property
    def name(self) -> str:
        """As ``Resource.name``."""
        return f"{self.stack}/{self.logical_id}"


def references(node: Any) -> list[Reference]:
    """The resources that resolved text, or anything made of it, names."""
    text = node if isinstance(node, str) else json.dumps(node)
    return [Reference(stack=a, logical_id=b, attribute=c or "") for a, b, c in _REFERENCE.findall(text)]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a template. ``properties`` are resolved: a reference is text, ``<Stack/LogicalId.Attribute>``."""

    stage: str
    stack: str
    logical_id: str
    path: str
    kind: str
    body: Mapping[str, Any]
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """``Stack/LogicalId``: one of its kind in a stage."""
        return f"{self.stack}/{self.logical_id}"

    def finding(self, check: str, wrong: str, remedy: str) -> Finding:
        """What is wrong with this resource."""
        path = f" ({self.path})" if self.path else ""
        return Finding(place=f"{self.stage} {self.name}{path}", check=check, wrong=wrong, remedy=remedy)


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """``templates`` by stack id (``Storage``), as JSON; ``paths`` the construct path of ``Stack/LogicalId``, where known.

    ``location`` is where they are deployed.
    """

    stage: str
    templates: Mapping[str, Mapping[str, Any]]
    paths: Mapping[str, str] = field(default_factory=dict)
    location: Location = field(default_factory=Location)

    @classmethod
    def read(cls, stage: str, folder: Path) -> "Assembly":
        """What ``cdk synth`` wrote into ``folder``."""
        files = sorted(folder.glob("*.template.json"))
        templates = {file.name.partition(".")[0]: json.loads(file.read_text(encoding="utf-8")) for file in files}
        return cls(stage=stage, templates=templates, paths=dict(_paths(folder)), location=Location.read(folder))

    @cached_property
    def resources(self) -> Mapping[str, Resource]:
        """Every resource by its name, ``Stack/LogicalId``."""
        found = (
            Resource(
                stage=self.stage,
                stack=stack,
                logical_id=logical_id,
                path=self.paths.get(f"{stack}/{logical_id}", ""),
                kind=str(body["Type"]),
                body=body,
                properties=self.resolve(stack, body.get("Properties", {})),
            )
            for stack, template in self.templates.items()
            for logical_id, body in template["Resources"].items()
        )
        return {resource.name: resource for resource in found}

    def of(self, *kinds: str) -> list[Resource]:
        """The resources of these CloudFormation types."""
        return [resource for resource in self.resources.values() if resource.kind in kinds]

    def referenced(self, node: Any) -> list[Resource]:
        """The resources that resolved text names and that exist."""
        return [self.resources[each.name] for each in references(node) if each.name in self.resources]

    def resolve(self, stack: str, node: Any) -> Any:
        """``node`` with each intrinsic function replaced by text."""
        if isinstance(node, list):
            return [self.resolve(stack, item) for item in node]
        if not isinstance(node, Mapping):
            return node
        if len(node) == 1:
            (key, value), *_ = node.items()
            if key == "Ref" or key.startswith("Fn::"):
                return self._text(stack, key, value)
        return {key: self.resolve(stack, value) for key, value in node.items()}

    def _text(self, stack: str, function: str, value: Any) -> str:
        if function == "Ref":
            return self._pseudo_parameters.get(value, f"<{stack}/{value}>")
        if function == "Fn::GetAtt":
            logical_id, attribute = value.split(".", 1) if isinstance(value, str) else value
            return f"<{stack}/{logical_id}.{attribute}>"
        if function == "Fn::Join":
            return str(value[0]).join(str(self.resolve(stack, part)) for part in value[1])
        if function == "Fn::Sub":
            return self._substituted(stack, value)
        if function == "Fn::GetStackOutput":
            return self._output(value)
        return f"<{function}>"

    @cached_property
    def _pseudo_parameters(self) -> Mapping[str, str]:
        return self.location.pseudo_parameters

    def _substituted(self, stack: str, value: Any) -> str:
        text, own = value if isinstance(value, list) else (value, {})

        def replacement(found: re.Match[str]) -> str:
            name = found[1]
            if name in own:
                return str(self.resolve(stack, own[name]))
            function = "Fn::GetAtt" if "." in name else "Ref"
            return self._text(stack, function, name)

        return re.sub(r"\$\{([^}!]+)\}", replacement, text)

    def _output(self, value: Mapping[str, Any]) -> str:
        """The value of another stack's output; a text that names no resource where there is none."""
        stack = self._stack_of(str(value["StackName"]))
        output = self.templates.get(stack, {}).get("Outputs", {}).get(value["OutputName"])
        if output is None:
            return f"<missing output {value['StackName']} {value['OutputName']}>"
        return str(self.resolve(stack, output["Value"]))

    def _stack_of(self, stack_name: str) -> str:
        """``atelier-dev-storage`` → ``Storage``: StageStack names stacks after their stage and their own id."""
        return next((id_ for id_ in self.templates if stack_name == f"atelier-{self.stage}-{id_.lower()}"), stack_name)


def _paths(folder: Path) -> Iterator[tuple[str, str]]:
    """``Stack/LogicalId`` and its construct path, from the metadata that CDK writes beside each template."""
    for file in sorted(folder.glob("*.metadata.json")):
        stack = file.name.partition(".")[0]
        for path, entries in json.loads(file.read_text(encoding="utf-8")).items():
            for entry in entries:
                if entry["type"] == "aws:cdk:logicalId":
                    yield f"{stack}/{entry['data']}", path.strip("/").removesuffix("/Resource")
