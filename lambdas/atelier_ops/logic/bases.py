"""Which base model an execution means: one that the stage mirrored, or one that a pretraining run published."""

from collections.abc import Sequence

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.storage import ObjectStore, read_json
from contracts.artifact import BaseManifest
from contracts.errors import InvalidInputError
from contracts.layout import MANIFEST, S3Uri, base_prefix
from contracts.terms import in_words


def find_base(reference: str, offered: Sequence[str], models: ObjectStore, *, where: str) -> BaseManifest:
    """The manifest of ``reference``: a name or ``name@revision`` among ``offered``, or any ``name@revision`` that was published.

    Raises InvalidInputError, with what the stage offers, where there is none.
    """
    matches = [known for known in offered if reference in (known, known.partition("@")[0])]
    if matches:
        return read_manifest(matches[0], models)
    if _is_reference(reference):
        try:
            return _read(reference, models)
        except MissingObjectError:
            pass
    allowed = f"{' | '.join(offered)}, or name@version of a base model that a pretraining run published"
    raise InvalidInputError(where, got=reference, allowed=allowed)


def read_manifest(reference: str, models: ObjectStore) -> BaseManifest:
    """The manifest of a base model that the stage mirrors. Raises InvalidInputError where it is not there (yet)."""
    try:
        return _read(reference, models)
    except MissingObjectError as error:
        raise InvalidInputError(
            f"base model {reference}",
            got=f"no s3://{models.bucket}/{_prefix(reference)}{MANIFEST}",
            allowed="a base model that the deployment has mirrored to the end",
        ) from error


def base_uri(reference: str, models: ObjectStore) -> str:
    """The address of a base model's files."""
    return str(S3Uri(bucket=models.bucket, key=_prefix(reference)))


def terms_of(base: BaseManifest) -> str:
    """A base model's licence and what it lets people do, in words."""
    return f"{base.licence}: {in_words(base.commercial, restricted=base.restricted)}"


def _read(reference: str, models: ObjectStore) -> BaseManifest:
    return BaseManifest.from_json(read_json(models, _prefix(reference) + MANIFEST))


def _is_reference(reference: str) -> bool:
    name, _, revision = reference.partition("@")
    return bool(name and revision) and "/" not in reference


def _prefix(reference: str) -> str:
    name, _, revision = reference.partition("@")
    return base_prefix(name, revision)
