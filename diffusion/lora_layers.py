"""How a layer calculates what it makes of its rows, each with its own low-rank update (https://arxiv.org/abs/2106.09685).

Two ways give the same: ``W x + up (down x)`` calculates beside the layer, and ``(W + up down) x`` adds to its weights first, for one call
and without changing the layer. Of pixels (or tokens) P, outputs O and rank r the first costs r / O of the layer more, the second r / P:
so a layer with as many pixels as outputs has the update added to its weights, and another has it beside. Measured in docs/serving.md.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, linear


class LowRank(NamedTuple):
    """A layer's update: ``down`` is (rank, in) and ``up`` (out, rank), of a convolution (rank, in, height, width) and (out, rank, 1, 1)."""

    down: Tensor
    up: Tensor


Weights = Callable[[int], Tensor]
"""Of a run, by its number: a layer's weights with its update added."""


class UpdatedRows:
    """A layer's calls, in which neighbouring rows share an update, or have none: ``runs`` says which rows, and ``pairs`` with which.

    ``kept`` gives the weights of each run where they are kept.
    """

    def __init__(
        self,
        layer: nn.Module,
        forward: Callable[[Tensor], Tensor],
        runs: Sequence[slice],
        pairs: Sequence[LowRank | None],
        kept: Weights | None,
    ) -> None:
        """``forward`` is the layer without any update."""
        assert isinstance(layer, nn.Linear | nn.Conv2d)
        self._layer = layer
        self._forward = forward
        self._runs = runs
        self._pairs = pairs
        self._kept = kept
        self._updates = any(pairs)
        multiplies = isinstance(layer, nn.Linear) or layer.kernel_size == (1, 1)
        self._stack = _stacked(runs, pairs) if multiplies and len(runs) > 1 and self._updates else None

    def __call__(self, values: Tensor) -> Tensor:
        """What the layer makes of values whose first dimension are the rows."""
        if not self._updates:
            return self._forward(values)
        pixels = self._pixels(values)
        if len(self._runs) == 1:
            fuses = self._kept or values.shape[0] * pixels >= self._outputs
            return self._with(values, 0) if fuses else self._beside(values)
        if self._stack:
            return self._multiplied(values, self._stack, pixels >= self._outputs)
        if self._kept or pixels >= self._outputs:
            return torch.cat([self._with(values[rows], number) for number, rows in enumerate(self._runs)])
        return self._beside(values)

    @property
    def _outputs(self) -> int:
        return self._layer.weight.shape[0]

    def _pixels(self, values: Tensor) -> int:
        """How many pixels or tokens a row has in what comes out."""
        if isinstance(self._layer, nn.Linear):
            return values.shape[1:-1].numel()
        down, right = self._layer.stride
        return (values.shape[2] // down) * (values.shape[3] // right)

    def _with(self, values: Tensor, run: int) -> Tensor:
        """A run's values, its update added to the weights."""
        layer, weight = self._layer, self._layer.weight
        if self._kept:
            weight = self._kept(run)
        elif pair := self._pairs[run]:
            weight = fused(weight, pair)
        if isinstance(layer, nn.Linear):
            return linear(values, weight, layer.bias)
        return conv2d(values, weight, layer.bias, layer.stride, layer.padding)

    def _beside(self, values: Tensor) -> Tensor:
        """All rows without updates, then each run's update added."""
        output, layer = self._forward(values), self._layer
        for rows, pair in zip(self._runs, self._pairs, strict=True):
            if pair is None:
                continue
            inner = values[rows]
            if isinstance(layer, nn.Linear):
                inner = linear(inner, pair.down)
            else:
                inner = conv2d(inner, pair.down, stride=layer.stride, padding=layer.padding)
            up = pair.up.flatten(1).T.expand(inner.shape[0], -1, -1)
            self._listed(output[rows]).baddbmm_(self._listed(inner), up)
        return output

    def _multiplied(self, values: Tensor, stack: LowRank, fuses: bool) -> Tensor:
        """Every row by its own matrices, all at once: of a convolution of one pixel too, which multiplies each pixel's values."""
        layer = self._layer
        seen = values if isinstance(layer, nn.Linear) else values[:, :, :: layer.stride[0], :: layer.stride[1]]
        listed = self._listed(seen)
        down, up = stack.down, stack.up.transpose(1, 2)
        if not fuses:
            output = self._forward(values)
            self._listed(output).baddbmm_(torch.bmm(listed, down.transpose(1, 2)), up)
            return output
        weights = torch.baddbmm(layer.weight.flatten(1).T, down.transpose(1, 2), up)
        made = torch.bmm(listed, weights) if layer.bias is None else torch.baddbmm(layer.bias, listed, weights)
        if isinstance(layer, nn.Linear):
            return made.view(*values.shape[:-1], self._outputs)
        return made.transpose(1, 2).reshape(values.shape[0], self._outputs, *seen.shape[2:])

    def _listed(self, values: Tensor) -> Tensor:
        """What goes into the layer, or comes out of it, as (rows, pixels or tokens, features); of what comes out it is a view."""
        if isinstance(self._layer, nn.Conv2d):
            return values.flatten(2).transpose(1, 2)
        return values.reshape(values.shape[0], -1, values.shape[-1])


def fused(weight: Tensor, pair: LowRank) -> Tensor:
    """A layer's weights with an update added, a new tensor that lies in memory as they do."""
    if weight.ndim == 2:
        return torch.addmm(weight, pair.up, pair.down)
    if weight.is_contiguous():
        return torch.addmm(weight.flatten(1), pair.up.flatten(1), pair.down.flatten(1)).view(weight.shape)
    # Channels last: a view, and so is ``down`` where it lies so too.
    last, down = weight.permute(0, 2, 3, 1), pair.down.permute(0, 2, 3, 1)
    return torch.addmm(last.flatten(1), pair.up.flatten(1), down.flatten(1)).view(last.shape).permute(0, 3, 1, 2)


def _stacked(runs: Sequence[slice], own: Sequence[LowRank | None]) -> LowRank:
    """Matrices of all rows, ``down`` (rows, rank, in) and ``up`` (rows, out, rank), of the largest rank; zeros fill up the others."""
    pairs = [pair for rows, pair in zip(runs, own, strict=True) for _ in range(rows.start, rows.stop)]
    some = next(pair for pair in pairs if pair)
    if all(pair and pair.down.shape == some.down.shape for pair in pairs):
        return LowRank(*(torch.stack([each.flatten(1) for each in half]) for half in zip(*pairs, strict=True)))
    rank = max(pair.down.shape[0] for pair in pairs if pair)
    down = some.down.new_zeros(len(pairs), rank, some.down.shape[1])
    up = some.up.new_zeros(len(pairs), some.up.shape[0], rank)
    for row, pair in enumerate(pairs):
        if pair:
            down[row, : pair.down.shape[0]] = pair.down.flatten(1)
            up[row, :, : pair.up.shape[1]] = pair.up.flatten(1)
    return LowRank(down, up)
