"""How long and how a pretraining run optimises."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """How long and how to optimise. `learning_rate` is the peak; it decays linearly after `hold` of the steps."""

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
    precision: str = "fp32"
    checkpoint_every: int = 500
    log_every: int = 50

    def __post_init__(self) -> None:
        if self.precision not in {"fp32", "bf16"}:
            raise ValueError(f"precision: got {self.precision!r}; allowed: fp32, bf16")
        if self.steps < 1 or self.batch < 1:
            raise ValueError(f"steps and batch: got {self.steps} and {self.batch}; allowed: 1 or more")

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0: linear warm-up, constant, linear decay to `floor` of the peak."""
        warm = min(1.0, (step + 1) / self.warmup)
        left = (self.steps - step) / (self.steps * (1 - self.hold))
        return self.learning_rate * warm * max(self.floor, min(1.0, left))
