"""Random draws as a function of their place in the training, so that a resumed run draws what an uninterrupted one would."""

from enum import IntEnum

import numpy as np
import torch


class Purpose(IntEnum):
    """What is drawn: each purpose has its own stream."""

    VIEWS = 0
    ORDER = 1
    STEP = 2
    PRIOR_STEP = 3
    CLASS_PICTURES = 4


def numpy_generator(seed: int, purpose: Purpose, *key: int) -> np.random.Generator:
    """A generator that depends on nothing but its arguments, all 0 or more."""
    return np.random.default_rng(np.random.SeedSequence([seed, int(purpose), *key]))


def torch_generator(seed: int, purpose: Purpose, *key: int) -> torch.Generator:
    """The same for torch, on the CPU: what is drawn does not depend on the machine that trains."""
    word = np.random.SeedSequence([seed, int(purpose), *key]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(word) & (2**63 - 1))


def order(seed: int, count: int, start: int, size: int) -> list[int]:
    """Which of ``count`` pictures stand at positions ``start`` to ``start + size`` of an endless run of shuffled epochs."""
    epochs = {position // count for position in range(start, start + size)}
    shuffled = {epoch: numpy_generator(seed, Purpose.ORDER, epoch).permutation(count) for epoch in epochs}
    return [int(shuffled[position // count][position % count]) for position in range(start, start + size)]
