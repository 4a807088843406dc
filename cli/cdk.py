"""The CDK command, on the packaged Node.js and on templates that ``make synth`` has written and checked: they are not made again."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.errors import CommandError
from infra.node import packaged_node

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_QUALIFIER = "hnb659fds"
"""Which of an account's bootstraps the CDK uses where a stage names none."""

PROGRAM = ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"


class CdkError(CommandError):
    """The CDK command cannot be run, or ended without success, after it had said why."""


def cdk(words: Sequence[str], assembly: Path) -> None:
    """Run ``cdk`` with ``words`` on the templates in ``assembly``. Raises CdkError."""
    if not PROGRAM.is_file():
        raise CdkError(f"{PROGRAM}: missing; make bootstrap, make deploy and make destroy install it")
    # Notices are fetched from the internet, on every command.
    command = [str(packaged_node()), str(PROGRAM), *words, "--app", str(assembly), "--no-notices"]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    if code:
        raise CdkError(
            f"cdk {words[0]} ended with {code}; why is said above. docs/deploy.md lists what AWS refuses most"
        )


def stacks(assembly: Path) -> dict[str, str]:
    """The stacks in ``assembly``: by its name, the id by which the command knows each. Raises CdkError where there is none."""
    return {properties.get("stackName", key): key for key, properties in _stacks(assembly).items()}


def templates(assembly: Path) -> dict[str, dict[str, Any]]:
    """The templates in ``assembly``, by the names of their stacks. Raises CdkError where there is none."""
    files = {p.get("stackName", key): assembly / p["templateFile"] for key, p in _stacks(assembly).items()}
    return {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items()}


def qualifier(assembly: Path) -> str:
    """Which of the account's bootstraps the stacks use: the word in ``/cdk-bootstrap/{qualifier}/version``. Raises CdkError."""
    first = next(iter(_stacks(assembly).values()))
    parameter = first.get("bootstrapStackVersionSsmParameter", f"/cdk-bootstrap/{DEFAULT_QUALIFIER}/version")
    return str(parameter).split("/")[2]


def environment(assembly: Path) -> tuple[str, str]:
    """The account and the region that the templates are for; empty where any will do. Raises CdkError where there is no template."""
    first = next(iter(_artifacts(assembly).values()))
    place = str(first.get("environment", "aws://unknown-account/unknown-region")).removeprefix("aws://")
    account, region = ("" if part.startswith("unknown-") else part for part in place.split("/"))
    return account, region


def _stacks(assembly: Path) -> dict[str, dict[str, Any]]:
    return {key: artifact["properties"] for key, artifact in _artifacts(assembly).items()}


def _artifacts(assembly: Path) -> dict[str, dict[str, Any]]:
    manifest = assembly / "manifest.json"
    if not manifest.is_file():
        raise CdkError(f"{manifest}: missing; make synth writes it")
    artifacts = json.loads(manifest.read_text(encoding="utf-8"))["artifacts"]
    return {key: a for key, a in artifacts.items() if a["type"] == "aws:cloudformation:stack"}
