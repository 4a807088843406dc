"""A small CLIPSeg and the parts of its forward pass that training needs apart.

The library's own forward pass freezes CLIP; here CLIP is trained too, and one look at a picture answers several prompts.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from transformers import CLIPSegConfig, CLIPSegForImageSegmentation

from atelier_training.learners.text import Words, text_settings

SIDE, PATCH = 96, 6

_WIDTH = 96
_LAYERS = 4
_REDUCED = 64
_WORD_DEVIATION = 0.5
_SPECIAL_TOKEN_SHARE = 0.05
_ATTENTION_GAIN = 2.0
_EXTRACTED = (1, 3)  # a middle layer for outlines, the last for what things are; the decoder has a layer for each
_PLACE_SCALE = 0.5
_LONGEST_WAVE = 100.0
_ALIKE, _APART = 0.7, 0.4


def segmenter(words: Words, *, positions: int) -> CLIPSegForImageSegmentation:
    """Build an untrained CLIPSeg for square pictures of SIDE pixels; two of its vision layers feed the decoder."""
    config = CLIPSegConfig(
        text_config=text_settings(words, width=64, layers=2, positions=positions),
        vision_config={
            "hidden_size": _WIDTH,
            "intermediate_size": 3 * _WIDTH,
            "num_hidden_layers": _LAYERS,
            "num_attention_heads": 4,
            "image_size": SIDE,
            "patch_size": PATCH,
            "projection_dim": 64,
        },
        projection_dim=64,
        extract_layers=list(_EXTRACTED),
        reduce_dim=_REDUCED,
        decoder_num_attention_heads=4,
        decoder_intermediate_size=3 * _REDUCED,
        conditional_layer=0,
        use_complex_transposed_convolution=False,
    )
    model = CLIPSegForImageSegmentation(config)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            nn.init.trunc_normal_(parameter, std=min(0.08, parameter[0].numel() ** -0.5))
    _spread_words(model)
    _give_sight(model.clip.vision_model)
    return model


@torch.no_grad()
def _give_sight(vision: Any) -> None:
    """Initialise the vision with sinusoidal position embeddings, and attention to patches that are near and similar.

    A small transformer otherwise spends its first hundreds of steps on finding out which patches are neighbours. Cross entropy
    of pixel classes after 300 steps of 16 pictures: 0.52 from random embeddings, 0.41 with sinusoidal ones, 0.34 with this attention too
    (mimetic initialization, Trockman and Kolter, arXiv:2305.09828).
    """
    places = vision.embeddings.position_embedding.weight
    places[0] = 0
    places[1:] = _PLACE_SCALE * waves(SIDE // PATCH, _WIDTH)
    for layer in vision.encoder.layers:
        attention = layer.self_attn
        for rows in torch.arange(_WIDTH).chunk(attention.num_heads):
            query, key = _factors(_around_identity(_ALIKE, _ALIKE), len(rows))
            attention.q_proj.weight[rows], attention.k_proj.weight[rows] = query.T, key
        out, value = _factors(_around_identity(-_APART, _APART), _WIDTH)
        attention.out_proj.weight.copy_(out)
        attention.v_proj.weight.copy_(value)


def waves(across: int, width: int) -> Tensor:
    """Return (across * across, width): sines and cosines of each patch's row and column, wave lengths growing geometrically."""
    rows, columns = torch.meshgrid(torch.arange(across), torch.arange(across), indexing="ij")
    rates = _LONGEST_WAVE ** -(torch.arange(width // 4) / (width // 4))
    angles = [place.reshape(-1, 1) * rates for place in (rows, columns)]
    return torch.cat([wave(angle) for angle in angles for wave in (torch.sin, torch.cos)], 1)


def _around_identity(share: float, noise: float) -> Tensor:
    return share * torch.eye(_WIDTH) + noise * torch.randn(_WIDTH, _WIDTH) / math.sqrt(_WIDTH)


def _factors(product: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Return (w, rank) and (rank, w) whose product is the nearest of that rank to a (w, w) matrix."""
    left, sizes, right = torch.linalg.svd(product)
    roots = sizes[:rank].sqrt()
    return left[:, :rank] * roots, roots[:, None] * right[:rank]


@torch.no_grad()
def _spread_words(model: Any) -> None:
    """Make the words, not the tokens around them, decide the pooled text of an untrained model.

    With the usual initialisation, "skirt" and "dress" have a cosine of about 0.95, and training is spent on telling them apart; with
    this one it is about 0.65. After "a photo of a" it is 0.98 and 0.96.
    """
    text = model.clip.text_model
    tokens = text.embeddings.token_embedding.weight
    nn.init.normal_(tokens, std=_WORD_DEVIATION)
    tokens[-2:] *= _SPECIAL_TOKEN_SHARE  # begin and end of text: the last two of our vocabulary
    nn.init.normal_(text.embeddings.position_embedding.weight, std=0.02)
    for layer in text.encoder.layers:
        nn.init.orthogonal_(layer.self_attn.v_proj.weight, gain=_ATTENTION_GAIN)
        nn.init.orthogonal_(layer.self_attn.out_proj.weight, gain=_ATTENTION_GAIN)
        layer.mlp.fc2.weight *= 0.5
    nn.init.orthogonal_(model.clip.text_projection.weight)


class LabelHead(nn.Module):
    """Reads the class of every pixel from the last vision layer. It only speeds training up and is not exported."""

    def __init__(self, labels: int) -> None:
        super().__init__()
        self._labels = labels
        self._norm = nn.LayerNorm(_WIDTH)
        self._read = nn.Linear(_WIDTH, labels * PATCH * PATCH)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map patch tokens (n, patches, width) to class logits (n, labels, SIDE, SIDE)."""
        across = SIDE // PATCH
        cells = self._read(self._norm(tokens)).view(-1, across, across, self._labels, PATCH, PATCH)
        picture: Tensor = cells.permute(0, 3, 1, 4, 2, 5).reshape(-1, self._labels, SIDE, SIDE)
        return picture


def look(model: Any, pixels: Tensor) -> tuple[Tensor, ...]:
    """Return the activations (n, 1 + patches, width) of the layers that feed the decoder."""
    states = model.clip.vision_model(pixel_values=pixels, output_hidden_states=True).hidden_states
    return tuple(states[layer + 1] for layer in model.config.extract_layers)


def answer(model: Any, activations: tuple[Tensor, ...], prompts: Tensor) -> Tensor:
    """Return mask logits (n, k, SIDE, SIDE) for k prompts of each of n pictures; `prompts` is (n, k, tokens)."""
    pictures, each, tokens = prompts.shape
    text = model.clip.get_text_features(prompts.view(-1, tokens)).pooler_output
    repeated = [activation.repeat_interleave(each, 0) for activation in activations]
    logits: Tensor = model.decoder(repeated, text).logits
    return torch.reshape(logits, (pictures, each, SIDE, SIDE))
