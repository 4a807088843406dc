"""How a learner's work is spread over processes: whole copies whose gradients are averaged (DDP), or shares (FSDP)."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel

from atelier_training.engine.processes import Processes

_BUCKET_MB = 25


class Losses(nn.Module):
    """A learner's `losses` as a module's forward pass, which is what gradient exchange hooks into."""

    def __init__(self, trained: nn.Module, losses: Callable[[Any], Tensor]) -> None:
        super().__init__()
        self.trained = trained
        self._losses = losses

    def forward(self, batch: Any) -> Tensor:
        """Return the loss of each sample, shape (n,)."""
        return self._losses(batch)


def spread(losses: Losses, processes: Processes, sharding: str) -> nn.Module:
    """Move the modules to the process's device and connect their gradients: each becomes the mean over all processes."""
    if sharding == "fsdp" and processes.together:
        return _sharded(losses, processes.device)
    losses.to(processes.device)
    if not processes.together:
        return losses
    # Buffers do not change in training and need not be sent; gradients are stored in the buckets that are sent, to save a copy.
    return DistributedDataParallel(
        losses, forward_sync_buffers=False, gradient_as_bucket_view=True, bucket_cap_mb=_BUCKET_MB
    )


def _sharded(losses: Losses, device: torch.device) -> nn.Module:
    """Split every block's weights over the processes; they are whole only while the block computes.

    What is frozen stays whole everywhere: it has no gradient and no optimizer state, which are most of the memory.
    """
    frozen = {parameter for parameter in losses.parameters() if not parameter.requires_grad}
    for tensor in (*frozen, *losses.buffers()):
        tensor.data = tensor.data.to(device)
    for block in _blocks(losses):
        if any(parameter.requires_grad for parameter in block.parameters()):
            fully_shard(block, ignored_params=frozen)
    fully_shard(losses, ignored_params=frozen)
    return losses


def _blocks(module: nn.Module) -> list[nn.Module]:
    """Return the members of the outermost lists of modules: the blocks of a UNet, the layers of a transformer."""
    blocks: list[nn.Module] = []
    for child in module.children():
        blocks += child.children() if isinstance(child, nn.ModuleList) else _blocks(child)
    return blocks


def clip(parameters: list[nn.Parameter], limit: float) -> None:
    """Scale all gradients so that their norm over all parameters, wherever their shares are, is at most `limit`."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = nn.utils.get_total_norm(gradients)
    if isinstance(norm, DTensor):
        norm = norm.full_tensor()
    nn.utils.clip_grads_with_norm_(parameters, limit, norm)


def on_device(batch: Any, device: torch.device) -> Any:
    """Return a dataclass of tensors and mappings of tensors with these on a device."""
    if device.type == "cpu":
        return batch
    moved: dict[str, Any] = {}
    for each in fields(batch):
        value = getattr(batch, each.name)
        if isinstance(value, Tensor):
            moved[each.name] = value.to(device)
        elif isinstance(value, Mapping):
            moved[each.name] = {name: tensor.to(device) for name, tensor in value.items()}
    return replace(batch, **moved)
