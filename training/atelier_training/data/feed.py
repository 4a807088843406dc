"""Gives a process its share of each step's batch of shards, prepared ahead by workers where there are any."""

import os
from collections.abc import Callable, Iterator, Sequence
from math import gcd
from typing import Any

import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from atelier_training.data.sampling import Drawn, draw
from atelier_training.data.shards import ShardFolder
from atelier_training.engine.processes import Processes
from contracts.errors import InvalidInputError
from contracts.pretrain_hyperparameters import PretrainHyperparameters

_AHEAD = 2  # batches a worker keeps ready
MOST_WORKERS = 4
"""Processes that prepare batches for each GPU."""


class ShardFeed:
    """The batches of a pretraining run: `make` turns the samples of a batch into what the learner takes.

    `workers` are processes that prepare batches ahead for each training process.
    """

    def __init__(
        self,
        make: Callable[[Sequence[Drawn]], Any],
        data: ShardFolder,
        tuned: PretrainHyperparameters,
        workers: int | None = None,
    ) -> None:
        self.make, self.data, self.tuned = make, data, tuned
        self._workers = usual_workers() if workers is None else workers

    def __str__(self) -> str:
        return f"{len(self.data)} samples in {len(self.data.counts)} shards"

    def batches(self, processes: Processes, first: int) -> Iterator[Any]:
        """Yield each step's batch. Raises InvalidInputError where processes cannot share a batch equally."""
        tuned = self.tuned
        if tuned.batch % processes.world:
            allowed = f"a multiple of {processes.world}, so that every process has an equal share"
            raise InvalidInputError("batch", got=tuned.batch, allowed=allowed)
        # Each of w processes reads every gcd(streams, w)-th stream.
        self.data.reserve(tuned.streams // gcd(tuned.streams, processes.world))
        share = _Share(self, processes, first)
        if not self._workers:
            return iter(share)
        ahead: DataLoader[Any] = DataLoader(
            share, None, num_workers=self._workers, prefetch_factor=_AHEAD, multiprocessing_context="fork"
        )
        return iter(ahead)


class _Share(IterableDataset[Any]):
    """The batches of one process from step `first` on.

    Of the samples of a step, numbered through the whole run, process r of w takes every w-th from the r-th. Of the
    steps, worker v of n prepares every n-th: whole batches, so that their number changes neither contents nor order.
    """

    def __init__(self, feed: ShardFeed, processes: Processes, first: int) -> None:
        self._feed, self._processes, self._first = feed, processes, first

    def __iter__(self) -> Iterator[Any]:
        feed, tuned, processes = self._feed, self._feed.tuned, self._processes
        worker = get_worker_info()
        start, stride = (worker.id, worker.num_workers) if worker is not None else (0, 1)
        for step in range(self._first + start, tuned.steps, stride):
            numbers = range(step * tuned.batch + processes.rank, (step + 1) * tuned.batch, processes.world)
            yield feed.make(draw(feed.data, tuned.seed, numbers, tuned.streams))


def usual_workers() -> int:
    """Processes that prepare batches for each GPU; on a CPU they would only compete with the training itself."""
    gpus = torch.cuda.device_count()
    return min(MOST_WORKERS, max(1, (os.cpu_count() or 1) // gpus - 1)) if gpus else 0
