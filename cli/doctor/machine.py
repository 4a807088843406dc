"""This machine: the program that builds images, whether it may pull what they start from, Node.js and the CDK command."""

import json
from collections.abc import Iterator
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from cli.cdk import ROOT
from cli.doctor.diagnosis import Diagnosis, Mark
from cli.doctor.surroundings import Surroundings
from infra.node import packaged_node

CDK_COMMAND = "aws-cdk"


def check_builder(around: Surroundings) -> Iterator[Diagnosis]:
    """Whether Docker, or what ``CDK_DOCKER`` names, runs, and for which processors it builds."""
    program = around.environment.get("CDK_DOCKER", "docker")
    try:
        platform = around.run([program, "info", "--format", "{{.OSType}}/{{.Architecture}}"])
    except OSError as error:
        do = "start Docker, or CDK_DOCKER=podman (or finch) for another program with its commands"
        yield Diagnosis(mark=Mark.TO_DEPLOY, what="images", says=f"{program}: {error}", do=do)
        return
    native = platform.endswith(("x86_64", "amd64"))
    says = f"{program} runs on {platform}" + (
        "" if native else ": images for amd64 are built by emulation, several times slower"
    )
    yield Diagnosis(mark=Mark.GOOD if native else Mark.NOTE, what="images", says=says)


def check_registry(around: Surroundings) -> Iterator[Diagnosis]:
    """Whether the images that ours start from can be pulled."""
    if around.stage.base_images == "public":
        yield _public(around)
        return
    try:
        around.client("ecr").get_authorization_token()
    except (BotoCoreError, ClientError) as error:
        do = "allow the caller ecr:GetAuthorizationToken and ecr:BatchGetImage"
        yield Diagnosis(mark=Mark.TO_DEPLOY, what="registry", says=f"the base images need a login: {error}", do=do)
        return
    yield Diagnosis(mark=Mark.GOOD, what="registry", says="the base images need a login: make deploy logs in")


def _public(around: Surroundings) -> Diagnosis:
    """Docker sends a login that it keeps, and the public registry refuses one that is older than 12 hours."""
    home = around.environment.get("HOME", "")
    config = Path(around.environment.get("DOCKER_CONFIG") or f"{home}/.docker") / "config.json"
    logins = json.loads(config.read_text(encoding="utf-8")).get("auths", {}) if config.is_file() else {}
    if any("public.ecr.aws" in address for address in logins):
        says = f"the base images are public, but {config} keeps a login to their registry: once it is old, pulling is refused"
        return Diagnosis(mark=Mark.NOTE, what="registry", says=says, do="docker logout public.ecr.aws")
    return Diagnosis(mark=Mark.GOOD, what="registry", says="the base images are public: no login")


def check_node(around: Surroundings) -> Iterator[Diagnosis]:
    """The Node.js that is packaged with this project's Python packages."""
    try:
        version = around.run([str(packaged_node()), "--version"])
    except OSError as error:
        yield Diagnosis(mark=Mark.TO_DEPLOY, what="Node.js", says=str(error), do="make clean, then this command again")
        return
    yield Diagnosis(mark=Mark.GOOD, what="Node.js", says=f"{version}, the packaged one")


def check_cdk(_: Surroundings, root: Path = ROOT) -> Iterator[Diagnosis]:
    """Whether the CDK command is there in the pinned version."""
    wanted = json.loads((root / "package.json").read_text(encoding="utf-8"))["devDependencies"][CDK_COMMAND]
    package = root / "node_modules" / CDK_COMMAND / "package.json"
    got = json.loads(package.read_text(encoding="utf-8"))["version"] if package.exists() else None
    if got == wanted:
        yield Diagnosis(mark=Mark.GOOD, what="CDK command", says=wanted)
    elif got is None:
        yield Diagnosis(mark=Mark.GOOD, what="CDK command", says=f"make bootstrap and make deploy install {wanted}")
    else:
        says = f"got {got}; the templates are made for {wanted}"
        yield Diagnosis(
            mark=Mark.TO_DEPLOY,
            what="CDK command",
            says=says,
            do="rm -rf node_modules: the next make deploy installs it",
        )
