"""Styles that were learnt, and their versions: what they are, which one the bare name means, and which are approved."""

from collections.abc import Mapping, Sequence
from typing import Any

from atelier import files
from atelier.pages import Listing, page
from atelier.pictures import Picture
from atelier.sending import ask, call, query, send
from atelier.steps import Steps
from contracts.answers import File, ImportedVersion, PromotedVersion, Training
from contracts.errors import InvalidInputError
from contracts.file_answers import StoredFile
from contracts.style_answers import Comparison, ListedStyle, StyleVersion, VersionCard, WholeStyle
from contracts.terms import YesOrNo


def listing(*, limit: int = 20, cursor: str = "") -> Steps[Listing[ListedStyle]]:
    """The styles that the client may paint with, by name, a page."""
    return page(ListedStyle, "/v1/styles", limit=limit, cursor=cursor)


def get(style: str) -> Steps[WholeStyle]:
    """A style: what its name means, and its newest versions, those that wait for approval too."""
    return ask(WholeStyle, "GET", f"/v1/styles/{style}")


def version(version: str) -> Steps[VersionCard]:
    """All that is known of a ``style@version``, with addresses of its report, pictures and weights."""
    return ask(VersionCard, "GET", _path(version))


def compare(style: str, versions: Sequence[int]) -> Steps[Comparison]:
    """Two to eight versions side by side: metrics, and the same photos as each painted them."""
    numbers = ",".join(map(str, versions))
    return ask(Comparison, "GET", query(f"/v1/styles/{style}/compare", {"versions": numbers}))


def approve(version: str, *, reason: str = "") -> Steps[StyleVersion]:
    """Approve a ``style@version``: the training that waits for it goes on, and publishes it."""
    return ask(StyleVersion, "POST", f"{_path(version)}/approve", _because(reason))


def reject(version: str, *, reason: str = "") -> Steps[StyleVersion]:
    """Reject a ``style@version``: the training that waits for it fails, and says why."""
    return ask(StyleVersion, "POST", f"{_path(version)}/reject", _because(reason))


def evaluate(
    version: str,
    dataset: str,
    *,
    gate: Mapping[str, float] | None = None,
    idempotency_key: str = "",
    **options: Any,
) -> Steps[Training]:
    """Measure a published ``style@version`` again on the pictures of a ``dataset`` (what ``trainings.upload`` gave), without training.

    It is followed by ``trainings.wait`` as a training is. ``options`` are ``target``, ``instance_prompt``, ``consent`` and ``webhook``.
    """
    body = {"dataset": dataset, **({"gate": dict(gate)} if gate else {}), **options}
    return ask(Training, "POST", f"{_path(version)}/evaluate", body, idempotency_key=idempotency_key)


def promote(version: str) -> Steps[PromotedVersion]:
    """Let the style's bare name mean this ``style@version``."""
    return ask(PromotedVersion, "POST", f"{_path(version)}/promote")


def roll_back(style: str, *, leave: str = "") -> Steps[PromotedVersion]:
    """Let the style's bare name mean again what it meant before; with ``leave``, only while it means that ``style@version``."""
    return ask(PromotedVersion, "POST", f"/v1/styles/{style}/rollback", {"leave": leave} if leave else {})


def delete(style: str) -> Steps[None]:
    """Delete a style with all its versions and its data set, for good."""
    yield from send(call("DELETE", f"/v1/styles/{style}"), done=404)


def delete_version(version: str) -> Steps[None]:
    """Delete a ``style@version`` for good; not the one that the style's bare name means."""
    yield from send(call("DELETE", _path(version)), done=404)


def import_version(
    style: str,
    weights: Picture,
    *,
    instance_prompt: str,
    base_model: str = "",
    alpha: float | None = None,
    licence: str = "",
    commercial: YesOrNo | None = None,
) -> Steps[ImportedVersion]:
    """Make the style's next version of a safetensors file that was trained elsewhere: its path, contents, or what ``files.upload`` gave.

    ``licence`` and ``commercial`` are the file's own terms, where they are narrower than its base model's.

    Raises OSError, ApiError.
    """
    if not isinstance(weights, File | StoredFile):
        name = "weights.safetensors" if isinstance(weights, bytes) else ""
        weights = yield from files.upload(weights, name=name)
    body: dict[str, Any] = {"weights": weights.uri, "instance_prompt": instance_prompt}
    more = {"base_model": base_model, "alpha": alpha, "licence": licence, "commercial": commercial}
    body |= {name: each for name, each in more.items() if each not in (None, "")}
    return (yield from ask(ImportedVersion, "POST", f"/v1/styles/{style}/versions", body))


def _path(version: str) -> str:
    """Where a version lies. Raises InvalidInputError."""
    style, at, number = version.partition("@")
    if not (style and at and number.isdecimal()):
        raise InvalidInputError("version", got=version, allowed="style@version, such as my-skirt@2")
    return f"/v1/styles/{style}/versions/{number}"


def _because(reason: str) -> dict[str, str]:
    return {"reason": reason} if reason else {}
