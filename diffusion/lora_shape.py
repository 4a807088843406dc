"""What a LoRA that is to be trained is like."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LoraShape:
    """A LoRA to be trained: what it adds counts ``alpha / rank``; ``attention_only`` leaves other layers as they are.

    Of its inputs the share ``dropout`` is left out at random.
    """

    rank: int
    alpha: int
    attention_only: bool = False
    dropout: float = 0.0
