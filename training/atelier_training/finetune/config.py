"""What one training job is told: ``hyperparameters.json``, read once and checked."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from contracts.errors import InvalidInputError
from contracts.execution import METHODS, TASKS, style_name
from contracts.fields import Check, one_of, only_keys, text
from contracts.hyperparameters import CHECKS as TUNABLE
from contracts.hyperparameters import Hyperparameters

log = logging.getLogger(__name__)

_words = text(longest=2_500, meaning="text")


@dataclass(frozen=True, kw_only=True)
class TrainingJob:
    """One fine-tune. ``target`` and ``class_prompt`` may be empty where nothing needs them."""

    style: str
    execution: str
    task: str
    method: str
    instance_prompt: str
    dataset_sha256: str
    target: str = ""
    class_prompt: str = ""
    tuning: Hyperparameters

    @classmethod
    def load(cls, path: Path) -> "TrainingJob":
        """Read SageMaker's ``hyperparameters.json``. Raises InvalidInputError."""
        if not path.is_file():
            raise InvalidInputError(path.name, got="no such file", allowed="a JSON object of strings")
        return cls.from_strings(json.loads(path.read_text(encoding="utf-8")))

    @classmethod
    def from_strings(cls, data: Mapping[str, str]) -> "TrainingJob":
        """Read SageMaker's strings, in JumpStart's quoting too. Raises InvalidInputError naming the first thing that is wrong."""
        only_keys("hyperparameters", data, [*CHECKS, *TUNABLE], REQUIRED)
        own = {name: _unquoted(data[name]) for name in CHECKS if name in data}
        given = {name: value for name, value in own.items() if value or name in REQUIRED}
        checked = {name: CHECKS[name](f"hyperparameters.{name}", value) for name, value in given.items()}
        tuning = Hyperparameters.from_strings({name: data[name] for name in TUNABLE if name in data})
        job = cls(**checked, tuning=tuning)
        job._cross_check()
        return job

    def _cross_check(self) -> None:
        if self.tuning.with_prior_preservation and not self.class_prompt:
            allowed = (
                'what the garment is an example of, e.g. "a photo of a skirt", when with_prior_preservation is true'
            )
            raise InvalidInputError("hyperparameters.class_prompt", got="", allowed=allowed)
        for warning in self.ignored():
            log.warning("ignored: %s", warning)

    def ignored(self) -> list[str]:
        """Settings that were changed from their default and have no effect in this job."""
        tuning, warnings = self.tuning, []
        if tuning.lr_warmup_steps and tuning.lr_scheduler == "constant":
            warnings.append("lr_warmup_steps, because lr_scheduler is constant; constant_with_warmup uses it")
        if tuning.center_crop and self.task == "inpaint":
            warnings.append("center_crop, because an inpainting crop is framed by the garment's mask")
        if tuning.lora_rank != Hyperparameters().lora_rank and self.method == "full":
            warnings.append("lora_rank, because method is full")
        return warnings

    def resolved(self) -> dict[str, Any]:
        """Every setting as used, as JSON values."""
        return asdict(self)


def _unquoted(value: str) -> str:
    """JumpStart sends strings as JSON strings: ``'"a photo"'``."""
    quoted = len(value) > 1 and value.startswith('"') and value.endswith('"')
    return str(json.loads(value)) if quoted else value


REQUIRED = ("style", "execution", "task", "method", "instance_prompt", "dataset_sha256")
CHECKS: dict[str, Check] = {
    "style": style_name,
    "execution": text(longest=80, meaning="an execution's name"),
    "task": one_of(*TASKS),
    "method": one_of(*METHODS),
    "target": _words,
    "instance_prompt": _words,
    "class_prompt": _words,
    "dataset_sha256": text(longest=64, pattern=r"[0-9a-f]{64}", meaning="a sha256"),
}
