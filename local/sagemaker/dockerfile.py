"""Reads the part of a Dockerfile that a process can follow: ENTRYPOINT, WORKDIR, ENV, COPY of the last stage."""

import copy
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from local.errors import LocalCloudError


@dataclass(kw_only=True)
class ImagePlan:
    """What an image holds and runs, as its Dockerfile says. Paths are those inside the image.

    `copies` are (sources relative to the build context, destination, whether the destination is a folder).
    """

    entrypoint: list[str] = field(default_factory=list)
    workdir: PurePosixPath = field(default_factory=lambda: PurePosixPath("/"))
    environment: dict[str, str] = field(default_factory=dict)
    copies: list[tuple[list[str], PurePosixPath, bool]] = field(default_factory=list)


def read_dockerfile(path: Path, *, target: str | None = None) -> ImagePlan:
    """The plan of `path`'s last stage, or of the stage named `target`.

    Raises LocalCloudError where the stage is missing or has no ENTRYPOINT in JSON form.
    """
    stages: dict[str, ImagePlan] = {}
    plan = ImagePlan()
    for instruction, rest in _instructions(path.read_text(encoding="utf-8")):
        if instruction == "FROM":
            words = rest.split()
            if target and target in stages:
                break
            # A stage that starts from an earlier one inherits all of it.
            plan = copy.deepcopy(stages.get(words[0]) or ImagePlan())
            stages[words[-1]] = plan
        else:
            _apply(plan, instruction, rest, path)
    if target and target not in stages:
        raise LocalCloudError(f"{path}: build target: got {target!r}; allowed: {sorted(stages)}")
    plan = stages[target] if target else plan
    if not plan.entrypoint:
        raise LocalCloudError(f'{path}: needs ENTRYPOINT in JSON form, such as ENTRYPOINT ["python", "-m", "package"]')
    return plan


def base_images(path: Path, build_args: Mapping[str, str]) -> list[str]:
    """The images that `path` builds upon, each once; `build_args` win over the defaults of its ARG instructions."""
    known: dict[str, str] = {}
    stages, bases = {"scratch"}, []
    for instruction, rest in _instructions(path.read_text(encoding="utf-8")):
        if instruction == "ARG":
            name, _, default = rest.partition("=")
            known[name] = build_args.get(name, _expand(default, known))
        elif instruction == "FROM":
            words = [_expand(word, known) for word in rest.split() if not word.startswith("--")]
            bases += [] if words[0] in stages else [words[0]]
            stages.add(words[-1])
    return list(dict.fromkeys(bases))


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\\\s*\n", " ", "\n".join(lines)).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word:
            yield word.upper(), rest.strip()


def _apply(plan: ImagePlan, instruction: str, rest: str, path: Path) -> None:
    if instruction == "WORKDIR":
        plan.workdir = plan.workdir / _expand(rest, plan.environment)
    elif instruction == "ENV":
        plan.environment.update(_assignments(rest, plan.environment))
    elif instruction == "ENTRYPOINT":
        if not rest.startswith("["):
            raise LocalCloudError(f"{path}: ENTRYPOINT: got the shell form {rest!r}; allowed: the JSON form")
        plan.entrypoint = json.loads(rest)
    elif instruction in ("COPY", "ADD"):
        _copy(plan, rest)


def _assignments(rest: str, known: dict[str, str]) -> dict[str, str]:
    name, _, value = rest.partition(" ")
    if "=" not in name:  # the old form: ENV NAME value
        return {name: _expand(value.strip(), known)}
    pairs = (word.partition("=") for word in shlex.split(rest))
    return {name: _expand(value, known) for name, _, value in pairs}


def _copy(plan: ImagePlan, rest: str) -> None:
    words = json.loads(rest) if rest.startswith("[") else shlex.split(rest)
    if any(word.startswith("--from=") for word in words):
        return  # another stage's files: installed packages, which here are those of this Python
    *sources, destination = [word for word in words if not word.startswith("--")]
    into_folder = destination.endswith("/") or len(sources) > 1 or destination in (".", "./")
    plan.copies.append((sources, plan.workdir / _expand(destination, plan.environment), into_folder))


def _expand(value: str, known: dict[str, str]) -> str:
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda m: known.get(m[1] or m[2], ""), value)
