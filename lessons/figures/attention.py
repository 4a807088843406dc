"""Cross-attention: from where in a picture each word of the prompt is looked at, and what would change without the word."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from lessons.figures.card import Band, Panel, TeachingPicture, over
from lessons.figures.workshop import SIDE, Seen, Workshop

PROMPT = "a photo of a woman wearing a red shirt and a blue striped skirt"
WORN = {"red": "a shirt", "shirt": "a shirt", "striped": "a skirt", "skirt": "a skirt"}
"""Words of the prompt, and the garment that each is about."""
LAYER, HEAD = "up_blocks.0#2", 2
"""The layer and the one of its four heads that are shown: of all sixteen it follows the garments' names best."""
SEED, MEASURED = 11, 24
_SEGMENTED = 192

Places = NDArray[np.float64]


def draw(workshop: Workshop) -> TeachingPicture:
    """Both as heat maps a word of WORN, each from nothing to its own most; the numbers are of 24 pictures."""
    seen = attend(workshop, SEED)
    looked = [seen.looked(place(workshop, word)) for word in WORN]
    moved = [without(workshop, seen, word) for word in WORN]
    bands = [
        Band(title="from where each word is looked at", panels=_panels(seen.painted, looked), columns=len(WORN)),
        Band(title="what changes without the word", panels=_panels(seen.painted, moved), columns=len(WORN)),
    ]
    return TeachingPicture(bands=bands, numbers=measure(workshop))


def measure(workshop: Workshop) -> dict[str, Any]:
    """How many times as much happens within a word's own garment as elsewhere: ``looked`` by HEAD, ``all_heads``, ``changed``."""
    inside: dict[tuple[str, str], float] = defaultdict(float)
    outside: dict[tuple[str, str], float] = defaultdict(float)
    for seed in range(MEASURED):
        seen = attend(workshop, seed)
        worn = {garment: worn_at(workshop, seen.painted, garment) for garment in set(WORN.values())}
        for word, garment in WORN.items():
            token = place(workshop, word)
            found = {
                "looked": seen.looked(token),
                "all_heads": seen.looked_by_all(token),
                "changed": without(workshop, seen, word),
            }
            for kind, values in found.items():
                part = _resized(worn[garment], values.shape[0])
                inside[kind, word] += float((values * part).sum() / max(part.sum(), 1e-6))
                outside[kind, word] += float((values * (1 - part)).sum() / (1 - part).sum())
    layers = named_layers(workshop.painter.pipeline.unet)
    times: dict[str, dict[str, float]] = {}
    for kind, word in inside:
        times.setdefault(kind, {})[word] = round(inside[kind, word] / outside[kind, word], 1)
    return {**times, "pictures": MEASURED, "layers": len(layers), "heads": layers[LAYER].heads, "side": SIDE // 8}


@dataclass(frozen=True, kw_only=True)
class Attended:
    """A painted picture, every call of the UNet for it, and by layer all that it looked at: (steps, heads, side, side, tokens)."""

    painted: Image.Image
    calls: Sequence[Seen]
    maps: Mapping[str, Tensor]

    def looked(self, token: int) -> Places:
        """What HEAD of LAYER gives to a token at each place (side, side), over all steps."""
        return self.maps[LAYER][:, HEAD, :, :, token].mean(0).numpy().astype(np.float64)

    def looked_by_all(self, token: int) -> Places:
        """The same of every head of every layer."""
        return torch.cat(list(self.maps.values()), dim=1)[..., token].mean(dim=(0, 1)).numpy().astype(np.float64)


def attend(workshop: Workshop, seed: int) -> Attended:
    """Paint one picture by PROMPT, watched."""
    with attended(workshop.painter.pipeline.unet) as maps, workshop.watched() as calls:
        (painted,) = workshop.painter.paint(
            prompts=[PROMPT], seeds=[seed], size=(SIDE, SIDE), sampling=workshop.sampling
        )
    return Attended(painted=painted, calls=calls, maps={name: torch.stack(each) for name, each in maps.items()})


@torch.no_grad()
def without(workshop: Workshop, seen: Attended, word: str) -> Places:
    """How far what the UNet predicts moves at each place (h, w) where a word is left out of the prompt, over all steps."""
    fewer = " ".join(each for each in PROMPT.split() if each != word)
    told = [{"states": workshop.painter.encoded(words, ())["prompt_embeds"]} for words in (PROMPT, fewer)]
    moved = []
    for call in seen.calls:
        steps = torch.tensor([call.timestep])
        one, other = (workshop.painter.predict(call.given[-1:], steps, words, torch.zeros(1, 6)) for words in told)
        moved.append((one - other)[0].norm(dim=0))
    return torch.stack(moved).mean(0).numpy().astype(np.float64)


def place(workshop: Workshop, word: str) -> int:
    """Which token of PROMPT a word is; the start token is 0."""
    tokenizer = workshop.painter.pipeline.tokenizer
    return int(tokenizer.convert_ids_to_tokens(tokenizer(PROMPT).input_ids).index(f"{word}</w>"))


def worn_at(workshop: Workshop, painted: Image.Image, garment: str) -> Places:
    """The probability (h, w) that each pixel of a larger picture shows a garment, as the segmenter sees it."""
    larger = painted.resize((_SEGMENTED, _SEGMENTED), Image.Resampling.LANCZOS)
    found = Image.fromarray(workshop.segmenter.probability(larger, garment))
    return np.asarray(found, np.float64)


def named_layers(unet: Any) -> dict[str, Any]:
    """The layers in which a UNet looks at the words, by the names of their blocks."""
    found = [
        (name.partition(".attentions")[0], module) for name, module in unet.named_modules() if name.endswith("attn2")
    ]
    return {f"{name}#{index}": module for index, (name, module) in enumerate(found)}


@contextmanager
def attended(unet: Any) -> Iterator[dict[str, list[Tensor]]]:
    """All cross-attention inside the block, by layer, a call after the other: of the row with the prompt (heads, side, side, tokens).

    What a head gives to all tokens together is 1 at each place.
    """
    layers = named_layers(unet)
    found: dict[str, list[Tensor]] = {name: [] for name in layers}

    def look(name: str, layer: Any, given: Sequence[Tensor], named: dict[str, Any]) -> None:
        hidden, states = given[0], named["encoder_hidden_states"]
        query, key = (layer.head_to_batch_dim(each) for each in (layer.to_q(hidden), layer.to_k(states)))
        shares = layer.get_attention_scores(query, key)  # (rows * heads, places, tokens)
        side = round(shares.shape[1] ** 0.5)
        found[name].append(shares.reshape(-1, layer.heads, side, side, shares.shape[-1])[-1].detach())

    hooks = [
        layer.register_forward_pre_hook(
            lambda own, given, named, name=name: look(name, own, given, named), with_kwargs=True
        )
        for name, layer in layers.items()
    ]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def _resized(values: Places, side: int) -> Places:
    """Places (h, w) as (side, side), each the mean of what it covers."""
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize((side, side), Image.Resampling.BOX), np.float64)


def _panels(painted: Image.Image, maps: Sequence[Places]) -> list[Panel]:
    return [
        Panel(picture=over(painted, each / each.max()), words=[f"“{word}”"], smooth=True)
        for word, each in zip(WORN, maps, strict=True)
    ]
