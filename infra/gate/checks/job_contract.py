"""Jobs and the training image agree: commands that it knows, inputs that a command reads, outputs that it writes, lines that it logs."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from contracts.job_kinds import JOB_WORDS
from infra.gate.assembly import Assembly
from infra.gate.checks.machine_requests import requests
from infra.gate.finding import Finding
from infra.gate.job_requests import trial_of
from infra.gate.machines import Definition, machines
from infra.gate.sources import Sources

_NAME = "job contract"
_PACKAGE = "training/atelier_training"
_TRIAL = f"{_PACKAGE}/jobs/trial.py"
"""What a training of a search does at its end."""
_PERHAPS = {"Train": {"base", "shards"}}
"""What a job reads where its plan gives it: Prepare writes that job's channels."""


@dataclass(kw_only=True)
class JobModule:
    """What a command of the image reads and writes, as its module says."""

    file: str
    inputs: set[str] = field(default_factory=set)
    channels: set[str] = field(default_factory=set)
    outputs: set[str] = field(default_factory=set)


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    commands = _commands(sources.root)
    if not commands:
        return
    logged, trial = _logged(sources.root), _module(sources.root, _TRIAL)
    for machine in machines(assembly):
        for name, operation, request in requests(assembly, machine):
            if operation in (f"Create{word}" for word in JOB_WORDS.values()):
                each = trial_of(request)
                yield from _job(machine, name, each, commands, trial if each is not request else JobModule(file=_TRIAL))
                yield from _metrics(machine, name, each, logged)


def _job(
    machine: Definition,
    name: str,
    request: Mapping[str, Any],
    commands: Mapping[str, JobModule],
    besides: JobModule,
) -> Iterator[Finding]:
    """``besides`` is what the command runs after its own work in a training of a search."""
    processing = "ProcessingJobName" in request
    specification = request.get("AppSpecification" if processing else "AlgorithmSpecification", {})
    words = specification.get("ContainerArguments") or ["train"]
    word = str(words[0]) if isinstance(words, list) else ""
    command = commands.get(word)
    if command is None:
        wrong = f"the image has no command {word}"
        yield machine.finding(_NAME, name, wrong, f"It has {', '.join(sorted(commands))} ({_PACKAGE}/__main__.py)")
        return
    listed = request.get("ProcessingInputs" if processing else "InputDataConfig")
    sent = (
        {str(each.get("InputName") or each.get("ChannelName")) for each in listed} if isinstance(listed, list) else None
    )
    read = command.inputs if processing else command.channels | besides.channels
    if sent is not None and name not in _PERHAPS:
        for extra in sorted(sent - read):
            yield machine.finding(
                _NAME, name, f"it sends {extra}, which {command.file} does not read", "Remove or rename it"
            )
        for missing in sorted(read - sent - {"labels"}):
            wrong = f"{command.file} reads {missing}, which it does not send"
            yield machine.finding(_NAME, name, wrong, "Send it under that name, or read what is sent")
    outputs = request.get("ProcessingOutputConfig", {}).get("Outputs", [])
    written = {str(each.get("S3Output", {}).get("LocalPath", "")).rpartition("/")[2] for each in outputs}
    if processing and written != command.outputs:
        wrong = f"it keeps {', '.join(sorted(written))}, and {command.file} writes {', '.join(sorted(command.outputs))}"
        yield machine.finding(_NAME, name, wrong, "Keep what the command writes")


def _metrics(machine: Definition, name: str, request: Mapping[str, Any], logged: str) -> Iterator[Finding]:
    for metric in request.get("AlgorithmSpecification", {}).get("MetricDefinitions", []):
        text = re.sub(r"\\b|\(.*", "", str(metric.get("Regex", "")))
        if text and text not in logged:
            wrong = f"no line of the image's log says {text}, by which metric {metric.get('Name')} is found"
            yield machine.finding(_NAME, name, wrong, "Take the words of the line that is logged, or log it so")


def _commands(root: Path) -> Mapping[str, JobModule]:
    """By command, what ``STEPS`` of the image's entry point runs."""
    main = root / _PACKAGE / "__main__.py"
    if not main.exists():
        return {}
    found: dict[str, JobModule] = {}
    for node in ast.parse(main.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "STEPS":
            for word, module in ast.literal_eval(node.value).items():
                found[word] = _module(root, f"training/{module.replace('.', '/')}.py")
    return found


def _module(root: Path, file: str) -> JobModule:
    text = (root / file).read_text(encoding="utf-8") if (root / file).exists() else ""
    return _read(file, text)


@cache
def _read(file: str, text: str) -> JobModule:
    command = JobModule(file=file)
    kept = {"processing_input": command.inputs, "channel": command.channels, "processing_output": command.outputs}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in kept and node.args:
            value = getattr(node.args[0], "value", None)
            if isinstance(value, str):
                kept[node.func.attr].add(value)
    return command


def _logged(root: Path) -> str:
    """Every text in the image's code: a line of its log is made of one."""
    files = sorted((root / _PACKAGE).rglob("*.py"))
    return "\n".join(_texts(file.read_text(encoding="utf-8")) for file in files)


@cache
def _texts(text: str) -> str:
    nodes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant))
    return "\n".join(node.value for node in nodes if isinstance(node.value, str))
