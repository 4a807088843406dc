"""LoRAs beside a model instead of in it: each row of a call is painted with its own.

A layer's output gets ``up(down(x))`` added (Hu et al. 2021, https://arxiv.org/abs/2106.09685), for all rows at once: the model is never
changed, so rows of many styles share a call, and changing styles costs nothing but putting their weights beside each other.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, linear
from torch.utils.hooks import RemovableHandle

PARTS = ("unet", "text_encoder", "text_encoder_2")
"""The parts of a pipeline that a LoRA may change."""
MOST_STACKED = 512 * 2**20
"""Bytes of weights stacked by row for one composition of a call; one that would need more is calculated adapter by adapter."""
_KEPT = 2
"""Compositions whose stacks are kept: calls of two kinds may take turns."""

Place = tuple[str, str]
"""A part's name, and the path of a linear layer or a convolution in it."""


class LowRank(NamedTuple):
    """A layer's update: ``down`` is (rank, in) and ``up`` (out, rank), of a convolution (rank, in, height, width) and (out, rank, 1, 1)."""

    down: Tensor
    up: Tensor


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


class LoraRows:
    """Adds each row's own LoRAs to what a pipeline's parts calculate; only the thread that runs the model may use it.

    The layers are only looked after while some row has a LoRA: a call without any costs what it costs without this class.
    """

    def __init__(self, pipeline: Any) -> None:
        self._places = places(pipeline)
        self._hooks: dict[Place, RemovableHandle] = {}
        self._ready: OrderedDict[tuple[Mix, ...], _Composition] = OrderedDict()
        self._now: _Composition | None = None

    @contextmanager
    def rows(self, mixes: Sequence[Mix]) -> Iterator[None]:
        """Have calls inside the block paint row i with ``mixes[i]``; none has an adapter where there are no ``mixes``.

        A call may have a multiple of the rows, as guidance doubles them: row i is then of ``mixes[i % len(mixes)]``.
        """
        before = self._now
        self._look_after(self._composed(tuple(mixes)))
        try:
            yield
        finally:
            if before:
                self._look_after(before)
            self._now = before

    def _composed(self, mixes: tuple[Mix, ...]) -> "_Composition | None":
        if not any(mixes):
            return None
        if mixes not in self._ready:
            self._ready[mixes] = _Composition(mixes)
            while len(self._ready) > _KEPT:
                self._ready.popitem(last=False)
        self._ready.move_to_end(mixes)
        return self._ready[mixes]

    def _look_after(self, composition: "_Composition | None") -> None:
        self._now = composition
        if composition is None:
            while self._hooks:
                self._hooks.popitem()[1].remove()
            return
        for place in composition.places - self._hooks.keys():
            self._hooks[place] = self._places[place].register_forward_hook(self._hook(place))

    def _hook(self, place: Place) -> Callable[[nn.Module, tuple[Any, ...], Tensor], Tensor]:
        def add(layer: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> Tensor:
            if self._now is None or place not in self._now.places:
                return output
            values: Tensor = inputs[0]
            return self._now.update(place, values.shape[0])(layer, values, output)

        return add


Update = Callable[[nn.Module, Tensor, Tensor], Tensor]
"""Adds to a layer's output what its rows' LoRAs make of its input."""


class _Composition:
    """The LoRAs of a call's rows, and what was stacked of them."""

    def __init__(self, mixes: Sequence[Mix]) -> None:
        self._mixes = mixes
        self._updates: dict[tuple[Place, int], Update] = {}
        loras = {lora for mix in mixes for lora, _ in mix}
        self.places = {place for lora in loras for place in lora.layers}
        # Twice: guidance doubles the rows.
        largest = max(sum(lora.nbytes for lora, _ in mix) for mix in mixes)
        self._stacks = len(set(mixes)) > 1 and 2 * len(mixes) * largest <= MOST_STACKED

    def update(self, place: Place, rows: int) -> Update:
        """How a layer's output is updated in a call of so many rows."""
        found = self._updates.get((place, rows))
        if found is None:
            found = self._updates[place, rows] = self._make(place, rows)
        return found

    def _make(self, place: Place, rows: int) -> Update:
        count = len(self._mixes)
        if rows % count:
            raise ValueError(f"{rows} rows of {count} mixes of adapters")
        mixes = [self._mixes[row % count] for row in range(rows)]
        if self._stacks:
            return _Stacked([_mixed(mix, place) for mix in mixes])
        by_mix: dict[Mix, list[int]] = {}
        for row, mix in enumerate(mixes):
            by_mix.setdefault(mix, []).append(row)
        pairs = [(_mixed(mix, place), own) for mix, own in by_mix.items()]
        return _Separate([(pair, own if len(own) < rows else None) for pair, own in pairs if pair])


def _mixed(mix: Mix, place: Place) -> LowRank | None:
    """The adapters of a row as one whose rank is the sum of theirs; the scales are in ``up``."""
    pairs = [(lora.layers[place], scale) for lora, scale in mix if place in lora.layers]
    if not pairs:
        return None
    ups = [pair.up if scale == 1 else pair.up * scale for pair, scale in pairs]
    return LowRank(torch.cat([pair.down for pair, _ in pairs]), torch.cat(ups, dim=1))


class _Separate:
    """Adapter after adapter, each for its rows; ``None`` for all rows."""

    def __init__(self, pairs: Sequence[tuple[LowRank, list[int] | None]]) -> None:
        self._pairs = [
            (pair, None if own is None else torch.tensor(own, device=pair.down.device)) for pair, own in pairs
        ]

    def __call__(self, layer: nn.Module, values: Tensor, output: Tensor) -> Tensor:
        for pair, own in self._pairs:
            if own is None:
                output.add_(_product(layer, values, pair))
            else:
                output.index_add_(0, own, _product(layer, values[own], pair))
        return output


def _product(layer: nn.Module, values: Tensor, pair: LowRank) -> Tensor:
    if isinstance(layer, nn.Conv2d):
        return conv2d(conv2d(values, pair.down, stride=layer.stride, padding=layer.padding), pair.up)
    return linear(linear(values, pair.down), pair.up)


class _Stacked:
    """All rows at once: ``down`` is (rows, rank, in…) and ``up`` (rows, rank, out), of the largest rank; zeros fill up the others."""

    def __init__(self, pairs: Sequence[LowRank | None]) -> None:
        some = next(pair for pair in pairs if pair)
        rank = max(pair.down.shape[0] for pair in pairs if pair)
        self._rank = rank
        down = some.down.new_zeros(len(pairs), rank, *some.down.shape[1:])
        up = some.up.new_zeros(len(pairs), rank, some.up.shape[0])
        for row, pair in enumerate(pairs):
            if pair:
                down[row, : pair.down.shape[0]] = pair.down
                up[row, : pair.up.shape[1]] = pair.up.flatten(1).T
        # A convolution of one pixel multiplies each pixel's values, as a linear layer does each token's.
        self._convolves = some.down.ndim == 4 and some.down.shape[2:] != (1, 1)
        self._down = down.flatten(0, 1) if self._convolves else down.flatten(2).transpose(1, 2).contiguous()
        self._up = up

    def __call__(self, layer: nn.Module, values: Tensor, output: Tensor) -> Tensor:
        rows = values.shape[0]
        if self._convolves:
            assert isinstance(layer, nn.Conv2d)
            side_by_side = values.reshape(1, -1, *values.shape[2:])
            inner = conv2d(side_by_side, self._down, stride=layer.stride, padding=layer.padding, groups=rows)
            inner = inner.view(rows, self._rank, -1).transpose(1, 2)
        else:
            seen = values[:, :, :: layer.stride[0], :: layer.stride[1]] if isinstance(layer, nn.Conv2d) else values
            inner = torch.bmm(_listed(layer, seen), self._down)
        _listed(layer, output).baddbmm_(inner, self._up)
        return output


def _listed(layer: nn.Module, values: Tensor) -> Tensor:
    """What goes into a layer, or comes out of it, as (rows, pixels or tokens, features); of a layer's output it is a view."""
    if isinstance(layer, nn.Conv2d):
        return values.flatten(2).transpose(1, 2)
    return values.reshape(values.shape[0], -1, values.shape[-1])
