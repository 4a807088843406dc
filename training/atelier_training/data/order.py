"""The order in which a run trains on samples: a pure function of the sample's number in the whole run.

An epoch of a data set of N samples is the N consecutive numbers e*N .. (e+1)*N-1, and each sample has one of them. The
epoch's shards are laid end to end in an order of their own, the samples of each shard in an order of their own, and
the row is cut into as many equal parts as there are streams. Number n takes the next sample of stream n mod streams.

So a batch mixes as many shards as there are streams, a shard is read from front to end by one stream (those at a
cut by two), nothing depends on how many processes share the work, and the place in the data follows from the step.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.pretrain_hyperparameters import PretrainHyperparameters

DEFAULT_STREAMS = PretrainHyperparameters().streams

# Seeds end in a number above 0: trailing zeros would not tell them apart.
_SHARDS, _SAMPLES = 1, 2


class Position(NamedTuple):
    """A sample's shard and its number within it, by key."""

    shard: str
    number: int


@dataclass(frozen=True, kw_only=True)
class _Epoch:
    shards: tuple[int, ...]  # numbers of the shards in the order of this epoch
    begins: tuple[int, ...]  # where each begins in the row
    cuts: tuple[int, ...]  # where each stream begins in the row


class Order:
    """The order of the samples of shards with these `counts`, by name, for a seed and a number of streams."""

    def __init__(self, counts: Mapping[str, int], *, seed: int, streams: int) -> None:
        self._names = sorted(name for name, count in counts.items() if count)
        self._counts = [counts[name] for name in self._names]
        self._seed, self._streams = seed, streams
        self.samples = sum(self._counts)
        self._epoch = lru_cache(maxsize=2)(self._laid_out)
        self._permutation = lru_cache(maxsize=2 * streams)(self._permuted)

    def position(self, number: int) -> Position:
        """Where sample `number` of the whole run, counted from 0, lies."""
        epoch, start = number // self.samples, number // self.samples * self.samples
        row = self._epoch(epoch)
        stream = number % self._streams
        before = (number - start - (stream - start) % self._streams) // self._streams  # of this stream, this epoch
        place = row.cuts[stream] + before
        at = bisect_right(row.begins, place) - 1
        shard = row.shards[at]
        index = int(self._permutation(epoch, shard)[place - row.begins[at]])
        return Position(shard=self._names[shard], number=index)

    def _laid_out(self, epoch: int) -> _Epoch:
        order = np.random.default_rng((self._seed, epoch, _SHARDS)).permutation(len(self._names))
        shards = tuple(int(shard) for shard in order)
        start = epoch * self.samples
        first = [(stream - start) % self._streams for stream in range(self._streams)]
        lengths = [max(0, -(-(self.samples - offset) // self._streams)) for offset in first]
        return _Epoch(
            shards=shards,
            begins=_begins([self._counts[shard] for shard in shards]),
            cuts=_begins(lengths),
        )

    def _permuted(self, epoch: int, shard: int) -> NDArray[np.int64]:
        return np.random.default_rng((self._seed, epoch, _SAMPLES + shard)).permutation(self._counts[shard])


def _begins(lengths: list[int]) -> tuple[int, ...]:
    return tuple(accumulate(lengths, initial=0))[:-1]
