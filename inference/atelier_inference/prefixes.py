"""Copies of S3 prefixes on the local disk, checked against the hashes that their manifests carry."""

from collections.abc import Collection
from pathlib import Path

from atelier_inference.store import Store
from contracts.artifact import BaseManifest, StyleManifest, verify_files
from contracts.errors import InvalidInputError
from contracts.layout import MANIFEST, S3Uri


def fetch_base(store: Store, prefix: S3Uri, folder: Path) -> BaseManifest:
    """Copy a base model's prefix into ``folder``. Raises InvalidInputError where it is incomplete or a file was changed."""
    store.download(prefix.child(MANIFEST), folder / MANIFEST, where=str(prefix))
    manifest = BaseManifest.load(folder)
    for name in manifest.files:
        store.download(prefix.child(name), folder / name, where=str(prefix))
    verify_files(folder, manifest.files)
    return manifest


def fetch_style_manifest(store: Store, prefix: S3Uri, folder: Path, *, where: str) -> StyleManifest:
    """Copy a published version's manifest into ``folder``."""
    store.download(prefix.child(MANIFEST), folder / MANIFEST, where=where)
    return StyleManifest.load(folder)


def fetch_files(
    store: Store, prefix: S3Uri, manifest: StyleManifest, names: Collection[str], folder: Path, *, where: str
) -> None:
    """Copy the named files of a published version. Raises InvalidInputError where the manifest lacks one or its hash differs."""
    for name in names:
        if name not in manifest.files:
            raise InvalidInputError(f"{where}: manifest", got=sorted(manifest.files), allowed=f"files that hold {name}")
        store.download(prefix.child(name), folder / name, where=where)
    verify_files(folder, {name: manifest.files[name] for name in names})
