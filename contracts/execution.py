"""The input of one state-machine execution: what to learn, from which pictures, how, and what to do with the result."""

from dataclasses import asdict, dataclass, field
from typing import Any

from contracts.errors import InvalidInputError
from contracts.fields import Check, one_of, read, text
from contracts.hyperparameters import Hyperparameters
from contracts.layout import STYLE_PATTERN
from contracts.metrics import read_gate
from contracts.prompts import class_prompt, prompt

TASKS = ("inpaint", "text-to-image")
METHODS = ("lora", "full")
DEPLOYS = ("adapter", "endpoint", "none")
APPROVALS = ("auto", "manual")

style_name = text(longest=40, pattern=STYLE_PATTERN, meaning="a style name")


@dataclass(frozen=True, kw_only=True)
class ExecutionInput:
    """A validated execution input.

    ``base_model`` empty means the stage's default; ``instance_prompt`` and ``class_prompt`` empty mean the dataset's own.
    ``hyperparameters`` holds only what was given: the base model's own training defaults fill in the rest.
    """

    style: str
    dataset: str
    task: str = "inpaint"
    target: str = ""
    instance_prompt: str = ""
    class_prompt: str = ""
    base_model: str = ""
    method: str = "lora"
    deploy: str = "adapter"
    approval: str = "auto"
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    gate: dict[str, float] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: object) -> "ExecutionInput":
        """Read and cross-check. Raises InvalidInputError naming the first thing that is wrong."""
        values = read("input", data, CHECKS, required=["style", "dataset"])
        values.setdefault("deploy", "adapter" if values.get("method", "lora") == "lora" else "endpoint")
        read_input = cls(**values)
        read_input._cross_check()
        return read_input

    def _cross_check(self) -> None:
        if self.task == "inpaint" and not self.target:
            raise InvalidInputError(
                "input.target", got=self.target, allowed='what to mask, e.g. "a skirt", when task is inpaint'
            )
        if self.method == "full" and self.deploy == "adapter":
            raise InvalidInputError(
                "input.deploy", got=self.deploy, allowed="endpoint | none, because method full makes no adapter"
            )
        if self.method == "lora" and self.deploy == "endpoint":
            raise InvalidInputError(
                "input.deploy",
                got=self.deploy,
                allowed="adapter | none, because method lora needs no endpoint of its own",
            )

    def to_json(self) -> dict[str, Any]:
        """The same input as JSON values."""
        return asdict(self)


def _hyperparameters(where: str, value: Any) -> dict[str, Any]:
    Hyperparameters.from_json(value, where=where)
    return dict(value)


CHECKS: dict[str, Check] = {
    "style": style_name,
    "dataset": text(longest=1_024, pattern=r"s3://[^/]+/.*", meaning="an S3 prefix"),
    "task": one_of(*TASKS),
    "target": prompt,
    "instance_prompt": prompt,
    "class_prompt": class_prompt,
    "base_model": text(longest=63, meaning="a base model's name"),
    "method": one_of(*METHODS),
    "deploy": one_of(*DEPLOYS),
    "approval": one_of(*APPROVALS),
    "hyperparameters": _hyperparameters,
    "gate": read_gate,
}
