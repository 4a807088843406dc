"""What a person can change of a fine-tuning so that it needs less memory: for who refuses it beforehand, and for who ran out of memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contracts.execution import Method
from contracts.hyperparameters import Hyperparameters

_FEWER_BITS = {"adamw": "adamw_8bit", "adamw_8bit": "adamw_8bit_paged"}
_SMALL_RANK = 8


@dataclass(frozen=True, kw_only=True)
class TrainingChange:
    """One change, as a person makes it in ``words``, and what the training's settings are then."""

    words: str
    method: Method
    tuning: Hyperparameters


def smaller(method: Method, tuning: Hyperparameters) -> Iterator[TrainingChange]:
    """The least change of what is learnt first; nothing that is so already."""

    def change(words: str, **changes: Any) -> TrainingChange:
        return TrainingChange(words=words, method=method, tuning=tuning.model_copy(update=changes))

    if not tuning.gradient_checkpointing:
        yield change("gradient_checkpointing true", gradient_checkpointing=True)
    alone = tuning.optimizer == "adamw" and tuning.gradient_accumulation_steps == 1
    if method == "full" and tuning.max_grad_norm and alone:  # else all gradients are kept whatever the norm
        yield change("max_grad_norm 0", max_grad_norm=0.0)
    if tuning.batch_size > 1:
        accumulated = tuning.batch_size * tuning.gradient_accumulation_steps
        words = f"batch_size 1 with gradient_accumulation_steps {accumulated}"
        yield change(words, batch_size=1, gradient_accumulation_steps=accumulated)
    if method == "full" and (optimizer := _FEWER_BITS.get(tuning.optimizer)):
        yield change(f"optimizer {optimizer}", optimizer=optimizer)
    if tuning.train_text_encoder:
        yield change("train_text_encoder false", train_text_encoder=False)
    if method == "full":
        yield TrainingChange(words="method lora", method="lora", tuning=tuning)
    elif tuning.lora_rank > _SMALL_RANK:
        yield change(f"lora_rank {_SMALL_RANK}", lora_rank=_SMALL_RANK)
