"""Counting the bytes of tensors that are alive, and as CUDA's autocast would have them, on a machine without one."""

import gc
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

_IN_SINGLE = ("group_norm", "layer_norm")
"""What CUDA's autocast computes in single precision, and a CPU's does not (pytorch.org/docs/stable/amp.html)."""


_BETWEEN_COLLECTIONS = 100
"""Operations: more often takes long, more seldom counts too much.

Counting makes cycles that hold what checkpointing computes again; a real step leaves none.
"""


class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While it is entered, ``most`` is the most bytes that tensors took at once which were made since; ``known`` are not counted.

    Python's cycles are collected all the while where it ``collects``.
    """

    def __init__(self, known: Iterable[Tensor], *, collects: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.most = self._operations = 0
        self._collects = collects
        self._seen = {id(tensor.untyped_storage()): tensor.untyped_storage() for tensor in known}
        self._alive: dict[int, weakref.ref[Any]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Do it, and count what it made."""
        self._operations += 1
        if self._collects and self._operations % _BETWEEN_COLLECTIONS == 0:
            gc.collect()
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self._count(tensor)
        return result

    def _count(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = id(storage), storage.nbytes()
        if key in self._seen or key in self._alive:
            return

        def ended(_gone: Any) -> None:
            self.now -= size
            self._alive.pop(key, None)

        self._alive[key] = weakref.ref(storage, ended)
        self.now += size
        self.most = max(self.most, self.now)


@contextmanager
def as_on_a_gpu() -> Iterator[None]:
    """Norms get single precision under autocast, as on a GPU: also where checkpointing computes them again in the backward pass."""
    with ExitStack() as patches:
        for name in _IN_SINGLE:
            patches.enter_context(patch.object(functional, name, _in_single(getattr(functional, name))))
        yield


def _in_single(norm: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def computed(*values: Any, **named: Any) -> Tensor:
        if torch.is_autocast_enabled("cpu"):
            values = tuple(each.float() if isinstance(each, Tensor) else each for each in values)
        return norm(*values, **named)

    return computed
