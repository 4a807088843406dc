"""What a manifest says of a set of files: which they are, their hashes, and where they came from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from contracts.errors import InvalidInputError
from contracts.fields import only_keys
from contracts.layout import MANIFEST

ADAPTER_WEIGHTS = "pytorch_lora_weights.safetensors"
TRAINING_LOG = "training_log.jsonl"


@dataclass(frozen=True, kw_only=True)
class BaseManifest:
    """``base/{name}@{revision}/manifest.json``: a base model as mirrored once, or as a pretraining run published it.

    ``resolution`` is the side, in pixels, that the model paints at; ``defaults`` are its own
    ``num_inference_steps`` and ``guidance_scale``;
    ``training`` its own hyperparameters a method (``{"lora": {...}, "full": {...}}``), which an execution's input overrides;
    ``origin`` of a pretrained one says which run made it from what (``contracts.pretraining.Origin``).
    """

    name: str
    revision: str
    family: str
    task: str
    licence: str
    source: str
    resolution: int
    defaults: Mapping[str, float] = field(default_factory=dict)
    training: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """``name@revision``."""
        return f"{self.name}@{self.revision}"

    @classmethod
    def load(cls, folder: Path) -> "BaseManifest":
        """Read ``manifest.json`` of a local folder. Raises InvalidInputError where it is missing or not one."""
        return cls(**_read_manifest(folder, cls))

    @classmethod
    def from_json(cls, data: object) -> "BaseManifest":
        """Raises InvalidInputError for an unknown or missing key."""
        return cls(**only_keys(MANIFEST, data, cls.__dataclass_fields__, _required(cls)))


@dataclass(frozen=True, kw_only=True)
class StyleManifest:
    """``manifest.json`` beside trained weights.

    Training writes it with ``version`` 0 and no evaluation; publishing adds ``version``, ``model_package`` and ``metrics``.
    ``files`` maps each other file's relative path to its sha256.
    """

    style: str
    execution: str
    task: str
    method: str
    base_model: str
    instance_prompt: str
    class_prompt: str
    target: str
    hyperparameters: Mapping[str, Any]
    dataset_sha256: str
    code_version: str
    created_at: str
    version: int = 0
    model_package: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> "StyleManifest":
        """Read ``manifest.json`` of a local folder. Raises InvalidInputError where it is missing or not one."""
        return cls(**_read_manifest(folder, cls))

    @classmethod
    def from_json(cls, data: object) -> "StyleManifest":
        """Raises InvalidInputError for an unknown or missing key."""
        return cls(**only_keys(MANIFEST, data, cls.__dataclass_fields__, _required(cls)))


def to_json(manifest: BaseManifest | StyleManifest) -> str:
    """A manifest as stable, indented JSON text."""
    return json.dumps(asdict(manifest), indent=2, sort_keys=True) + "\n"


def hash_files(folder: Path) -> dict[str, str]:
    """sha256 of every file below ``folder`` but the manifest itself, by relative path with forward slashes."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    return {p.relative_to(folder).as_posix(): sha256(p) for p in paths}


def sha256(path: Path) -> str:
    """Hexadecimal sha256 of one file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify_files(folder: Path, files: Mapping[str, str]) -> None:
    """Check every named file below ``folder``. Raises InvalidInputError for a missing or changed one."""
    for name, expected in files.items():
        path = folder / name
        got = sha256(path) if path.is_file() else "no such file"
        if got != expected:
            raise InvalidInputError(f"artifact file {name}", got=got, allowed=f"sha256 {expected}")


def _required(cls: type[BaseManifest] | type[StyleManifest]) -> list[str]:
    optional = {"version", "model_package", "metrics", "files", "defaults", "training", "origin"}
    return [name for name in cls.__dataclass_fields__ if name not in optional]


def _read_manifest(folder: Path, cls: type[BaseManifest] | type[StyleManifest]) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise InvalidInputError(f"{folder.name}/{MANIFEST}", got="no such file", allowed="a complete artifact has one")
    data = json.loads(path.read_text(encoding="utf-8"))
    return dict(only_keys(MANIFEST, data, cls.__dataclass_fields__, _required(cls)))
