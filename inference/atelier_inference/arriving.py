"""The models' files arrive and are checked while the libraries are imported: fetching and hashing gigabytes leaves the interpreter free."""

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atelier_inference.settings import Settings
from atelier_inference.store import Store
from contracts.artifact import BaseManifest, StyleManifest, verify_files
from contracts.errors import InvalidInputError
from contracts.layout import MANIFEST, S3Uri

BASE_MANIFEST = "base_manifest.json"
"""A full fine-tune's copy of its base's manifest: family, resolution and defaults are the base's."""


@dataclass(frozen=True, kw_only=True)
class CheckedModel:
    """A folder whose files are those of its manifest; ``style`` is a full fine-tune's, ``base`` is then its base's."""

    folder: Path
    base: BaseManifest
    style: StyleManifest | None = None

    @property
    def reference(self) -> str:
        """What answers call it."""
        return f"{self.style.style}@{self.style.version}" if self.style else self.base.reference

    @property
    def adapters_for(self) -> str:
        """The base that adapters must have been trained on; empty for a full fine-tune, whose weights fit none."""
        return "" if self.style else self.base.reference


class Arriving:
    """What the settings name, on its way: each is a call that waits for it, and raises InvalidInputError where it is not whole."""

    def __init__(self, settings: Settings, store: Store, scratch: Path) -> None:
        """Begin; ``scratch`` is a folder for what is fetched."""
        pool = ThreadPoolExecutor(3, thread_name_prefix="arriving")
        self.model: Callable[[], CheckedModel] = pool.submit(check_model, settings.model).result
        self.segmenter = _fetched(pool, store, settings.segmenter, scratch / "segmenter")
        self.upscaler = _fetched(pool, store, settings.upscaler, scratch / "upscaler")
        pool.shutdown(wait=False)


def _fetched(
    pool: ThreadPoolExecutor, store: Store, prefix: S3Uri | None, folder: Path
) -> Callable[[], CheckedModel] | None:
    if prefix is None:
        return None
    fetched: Future[CheckedModel] = pool.submit(fetch_model, store, prefix, folder)
    return fetched.result


def fetch_model(store: Store, prefix: S3Uri, folder: Path) -> CheckedModel:
    """Copy the prefix of a base model or a full fine-tune into ``folder``. Raises InvalidInputError as ``check_model`` does."""
    store.download(prefix.child(MANIFEST), folder / MANIFEST, where=str(prefix))
    kind = StyleManifest if "style" in _read(folder / MANIFEST) else BaseManifest
    for name in kind.load(folder).files:
        store.download(prefix.child(name), folder / name, where=str(prefix))
    return check_model(folder)


def check_model(folder: Path) -> CheckedModel:
    """Read the manifests of a base model or a full fine-tune. Raises InvalidInputError where it is incomplete, changed or a LoRA."""
    manifest = _read(folder / MANIFEST)
    if "style" not in manifest:
        base = BaseManifest.from_json(manifest)
        verify_files(folder, base.files)
        return CheckedModel(folder=folder, base=base)
    style = StyleManifest.from_json(manifest)
    if style.method != "full":
        raise InvalidInputError(
            "model's method", got=style.method, allowed="full: a LoRA is served on its base, as an adapter"
        )
    verify_files(folder, style.files)
    return CheckedModel(folder=folder, base=BaseManifest.from_json(_read(folder / BASE_MANIFEST)), style=style)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InvalidInputError(f"model/{path.name}", got="no such file", allowed="a complete artifact has one")
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise InvalidInputError(f"model/{path.name}", got=content, allowed="a JSON object")
    return content
