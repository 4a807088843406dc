"""How a learner's work is spread over processes: whole copies whose gradients are averaged (DDP), or shares (FSDP)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

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


def clip(parameters: list[nn.Parameter], limit: float, optimizers: Sequence[Optimizer]) -> None:
    """Have the next step move by gradients whose norm over all parameters, wherever their shares are, is at most `limit`.

    They are scaled, unless all of `optimizers` divide them as they read them: fused AdamW does, which saves a pass over all of them.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = nn.utils.get_total_norm(gradients)
    shared_out = isinstance(norm, DTensor)
    if isinstance(norm, DTensor):
        norm = norm.full_tensor()
    if shared_out or not optimizers or not all(_divides(optimizer) for optimizer in optimizers):
        nn.utils.clip_grads_with_norm_(parameters, limit, norm)
        return
    # A GPU is not waited for to learn that nothing is to be divided.
    idle = norm.device.type == "cpu" and bool(norm <= limit)
    for optimizer in optimizers:
        optimizer.grad_scale = None if idle else (norm / limit).clamp(min=1)  # type: ignore[attr-defined]


def _divides(optimizer: Optimizer) -> bool:
    """Whether an optimizer takes what its gradients are to be divided by: torch's way to undo the scaling of a loss."""
    return isinstance(optimizer, torch.optim.AdamW) and bool(optimizer.defaults["fused"])


def on_device(batch: Any, device: torch.device) -> Any:
    """Return a dataclass of tensors, mappings of tensors and more such dataclasses with these on a device."""
    if device.type == "cpu":
        return batch
    moved: dict[str, Any] = {}
    for each in fields(batch):
        value = getattr(batch, each.name)
        if isinstance(value, Tensor):
            moved[each.name] = value.to(device)
        elif isinstance(value, Mapping):
            moved[each.name] = {name: tensor.to(device) for name, tensor in value.items()}
        elif is_dataclass(value):
            moved[each.name] = on_device(value, device)
    return replace(batch, **moved)
