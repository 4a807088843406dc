"""Turns an image's URI into something a process can run: the asset's folder laid out as its Dockerfile says, and its ENTRYPOINT."""

import contextlib
import json
import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from botocore.exceptions import ParamValidationError
from pydantic import TypeAdapter

from local.durable import Durable, encode
from local.errors import LocalCloudError, ServiceError, validation_error
from local.sagemaker.dockerfile import ImagePlan, read_dockerfile
from local.sagemaker.warm import WarmParent, warm_parent

_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_ANNOTATION = "atelier.local.asset"

_TAG = re.compile(r"\.amazonaws\.com/[^:\"]+:([0-9a-zA-Z_.-]+)")

# These keep the host's values, because the interpreter and its libraries are the host's.
_HOST_VARIABLES = frozenset({"PATH", "LD_LIBRARY_PATH", "HOME", "TMPDIR"})


@dataclass(frozen=True, kw_only=True)
class ImageAsset:
    """One image asset of a cloud assembly: where it is pushed and what it is built from."""

    repository: str
    tag: str
    directory: Path
    dockerfile: str
    target: str | None = None
    build_args: tuple[tuple[str, str], ...] = ()

    def build(self) -> ImagePlan:
        """What its Dockerfile says. Raises LocalCloudError where that cannot be followed."""
        return read_dockerfile(self.directory / self.dockerfile, target=self.target)


_ASSET = TypeAdapter(ImageAsset)


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image that is ready to run: its root folder on this machine and what its Dockerfile says of running it."""

    root: Path
    plan: ImagePlan
    warm: WarmParent | None = None
    """What its containers are forked from, where they are many."""

    def command(self, entrypoint: Sequence[str] | None, arguments: Sequence[str]) -> list[str]:
        """The command line: the given entry point, or the image's own, and the arguments after it.

        `python` is the running interpreter; a program's path inside the image is its place on this machine.
        """
        program, *rest = [*(entrypoint or self.plan.entrypoint), *arguments]
        if PurePosixPath(program).name in ("python", "python3"):
            program = sys.executable
        elif program.startswith("/") and (self.root / program.lstrip("/")).exists():
            program = str(self.root / program.lstrip("/"))
        return [program, *rest]

    def environment(self, container_root: Path) -> dict[str, str]:
        """The Dockerfile's ENV as a process on this machine needs it, and PYTHONPATH with the image's WORKDIR first.

        Paths the image holds are found below the image's root; any other absolute path is the container's own.
        """
        variables = {
            name: ":".join(self._place(part, container_root) for part in value.split(":"))
            if value.startswith("/")
            else value
            for name, value in self.plan.environment.items()
            if name not in _HOST_VARIABLES
        }
        path = [self._place(str(self.plan.workdir), container_root), variables.get("PYTHONPATH", "")]
        return {**variables, "PYTHONPATH": ":".join(dict.fromkeys(filter(None, path)))}

    def _place(self, path: str, container_root: Path) -> str:
        if not path.startswith("/"):
            return path
        inside = self.root / path.lstrip("/")
        return str(inside if inside.exists() else container_root / path.lstrip("/"))


def push(ecr: Any, asset: ImageAsset) -> None:
    """Put an image into its repository: a manifest without layers, whose annotation says what the image is made of on this machine."""
    annotations = {_ANNOTATION: _ASSET.dump_json(asset).decode()}
    manifest = {"schemaVersion": 2, "mediaType": _MANIFEST_TYPE, "layers": [], "annotations": annotations}
    ecr.put_image(
        repositoryName=asset.repository,
        imageTag=asset.tag,
        imageManifest=json.dumps(manifest),
        imageManifestMediaType=_MANIFEST_TYPE,
    )


def pushed(image: dict[str, Any]) -> ImageAsset | None:
    """What an image of ECR is made of, None where `push` did not put it there."""
    asset = json.loads(image["imageManifest"]).get("annotations", {}).get(_ANNOTATION)
    return None if asset is None else _ASSET.validate_json(asset)


def images_in_use(folder: Path) -> set[str]:
    """The tags of the images that may still be started in the cloud whose state is in ``folder``.

    By a model or a package of one, a job or an execution under way.
    """
    with contextlib.closing(Durable(folder)) as durable:
        records, executions = durable.table("sagemaker records").items(), durable.table("executions").items()
        definitions = dict(durable.table("definitions").items())
    used = [
        definitions[row["definition"]] for _, row in executions if row["status"] == "RUNNING" and "definition" in row
    ]
    for place, record in records:
        kind = place.partition("\n")[0]
        if kind in ("Model", "ModelPackage") or record.get(f"{kind}Status") in ("InProgress", "Stopping"):
            used.append(encode(record))
    return {tag for text in used for tag in _TAG.findall(text)}


class ImageRegistry:
    """The images in ECR, as processes can run them; `roots` is the folder for their file systems.

    Containers inherit `inherited`.
    """

    def __init__(self, ecr: Callable[[], Any], roots: Path, inherited: Mapping[str, str]) -> None:
        self._ecr, self._roots, self._inherited = ecr, roots, inherited
        self._images: dict[str, Image] = {}
        self._lock = threading.Lock()

    def resolve(self, uri: str) -> Image:
        """The image of a URI `<registry>/<repository>:<tag>`. Raises ValidationException for one that is not there."""
        name = uri.split("/", 1)[-1]
        with self._lock:
            if name not in self._images:
                self._images[name] = self._prepare(uri, self._asset(uri))
            return self._images[name]

    def expect(self, name: str) -> None:
        """Get an image `<repository>:<tag>` ready that was pushed: its first container is soon to start."""
        with contextlib.suppress(ServiceError):  # whoever starts it is told
            self.resolve(f"pushed/{name}")

    def _asset(self, uri: str) -> ImageAsset:
        repository, _, tag = uri.split("/", 1)[-1].rpartition(":")
        ecr = self._ecr()
        try:
            found = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": tag}])["images"]
        except (ecr.exceptions.RepositoryNotFoundException, ParamValidationError):
            found = []  # a name that no repository may have is one that is not there
        if not found:
            raise validation_error(f"Requested image {uri} not found.")
        asset = pushed(found[0])
        if asset is None:
            raise validation_error(f"Image {uri} cannot be used: it is not an image asset of a cloud assembly")
        return asset

    def _prepare(self, uri: str, asset: ImageAsset) -> Image:
        try:
            plan, root = asset.build(), self._roots / asset.tag
            lay_out(plan, context=asset.directory, root=root)
        except (LocalCloudError, OSError) as error:
            raise validation_error(f"Image {uri} cannot be used: {error}") from error
        image, own = Image(root=root, plan=plan), self._roots / f"{asset.tag}.warm"
        return replace(image, warm=warm_parent(plan.entrypoint, {**image.environment(own), **self._inherited}, own))


def lay_out(plan: ImagePlan, *, context: Path, root: Path) -> None:
    """Make the folder `root` look like the image's file system, with links to the build context's files."""
    root.mkdir(parents=True, exist_ok=True)
    (root / str(plan.workdir).lstrip("/")).mkdir(parents=True, exist_ok=True)
    for sources, destination, into_folder in plan.copies:
        place = root / str(destination).lstrip("/")
        for pattern in sources:
            for source in _matches(context, pattern):
                _link(source, place / source.name if into_folder and source.is_file() else place)


def _matches(context: Path, pattern: str) -> list[Path]:
    relative = pattern.lstrip("/")
    if relative in ("", ".", "./"):
        return [context]
    paths = sorted(context.glob(relative))
    if not paths:
        raise LocalCloudError(f"COPY {pattern}: got nothing by that name in {context}")
    return paths


def _link(source: Path, place: Path) -> None:
    """Link `source` at `place`; a folder copied onto a folder adds to it, as COPY does."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.is_file() and place.is_dir():
        place = place / source.name
    if source.is_file() or not place.exists():
        place.unlink(missing_ok=True)
        place.symlink_to(source.resolve())
        return
    folders = [source]
    if place.is_symlink():  # a folder linked as a whole becomes a real one of links, so that it can be added to
        folders.insert(0, place.resolve())
        place.unlink()
        place.mkdir()
    for child in chain.from_iterable(folder.iterdir() for folder in folders):
        _link(child, place / child.name)
