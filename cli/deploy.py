"""Bootstrap an account for the CDK and deploy a stage into it, from the templates that ``make synth`` has written."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.account import account_client, outputs, stage_stacks
from cli.cdk import DEFAULT_QUALIFIER, CdkError, cdk, qualifier, stacks
from cli.deployed import describe
from cli.doctor.run import require_ready
from cli.registry import log_in
from contracts.errors import InvalidInputError
from local.assembly import read_assembly
from local.sagemaker.dockerfile import base_images
from local.sagemaker.images import ImageAsset


def run_bootstrap(stage: str, assembly: Path, words: Sequence[str]) -> None:
    """Make what the CDK needs in the account and region: a bucket, a repository, five roles. Repeatable."""
    require_ready(stage, assembly)
    own: list[str] = []
    name = qualifier(assembly)
    if name != DEFAULT_QUALIFIER:
        own = ["--qualifier", name, "--toolkit-stack-name", f"CDKToolkit-{name}"]
    cdk(["bootstrap", *own, *words], assembly)


def run_deploy(stage: str, assembly: Path, words: Sequence[str]) -> None:
    """Say what it takes, deploy the stage, and say how to use it."""
    require_stage(assembly, stage)
    require_approval(words, terminal=sys.stdin.isatty())
    require_ready(stage, assembly, "images", "licence", "bootstrap")
    print(expectation(assembly), flush=True)
    if registries := log_in(bases(assembly)):
        print(f"Logged in to {', '.join(registries)}", flush=True)
    deploy_stacks(stage, assembly, words)
    print(describe(account_client, stage))


def deploy_stacks(stage: str, assembly: Path, words: Sequence[str]) -> None:
    """Deploy every stack; and again, where something was replaced, those that refer to it by the name of before."""
    before = _values(stage)
    cdk(["deploy", "--all", *words], assembly)
    if replaced := changed(before, _values(stage)):
        print(f"\nReplaced: {', '.join(replaced)}. Deploying again what refers to it.", flush=True)
        # The command passes over a stack whose own template is the same, and a reference to another stack is the same text.
        cdk(["deploy", "--all", "--force", *words], assembly)


def require_stage(assembly: Path, stage: str) -> None:
    """Raises CdkError unless the templates are those of the stage."""
    names = stacks(assembly)
    if not all(name.startswith(f"atelier-{stage}-") for name in names):
        raise CdkError(f"{assembly} holds {', '.join(names)}; make synth STAGE={stage} writes those of {stage}")


def require_approval(words: Sequence[str], *, terminal: bool) -> None:
    """Raises InvalidInputError where nobody could be asked: the CLI would find out only when the images are built."""
    if not terminal and not any(word.startswith("--require-approval") for word in words):
        allowed = (
            "--require-approval never (or broadening on a terminal): without a terminal nobody can approve new rights"
        )
        raise InvalidInputError("CDK_ARGS", got=" ".join(words), allowed=allowed)


def expectation(assembly: Path) -> str:
    """What a first deployment loads and takes, in a few lines."""
    origins = bases(assembly)
    # Images with CUDA say so in their tags.
    size, time = ("10 GB", "an hour on a home line") if any("-cu" in b for b in origins) else ("1 GB", "10 minutes")
    return (
        f"Builds {len(_images(assembly))} images on {', '.join(origins)}, unless the account has them:\nabout {size} to download and "
        f"to upload, {time}. The stacks then take 15 to 25 minutes the first time,\nmost of it the endpoint; later 1 to 15. "
        "All of these are estimates."
    )


def bases(assembly: Path) -> list[str]:
    """The images that those of the templates start from."""
    found = (base_images(i.directory / i.dockerfile, dict(i.build_args)) for i in _images(assembly))
    return sorted({base for origins in found for base in origins})


def _images(assembly: Path) -> set[ImageAsset]:
    return {image for stack in read_assembly(assembly, account="", region="") for image in stack.images}


def changed(before: Mapping[tuple[str, str], str], after: Mapping[tuple[str, str], str]) -> list[str]:
    """The outputs, as ``stack.output``, whose value is another one under the same name."""
    return sorted(".".join(key) for key, value in before.items() if after.get(key, value) != value)


def _values(stage: str) -> dict[tuple[str, str], str]:
    found = stage_stacks(account_client, stage)
    return {(stack["StackName"], key): value for stack in found for key, value in outputs(stack).items()}
