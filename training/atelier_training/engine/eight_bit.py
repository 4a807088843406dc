"""AdamW whose means are kept in 8 bits, in blocks of 256 values with a scale each (Dettmers et al. 2021, https://arxiv.org/abs/2110.02861).

A value's state takes 2 bytes in place of 8. Parameters of fewer than 4,096 values keep theirs in single precision.
"""

from typing import Any

from bitsandbytes.optim import AdamW8bit, PagedAdamW8bit
from torch import Tensor, nn
from torch.optim import Optimizer


class ResumedPagedAdamW8bit(PagedAdamW8bit):  # type: ignore[misc]
    """The paged one, whose state may move to the host's memory, that keeps it there when a checkpoint is read."""

    def load_state_dict(self, state_dict: dict[str, Any], move_to_device: bool = True) -> None:
        """Copy a saved state into the buffers that are there; torch makes them before it calls this."""
        buffers = {parameter: dict(own) for parameter, own in self.state.items()}
        super().load_state_dict(state_dict, move_to_device=False)
        for parameter, loaded in self.state.items():
            for name, value in loaded.items():
                buffer: Any = buffers.get(parameter, {}).get(name)
                if getattr(buffer, "is_paged", False):
                    loaded[name] = buffer.copy_(value)
                elif move_to_device and isinstance(value, Tensor):
                    loaded[name] = value.to(parameter.device)


def eight_bit(module: nn.Module, *, paged: bool, **options: Any) -> list[Optimizer]:
    """8-bit AdamW for every trained parameter; ``options`` are AdamW's."""
    kind = ResumedPagedAdamW8bit if paged else AdamW8bit
    return [kind([p for p in module.parameters() if p.requires_grad], **options)]
