"""Weights of layers with LoRAs added to them, kept for the rows to come: a picture has many steps, and a style is asked for again."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable

from torch import Tensor

MOST_FUSED = 256 * 2**20
"""Bytes of weights with LoRAs added that are kept, with the LoRAs themselves."""


class FusedWeights:
    """By what a row is painted with and by layer; those used longest ago are let go of. Only the thread that runs the model may use it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[int, dict[Hashable, Tensor]]] = OrderedDict()

    def keep(self, sizes: Collection[tuple[Hashable, int]]) -> bool:
        """Make room for those of a call, with the bytes of each; or say that there is none for all of them, and keep none of them."""
        if sum(size for _, size in sizes) > MOST_FUSED:
            return False
        for mix, size in sizes:
            self._kept.setdefault(mix, (size, {}))
            self._kept.move_to_end(mix)
        while sum(size for size, _ in self._kept.values()) > MOST_FUSED:
            self._kept.popitem(last=False)
        return True

    def weight(self, mix: Hashable, layer: Hashable, make: Callable[[], Tensor]) -> Tensor:
        """A layer's weights for a mix that is kept, made at their first use."""
        weights = self._kept[mix][1]
        found = weights.get(layer)
        if found is None:
            found = weights[layer] = make()
        return found
