"""The styles in a server's memory: fetched, checked and read while a request is prepared, and put beside the model when it is painted."""

import threading
from collections.abc import Sequence
from typing import Protocol

from atelier_inference.once import Once
from atelier_inference.remembering import Remembered
from atelier_inference.styles import StyleCatalogue
from contracts.errors import InvalidInputError
from contracts.prediction import PredictionInput
from diffusion.family import Family
from diffusion.lora import Lora, Mix
from diffusion.lora_file import read_lora


class Adaptable(Protocol):
    """A model that adapters are put beside; ``adapters_for`` is the base that they must have been trained on, empty where none fit."""

    @property
    def reference(self) -> str:
        """``name@revision``, or ``style@version``."""

    @property
    def adapters_for(self) -> str:
        """``name@revision``."""

    @property
    def family(self) -> Family:
        """What paints."""


Named = tuple[tuple[str, Lora, float], ...]
"""What a request is painted with: adapters by ``style@version``, on the CPU, each with its scale."""


def adapters_of(request: PredictionInput, catalogue: StyleCatalogue, shelf: "AdapterShelf") -> Named:
    """What a request is painted with: one style, or two that are mixed, their promoted versions looked up. Raises InvalidInputError."""
    if request.second_adapter and not request.adapter:
        allowed = "one beside a first adapter"
        raise InvalidInputError("input.second_adapter", got=request.second_adapter, allowed=allowed)
    first = (request.adapter, "input.adapter", request.adapter_scale)
    second = (request.second_adapter, "input.second_adapter", request.second_adapter_scale)
    named = []
    for name, where, scale in (first, second):
        if name:
            reference = catalogue.resolve(name, where)
            named.append((reference, shelf.take(reference, where), scale))
    return tuple(named)


class AdapterShelf:
    """Adapters by ``style@version``, the least recently used forgotten first: at most ``host`` bytes in the CPU's memory, and at most
    ``device`` bytes on the model's device.

    Where the model is on the CPU, both are the same weights.
    """

    def __init__(self, model: Adaptable, catalogue: StyleCatalogue, *, host: int, device: int) -> None:
        self._model = model
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._host = Remembered(host)
        self._device = Remembered(device)
        self._fetching: Once[Lora] = Once()

    def take(self, reference: str, where: str) -> Lora:
        """An adapter on the CPU; any thread may ask, and what several ask for is fetched once.

        Raises InvalidInputError, naming the field ``where``, if it does not exist, is no LoRA, was trained on another base, or has
        weights that are not what was published or cannot be used. Nothing is kept of it then.
        """
        with self._lock:
            known: Lora | None = self._host.find(reference)
        return known or self._fetching.get((reference, where), lambda: self._fetched(reference, where))

    @property
    def held(self) -> int:
        """Bytes of adapters in the CPU's memory."""
        return self._host.size

    def mixes(self, asked: Sequence[Named]) -> list[Mix]:
        """What each request is painted with, on the model's device. Only the model's thread may ask."""
        return [tuple((self._on_device(name, lora), scale) for name, lora, scale in named if scale) for named in asked]

    def _on_device(self, reference: str, lora: Lora) -> Lora:
        if self._model.family.device == "cpu":
            return lora
        return self._device.get(reference, lambda: lora.to(self._model.family.device), lambda made: made.nbytes)

    def _fetched(self, reference: str, where: str) -> Lora:
        with self._lock:
            if known := self._host.find(reference):  # by somebody who ended between the first look and this one
                return known  # type: ignore[no-any-return]
        manifest = self._catalogue.manifest(reference, where)
        base = self._model.adapters_for
        if manifest.base_model != base:
            allowed = f"a style trained on {base}" if base else f"none: {self._model.reference} is a full fine-tune"
            raise InvalidInputError(where, got=f"{reference}, trained on {manifest.base_model}", allowed=allowed)
        content = self._catalogue.weights(reference, manifest, where)
        lora = read_lora(self._model.family.pipeline, content, reference)
        with self._lock:
            return self._host.get(reference, lambda: lora, lambda made: made.nbytes)
