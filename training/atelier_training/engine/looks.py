"""Looks at what a model has learnt while it learns: which was the best, and when there is no more to come of it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from atelier_training.engine.interruption import Interruption

AS_GOOD = 0.02
"""By how much less of the garment a look may show and still be as good: a few pictures say no more than that."""


@dataclass(frozen=True, kw_only=True)
class TrainingLook:
    """What was seen after ``step``.

    ``loss`` is of pictures that are not learnt from, always with the same noise. ``garment_share`` is of what was painted, as the
    evaluation measures it. None of both where a look does not measure it.
    """

    step: int
    loss: float | None = None
    garment_share: float | None = None


@dataclass(kw_only=True)
class TrainingLooks:
    """All looks of a run. ``best`` is the step of the best one, 0 before the first; ``weights`` are its, in the leading process."""

    entries: list[TrainingLook] = field(default_factory=list)
    best: int = 0
    weights: Mapping[str, Tensor] = field(default_factory=dict)

    def add(self, look: TrainingLook) -> bool:
        """Take the next look; whether it is the best one so far."""
        self.entries.append(look)
        better = self._is_better(look)
        if better:
            self.best = look.step
        return better

    @property
    def last(self) -> int:
        """The step of the newest look; 0 before the first."""
        return self.entries[-1].step if self.entries else 0

    @property
    def in_vain(self) -> int:
        """How many looks there have been since the best one."""
        return sum(look.step > self.best for look in self.entries)

    def _is_better(self, look: TrainingLook) -> bool:
        """More of the garment is better; among those that show as much as any, the smaller loss."""
        former = next((each for each in self.entries if each.step == self.best), None)
        if former is None:
            return True
        top = max((each.garment_share for each in self.entries if each.garment_share is not None), default=None)
        if top is not None:
            if _below(look, top):
                return False
            if _below(former, top) or look.loss is None:
                return (look.garment_share or 0.0) > (former.garment_share or 0.0)
        # One that measures nothing is better than any before it: it has learnt longer.
        return look.loss is None or look.loss < (math.inf if former.loss is None else former.loss)


def _below(look: TrainingLook, top: float) -> bool:
    return look.garment_share is None or look.garment_share < top - AS_GOOD


class LearningJudge(Protocol):
    """Looks at a model that learns; only in the leading process, while the model is not in training mode and keeps no gradients."""

    def look(self, step: int, interruption: Interruption) -> TrainingLook | None:
        """What there is to see after ``step``; None where the job was asked to stop meanwhile. Draws from no shared generator."""

    def show(self, looks: TrainingLooks) -> None:
        """Tell people of all looks, of which the last is new."""


@dataclass(frozen=True, kw_only=True)
class LearningWatch:
    """Have ``judge`` look ``every`` so many steps, and end the training after ``patience`` looks in vain; never, where that is None."""

    every: int
    patience: int | None
    judge: LearningJudge

    def due(self, looks: TrainingLooks, step: int, steps: int) -> bool:
        """Whether a look is to be taken after ``step`` of ``steps``, and was not yet."""
        return step > looks.last and (step % self.every == 0 or step == steps)

    def gives_up(self, looks: TrainingLooks) -> bool:
        """Whether there is no more to come of the training."""
        return self.patience is not None and looks.in_vain >= self.patience
