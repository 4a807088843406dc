"""Random draws as a function of their place in the training, so that a resumed run draws what an uninterrupted one would."""

from collections.abc import Sequence
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
    FLIPS = 5
    BUCKETS = 6
    SET_ASIDE = 7
    VALIDATION_VIEWS = 8
    VALIDATION_NOISE = 9


def numpy_generator(seed: int, purpose: Purpose, *key: int) -> np.random.Generator:
    """A generator that depends on nothing but its arguments, all 0 or more."""
    return np.random.default_rng(np.random.SeedSequence([seed, int(purpose), *key]))


def torch_generator(seed: int, purpose: Purpose, *key: int) -> torch.Generator:
    """The same for torch, on the CPU: what is drawn does not depend on the machine that trains."""
    word = np.random.SeedSequence([seed, int(purpose), *key]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(word) & (2**63 - 1))


def order(seed: int, count: int, start: int, size: int, *key: int) -> list[int]:
    """Which of ``count`` pictures stand at positions ``start`` to ``start + size`` of an endless run of shuffled epochs.

    Pictures that are drawn beside others in a run of their own have a ``key``.
    """
    epochs = {position // count for position in range(start, start + size)}
    shuffled = {epoch: numpy_generator(seed, Purpose.ORDER, epoch, *key).permutation(count) for epoch in epochs}
    return [int(shuffled[position // count][position % count]) for position in range(start, start + size)]


def batch_of_one_group(seed: int, groups: Sequence[Sequence[int]], number: int, size: int) -> list[int]:
    """Which pictures make up batch ``number``: ``size`` of one of the ``groups``, which hold all pictures.

    The groups take turns in a drawn order: among as many batches as there are pictures, each group has one for each of its own, so
    that no picture is shown more often than another.
    """
    if len(groups) == 1:
        return [groups[0][place] for place in order(seed, len(groups[0]), number * size, size)]
    turns = [group for group, pictures in enumerate(groups) for _ in pictures]
    round_, place = divmod(number, len(turns))
    drawn = numpy_generator(seed, Purpose.BUCKETS, round_).permutation(turns)
    group = int(drawn[place])
    before = round_ * len(groups[group]) + int((drawn[:place] == group).sum())
    places = order(seed, len(groups[group]), before * size, size, group + 1)
    return [groups[group][place] for place in places]
