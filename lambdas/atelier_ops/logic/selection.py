"""Which files of a hub repository a pipeline needs, and what the mirror calls them."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from atelier_ops.errors import SourceFileError
from atelier_ops.gateways.hub import HubFile

NEEDED = (".safetensors", ".json", ".txt")
PIPELINE = "model_index.json"


def select(files: Sequence[HubFile], variant: str) -> dict[str, HubFile]:
    """The files to mirror, by the path they get.

    Only safetensors, JSON and text: no pickles, no other formats. With a variant, ``x.fp16.safetensors`` takes the place and name of
    ``x.safetensors``; other variants are left out. In a pipeline, weights at the root are single-file duplicates of its parts.
    Raises SourceFileError where no weights are left.
    """
    known = {file.path: file for file in files if file.path.endswith(NEEDED)}
    selection = {path: file for path, file in known.items() if not _is_duplicate(path, known) and not _variant(path)}
    if variant:
        variants = {path: file for path, file in known.items() if _variant(path) == variant}
        selection |= {_plain(path): file for path, file in variants.items() if not _is_duplicate(path, known)}
    if not any(path.endswith(".safetensors") for path in selection):
        raise SourceFileError(f"hub files: got {sorted(known)}; allowed: at least one .safetensors file of a pipeline")
    return selection


def _is_duplicate(path: str, known: dict[str, HubFile]) -> bool:
    return PIPELINE in known and "/" not in path and path.endswith(".safetensors")


def _variant(path: str) -> str:
    """``fp16`` of ``model.fp16.safetensors``; empty for plain names."""
    stem = PurePosixPath(path).name.removesuffix(".safetensors")
    last = stem.rpartition(".")[2]
    return last if path.endswith(".safetensors") and "." in stem and last in {"fp16", "bf16", "fp32", "non_ema"} else ""


def _plain(path: str) -> str:
    return path.removesuffix(f".{_variant(path)}.safetensors") + ".safetensors"
