"""Reads a CDK cloud assembly: stacks in the order of their dependencies, and what must be published for each."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from local.errors import LocalCloudError
from local.sagemaker.images import ImageAsset


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


class Assembly:
    """A cloud assembly directory (`cdk.out`), nested assemblies included.

    `account` and `region` replace the placeholders of environment-agnostic stacks.
    """

    def __init__(self, directory: Path, *, account: str, region: str) -> None:
        self._placeholders = {
            "${AWS::AccountId}": account,
            "${AWS::Region}": region,
            "${AWS::Partition}": "aws",
            "${AWS::URLSuffix}": "amazonaws.com",
        }
        self._stacks = dict(self._read(directory.resolve()))

    def stacks(self) -> list[Stack]:
        """The stacks, each after those it depends on. Raises LocalCloudError where they depend on each other."""
        order = TopologicalSorter({key: depends for key, (_, depends) in self._stacks.items()})
        try:
            return [self._stacks[key][0] for key in order.static_order() if key in self._stacks]
        except CycleError as error:
            raise LocalCloudError(f"stack dependencies: got a cycle {error.args[1]}") from error

    def _read(self, directory: Path) -> Iterator[tuple[str, tuple[Stack, set[str]]]]:
        manifest = _json(directory / "manifest.json")
        artifacts: dict[str, dict[str, Any]] = manifest.get("artifacts", {})
        for key, artifact in artifacts.items():
            if artifact["type"] == "cdk:cloud-assembly":
                yield from self._read(directory / artifact["properties"]["directoryName"])
            elif artifact["type"] == "aws:cloudformation:stack":
                depends = {f"{directory}/{d}" for d in artifact.get("dependencies", []) if _is_stack(artifacts.get(d))}
                yield f"{directory}/{key}", (self._stack(directory, key, artifact, artifacts), depends)

    def _stack(
        self, directory: Path, key: str, artifact: dict[str, Any], artifacts: dict[str, dict[str, Any]]
    ) -> Stack:
        properties = artifact["properties"]
        files: list[FileAsset] = []
        images: list[ImageAsset] = []
        for name in artifact.get("dependencies", []):
            other = artifacts.get(name, {})
            if other.get("type") == "cdk:asset-manifest":
                assets = _json(directory / other["properties"]["file"])
                files += self._files(directory, assets.get("files", {}))
                images += self._images(directory, assets.get("dockerImages", {}))
        uri = properties.get("stackTemplateAssetObjectUrl")
        return Stack(
            name=properties.get("stackName", key),
            template=directory / properties["templateFile"],
            template_uri=self._fill(uri) if uri else None,
            parameters=properties.get("parameters", {}),
            tags=properties.get("tags", {}),
            files=tuple(files),
            images=tuple(images),
        )

    def _files(self, directory: Path, entries: dict[str, Any]) -> Iterator[FileAsset]:
        for source, destination in _destinations("file", "path", entries):
            yield FileAsset(
                path=directory / source["path"],
                zipped=source.get("packaging", "file") == "zip",
                bucket=self._fill(destination["bucketName"]),
                key=self._fill(destination["objectKey"]),
            )

    def _images(self, directory: Path, entries: dict[str, Any]) -> Iterator[ImageAsset]:
        for source, destination in _destinations("image", "directory", entries):
            yield ImageAsset(
                repository=self._fill(destination["repositoryName"]),
                tag=destination["imageTag"],
                directory=(directory / source["directory"]).resolve(),
                dockerfile=source.get("dockerFile", "Dockerfile"),
                target=source.get("dockerBuildTarget"),
            )

    def _fill(self, text: str) -> str:
        for placeholder, value in self._placeholders.items():
            text = text.replace(placeholder, value)
        return text


def _destinations(kind: str, member: str, entries: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each asset's source, which must have `member`, with each of its destinations."""
    for name, entry in entries.items():
        source = entry["source"]
        if member not in source:
            raise LocalCloudError(f"{kind} asset {name}: got a source of {sorted(source)}; allowed: {member}")
        for destination in entry["destinations"].values():
            yield source, destination


def _is_stack(artifact: dict[str, Any] | None) -> bool:
    return artifact is not None and artifact["type"] == "aws:cloudformation:stack"


def _json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise LocalCloudError(f"{path}: missing; a cloud assembly is made by `cdk synth` or `make synth`") from error
    except ValueError as error:
        raise LocalCloudError(f"{path}: got something that is not JSON: {error}") from error
    return content
