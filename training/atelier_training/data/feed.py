"""Gives a process its share of each step's batch, prepared ahead by workers where there are any."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from math import gcd
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from atelier_training.data.sampling import Drawn, draw
from atelier_training.data.shards import ShardFolder
from atelier_training.engine.processes import Processes
from atelier_training.engine.settings import TrainSettings
from contracts.errors import InvalidInputError

_AHEAD = 2  # batches a worker prepares before they are asked for


class Feed(IterableDataset[Any]):
    """The batches of one process from step `first` on.

    Of the samples of a step, numbered through the whole run, process r of w takes every w-th from the r-th. Of the
    steps, worker v of n prepares every n-th: whole batches, so that their number changes neither contents nor order.
    """

    def __init__(
        self,
        make: Callable[[Sequence[Drawn]], Any],
        data: ShardFolder,
        settings: TrainSettings,
        processes: Processes,
        first: int,
    ) -> None:
        if settings.batch % processes.world:
            allowed = f"a multiple of {processes.world}, so that every process has an equal share"
            raise InvalidInputError("batch", got=settings.batch, allowed=allowed)
        # A process of w meets every gcd(streams, w)-th stream.
        data.reserve(settings.streams // gcd(settings.streams, processes.world))
        self._make, self._data, self._settings, self._processes = make, data, settings, processes
        self._first = first

    def __iter__(self) -> Iterator[Any]:
        worker = get_worker_info()
        start, stride = (worker.id, worker.num_workers) if worker is not None else (0, 1)
        for step in range(self._first + start, self._settings.steps, stride):
            yield self._make(self._drawn(step))

    def _drawn(self, step: int) -> list[Drawn]:
        settings, processes = self._settings, self._processes
        numbers = range(step * settings.batch + processes.rank, (step + 1) * settings.batch, processes.world)
        return draw(self._data, settings.seed, numbers, settings.streams)

    def batches(self) -> Iterator[Any]:
        """Yield each step's batch on the process's device."""
        workers, device = self._settings.workers, self._processes.device
        for batch in _loader(self, workers) if workers else self:
            yield on_device(batch, device)


def _loader(feed: Feed, workers: int) -> DataLoader[Any]:
    return DataLoader(
        feed, batch_size=None, num_workers=workers, prefetch_factor=_AHEAD, multiprocessing_context="fork"
    )


def on_device(batch: Any, device: torch.device) -> Any:
    """Return a batch with its tensors on a device."""
    if device.type == "cpu" or not is_dataclass(batch):
        return batch
    tensors = {f.name: getattr(batch, f.name) for f in fields(batch) if isinstance(getattr(batch, f.name), Tensor)}
    return replace(batch, **{name: value.to(device) for name, value in tensors.items()})  # type: ignore[type-var]
