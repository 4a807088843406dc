"""LoRAs on a model that paints: loaded by name, made active at a scale, and dropped again."""

import warnings
from pathlib import Path

from contracts.artifact import ADAPTER_WEIGHTS
from diffusion.painter import Painter


def load_adapter(painter: Painter, folder: Path, name: str) -> None:
    """Add the LoRA in ``folder`` as ``name``; it is active at scale 1 until another one is used."""
    with warnings.catch_warnings():
        # Several adapters in one model are what this is for.
        warnings.filterwarnings("ignore", message="Already found a `peft_config`")
        painter.pipeline.load_lora_weights(folder, weight_name=ADAPTER_WEIGHTS, adapter_name=name)


def use_adapter(painter: Painter, name: str, scale: float) -> None:
    """Make one of the loaded adapters the only active one."""
    painter.pipeline.enable_lora()
    painter.pipeline.set_adapters([name], [scale])


def use_no_adapter(painter: Painter) -> None:
    """Paint as the base model does; the adapters stay loaded. There must be one."""
    painter.pipeline.disable_lora()


def drop_adapter(painter: Painter, name: str) -> None:
    """Forget an adapter."""
    painter.pipeline.delete_adapters(name)
