"""How every pretraining learner is trained: what the engine needs follows from the hyperparameters."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from atelier_training.data.feed import ShardFeed
from atelier_training.data.sampling import Drawn
from atelier_training.data.shards import ShardFolder
from atelier_training.engine.interruption import Interruption
from atelier_training.engine.loop import Summary, train
from atelier_training.engine.optimizers import adamw, muon
from atelier_training.engine.run import Batch, Learner
from atelier_training.engine.settings import Settings
from atelier_training.engine.training_log import Tell
from contracts.pretrain_hyperparameters import PretrainHyperparameters

FLOOR = 0.03
"""Share of the peak below which the learning rate does not decay."""
BETAS = (0.9, 0.99)
WEIGHT_DECAY = 0.01

_FREE_TO_CHANGE = {"checkpoint_every", "sharding", "precision", "shards_uri"}
_MOST_STEPS_A_LINE = 50
_LINES = 100


class ShardLearner(Learner[Batch], Protocol[Batch]):
    """A learner that makes its batches of samples from shards."""

    def batch(self, drawn: Sequence[Drawn]) -> Batch:
        """Make a batch of samples; each sample's own generator is the only randomness."""


def settings_of(tuned: PretrainHyperparameters, *, log_every: int | None = None) -> Settings:
    """The engine's settings. A checkpoint may be continued on other machines and with other intervals, else with the same values only."""
    every = log_every or max(1, min(_MOST_STEPS_A_LINE, tuned.steps // _LINES))
    make = {"adamw": adamw, "muon": muon}[tuned.optimizer]
    return Settings(
        steps=tuned.steps,
        samples=tuned.batch,
        rate=partial(rate, tuned),
        optimizers=partial(make, betas=BETAS, weight_decay=WEIGHT_DECAY),
        clip=tuned.clip,
        ema=tuned.ema,
        accumulation=1,
        precision=tuned.precision,
        sharding=tuned.sharding,
        seed=tuned.seed,
        checkpoint_every=tuned.checkpoint_every,
        entry_every=every,
        line_every=every,
        identity={name: value for name, value in vars(tuned).items() if name not in _FREE_TO_CHANGE},
    )


def rate(tuned: PretrainHyperparameters, step: int) -> float:
    """Learning rate of a step, counted from 0: linear warm-up, constant, linear decay to a floor."""
    warm = min(1.0, (step + 1) / tuned.warmup)
    left = (tuned.steps - step) / (tuned.steps * (1 - tuned.hold))
    return tuned.learning_rate * warm * max(FLOOR, min(1.0, left))


def pretrain(
    learner: ShardLearner[Any],
    data: ShardFolder,
    tuned: PretrainHyperparameters,
    folder: Path,
    *,
    export: Path,
    interruption: Interruption,
    log_every: int | None = None,
    tell: Tell | None = None,
) -> Summary:
    """Train on shards, or resume from the checkpoint in `folder`, and write the averaged weights to `export`."""
    feed = ShardFeed(learner.batch, data, tuned)
    settings = settings_of(tuned, log_every=log_every)
    return train(learner, feed, settings, folder, export=export, interruption=interruption, tell=tell)
