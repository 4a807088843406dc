"""Styles: LoRAs that are fetched on first use, held in a bounded LRU and switched per request."""

import tempfile
from collections import OrderedDict
from pathlib import Path

from atelier_inference.pipelines import Model
from atelier_inference.store import Store
from contracts.artifact import ADAPTER_WEIGHTS, Latest, StyleManifest, verify_files
from contracts.errors import InvalidInputError
from contracts.layout import LATEST, MANIFEST, S3Uri
from diffusion.adapters import load_adapter, use_adapter

WHERE = "input.adapter"
_LATEST_LIMIT = 4_096
_VERSION = "a style with a version, style@version, or one whose promoted version is known"


class StyleCatalogue:
    """The published styles below one prefix; safe to ask from any thread."""

    def __init__(self, store: Store, styles: S3Uri | None) -> None:
        self._store = store
        self._styles = styles

    def resolve(self, name: str) -> str:
        """``style@version`` for ``style`` (its promoted version, read now) or ``style@version``. Raises InvalidInputError."""
        if "@" in name:
            return name
        latest = self._prefix().child(f"{name}/{LATEST}")
        content = self._store.read(latest, where=WHERE, limit=_LATEST_LIMIT)
        try:
            version = Latest.from_text(content.decode()).version
        except ValueError as error:
            raise InvalidInputError(
                WHERE, got=f"{name}, whose {LATEST} cannot be read ({error})", allowed=_VERSION
            ) from error
        if version is None:
            raise InvalidInputError(WHERE, got=f"{name}, whose {LATEST} names no version", allowed=_VERSION)
        return f"{name}@{version}"

    def manifest(self, reference: str, folder: Path) -> StyleManifest:
        """Copy the manifest of ``style@version`` into ``folder``. Raises InvalidInputError where there is none, or it is no LoRA."""
        self._download(reference, MANIFEST, folder)
        manifest = StyleManifest.load(folder)
        if manifest.method != "lora":
            got = f"{reference} of method {manifest.method}"
            raise InvalidInputError(WHERE, got=got, allowed="a style of method lora; ask its own endpoint")
        return manifest

    def weights(self, reference: str, manifest: StyleManifest, folder: Path) -> None:
        """Copy a version's adapter weights into ``folder``. Raises InvalidInputError unless the manifest has their hash."""
        if ADAPTER_WEIGHTS not in manifest.files:
            allowed = f"files that hold {ADAPTER_WEIGHTS}"
            raise InvalidInputError(f"{WHERE}: manifest", got=sorted(manifest.files), allowed=allowed)
        self._download(reference, ADAPTER_WEIGHTS, folder)
        verify_files(folder, {ADAPTER_WEIGHTS: manifest.files[ADAPTER_WEIGHTS]})

    def _download(self, reference: str, name: str, folder: Path) -> None:
        uri = self._prefix().child(f"{reference.replace('@', '/')}/{name}")
        self._store.download(uri, folder / name, where=WHERE)

    def _prefix(self) -> S3Uri:
        if self._styles is None:
            raise InvalidInputError(WHERE, got="an adapter", allowed="none: this server has no styles")
        return self._styles


class AdapterCache:
    """The adapters in a model's memory, at most ``most``, and one more that is looked at; only the model's thread may use it."""

    def __init__(self, model: Model, catalogue: StyleCatalogue, *, most: int) -> None:
        self._model = model
        self._catalogue = catalogue
        self._most = most
        self.references: OrderedDict[str, None] = OrderedDict()
        """What is in memory, the least recently used first."""

    def switch(self, reference: str, scale: float) -> None:
        """Make one adapter active at ``scale``, loading it on first use, or none where ``reference`` is empty.

        Raises InvalidInputError where it does not exist, is no LoRA, or was trained on another base.
        """
        if not reference:
            if self.references:
                self._model.painter.pipeline.disable_lora()
            return
        if reference not in self.references:
            self._load(reference)
        self.references.move_to_end(reference)
        use_adapter(self._model.painter, reference, scale)

    def _load(self, reference: str) -> None:
        with tempfile.TemporaryDirectory(prefix="adapter-") as name:
            folder = Path(name)
            manifest = self._catalogue.manifest(reference, folder)
            self._check_base(reference, manifest)
            self._catalogue.weights(reference, manifest, folder)
            load_adapter(self._model.painter, folder, reference)
        # Only now that it is known to be good: a broken one must not push out those that work.
        while len(self.references) >= self._most:
            self._model.painter.pipeline.delete_adapters(self.references.popitem(last=False)[0])
        self.references[reference] = None

    def _check_base(self, reference: str, manifest: StyleManifest) -> None:
        base = self._model.adapters_for
        if manifest.base_model != base:
            allowed = f"a style trained on {base}" if base else f"none: {self._model.reference} is a full fine-tune"
            raise InvalidInputError(WHERE, got=f"{reference}, trained on {manifest.base_model}", allowed=allowed)
