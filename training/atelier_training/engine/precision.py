"""Which number format a run computes in."""

import torch

_FORMATS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def compute_dtype(precision: str, device: torch.device) -> torch.dtype:
    """Return what `precision` means on a device: fp32, bf16, fp16, auto (bf16 or fp32) or half (auto, but fp16 on older GPUs).

    Automatic is bfloat16 where the hardware multiplies matrices of it: GPUs since Ampere, CPUs with AMX. Other CPUs, also
    those that have single bfloat16 instructions, lose more in converting small models' tensors than they win.
    """
    if precision in _FORMATS:
        return _FORMATS[precision]
    if device.type == "cuda":
        if torch.cuda.is_bf16_supported(including_emulation=False):
            return torch.bfloat16
        return torch.float16 if precision == "half" else torch.float32
    return torch.bfloat16 if precision == "auto" and _has_tiles() else torch.float32


def _has_tiles() -> bool:
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))
