"""A stand-in for the docker program (CDK_DOCKER) in front of the local cloud: builds are read, not run, and pushes go to its ECR.

It knows the commands that the CDK CLI gives. What it has built and where it has logged in lies in one file, whose lock lets the CLI run
several of them at once. A private registry wants a login before anything is pulled from it or pushed to it, as ECR does.
"""

import argparse
import fcntl
import json
import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from local.errors import LocalCloudError
from local.sagemaker.dockerfile import base_images
from local.sagemaker.images import ImageAsset, push

_ROOT = Path(__file__).resolve().parent.parent
_STATE = "LOCAL_DOCKER_STATE"
_PRIVATE = re.compile(r"\d{12}\.dkr\.ecr[a-z-]*\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")


class DockerError(LocalCloudError):
    """What docker refuses, in its words."""


def write_program(folder: Path) -> Path:
    """Write the executable for CDK_DOCKER into `folder`, which keeps its state too."""
    program = folder / "docker"
    paths = f"PYTHONPATH={_ROOT} {_STATE}={folder / 'docker.json'}"
    program.write_text(f'#!/bin/sh\nexec env {paths} {sys.executable} -m local.docker "$@"\n', encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def main(words: Sequence[str]) -> int:
    """Carry out one command; the exit code. What is refused is said on standard error."""
    arguments = _parser().parse_args(words)
    try:
        with _state() as state:
            arguments.run(arguments, state)
    except (DockerError, LocalCloudError, ClientError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="docker")
    commands = parser.add_subparsers(required=True)
    build = commands.add_parser("build")
    for option in ("--tag", "--file", "--target", "--platform"):
        build.add_argument(option)
    build.add_argument("--build-arg", action="append", default=[])
    build.add_argument("context", type=Path)
    build.set_defaults(run=_build)
    for name, run in {"inspect": _inspect, "push": _push}.items():
        commands.add_parser(name).add_argument("image")
        commands.choices[name].set_defaults(run=run)
    info = commands.add_parser("info")
    info.add_argument("--format")
    info.set_defaults(run=lambda given, state: print("linux/x86_64"))
    tag = commands.add_parser("tag")
    tag.add_argument("image")
    tag.add_argument("new")
    tag.set_defaults(run=lambda given, state: state["images"].update({given.new: _known(given.image, state)}))
    login = commands.add_parser("login")
    login.add_argument("--username")
    login.add_argument("--password-stdin", action="store_true")
    login.add_argument("registry")
    login.set_defaults(run=lambda given, state: state["logins"].append(given.registry))
    return parser


def _build(given: argparse.Namespace, state: dict[str, Any]) -> None:
    file = given.file or "Dockerfile"
    for base in base_images(given.context / file, dict(word.split("=", 1) for word in given.build_arg)):
        _require_login(base, state)
    repository, _, tag = given.tag.partition(":")
    asset = ImageAsset(
        repository=repository, tag=tag, directory=given.context.resolve(), dockerfile=file, target=given.target
    )
    asset.build()
    state["images"][given.tag] = {"directory": str(asset.directory), "dockerfile": file, "target": given.target}


def _inspect(given: argparse.Namespace, state: dict[str, Any]) -> None:
    print(json.dumps(_known(given.image, state)))


def _push(given: argparse.Namespace, state: dict[str, Any]) -> None:
    built = _known(given.image, state)
    _require_login(given.image, state)
    repository, _, tag = given.image.split("/", 1)[-1].rpartition(":")
    push(
        boto3.client("ecr"),
        ImageAsset(repository=repository, tag=tag, **{**built, "directory": Path(built["directory"])}),
    )


def _known(image: str, state: dict[str, Any]) -> dict[str, Any]:
    if image not in state["images"]:
        raise DockerError(f"Error: No such image: {image}")
    return dict(state["images"][image])


def _require_login(image: str, state: dict[str, Any]) -> None:
    """Raise DockerError where the image's registry wants a login that it has not had."""
    registry = image.partition("/")[0]
    if _PRIVATE.fullmatch(registry) and registry not in state["logins"]:
        raise DockerError(
            f"{image}: pull access denied, or push refused: no basic auth credentials; run docker login {registry}"
        )


@contextmanager
def _state() -> Iterator[dict[str, Any]]:
    """What is built (tag -> what it is made of) and where it is logged in, locked until it is written back."""
    with Path(os.environ[_STATE]).open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        state = json.loads(file.read() or '{"images": {}, "logins": []}')
        yield state
        file.truncate(0)
        file.write(json.dumps(state))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
