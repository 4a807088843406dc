"""How long and how a pretraining run optimises."""

from dataclasses import asdict, dataclass
from typing import Any

from atelier_training.data.order import DEFAULT_STREAMS

_FREE_TO_CHANGE = ("checkpoint_every", "log_every", "workers", "sharding", "precision")


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """How long and how to optimise. `learning_rate` is the peak; it decays linearly after `hold` of the steps.

    `batch` is the number of samples in a step over all processes. `streams` is how many shards the whole run reads side
    by side: more mix better, fewer need less disk. `workers` are processes that prepare batches ahead for each
    training process. `precision` auto is bf16 where the hardware computes it fast. `min_snr_gamma` 0 weighs all
    timesteps alike. `optimizer` muon learns faster where the model is a transformer (muon.py), but needs whole matrices: no fsdp.
    `text_share` of the pictures a UNet paints whole from their words, besides those that it paints so anyway.
    """

    steps: int
    batch: int
    learning_rate: float
    seed: int = 0
    warmup: int = 100
    hold: float = 0.5
    floor: float = 0.03
    weight_decay: float = 0.01
    clip: float = 1.0
    ema: float = 0.995
    min_snr_gamma: float = 0.0
    text_share: float = 0.0
    precision: str = "fp32"
    sharding: str = "ddp"
    optimizer: str = "adamw"
    streams: int = DEFAULT_STREAMS
    workers: int = 0
    checkpoint_every: int = 500
    log_every: int = 50

    def __post_init__(self) -> None:
        _require("precision", self.precision, "auto", "fp32", "bf16")
        _require("optimizer", self.optimizer, "adamw", "muon")
        _require("sharding", self.sharding, "ddp", *(["fsdp"] if self.optimizer == "adamw" else []))
        counts = ("steps", "batch", "warmup", "streams", "checkpoint_every", "log_every")
        low = [name for name in counts if getattr(self, name) < 1]
        if low:
            raise ValueError(f"{', '.join(low)}: got {[getattr(self, name) for name in low]}; allowed: 1 or more")

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0: linear warm-up, constant, linear decay to `floor` of the peak."""
        warm = min(1.0, (step + 1) / self.warmup)
        left = (self.steps - step) / (self.steps * (1 - self.hold))
        return self.learning_rate * warm * max(self.floor, min(1.0, left))

    def identity(self) -> dict[str, Any]:
        """What must be equal for a checkpoint to be continued: all but what machines there are and what is written when."""
        return {name: value for name, value in asdict(self).items() if name not in _FREE_TO_CHANGE}


def _require(name: str, got: str, *allowed: str) -> None:
    if got not in allowed:
        raise ValueError(f"{name}: got {got!r}; allowed: {', '.join(allowed)}")
