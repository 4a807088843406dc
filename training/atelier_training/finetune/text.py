"""Words as the UNet takes them: encoded once where the text encoder is not trained, else as token ids."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor


@torch.no_grad()
def encode_texts(pipeline: Any, captions: Iterable[str], *, as_ids: bool) -> dict[str, Tensor]:
    """Each distinct caption's (tokens, features) states, or its (tokens,) ids, on the CPU."""
    return {caption: _encode(pipeline, caption, as_ids) for caption in sorted(set(captions))}


def _encode(pipeline: Any, caption: str, as_ids: bool) -> Tensor:
    tokenizer = pipeline.tokenizer
    options = {"padding": "max_length", "max_length": tokenizer.model_max_length, "truncation": True}
    ids: Tensor = tokenizer(caption, return_tensors="pt", **options).input_ids  # (1, tokens)
    if as_ids:
        return ids[0]
    states: Tensor = pipeline.text_encoder(ids.to(pipeline.text_encoder.device))[0]
    return states[0].float().cpu()
