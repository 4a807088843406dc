"""Whether an artifact's files are those that its manifest names."""

from pathlib import Path

from cli.errors import CommandError
from cli.terminal import print_json
from contracts.artifact import BaseManifest, Manifest, StyleManifest, hash_files
from contracts.errors import InvalidInputError
from contracts.layout import MANIFEST


def run_verify(folder: Path, *, json: bool) -> None:
    """Print what the artifact is and that it is whole. Raises CommandError with every file that is missing, changed or not named."""
    manifest = read_manifest(folder)
    wrong = differences(manifest, folder)
    if json:
        print_json({"files": len(manifest.files), "wrong": wrong})
    if wrong:
        raise CommandError(f"{folder}: {'; '.join(f'{name} is {fault}' for name, fault in wrong.items())}")
    if not json:
        print(f"{_name(manifest)}: {len(manifest.files)} files are as {MANIFEST} says")


def read_manifest(folder: Path) -> Manifest:
    """The manifest, by the kind of artifact that it is of. Raises InvalidInputError where there is none, or it is of no kind."""
    try:
        return StyleManifest.load(folder)
    except InvalidInputError as error:
        if error.got == "no such file":
            raise
    try:
        return BaseManifest.load(folder)
    except InvalidInputError:
        return Manifest.load(folder)


def differences(manifest: Manifest, folder: Path) -> dict[str, str]:
    """What is wrong with each file that is not as the manifest says."""
    there = hash_files(folder)
    missing = {name: "missing" for name in manifest.files if name not in there}
    changed = {name: "changed" for name, right in manifest.files.items() if there.get(name, right) != right}
    return {**missing, **changed, **{name: "not in the manifest" for name in there if name not in manifest.files}}


def _name(manifest: Manifest) -> str:
    match manifest:
        case StyleManifest():
            return f"{manifest.style}@{manifest.version}" if manifest.version else manifest.style
        case BaseManifest():
            return manifest.reference
        case _:
            return "artifact"
