"""POST /v1/styles/{style}/versions: an adapter that was trained elsewhere becomes a style's next version.

It goes the way of a run's result: an artifact in a folder of its own in the data bucket, a model package, a published version. What is
there already is not done again, so that a repeated request finishes what an interrupted one began.
"""

import hashlib
from collections.abc import Sequence
from io import BufferedReader, RawIOBase

from aws_lambda_powertools.event_handler import Response

from atelier_ops.errors import MissingObjectError, VersionTakenError
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.logic.bases import read_manifest
from atelier_ops.logic.deleted_styles import Doomed, VersionPlaces, begin, write_down
from atelier_ops.logic.http import ID_LENGTH, Dependencies, ProblemError, Request, respond
from atelier_ops.logic.lora.layers import PARTS, Layer, layers_of
from atelier_ops.logic.lora.safetensors import LENGTH_BYTES, header_bytes, read_header
from atelier_ops.logic.lora.weights import read_adapter
from atelier_ops.logic.names import bounded
from atelier_ops.logic.numbering import check_style
from atelier_ops.logic.own_uploads import own_upload
from atelier_ops.logic.ownership import claim, deletion_key, require_claimable
from atelier_ops.logic.publishing import publish_once
from atelier_ops.logic.repeats import note, remember, require_same
from atelier_ops.logic.style_terms import check_terms, terms_of
from atelier_ops.logic.style_versions import is_deleted
from atelier_ops.logic.timestamps import rfc3339
from atelier_ops.observability import count
from contracts.artifact import ADAPTER_WEIGHTS, BaseManifest, ImportOrigin, StyleManifest, to_json
from contracts.errors import InvalidInputError
from contracts.execution import BASE, UPSCALE, StyleName
from contracts.families import FAMILIES, FamilyFacts
from contracts.layout import MANIFEST, S3Uri, base_prefix, import_prefix, style_prefix
from contracts.model import Check
from contracts.requests import LARGEST_UPLOAD, VersionRequest
from contracts.safety.words import check_words

_style = Check(StyleName)


def create(request: Request, dependencies: Dependencies, style: str) -> Response[str]:
    """201 with the version, which is not promoted. The same Idempotency-Key and body give the same one.

    Raises ProblemError, InvalidInputError.
    """
    body = VersionRequest.from_json(request.read_json())
    check_words({"instance_prompt": body.instance_prompt}, dependencies.safety, where="")
    _check_name(style)
    require_claimable(style, request, dependencies)
    base = _served_base(body, dependencies)
    check_terms(body.commercial, base, commercial_stage=dependencies.commercial, where="commercial")
    weights = own_upload(body.weights, request, where="weights")
    noted = note("version", request.new_id("version"), {"style": style, **body.to_json()}, dependencies.now)
    require_same(noted, dependencies.records)
    import_id = noted.data["digest"][:ID_LENGTH]
    prefix = import_prefix(import_id)
    manifest = _staged(prefix, dependencies.data)
    if manifest is None or not manifest.version:
        check_style(style, dependencies.models, dependencies.packages, where="style")
        manifest = manifest or _stage(import_id, style, body, weights, base, dependencies)
        # Only now: what is refused uses up neither the name nor its key.
        claim(style, request, dependencies)
        remember(noted, dependencies.records)
        manifest = _register(import_id, manifest, dependencies)
    _require_kept(manifest, dependencies)
    target = style_prefix(style, manifest.version)
    try:
        publish_once(manifest, prefix, target, dependencies.data, dependencies.models)
    except VersionTakenError as error:
        raise ProblemError(409, f"{error}; post it again with another Idempotency-Key") from error
    try:
        _require_kept(manifest, dependencies)
    except ProblemError:
        # Deleted while it was published: a deletion first rejects the package, then looks for the manifest.
        _let_go(manifest, request, dependencies)
        raise
    return respond(201, _show(manifest))


def _require_kept(manifest: StyleManifest, dependencies: Dependencies) -> None:
    """Raise ProblemError 409 where somebody has deleted the version."""
    if is_deleted(manifest.model_package, dependencies.packages):
        got = f"{manifest.style}@{manifest.version}, which was deleted"
        raise ProblemError(409, f"version: got {got}; allowed: another Idempotency-Key")


def _let_go(manifest: StyleManifest, request: Request, dependencies: Dependencies) -> None:
    """Delete it as if it had been there when its deletion came."""
    assert manifest.version  # it is registered
    doomed = Doomed(
        style=manifest.style,
        numbers=[manifest.version],
        packages=[manifest.model_package],
        full=[],
        executions=[manifest.execution],
        whole=False,
        client=request.client,
    )
    write_down(doomed, deletion_key(f"{manifest.style}@{manifest.version}"), dependencies.records)
    begin(doomed, VersionPlaces(models=dependencies.models, packages=dependencies.packages))


def _check_name(style: str) -> None:
    _style("style", style)
    if style == BASE:
        raise InvalidInputError("style", got=style, allowed=f"another name: predictions call the base model {BASE}")


def _served_base(body: VersionRequest, dependencies: Dependencies) -> BaseManifest:
    """The base model of the shared endpoint, which is what serves adapters. Raises InvalidInputError."""
    served = dependencies.served_base
    if body.base_model not in ("", served, served.partition("@")[0]):
        allowed = f"{served}, which the shared endpoint serves"
        raise InvalidInputError("base_model", got=body.base_model, allowed=allowed)
    base = read_manifest(served, dependencies.models)
    facts = FAMILIES.get(base.family, FamilyFacts())
    if "lora" not in facts.methods or UPSCALE in facts.tasks:
        raise InvalidInputError(
            "base_model", got=f"{served} of family {base.family}", allowed="a family that LoRAs are made for"
        )
    return base


def _staged(prefix: str, data: ObjectStore) -> StyleManifest | None:
    try:
        return StyleManifest.from_json(read_json(data, prefix + MANIFEST))
    except MissingObjectError:
        return None


def _stage(
    import_id: str, style: str, body: VersionRequest, weights: str, base: BaseManifest, dependencies: Dependencies
) -> StyleManifest:
    """Check the file whole, and leave in the data bucket what a training leaves there. Raises InvalidInputError."""
    data, content = dependencies.data, _uploaded(weights, dependencies.media)
    adapter = read_adapter(content, _layers(base, dependencies.models), base.reference, body.alpha)
    stored = adapter.sha256()
    manifest = StyleManifest(
        style=style,
        execution=f"import-{import_id}",
        task=base.task,
        method="lora",
        base_model=base.reference,
        **terms_of(body, base),
        instance_prompt=body.instance_prompt,
        hyperparameters={},
        dataset_sha256="",
        code_version="",
        created_at=rfc3339(dependencies.now),
        files={ADAPTER_WEIGHTS: stored},
        imported=ImportOrigin(
            weights=body.weights,
            sha256=hashlib.sha256(content).hexdigest(),
            format=adapter.format,
            ranks=adapter.ranks,
            layers=adapter.layers,
            alpha=body.alpha,
        ),
    )
    prefix = import_prefix(import_id)
    data.upload(prefix + ADAPTER_WEIGHTS, BufferedReader(_Stream(adapter.pieces)), sha256=stored)
    _write(manifest, prefix, data)
    return manifest


def _uploaded(key: str, media: ObjectStore) -> bytes:
    """The file that came. Raises InvalidInputError where it is not there or too large."""
    there = media.uploaded(key)
    if there is None:
        allowed = "a file that was put to the urls.upload which POST /v1/files gave"
        raise InvalidInputError("weights", got=f"nothing at {key}", allowed=allowed)
    if there.size > LARGEST_UPLOAD:
        raise InvalidInputError("weights", got=f"{there.size} bytes", allowed=f"at most {LARGEST_UPLOAD} bytes")
    return media.read(key)


def _layers(base: BaseManifest, models: ObjectStore) -> list[Layer]:
    """The layers of the base model, from the headers of its files: some hundred kilobytes of gigabytes."""
    files = {name: name.partition("/")[0] for name in base.files if name.endswith(".safetensors")}
    names = [name for name, part in sorted(files.items()) if part in PARTS]
    prefix = base_prefix(base.name, base.revision)
    keys = [prefix + name for name in names]
    longest = max(map(header_bytes, models.read_starts(keys, LENGTH_BYTES), keys), default=0)
    headers = map(read_header, models.read_starts(keys, longest), keys)
    return [layer for name, header in zip(names, headers, strict=True) for layer in layers_of(files[name], [header])]


def _register(import_id: str, manifest: StyleManifest, dependencies: Dependencies) -> StyleManifest:
    """Give it the style's next number. Repeating it gives the same one: SageMaker knows the request by its token."""
    group, prefix = bounded(f"{dependencies.name_prefix}-{manifest.style}"), import_prefix(import_id)
    dependencies.packages.make_group(group, f"Versions of the style {manifest.style}", dependencies.tags)
    artifact = str(S3Uri(bucket=dependencies.data.bucket, key=prefix))
    source = {"S3Uri": artifact, "S3DataType": "S3Prefix", "CompressionType": "None"}
    container = {"Image": dependencies.image_uri, "ModelDataSource": {"S3DataSource": source}}
    facts = ("style", "execution", "task", "method", "base_model")
    package = dependencies.packages.register(
        {
            "ClientToken": import_id,
            "ModelPackageGroupName": group,
            "ModelPackageDescription": f"lora on {manifest.base_model}: trained elsewhere, imported, not evaluated",
            # Nobody evaluated it: where a person approves every result, they approve this one too before it is promoted.
            "ModelApprovalStatus": "Approved" if dependencies.rules.approval == "auto" else "PendingManualApproval",
            "InferenceSpecification": {
                "Containers": [container],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            "CustomerMetadataProperties": {name: getattr(manifest, name) for name in facts},
        }
    )
    numbered = {"version": int(package.rpartition("/")[2]), "model_package": package}
    registered = manifest.model_copy(update=numbered)
    _write(registered, prefix, dependencies.data)
    count("VersionsImported")
    return registered


def _write(manifest: StyleManifest, prefix: str, data: ObjectStore) -> None:
    data.write(prefix + MANIFEST, to_json(manifest).encode(), "application/json")


def _show(manifest: StyleManifest) -> dict[str, object]:
    origin = manifest.to_json()["imported"]
    return {
        "style": manifest.style,
        "version": f"{manifest.style}@{manifest.version}",
        "base_model": manifest.base_model,
        **{name: origin[name] for name in ("format", "ranks", "layers")},
    }


class _Stream(RawIOBase):
    """Pieces of memory, one after the other, without a copy of them all."""

    def __init__(self, pieces: Sequence[memoryview]) -> None:
        self._pieces = [piece for piece in reversed(pieces) if piece]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._pieces:
            return 0
        piece = self._pieces.pop()
        length = min(len(piece), len(buffer))
        buffer[:length] = piece[:length]
        if length < len(piece):
            self._pieces.append(piece[length:])
        return length
