"""The published styles: what a name means, and the files of a version."""

import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from atelier_inference.once import Once
from atelier_inference.store import Store
from contracts.artifact import ADAPTER_WEIGHTS, Latest, StyleManifest
from contracts.errors import InvalidInputError
from contracts.layout import LATEST, MANIFEST, S3Uri

MOST_WEIGHTS = 1024 * 2**20
"""Bytes of an adapter's weights: of SDXL in half precision, rank 256 on every layer that training takes is less."""
FRESH = 1.0
"""Seconds for which a style's promoted version is not looked up again."""
_MOST_NAMES = 4_096
_LATEST_LIMIT = 4_096
_MANIFEST_LIMIT = 2**20
_VERSION = "a style with a version, style@version, or one whose promoted version is known"


class StyleCatalogue:
    """The published styles below one prefix; safe to ask from any thread. ``where`` is the field that an error names."""

    def __init__(self, store: Store, styles: S3Uri | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._styles = styles
        self._clock = clock
        self._lock = threading.Lock()
        self._promoted: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._looking: Once[str] = Once()

    def resolve(self, name: str, where: str) -> str:
        """``style@version`` for ``style`` (its promoted version, read within the last second) or ``style@version``.

        Raises InvalidInputError.
        """
        if "@" in name:
            return name
        with self._lock:
            reference, looked = self._promoted.get(name, ("", 0.0))
        if reference and self._clock() - looked < FRESH:
            return reference
        return self._looking.get((name, where), lambda: self._look_up(name, where))

    def manifest(self, reference: str, where: str) -> StyleManifest:
        """The manifest of ``style@version``. Raises InvalidInputError where there is none, or it is no LoRA."""
        content = self._read(reference, MANIFEST, where, _MANIFEST_LIMIT)
        named = f"{reference}: {MANIFEST}"
        try:
            manifest = StyleManifest.from_json(json.loads(content))
        except InvalidInputError as error:
            raise InvalidInputError(where, got=f"{named}, where {error}", allowed="a style's manifest") from error
        except (ValueError, RecursionError) as error:
            raise InvalidInputError(where, got=f"{named}, which is no JSON", allowed="a style's manifest") from error
        if manifest.method != "lora":
            got = f"{reference} of method {manifest.method}"
            raise InvalidInputError(where, got=got, allowed="a style of method lora; ask its own endpoint")
        return manifest

    def weights(self, reference: str, manifest: StyleManifest, where: str) -> bytes:
        """A version's adapter weights. Raises InvalidInputError unless the manifest has their hash."""
        if ADAPTER_WEIGHTS not in manifest.files:
            got = f"{reference}, whose {MANIFEST} names {', '.join(sorted(manifest.files)) or 'no files'}"
            raise InvalidInputError(where, got=got, allowed=f"a style with {ADAPTER_WEIGHTS}")
        content = self._read(reference, ADAPTER_WEIGHTS, where, MOST_WEIGHTS)
        digest, expected = hashlib.sha256(content).hexdigest(), manifest.files[ADAPTER_WEIGHTS]
        if digest != expected:
            got = f"{reference}, whose {ADAPTER_WEIGHTS} has sha256 {digest}"
            raise InvalidInputError(where, got=got, allowed=f"weights as they were published: {expected}")
        return content

    def _look_up(self, name: str, where: str) -> str:
        looked = self._clock()
        content = self._store.read(self._prefix(where).child(f"{name}/{LATEST}"), where=where, limit=_LATEST_LIMIT)
        try:
            version = Latest.from_text(content.decode()).version
        except ValueError as error:
            got = f"{name}, whose {LATEST} cannot be read ({error})"
            raise InvalidInputError(where, got=got, allowed=_VERSION) from error
        if version is None:
            raise InvalidInputError(where, got=f"{name}, whose {LATEST} names no version", allowed=_VERSION)
        reference = f"{name}@{version}"
        with self._lock:
            self._promoted[name] = reference, looked
            self._promoted.move_to_end(name)
            if len(self._promoted) > _MOST_NAMES:
                self._promoted.popitem(last=False)
        return reference

    def _read(self, reference: str, name: str, where: str, limit: int) -> bytes:
        uri = self._prefix(where).child(f"{reference.replace('@', '/')}/{name}")
        return self._store.read(uri, where=where, limit=limit)

    def _prefix(self, where: str) -> S3Uri:
        if self._styles is None:
            raise InvalidInputError(where, got="an adapter", allowed="none: this server has no styles")
        return self._styles
