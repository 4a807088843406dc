"""Fine-tuning settings: JumpStart's names and defaults, and a few of ours. Read from JSON or from SageMaker's strings."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from contracts.fields import Check, boolean, integer, number, one_of, only_keys


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """What a person may tune. ``None`` for ``max_steps`` means ``epochs`` over the pictures."""

    epochs: int = 20
    max_steps: int | None = None
    batch_size: int = 1
    learning_rate: float = 2e-6
    lr_scheduler: str = "constant"
    lr_warmup_steps: int = 0
    with_prior_preservation: bool = False
    num_class_images: int = 100
    prior_loss_weight: float = 1.0
    center_crop: bool = False
    adam_weight_decay: float = 0.01
    adam_beta1: float = 0.9
    adam_beta2: float = 0.999
    adam_epsilon: float = 1e-8
    gradient_accumulation_steps: int = 1
    max_grad_norm: float = 1.0
    seed: int = 0
    lora_rank: int = 8
    train_text_encoder: bool = False
    gradient_checkpointing: bool = False
    mask_weight: float = 0.9
    checkpoint_steps: int = 100

    @classmethod
    def from_json(cls, data: object, *, where: str = "hyperparameters") -> "Hyperparameters":
        """Read typed JSON values. Raises InvalidInputError for an unknown key, a wrong type or a value out of range."""
        mapping = only_keys(where, data, CHECKS)
        return cls(**{key: _checked(where, key, value) for key, value in mapping.items()})

    @classmethod
    def from_strings(cls, data: Mapping[str, str], *, where: str = "hyperparameters") -> "Hyperparameters":
        """Read SageMaker's string values: ``"2e-06"``, ``'"2e-06"'``, ``"True"``, ``"None"``."""
        mapping = only_keys(where, data, CHECKS)
        return cls.from_json({key: typed(value) for key, value in mapping.items()}, where=where)

    def to_strings(self) -> dict[str, str]:
        """The same settings as SageMaker wants them: every value a string."""
        return {key: str(value) for key, value in asdict(self).items()}


def typed(value: str) -> Any:
    """Undo JumpStart's quoting: a JSON string holding a number, Python's ``True`` and ``None``."""
    literal = {"True": True, "False": False, "None": None}
    unquoted = value.strip().strip('"')
    if unquoted in literal:
        return literal[unquoted]
    try:
        return json.loads(unquoted)
    except json.JSONDecodeError:
        return unquoted


def _checked(where: str, key: str, value: Any) -> Any:
    if value is None and key == "max_steps":
        return None
    return CHECKS[key](f"{where}.{key}", value)


CHECKS: dict[str, Check] = {
    "epochs": integer(1, 10_000),
    "max_steps": integer(1, 100_000),
    "batch_size": integer(1, 256),
    "learning_rate": number(1e-9, 1.0),
    "lr_scheduler": one_of("constant", "linear", "cosine", "constant_with_warmup"),
    "lr_warmup_steps": integer(0, 100_000),
    "with_prior_preservation": boolean(),
    "num_class_images": integer(1, 10_000),
    "prior_loss_weight": number(0.0, 100.0),
    "center_crop": boolean(),
    "adam_weight_decay": number(0.0, 1.0),
    "adam_beta1": number(0.0, 0.9999),
    "adam_beta2": number(0.0, 0.99999),
    "adam_epsilon": number(1e-12, 1e-2),
    "gradient_accumulation_steps": integer(1, 1_000),
    "max_grad_norm": number(1e-6, 1e6),
    "seed": integer(0, 2**32 - 1),
    "lora_rank": integer(1, 256),
    "train_text_encoder": boolean(),
    "gradient_checkpointing": boolean(),
    "mask_weight": number(0.0, 1.0),
    "checkpoint_steps": integer(1, 100_000),
}
