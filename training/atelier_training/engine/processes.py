"""The processes that train together: torchrun starts and numbers them, gloo or NCCL carries their messages."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Processes:
    """This process among `world` ones, `local_world` of them on this machine. Alone, nothing is sent anywhere."""

    device: torch.device
    rank: int = 0
    world: int = 1
    local_rank: int = 0
    local_world: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the one process that writes files and progress."""
        return self.rank == 0

    @property
    def together(self) -> bool:
        """Whether there are others."""
        return self.world > 1

    def turns(self, first: int) -> Iterator[int]:
        """Numbers of what this process does where all take turns, from the turn ``first`` on: together they have each number once."""
        return count(first * self.world + self.rank, self.world)

    def verdict(self, losses: Tensor, *, stop: bool) -> Callable[[], tuple[float, bool, bool]]:
        """Start an exchange about a step. Every process must call it; only calling what it returns waits.

        That gives the mean loss of the whole batch, whether every loss is finite, and whether any process was asked to stop.
        """
        detached = losses.detach().double()
        values = torch.stack([detached.mean(), (~detached.isfinite()).sum(), detached.new_tensor(float(stop))])
        work = dist.all_reduce(values, async_op=True) if self.together else None

        def wait() -> tuple[float, bool, bool]:
            if work is not None:
                work.wait()
            loss, bad, stops = values.tolist()
            return loss / self.world, bad == 0, stops > 0

        return wait

    def gather(self, value: Any) -> list[Any]:
        """Return every process's value, by rank."""
        values: list[Any] = [value] * self.world
        if self.together:
            dist.all_gather_object(values, value)
        return values

    def wait(self) -> None:
        """Go on when all processes have come here."""
        self.gather(None)


@contextmanager
def joined() -> Iterator[Processes]:
    """Join the processes that torchrun started with this one, on a GPU each where there are GPUs; inside another `joined`, use its group.

    Several trainings in a row need one `joined` around them: torchrun's store keeps the addresses of a former group, and a process
    that joins again may read those instead of its peers'. Whatever exchanges gradients must be released before the end
    (Run.disconnect).
    """
    rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    local_rank, local_world = int(os.environ.get("LOCAL_RANK", "0")), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)
    if world == 1:
        yield Processes(device=device)
        return
    inside = dist.is_initialized()
    if not inside:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(rank=rank, world=world, local_rank=local_rank, local_world=local_world, device=device)
    finally:
        if not inside:
            dist.destroy_process_group()
