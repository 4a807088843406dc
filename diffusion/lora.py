"""LoRAs beside a model instead of in it: each row of a call is painted with its own.

The model is never changed: its layers calculate with ``up(down(x))`` added (Hu et al. 2021, https://arxiv.org/abs/2106.09685), or with
weights of their own to which that is added (diffusion/lora_layers.py). So rows of many styles share a call, and no style is ever switched.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn

from diffusion.lora_fused import FusedWeights
from diffusion.lora_layers import LowRank, UpdatedRows, Weights, fused

PARTS = ("unet", "text_encoder", "text_encoder_2")
"""The parts of a pipeline that a LoRA may change."""
MOST_STACKED = 256 * 2**20
"""Bytes of what is made of the adapters for one composition of a call; one that would need more has it made anew for each layer."""
_KEPT = 2
"""Compositions whose adapters are kept as they are used: calls of two kinds may take turns."""

Place = tuple[str, str]
"""A part's name, and the path of a linear layer or a convolution in it."""


@dataclass(frozen=True, eq=False)
class Lora:
    """A LoRA's weights by place, of a model's own precision; alpha / rank is in ``up`` already. Equal only to itself."""

    layers: Mapping[Place, LowRank]

    @cached_property
    def nbytes(self) -> int:
        """Bytes of the weights."""
        return sum(each.nbytes for pair in self.layers.values() for each in pair)

    @property
    def changes_words(self) -> bool:
        """Whether it changes a text encoder."""
        return any(part != "unet" for part, _ in self.layers)

    def to(self, device: str) -> "Lora":
        """The same on another device."""
        return Lora({place: LowRank(pair.down.to(device), pair.up.to(device)) for place, pair in self.layers.items()})


Mix = tuple[tuple[Lora, float], ...]
"""What a row is painted with: LoRAs, each with its scale. Empty: none."""


def lora_parts(pipeline: Any) -> dict[str, nn.Module]:
    """The parts of a diffusers pipeline that a LoRA may change."""
    return {name: part for name in PARTS if isinstance(part := getattr(pipeline, name, None), nn.Module)}


def places(pipeline: Any) -> dict[Place, nn.Module]:
    """Every layer that a LoRA may change."""
    return {
        (part, name): module
        for part, whole in lora_parts(pipeline).items()
        for name, module in whole.named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d)
    }


def fuse(pipeline: Any, lora: Lora) -> None:
    """Add a LoRA to the model's own weights, for good: whoever paints with nothing else needs neither a second copy of them nor an
    update in every call."""
    layers = places(pipeline)
    for place, pair in lora.layers.items():
        weight = layers[place].weight
        assert isinstance(weight, Tensor)
        weight.data = fused(weight.data, pair)


class LoraRows:
    """Adds each row's own LoRAs to what a pipeline's parts calculate; only the thread that runs the model may use it.

    The layers are only looked after while some row has a LoRA: a call without any costs what it costs without this class.
    """

    def __init__(self, pipeline: Any) -> None:
        self._places = places(pipeline)
        self._fused = FusedWeights()
        self._standing: dict[Place, nn.Module] = {}
        self._ready: OrderedDict[tuple[Mix, ...], _Composition] = OrderedDict()
        self._now: _Composition | None = None

    @contextmanager
    def rows(self, mixes: Sequence[Mix]) -> Iterator[None]:
        """Have calls inside the block paint row i with ``mixes[i]``; none has an adapter where there are no ``mixes``.

        A call may have a multiple of the rows, as guidance doubles them: row i is then of ``mixes[i % len(mixes)]``.
        """
        before = self._now
        self._stand_in(self._composed(tuple(mixes)))
        try:
            yield
        finally:
            if before:
                self._stand_in(before)
            self._now = before

    def _composed(self, mixes: tuple[Mix, ...]) -> "_Composition | None":
        if not any(mixes):
            return None
        if mixes not in self._ready:
            self._ready[mixes] = _Composition(mixes, self._places, self._fused)
            while len(self._ready) > _KEPT:
                self._ready.popitem(last=False)
        self._ready.move_to_end(mixes)
        return self._ready[mixes]

    def _stand_in(self, composition: "_Composition | None") -> None:
        self._now = composition
        if composition is None:
            while self._standing:
                del self._standing.popitem()[1].forward
            return
        composition.enter()
        for place in composition.places - self._standing.keys():
            layer = self._standing[place] = self._places[place]
            layer.forward = self._stood_in(place, layer.forward)

    def _stood_in(self, place: Place, forward: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        def updated(values: Tensor) -> Tensor:
            if self._now is None or place not in self._now.places:
                return forward(values)
            return self._now.layer(place, values.shape[0], forward)(values)

        return updated


class _Composition:
    """The LoRAs of a call's rows, and what was made of them for each layer."""

    def __init__(self, mixes: Sequence[Mix], layers: Mapping[Place, nn.Module], fused: FusedWeights) -> None:
        self._mixes = mixes
        self._layers = layers
        self._fused = fused
        self._runs: dict[int, tuple[list[slice], list[Mix]]] = {}
        self._rows: dict[tuple[Place, int], UpdatedRows] = {}
        self.places = {place for mix in mixes for lora, _ in mix for place in lora.layers}
        self._sizes = {mix: self._size(mix) for mix in set(mixes) if mix}
        # Twice: guidance doubles the rows.
        self._stays = 2 * sum(lora.nbytes for mix in mixes for lora, _ in mix) <= MOST_STACKED
        self._fuses = False

    def enter(self) -> None:
        """To be called before a call of the model: what it uses is kept."""
        fuses = self._fused.keep(self._sizes.items())
        if fuses is not self._fuses:
            self._rows.clear()
        self._fuses = fuses

    def layer(self, place: Place, rows: int, forward: Callable[[Tensor], Tensor]) -> UpdatedRows:
        """A layer in calls of so many rows; ``forward`` is the layer without any update."""
        found = self._rows.get((place, rows))
        if found is None:
            runs, mixes = self._runs_of(rows)
            by_mix = {mix: _mixed(mix, place) for mix in self._sizes}
            pairs = [by_mix.get(mix) for mix in mixes]
            kept = self._kept(place, mixes, by_mix) if self._fuses else None
            found = UpdatedRows(self._layers[place], forward, runs, pairs, kept)
            if self._stays:
                self._rows[place, rows] = found
        return found

    def _runs_of(self, rows: int) -> tuple[list[slice], list[Mix]]:
        """Neighbours that are painted with the same, and with what: a picture's guided and unguided row often are."""
        count = len(self._mixes)
        if rows % count:
            raise ValueError(f"{rows} rows of {count} mixes of adapters")
        if rows not in self._runs:
            runs = [list(same) for _, same in groupby(range(rows), lambda row: self._mixes[row % count])]
            self._runs[rows] = (
                [slice(own[0], own[-1] + 1) for own in runs],
                [self._mixes[own[0] % count] for own in runs],
            )
        return self._runs[rows]

    def _kept(self, place: Place, mixes: Sequence[Mix], pairs: Mapping[Mix, LowRank | None]) -> Weights:
        # Not by way of ``self``, which holds what holds this: it would only be freed when the garbage collector finds it.
        weight, keeper = self._layers[place].weight, self._fused
        assert isinstance(weight, Tensor)

        def kept(run: int) -> Tensor:
            pair = pairs.get(mixes[run])
            return keeper.weight(mixes[run], place, lambda: fused(weight, pair)) if pair else weight

        return kept

    def _size(self, mix: Mix) -> int:
        """Bytes of the weights that the mix changes, and of its LoRAs."""
        changed = {place for lora, _ in mix for place in lora.layers}
        weights = [self._layers[place].weight for place in changed]
        return sum(each.nbytes for each in weights if isinstance(each, Tensor)) + sum(lora.nbytes for lora, _ in mix)


def _mixed(mix: Mix, place: Place) -> LowRank | None:
    """The adapters of a row as one whose rank is the sum of theirs; the scales are in ``up``."""
    pairs = [(lora.layers[place], scale) for lora, scale in mix if place in lora.layers]
    if not pairs:
        return None
    if len(pairs) == 1 and pairs[0][1] == 1:
        return pairs[0][0]
    ups = [pair.up if scale == 1 else pair.up * scale for pair, scale in pairs]
    return LowRank(torch.cat([pair.down for pair, _ in pairs]), torch.cat(ups, dim=1))
