"""The words of the models: CLIP's tokenizer and a small text encoder to train from nothing."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

# Larger than CLIP's 0.02: a small model learns to ignore text embeddings that hardly differ between prompts.
_INITIAL_DEVIATION = 0.12


class Words:
    """Tokenizes captions to a fixed length and caches them: generated captions repeat."""

    def __init__(self, folder: Path, length: int) -> None:
        self.tokenizer: Any = CLIPTokenizer.from_pretrained(folder)
        self._length = length
        self._known: dict[str, list[int]] = {}

    def __call__(self, captions: list[str]) -> Tensor:
        """Return token ids, shape (n, length), cut or padded to the length."""
        return torch.tensor([self._tokens(caption) for caption in captions])

    def _tokens(self, caption: str) -> list[int]:
        if caption not in self._known:
            encoded = self.tokenizer(caption, padding="max_length", max_length=self._length, truncation=True)
            self._known[caption] = encoded.input_ids
        return self._known[caption]


def text_settings(words: Words, *, width: int, layers: int, positions: int) -> dict[str, Any]:
    """Return the arguments of a CLIPTextConfig that fits a tokenizer."""
    tokenizer = words.tokenizer
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": width,
        "intermediate_size": 3 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "max_position_embeddings": positions,
        "projection_dim": width,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,  # the pooled output is read at this token
        "pad_token_id": tokenizer.pad_token_id,
    }


def text_encoder(words: Words, *, width: int, layers: int, positions: int) -> CLIPTextModel:
    """Build an untrained text encoder whose outputs already differ clearly between prompts."""
    model = CLIPTextModel(CLIPTextConfig(**text_settings(words, width=width, layers=layers, positions=positions)))
    for parameter in model.parameters():
        if parameter.dim() > 1:
            nn.init.trunc_normal_(parameter, std=_INITIAL_DEVIATION)
    return model


def load_in_single_precision(config: Path) -> None:
    """Make transformers compute in single precision with half-precision weights, by an entry in config.json.

    Half precision is for the size of the file; without this, transformers would compute in it, which diffusers' parts
    of a pipeline and a CPU do not.
    """
    content = json.loads(config.read_text())
    config.write_text(json.dumps({**content, "dtype": "float32"}, indent=2) + "\n")
