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
        self._make, self._data, self._tuned = make, data, tuned
        self._workers = usual_workers() if workers is None else workers

    def __str__(self) -> str:
        return f"{len(self._data)} samples in {len(self._data.counts)} shards"

    def batches(self, processes: Processes, first: int) -> Iterator[Any]:
        """Yield each step's batch. Raises InvalidInputError where processes cannot share a batch equally."""
        tuned = self._tuned
        if tuned.batch % processes.world:
            allowed = f"a multiple of {processes.world}, so that every process has an equal share"
            raise InvalidInputError("batch", got=tuned.batch, allowed=allowed)
        # Each of w processes reads every gcd(streams, w)-th stream.
        self._data.reserve(tuned.streams // gcd(tuned.streams, processes.world))
        share = _Share(self._make, self._data, tuned, processes, first)
        return iter(_loader(share, self._workers) if self._workers else share)


class _Share(IterableDataset[Any]):
    """The batches of one process from step `first` on.

    Of the samples of a step, numbered through the whole run, process r of w takes every w-th from the r-th. Of the
    steps, worker v of n prepares every n-th: whole batches, so that their number changes neither contents nor order.
    """

    def __init__(
        self,
        make: Callable[[Sequence[Drawn]], Any],
        data: ShardFolder,
        tuned: PretrainHyperparameters,
        processes: Processes,
        first: int,
    ) -> None:
        self._make, self._data, self._tuned, self._processes = make, data, tuned, processes
        self._first = first

    def __iter__(self) -> Iterator[Any]:
        worker = get_worker_info()
        start, stride = (worker.id, worker.num_workers) if worker is not None else (0, 1)
        for step in range(self._first + start, self._tuned.steps, stride):
            yield self._make(self._draw(step))

    def _draw(self, step: int) -> list[Drawn]:
        tuned, processes = self._tuned, self._processes
        numbers = range(step * tuned.batch + processes.rank, (step + 1) * tuned.batch, processes.world)
        return draw(self._data, tuned.seed, numbers, tuned.streams)


def _loader(share: _Share, workers: int) -> DataLoader[Any]:
    return DataLoader(
        share, batch_size=None, num_workers=workers, prefetch_factor=_AHEAD, multiprocessing_context="fork"
    )


def usual_workers() -> int:
    """Processes that prepare batches for each GPU; on a CPU they would only compete with the training itself."""
    gpus = torch.cuda.device_count()
    return min(MOST_WORKERS, max(1, (os.cpu_count() or 1) // gpus - 1)) if gpus else 0
