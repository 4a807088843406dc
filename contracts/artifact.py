"""What a manifest says of a set of files: which they are, their hashes, and where they came from."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from contracts.declarations import about, bounds, listed
from contracts.errors import InvalidInputError, Problem
from contracts.inner_paths import leaving
from contracts.layout import LATEST, MANIFEST
from contracts.model import Contract, rule
from contracts.sampling import SamplingDefaults
from contracts.terms import Commercial, LicenceText, ModelStage, Restricted, Retires, YesOrNo

ADAPTER_WEIGHTS = "pytorch_lora_weights.safetensors"
TRAINING_LOG = "training_log.jsonl"
VALIDATION_LOG = "validation_log.jsonl"
"""The looks that were taken while a style was learnt; there where some were."""
VALIDATION_STRIP = "validation_strip.png"
"""What was painted meanwhile: beside an artifact, for its report, but not of it, because it shows pictures of the dataset."""


class Manifest(Contract):
    """``manifest.json`` of a folder of files."""

    document: ClassVar[str] = MANIFEST

    files: Annotated[Mapping[str, str], about("sha256 of every other file, by relative path")] = {}

    @rule
    def _files_stay_inside(self) -> Iterator[Problem]:
        yield from leaving("files", self.files)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read ``manifest.json`` of a local folder. Raises InvalidInputError where it is missing or not one."""
        path = folder / MANIFEST
        if not path.is_file():
            what = f"{folder.name}/{MANIFEST}"
            raise InvalidInputError(what, got="no such file", allowed="a complete artifact has one")
        try:
            return cls.from_text(path.read_text(encoding="utf-8"))
        except InvalidInputError:
            raise
        except ValueError as error:
            raise InvalidInputError(f"{folder.name}/{MANIFEST}", got=str(error), allowed="JSON in UTF-8") from error


class PretrainingOrigin(Contract):
    """Where a pretrained base model came from."""

    execution: Annotated[str, about("the run")]
    model: Annotated[str, about("what it trained")]
    parents: Annotated[tuple[str, ...], listed("the base models it started from, name@revision")]
    dataset: Annotated[str, about("the data set's address")]
    dataset_sha256: Annotated[str, about("hash of the data set's listing")]
    hyperparameters: Annotated[Mapping[str, str], about("as the job got them")]
    metrics: Annotated[Mapping[str, float], about("as the evaluation measured them")]
    model_package: Annotated[str, about("its ARN")]
    code_version: Annotated[str, about("hash of the code that trained")]
    created_at: Annotated[str, about("when it was measured", unit="ISO 8601, UTC")]


class BaseManifest(Manifest):
    """``base/{name}@{revision}/manifest.json``: a base model as mirrored once, or as a pretraining run published it."""

    name: Annotated[str, about("of the base model")]
    revision: Annotated[str, about("the hub's revision, or a published version")]
    family: Annotated[str, about("which code trains and serves it")]
    task: Annotated[str, about("what it does")]
    licence: Annotated[str, about("of the weights")]
    licence_text: LicenceText = ""
    commercial: Commercial = "no"
    restricted: Restricted = False
    stage: ModelStage = "stable"
    retires: Retires = None
    source: Annotated[str, about("where the files came from")]
    resolution: Annotated[int, about("side that it paints at", unit="pixels")]
    defaults: Annotated[SamplingDefaults, about("how it samples where a request says nothing")] = SamplingDefaults()
    fast: Annotated[SamplingDefaults | None, about("how it samples where a request asks for speed")] = None
    training: Annotated[
        Mapping[str, Mapping[str, Any]],
        about("its own hyperparameters by method, which an execution's input overrides"),
    ] = {}
    contrastive: Annotated[
        bool,
        about(
            "of a segmenter: whether its encoders of pictures and words were trained on one another (CLIP), so that their cosines say "
            "how alike things are; one that was trained further here no longer is"
        ),
    ] = False
    origin: Annotated[PretrainingOrigin | None, about("of a pretrained one: which run made it from what")] = None

    @property
    def reference(self) -> str:
        """``name@revision``."""
        return f"{self.name}@{self.revision}"


class ImportOrigin(Contract):
    """Where an adapter came from that was trained elsewhere."""

    weights: Annotated[str, about("S3 address of the file that came, which expires as every upload does")]
    sha256: Annotated[str, about("of the file that came")]
    format: Annotated[str, about("whose keys it had: diffusers, peft or kohya")]
    ranks: Annotated[tuple[int, ...], listed("every rank that a layer has")]
    layers: Annotated[int, about("layers that it changes")]
    alpha: Annotated[
        float | None, about("of every layer, as the request said; without one the file or its format says it")
    ] = None


class StyleManifest(Manifest):
    """``manifest.json`` beside trained weights.

    Training writes it with ``version`` 0 and no evaluation; publishing adds ``version``, ``model_package`` and ``metrics``.
    """

    style: Annotated[str, about("what was learnt")]
    execution: Annotated[str, about("the run")]
    task: Annotated[str, about("what the base model does")]
    method: Annotated[str, about("lora or full")]
    base_model: Annotated[str, about("name@revision")]
    licence: Annotated[str, about("of the weights; empty: the base model's")] = ""
    commercial: Annotated[
        YesOrNo | None,
        about(
            "as of a base model, and never more than its base model's; left out of what was made before this was kept"
        ),
    ] = None
    restricted: Annotated[bool | None, about("as of a base model; left out as commercial is")] = None
    instance_prompt: Annotated[str, about("words for the garment")]
    class_prompt: Annotated[str, about("words for the garment's class")] = ""
    target: Annotated[str, about("what was masked")] = ""
    hyperparameters: Annotated[Mapping[str, Any], about("as used")]
    dataset_sha256: Annotated[str, about("hash of the dataset's listing")]
    code_version: Annotated[str, about("hash of the code that trained")]
    created_at: Annotated[str, about("when training ended", unit="ISO 8601, UTC")]
    version: Annotated[int, about("the published version; 0 before")] = 0
    model_package: Annotated[str, about("its ARN, once published")] = ""
    metrics: Annotated[Mapping[str, float], about("as the evaluation measured them, once published")] = {}
    imported: Annotated[
        ImportOrigin | None,
        about("of an adapter that was trained elsewhere, which nothing evaluated; execution is then the request's"),
    ] = None


class Latest(Contract):
    """``styles/{style}/latest.json``: what a style's bare name means."""

    document: ClassVar[str] = LATEST

    version: Annotated[int | None, bounds(1, 999_999, "what the bare name means; left out: nothing")] = None
    previous: Annotated[int | None, bounds(1, 999_999, "what it meant before")] = None
    gone: Annotated[tuple[int, ...], listed("versions that are being deleted, which it never means again")] = ()
    deletions: Annotated[int, bounds(0, 2**53, "how often gone has changed: no two states are the same text")] = 0

    def to_json(self) -> dict[str, Any]:
        """As it is stored: what was never deleted from says nothing of deletions."""
        deleting = {"gone": list(self.gone), "deletions": self.deletions} if self.deletions else {}
        return {"version": self.version, "previous": self.previous, **deleting}


def to_json(manifest: Manifest) -> str:
    """A manifest as stable, indented JSON text."""
    return json.dumps(manifest.model_dump(mode="json", exclude_none=True), indent=2, sort_keys=True) + "\n"


def hash_files(folder: Path) -> dict[str, str]:
    """sha256 of every file below ``folder`` but the manifest itself, by relative path with forward slashes."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    return {p.relative_to(folder).as_posix(): sha256(p) for p in paths}


def sha256(path: Path) -> str:
    """Hexadecimal sha256 of one file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify_files(folder: Path, files: Mapping[str, str]) -> None:
    """Check every named file below ``folder``. Raises InvalidInputError for a missing or changed one, or a name that leaves the folder."""
    if problems := list(leaving("artifact file", files)):
        raise InvalidInputError.of(problems)
    for name, expected in files.items():
        path = folder / name
        got = sha256(path) if path.is_file() else "no such file"
        if got != expected:
            raise InvalidInputError(f"artifact file {name}", got=got, allowed=f"sha256 {expected}")
