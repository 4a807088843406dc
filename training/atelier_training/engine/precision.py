"""Which number format a run computes in."""

import torch


def compute_dtype(precision: str, device: torch.device) -> torch.dtype:
    """Return what `precision` (auto, fp32, bf16) means on a device.

    Automatic is bfloat16 where the hardware multiplies matrices of it: GPUs since Ampere, CPUs with AMX. Other CPUs, also
    those that have single bfloat16 instructions, lose more in converting small models' tensors than they win.
    """
    if precision == "auto":
        capable = torch.cuda.is_bf16_supported(including_emulation=False) if device.type == "cuda" else _has_tiles()
        return torch.bfloat16 if capable else torch.float32
    return {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]


def _has_tiles() -> bool:
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))
