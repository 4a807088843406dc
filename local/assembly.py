"""Reads a CDK cloud assembly: stacks in the order of their dependencies, and what must be published for each."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from local.errors import LocalCloudError
from local.sagemaker.images import ImageAsset

_STACK = "aws:cloudformation:stack"


@dataclass(frozen=True, kw_only=True)
class FileAsset:
    """A file, or a folder to be zipped, and the S3 address it goes to."""

    path: Path
    zipped: bool
    bucket: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack: its name, template, tags, parameters, and the assets that must be there before it."""

    name: str
    template: Path
    template_uri: str | None
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    files: tuple[FileAsset, ...]
    images: tuple[ImageAsset, ...]


def read_assembly(directory: Path, *, account: str, region: str) -> list[Stack]:
    """The stacks of a cloud assembly directory (`cdk.out`), nested assemblies included, each after those it depends on.

    `account` and `region` replace the placeholders of environment-agnostic stacks. Raises LocalCloudError where the assembly cannot be
    read, is pinned to another account or region, or its stacks depend on each other in a circle.
    """
    place = {"AccountId": account, "Region": region, "Partition": "aws", "URLSuffix": "amazonaws.com"}
    found = dict(_stacks(directory.resolve(), place))
    order = TopologicalSorter({key: depends for key, (_, depends) in found.items()})
    try:
        return [found[key][0] for key in order.static_order() if key in found]
    except CycleError as error:
        raise LocalCloudError(f"stack dependencies: got a cycle {error.args[1]}") from error


def _stacks(directory: Path, place: Mapping[str, str]) -> Iterator[tuple[str, tuple[Stack, set[str]]]]:
    """Each stack by the path of its artifact, with the paths of those it depends on."""
    artifacts: dict[str, dict[str, Any]] = _json(directory / "manifest.json", place).get("artifacts", {})
    for key, artifact in artifacts.items():
        if artifact["type"] == "cdk:cloud-assembly":
            yield from _stacks(directory / artifact["properties"]["directoryName"], place)
        elif artifact["type"] == _STACK:
            needs = {name: artifacts.get(name, {}) for name in artifact.get("dependencies", [])}
            manifests = [
                need["properties"]["file"] for need in needs.values() if need.get("type") == "cdk:asset-manifest"
            ]
            assets = [_json(directory / manifest, place) for manifest in manifests]
            depends = {f"{directory}/{name}" for name, need in needs.items() if need.get("type") == _STACK}
            _require_place(artifact.get("environment", ""), place)
            yield f"{directory}/{key}", (_stack(directory, key, artifact["properties"], assets), depends)


def _require_place(environment: str, place: Mapping[str, str]) -> None:
    """Raises LocalCloudError for a stack that is pinned to another account or region, as the CDK command does."""
    pinned = environment.removeprefix("aws://").split("/")
    for got, open_, name in zip(pinned, ("unknown-account", "unknown-region"), ("AccountId", "Region"), strict=False):
        if place[name] and got not in ("", open_, place[name]):
            raise LocalCloudError(
                f"assembly: got {environment}; allowed: {place['AccountId']}, {place['Region']}, or pinned to none"
            )


def _stack(directory: Path, key: str, properties: dict[str, Any], assets: list[dict[str, Any]]) -> Stack:
    return Stack(
        name=properties.get("stackName", key),
        template=directory / properties["templateFile"],
        template_uri=properties.get("stackTemplateAssetObjectUrl"),
        parameters=properties.get("parameters", {}),
        tags=properties.get("tags", {}),
        files=tuple(
            FileAsset(
                path=directory / source["path"],
                zipped=source.get("packaging", "file") == "zip",
                bucket=destination["bucketName"],
                key=destination["objectKey"],
            )
            for source, destination in _destinations("file", "path", assets)
        ),
        images=tuple(
            ImageAsset(
                repository=destination["repositoryName"],
                tag=destination["imageTag"],
                directory=(directory / source["directory"]).resolve(),
                dockerfile=source.get("dockerFile", "Dockerfile"),
                target=source.get("dockerBuildTarget"),
                build_args=tuple(source.get("dockerBuildArgs", {}).items()),
            )
            for source, destination in _destinations("image", "directory", assets)
        ),
    )


def _destinations(
    kind: str, member: str, assets: list[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each asset's source, which must have `member`, with each of its destinations."""
    section = {"file": "files", "image": "dockerImages"}[kind]
    for name, entry in (item for manifest in assets for item in manifest.get(section, {}).items()):
        source = entry["source"]
        if member not in source:
            raise LocalCloudError(f"{kind} asset {name}: got a source of {sorted(source)}; allowed: {member}")
        for destination in entry["destinations"].values():
            yield source, destination


def _json(path: Path, place: Mapping[str, str]) -> dict[str, Any]:
    """A file of the assembly, with `${AWS::AccountId}` and its like filled in."""
    try:
        text = path.read_text(encoding="utf-8")
        for name, value in place.items():
            text = text.replace(f"${{AWS::{name}}}", value)
        content: dict[str, Any] = json.loads(text)
    except FileNotFoundError as error:
        raise LocalCloudError(f"{path}: missing; a cloud assembly is made by `cdk synth` or `make synth`") from error
    except ValueError as error:
        raise LocalCloudError(f"{path}: got something that is not JSON: {error}") from error
    return content
